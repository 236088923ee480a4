//! What is reported when a region has closed.

use core::fmt::Write as _;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::panic::catch_unwind;

use qadapt_spin::Lock;

#[cfg(feature = "process-counts")]
use super::totals;
use super::violation::Violation;
use super::{hook, sink};
use crate::hot::capture::STACKS;
use crate::hot::own_work;
use crate::hot::pending::{self, ALL, Lost, Pending};
use crate::hot::record::Serial;
use crate::model::{Mode, Place};
use crate::sys;

/// Reports what a region that closed has pending: logs it, or returns it if it is owed as a panic.
///
/// While the thread unwinds nothing is owed: then all of it is logged. The error of the program's last system call stays as it is: code
/// behind the region may ask why a call in it failed.
pub(crate) fn report(region: Serial, place: Place) -> Option<String> {
    if !pending::is_due(region) {
        return None;
    }
    sys::keeping_error(|| own_work::as_own_work(|| report_due(region, place)))
}

fn report_due(region: Serial, place: Place) -> Option<String> {
    let mut owed = Vec::new();
    while let Some(pending) = take(region, place) {
        let violation = heard(&pending, place);
        if pending.mode == Mode::Panic && !std::thread::panicking() {
            settle(&pending);
            owed.push(violation.to_string());
        } else {
            log_one(&pending, &violation);
        }
    }
    let lost = take_lost(region, place);
    if lost.owed > 0 && !std::thread::panicking() {
        owed.push(lost_line(lost, place));
    } else if lost.count > 0 {
        log_lost(lost, place);
    }
    (!owed.is_empty()).then(|| owed.join("\n"))
}

/// Logs what a region that closed has pending, whatever its mode. It keeps the error as [`report`] does.
pub(crate) fn log(region: Serial, place: Place) {
    if !pending::is_due(region) {
        return;
    }
    // A panic here would end the process, since the thread may be unwinding: a closed standard error panics.
    let _ = sys::keeping_error(|| catch_unwind(|| own_work::as_own_work(|| log_due(region, place))));
}

fn log_due(region: Serial, place: Place) {
    while let Some(pending) = take(region, place) {
        log_one(&pending, &heard(&pending, place));
    }
    let lost = take_lost(region, place);
    if lost.count > 0 {
        log_lost(lost, place);
    }
}

/// Takes one of a region's violations off the list, and into the total of its place.
fn take(region: Serial, place: Place) -> Option<Pending> {
    let pending = pending::take(region)?;
    #[cfg(feature = "process-counts")]
    totals::add(place, u64::from(pending.times), 0);
    #[cfg(not(feature = "process-counts"))]
    let _ = place;
    Some(pending)
}

/// The same of those that were lost, and of those of which nothing is to be said.
fn take_lost(region: Serial, place: Place) -> Lost {
    let lost = pending::take_lost(region);
    #[cfg(feature = "process-counts")]
    if lost != Lost::NOTHING {
        totals::add(place, lost.count.saturating_add(lost.counted), lost.count);
    }
    #[cfg(not(feature = "process-counts"))]
    let _ = place;
    lost
}

/// Makes the violation and shows it to the user's hook.
fn heard(pending: &Pending, place: Place) -> Violation {
    let violation = Violation::new(pending, place);
    let left = hook::call(&violation);
    if !left.is_none() {
        // What the hook left open has ended with it. It is logged, as nobody can catch a panic, and not shown to the hook.
        while let Some(pending) = take(left, place) {
            log_one(&pending, &Violation::new(&pending, place));
        }
        let lost = take_lost(left, place);
        if lost.count > 0 {
            sink::send(&lost_line(lost, place));
        }
    }
    violation
}

/// Logs a violation unless the rate limit holds it back.
fn log_one(pending: &Pending, violation: &Violation) {
    let before = settle(pending);
    let Some(total) = due(before, u64::from(pending.times)) else { return };
    if total > u64::from(pending.times) {
        sink::send(&format!(
            "{violation}   = {total} times so far at this stack; the next report is at ten times as many\n"
        ));
    } else {
        sink::send(&violation.to_string());
    }
}

/// Marks the stack's occurrences as reported and returns how many were reported before.
fn settle(pending: &Pending) -> u64 {
    /// Occurrences without a place in the table of stacks count as one stack's. Relaxed: nothing depends on its order.
    static UNRECORDED: AtomicU64 = AtomicU64::new(0);
    let Some(slot) = pending.slot else {
        return UNRECORDED.fetch_add(u64::from(pending.times), Ordering::Relaxed);
    };
    let before = STACKS.hits(slot).saturating_sub(STACKS.unreported(slot));
    STACKS.mark_reported(slot, u64::from(pending.times));
    before
}

/// The stack's total if the rate limit lets a report through: the first occurrence, then the 10th, 100th, ..
fn due(before: u64, times: u64) -> Option<u64> {
    let total = before.saturating_add(times);
    (total.checked_ilog10() != before.checked_ilog10()).then_some(total)
}

/// Logs how many violations of a region were lost unless the rate limit holds it back.
fn log_lost(lost: Lost, place: Place) {
    /// Those that were lost so far, by the address of the region's place.
    static LOST: Lock<BTreeMap<usize, u64>> = Lock::new(BTreeMap::new());
    /// Attempts to take the lock, which is held for one insertion; on failure all of them are logged.
    const PATIENCE: u32 = 100_000;

    let before = LOST.lock_within(PATIENCE).map_or(0, |mut counts| {
        let count = counts.entry(ptr::from_ref(place.location).addr()).or_insert(0);
        let before = *count;
        *count = before.saturating_add(lost.count);
        before
    });
    let Some(total) = due(before, lost.count) else { return };
    let mut line = lost_line(lost, place);
    if before > 0 {
        let _ = writeln!(line, "   = {total} were lost there so far; the next line is at ten times as many");
    }
    sink::send(&line);
}

fn lost_line(Lost { count, .. }: Lost, place: Place) -> String {
    format!(
        "qadapt: {count} more violations in {place} were lost: a thread records {ALL} distinct ones until their \
         region closes\n   = region entered at {}\n",
        place.location
    )
}

#[cfg(test)]
mod tests {
    use super::due;

    #[test]
    fn reports_thin_out_by_powers_of_ten() {
        let table = [
            ((0, 1), Some(1)),
            ((1, 1), None),
            ((8, 1), None),
            ((9, 1), Some(10)),
            ((10, 1), None),
            ((98, 3), Some(101)),
            ((0, 5), Some(5)),
            ((5, 2000), Some(2005)),
        ];
        for ((before, times), expected) in table {
            assert_eq!(due(before, times), expected, "{before} before, {times} now");
        }
    }
}
