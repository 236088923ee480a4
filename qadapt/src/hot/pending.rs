//! Violations recorded on this thread and not yet reported.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

use qadapt_spin::Slot;

use super::capture::STACKS;
use super::event::{Cause, Request};
use crate::model::{Mode, Op};

/// Distinct violations that one thread can have pending; more are counted as lost.
pub(crate) const ROOM: usize = 8;

/// Equal violations, pending since the same region opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// The first of them.
    pub(crate) op: Op,
    pub(crate) size: usize,
    pub(crate) old_size: usize,
    pub(crate) align: usize,
    pub(crate) mode: Mode,
    pub(crate) cause: Cause,
    /// Their stack; `None` where the table of stacks was full.
    pub(crate) slot: Option<Slot>,
    /// How often.
    pub(crate) times: u32,
}

/// A place in the list. What lies beyond the place where a region began is the region's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    length: usize,
    lost: Lost,
}

/// Violations that could not be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) count: u64,
    /// Those among them that are owed as a panic.
    pub(crate) owed: u64,
}

impl Base {
    pub(crate) const EMPTY: Self = Self { length: 0, lost: Lost { count: 0, owed: 0 } };
}

struct List {
    entries: [Cell<Option<Pending>>; ROOM],
    length: Cell<usize>,
    lost: Cell<Lost>,
    /// Where the innermost region began.
    start: Cell<Base>,
    violations: Cell<u64>,
}

thread_local! {
    static LIST: List = const {
        List {
            entries: [const { Cell::new(None) }; ROOM],
            length: Cell::new(0),
            lost: Cell::new(Base::EMPTY.lost),
            start: Cell::new(Base::EMPTY),
            violations: Cell::new(0),
        }
    };
}

/// Violations of all threads that no stack in the table stands for and that no region has reported: what the end of
/// the process has to say. Relaxed: it guards nothing.
static UNSAID: AtomicU64 = AtomicU64::new(0);

/// Adds a violation to this thread's count.
pub(super) fn count() {
    let _ = LIST.try_with(|list| list.violations.set(list.violations.get().saturating_add(1)));
}

/// Adds a violation to the list: to an equal one of the same region, or as a new one, or as lost.
pub(super) fn push(request: &Request, mode: Mode, cause: Cause, slot: Option<Slot>) {
    let _ = LIST.try_with(|list| {
        let length = list.length.get();
        let own = list.entries.get(list.start.get().length..length).unwrap_or_default();
        for cell in own {
            let Some(mut pending) = cell.get() else { continue };
            if pending.slot == slot
                && pending.mode == mode
                && pending.op == request.op
                && pending.cause == cause
            {
                pending.times = pending.times.saturating_add(1);
                cell.set(Some(pending));
                leave_unsaid(slot);
                return;
            }
        }
        if let Some(cell) = list.entries.get(length) {
            let Request { op, size, old_size, align } = *request;
            cell.set(Some(Pending { op, size, old_size, align, mode, cause, slot, times: 1 }));
            list.length.set(length + 1);
            leave_unsaid(slot);
        } else {
            lose(list, mode);
            if let Some(slot) = slot {
                // It is reported among the lost ones, and not once more at the end of the process.
                STACKS.mark_reported(slot, 1);
            }
        }
    });
}

/// Counts a violation that could not be recorded.
pub(super) fn push_lost(mode: Mode) {
    let _ = LIST.try_with(|list| lose(list, mode));
}

/// Notes a violation whose stack the table has no room for.
fn leave_unsaid(slot: Option<Slot>) {
    if slot.is_none() {
        UNSAID.fetch_add(1, Ordering::Relaxed);
    }
}

fn lose(list: &List, mode: Mode) {
    UNSAID.fetch_add(1, Ordering::Relaxed);
    let Lost { count, owed } = list.lost.get();
    let owed = if mode == Mode::Panic { owed.saturating_add(1) } else { owed };
    list.lost.set(Lost { count: count.saturating_add(1), owed });
}

/// Where the list ends now.
pub(crate) fn end() -> Base {
    LIST.try_with(|list| Base { length: list.length.get(), lost: list.lost.get() }).unwrap_or(Base::EMPTY)
}

/// True if nothing is pending, for this region or an outer one.
pub(crate) fn is_empty() -> bool {
    end() == Base::EMPTY
}

/// Makes `start` the place where the innermost region began, and returns the one before.
pub(crate) fn set_start(start: Base) -> Base {
    LIST.try_with(|list| list.start.replace(start)).unwrap_or(Base::EMPTY)
}

/// Takes what the innermost region has pending off the list: the entries, and what was lost.
pub(crate) fn take() -> ([Option<Pending>; ROOM], Lost) {
    let mut taken = [None; ROOM];
    let lost = LIST.try_with(|list| {
        let start = list.start.get();
        let own = list.entries.get(start.length..list.length.get()).unwrap_or_default();
        for (place, cell) in taken.iter_mut().zip(own) {
            *place = cell.take();
        }
        list.length.set(list.length.get().min(start.length));
        let lost = list.lost.get();
        let kept = Lost { count: lost.count.min(start.lost.count), owed: lost.owed.min(start.lost.owed) };
        list.lost.set(kept);
        Lost { count: lost.count - kept.count, owed: lost.owed - kept.owed }
    });
    let lost = lost.unwrap_or(Base::EMPTY.lost);
    let unrecorded = taken.iter().flatten().filter(|pending| pending.slot.is_none());
    let said = unrecorded.fold(lost.count, |sum, pending| sum.saturating_add(u64::from(pending.times)));
    if said > 0 {
        UNSAID.fetch_sub(said, Ordering::Relaxed);
    }
    (taken, lost)
}

/// Takes how many violations of all threads nothing else can report.
pub(crate) fn take_unsaid() -> u64 {
    UNSAID.swap(0, Ordering::Relaxed)
}

/// This thread's violations.
pub(crate) fn violations() -> u64 {
    LIST.try_with(|list| list.violations.get()).unwrap_or(0)
}

/// This thread's violations; its count starts again at 0.
pub(crate) fn take_violations() -> u64 {
    LIST.try_with(|list| list.violations.take()).unwrap_or(0)
}
