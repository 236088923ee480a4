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
    /// It happened on a thread that the region's policy was lent to.
    pub(crate) lent: bool,
}

impl Pending {
    /// True if the two can be told as one.
    fn is_like(&self, other: &Self) -> bool {
        self.slot == other.slot
            && self.mode == other.mode
            && self.op == other.op
            && self.cause == other.cause
            && self.lent == other.lent
    }
}

/// What a region has pending, taken off its thread's list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) entries: [Option<Pending>; ROOM],
    pub(crate) lost: Lost,
}

impl Batch {
    pub(crate) const EMPTY: Self = Self { entries: [None; ROOM], lost: Lost::NOTHING };

    pub(crate) fn is_empty(&self) -> bool {
        self.lost.count == 0 && self.entries.iter().all(Option::is_none)
    }

    /// The batch as the lender of the policy has it.
    pub(crate) fn lent(mut self) -> Self {
        self.entries.iter_mut().flatten().for_each(|pending| pending.lent = true);
        self
    }

    /// Takes another batch in; what there is no room for is lost.
    pub(crate) fn add(&mut self, other: &Self) {
        self.lost = self.lost.and(other.lost);
        for pending in other.entries.iter().flatten() {
            let place =
                self.entries.iter_mut().find(|entry| entry.is_none_or(|entry| entry.is_like(pending)));
            match place {
                Some(Some(entry)) => entry.times = entry.times.saturating_add(pending.times),
                Some(empty) => *empty = Some(*pending),
                None => self.lost = self.lost.and(lost(pending)),
            }
        }
    }
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

impl Lost {
    const NOTHING: Self = Self { count: 0, owed: 0 };

    const fn and(self, other: Self) -> Self {
        Self { count: self.count.saturating_add(other.count), owed: self.owed.saturating_add(other.owed) }
    }
}

impl Base {
    pub(crate) const EMPTY: Self = Self { length: 0, lost: Lost::NOTHING };
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

/// Adds a violation to the list: to an equal one of the same region, or as a new one, or as lost.
pub(super) fn push(request: &Request, mode: Mode, cause: Cause, slot: Option<Slot>) {
    let Request { op, size, old_size, align } = *request;
    if slot.is_none() {
        UNSAID.fetch_add(1, Ordering::Relaxed);
    }
    add(&Pending { op, size, old_size, align, mode, cause, slot, times: 1, lent: false });
}

/// Adds violations to the list as [`push`] does. Those without a slot are among the unsaid ones already.
fn add(pending: &Pending) {
    let _ = LIST.try_with(|list| {
        let length = list.length.get();
        let own = list.entries.get(list.start.get().length..length).unwrap_or_default();
        for cell in own {
            let Some(mut known) = cell.get() else { continue };
            if known.is_like(pending) {
                known.times = known.times.saturating_add(pending.times);
                cell.set(Some(known));
                return;
            }
        }
        if let Some(cell) = list.entries.get(length) {
            cell.set(Some(*pending));
            list.length.set(length + 1);
        } else {
            list.lost.set(list.lost.get().and(lost(pending)));
        }
    });
}

/// What violations that there is no room for are counted as.
fn lost(pending: &Pending) -> Lost {
    let times = u64::from(pending.times);
    if let Some(slot) = pending.slot {
        // They are reported among the lost ones, and not once more at the end of the process.
        STACKS.mark_reported(slot, times);
        UNSAID.fetch_add(times, Ordering::Relaxed);
    }
    Lost { count: times, owed: if pending.mode == Mode::Panic { times } else { 0 } }
}

/// Adds to the innermost region's what another thread had pending.
pub(crate) fn receive(batch: &Batch) {
    batch.entries.iter().flatten().for_each(add);
    let _ = LIST.try_with(|list| list.lost.set(list.lost.get().and(batch.lost)));
}

/// Counts a violation that could not be recorded.
pub(super) fn push_lost(mode: Mode) {
    UNSAID.fetch_add(1, Ordering::Relaxed);
    let one = Lost { count: 1, owed: u64::from(mode == Mode::Panic) };
    let _ = LIST.try_with(|list| list.lost.set(list.lost.get().and(one)));
}

/// Where the list ends now.
pub(crate) fn end() -> Base {
    LIST.try_with(|list| Base { length: list.length.get(), lost: list.lost.get() }).unwrap_or(Base::EMPTY)
}

/// True if nothing is pending, for this region or an outer one.
pub(crate) fn is_empty() -> bool {
    end() == Base::EMPTY
}

/// True if the innermost region has something pending.
pub(crate) fn is_due() -> bool {
    LIST.try_with(|list| list.start.get()).is_ok_and(|start| end() != start)
}

/// Makes `start` the place where the innermost region began, and returns the one before.
pub(crate) fn set_start(start: Base) -> Base {
    LIST.try_with(|list| list.start.replace(start)).unwrap_or(Base::EMPTY)
}

/// Takes what the innermost region has pending off the list, to be reported now.
pub(crate) fn take() -> Batch {
    let batch = drain();
    let unrecorded = batch.entries.iter().flatten().filter(|pending| pending.slot.is_none());
    let said = unrecorded.fold(batch.lost.count, |sum, pending| sum.saturating_add(u64::from(pending.times)));
    if said > 0 {
        UNSAID.fetch_sub(said, Ordering::Relaxed);
    }
    batch
}

/// Takes what the innermost region has pending off the list, for another thread to [receive](receive).
pub(crate) fn drain() -> Batch {
    let mut batch = Batch::EMPTY;
    let _ = LIST.try_with(|list| {
        let start = list.start.get();
        let own = list.entries.get(start.length..list.length.get()).unwrap_or_default();
        for (place, cell) in batch.entries.iter_mut().zip(own) {
            *place = cell.take();
        }
        list.length.set(list.length.get().min(start.length));
        let lost = list.lost.get();
        let kept = Lost { count: lost.count.min(start.lost.count), owed: lost.owed.min(start.lost.owed) };
        list.lost.set(kept);
        batch.lost = Lost { count: lost.count - kept.count, owed: lost.owed - kept.owed };
    });
    batch
}

/// Takes how many violations of all threads nothing else can report.
pub(crate) fn take_unsaid() -> u64 {
    UNSAID.swap(0, Ordering::Relaxed)
}

/// In a forked child: what this thread has pending, and what nobody has said, is the parent's to report.
pub(crate) fn forget() {
    UNSAID.store(0, Ordering::Relaxed);
    let _ = LIST.try_with(|list| {
        for cell in &list.entries {
            cell.set(None);
        }
        list.lost.set(list.start.get().lost);
    });
}

/// This thread's violations.
pub(crate) fn violations() -> u64 {
    LIST.try_with(|list| list.violations.get()).unwrap_or(0)
}

/// Adds violations to this thread's count that happened on another one.
pub(crate) fn add_violations(more: u64) {
    let _ = LIST.try_with(|list| list.violations.set(list.violations.get().saturating_add(more)));
}

/// Takes violations off this thread's count that now count on another one.
pub(crate) fn subtract_violations(fewer: u64) {
    let _ = LIST.try_with(|list| list.violations.set(list.violations.get().saturating_sub(fewer)));
}

/// This thread's violations; its count starts again at 0.
pub(crate) fn take_violations() -> u64 {
    LIST.try_with(|list| list.violations.take()).unwrap_or(0)
}
