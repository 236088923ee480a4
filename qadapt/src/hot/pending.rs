//! Violations recorded on this thread and not yet reported.
//!
//! Each belongs to a region: to the innermost one that reports, told by its serial, or to the regions without a record. The
//! list lies in the thread's own memory, and where that is full in pages.

mod violations;

use core::cell::Cell;
use core::mem::size_of;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use qadapt_spin::Slot;

pub(crate) use violations::{Lost, Pending};

use super::capture::STACKS;
use super::figure;
use super::record::Serial;
use super::request::{Cause, Request};
use super::{table, word};
use crate::model::{Mode, Op};
use crate::sys;

/// Distinct violations that are handed on at once, from a thread to the lender of its policy.
const ROOM: usize = 64;

/// Distinct violations that a thread keeps in its own memory, and in pages.
const INLINE: usize = 8;
const OUTSIDE: usize = 1016;
/// All of them; more are counted as lost.
pub(crate) const ALL: usize = INLINE + OUTSIDE;

/// What a region has pending, taken off its thread's list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) entries: [Option<Pending>; ROOM],
    pub(crate) lost: Lost,
}

impl Batch {
    pub(crate) const EMPTY: Self = Self { entries: [None; ROOM], lost: Lost::NOTHING };

    pub(crate) fn is_empty(&self) -> bool {
        self.lost == Lost::NOTHING && self.entries.iter().all(Option::is_none)
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

/// A violation and the region that it belongs to.
#[derive(Clone, Copy, Debug)]
struct Entry {
    region: Serial,
    pending: Pending,
}

impl Entry {
    /// What lies in a place that is not used: zeros, so that a thread's start copies nothing.
    const UNUSED: Self = Self {
        region: Serial::NONE,
        pending: Pending {
            op: Op::Alloc,
            size: 0,
            old_size: 0,
            align: 0,
            mode: Mode::Panic,
            cause: Cause::Disallowed,
            slot: None,
            times: 0,
            lent: false,
        },
    };
}

type Place = Cell<Entry>;

/// Regions whose lost violations are counted apart; those of more count as the last one's.
const LOSERS: usize = 4;

struct List {
    inline: [Place; INLINE],
    /// [`OUTSIDE`] more, where they were needed.
    pages: Cell<*mut Place>,
    length: Cell<usize>,
    lost: [Cell<(Serial, Lost)>; LOSERS],
    violations: Cell<u64>,
}

thread_local! {
    static LIST: List = const {
        List {
            inline: [const { Cell::new(Entry::UNUSED) }; INLINE],
            pages: Cell::new(ptr::null_mut()),
            length: Cell::new(0),
            lost: [const { Cell::new((Serial::NONE, Lost::NOTHING)) }; LOSERS],
            violations: Cell::new(0),
        }
    };
}

/// Violations of all threads that no stack in the table stands for and that no region has reported: what the end of
/// the process has to say. Relaxed: it guards nothing.
static UNSAID: AtomicU64 = AtomicU64::new(0);

impl List {
    /// A place below the length.
    #[expect(unsafe_code, reason = "places beyond the first lie in pages")]
    fn place(&self, index: usize) -> Option<&Place> {
        if let Some(place) = self.inline.get(index) {
            return Some(place);
        }
        if index >= self.length.get() {
            return None;
        }
        // SAFETY: entries beyond the inline ones are there only with pages for `OUTSIDE` of them, and `append` adds no more.
        let place = unsafe { self.pages.get().add(index - INLINE) };
        // SAFETY: `append` wrote to the place before the length went beyond it; the pages are unmapped only by `shrink`, where
        // the list is empty, and no reference into them is held. Only this thread reaches them, through `Cell`s.
        Some(unsafe { &*place })
    }

    /// Adds an entry; false where there is no room.
    #[expect(unsafe_code, reason = "places beyond the first lie in pages")]
    fn append(&self, entry: Entry) -> bool {
        let length = self.length.get();
        if let Some(place) = self.inline.get(length) {
            place.set(entry);
        } else {
            if length >= ALL {
                return false;
            }
            if self.pages.get().is_null() {
                self.pages.set(sys::map_pages(OUTSIDE * size_of::<Place>()).cast());
            }
            if self.pages.get().is_null() {
                return false;
            }
            // SAFETY: the length is less than `ALL`, so that this is one of the `OUTSIDE` places in the pages.
            let place = unsafe { self.pages.get().add(length - INLINE) };
            // SAFETY: the place is mapped and writable, and aligned since pages are. Nobody holds a reference to a place at the
            // length.
            unsafe { place.write(Cell::new(entry)) };
        }
        self.length.set(length + 1);
        table::set_pending(true);
        true
    }

    /// Gives the pages back where nothing is pending.
    #[expect(unsafe_code, reason = "gives pages back")]
    fn shrink(&self) {
        if self.length.get() > 0 || self.pages.get().is_null() {
            return;
        }
        let pages = self.pages.replace(ptr::null_mut());
        // SAFETY: `append` mapped them with this size; the list is empty and no reference into them is held here.
        unsafe { sys::unmap_pages(pages.cast(), OUTSIDE * size_of::<Place>()) };
    }

    fn entries(&self) -> impl Iterator<Item = &Place> {
        (0..self.length.get()).map_while(|index| self.place(index))
    }

    /// Adds violations to equal ones of the same region, or as new ones, or as lost.
    fn add(&self, region: Serial, pending: &Pending) {
        if !self.note(region, pending) {
            self.lose(region, lost(pending));
        }
    }

    /// Adds violations to equal ones of the same region, or as new ones; false where there is no room.
    fn note(&self, region: Serial, pending: &Pending) -> bool {
        for place in self.entries() {
            let mut known = place.get();
            if known.region == region && known.pending.is_like(pending) {
                // What is beyond the number begins anew.
                let Some(times) = known.pending.times.checked_add(pending.times) else { continue };
                known.pending.times = times;
                place.set(known);
                return true;
            }
        }
        self.append(Entry { region, pending: *pending })
    }

    fn lose(&self, region: Serial, lost: Lost) {
        #[cfg(feature = "process-counts")]
        let lost = Lost { counted: self.count(region, lost.counted), ..lost };
        if lost == Lost::NOTHING {
            return;
        }
        let is_empty = |cell: &&Cell<(Serial, Lost)>| cell.get().1 == Lost::NOTHING;
        let cell = self.lost_of(region).or_else(|| self.lost.iter().find(is_empty));
        if let Some(cell) = cell.or_else(|| self.lost.last()) {
            cell.set((region, cell.get().1.and(lost)));
            table::set_pending(true);
        }
    }

    /// Where a region's lost violations are counted.
    fn lost_of(&self, region: Serial) -> Option<&Cell<(Serial, Lost)>> {
        self.lost.iter().find(|cell| cell.get().0 == region && cell.get().1 != Lost::NOTHING)
    }

    /// Adds to the violations of a region of which nothing is to be said; gives how many there is no room for. They are entries, of
    /// which each region that is open can have one.
    #[cfg(feature = "process-counts")]
    fn count(&self, region: Serial, mut more: u64) -> u64 {
        while more > 0 {
            let times = u32::try_from(more).unwrap_or(u32::MAX);
            if !self.note(region, &Pending { mode: Mode::Count, times, ..Entry::UNUSED.pending }) {
                break;
            }
            more -= u64::from(times);
        }
        more
    }

    /// Takes those off the list.
    #[cfg(feature = "process-counts")]
    fn take_counted(&self, region: Serial) -> u64 {
        let next = || self.take_where(|entry| entry.region == region && entry.pending.mode == Mode::Count);
        core::iter::from_fn(next).map(|pending| u64::from(pending.times)).sum()
    }

    /// Takes the first entry of a region off the list of which something is to be said.
    fn take(&self, region: Serial) -> Option<Pending> {
        self.take_where(|entry| entry.region == region && entry.pending.mode != Mode::Count)
    }

    fn take_where(&self, is_it: impl Fn(&Entry) -> bool) -> Option<Pending> {
        let found = self.entries().position(|place| is_it(&place.get()))?;
        let taken = self.place(found)?.get();
        // The others stay in their order.
        for index in found + 1..self.length.get() {
            if let (Some(place), Some(next)) = (self.place(index - 1), self.place(index)) {
                place.set(next.get());
            }
        }
        self.length.set(self.length.get().saturating_sub(1));
        Some(taken.pending)
    }

    fn take_lost(&self, region: Serial) -> Lost {
        let cell = self.lost_of(region);
        let lost = cell.map_or(Lost::NOTHING, |cell| cell.replace((Serial::NONE, Lost::NOTHING)).1);
        #[cfg(feature = "process-counts")]
        let lost = Lost { counted: lost.counted.saturating_add(self.take_counted(region)), ..lost };
        lost
    }

    fn has(&self, region: Serial) -> bool {
        self.entries().any(|place| place.get().region == region) || self.lost_of(region).is_some()
    }

    /// Looks again whether anything is pending.
    fn settle(&self) {
        let none_lost = self.lost.iter().all(|cell| cell.get().1 == Lost::NOTHING);
        table::set_pending(self.length.get() > 0 || !none_lost);
    }
}

/// Changes the list; a signal handler's violations are counted as lost meanwhile.
fn change<R>(act: impl FnOnce(&List) -> R) -> Option<R> {
    let before = word::get() & word::BUSY;
    word::set(word::get() | word::BUSY);
    let result = LIST.try_with(|list| {
        let result = act(list);
        list.settle();
        result
    });
    let result = result.ok();
    if before == 0 {
        word::set(word::get() & !word::BUSY);
    }
    result
}

/// Adds a violation to a region's. The caller has set [`word::BUSY`].
pub(super) fn push(region: Serial, request: &Request, mode: Mode, cause: Cause, slot: Option<Slot>) {
    let Request { op, size, old_size, align } = *request;
    if slot.is_none() {
        UNSAID.fetch_add(1, Ordering::Relaxed);
    }
    let pending = Pending { op, size, old_size, align, mode, cause, slot, times: 1, lent: false };
    let _ = LIST.try_with(|list| list.add(region, &pending));
}

/// What violations that there is no room for are counted as.
fn lost(pending: &Pending) -> Lost {
    let times = u64::from(pending.times);
    if let Some(slot) = pending.slot {
        // They are reported among the lost ones, and not once more at the end of the process.
        STACKS.mark_reported(slot, times);
        UNSAID.fetch_add(times, Ordering::Relaxed);
    }
    #[cfg(feature = "process-counts")]
    super::process::lose(times);
    Lost::of(times, if pending.mode == Mode::Panic { times } else { 0 })
}

/// Adds to a region's what another thread had pending.
pub(crate) fn receive(region: Serial, batch: &Batch) {
    change(|list| {
        batch.entries.iter().flatten().for_each(|pending| list.add(region, pending));
        if batch.lost != Lost::NOTHING {
            list.lose(region, batch.lost);
        }
    });
}

/// Adds to a region's what another copy of the guard has recorded.
pub(super) fn adopt(region: Serial, pending: &Pending) {
    if pending.slot.is_none() {
        UNSAID.fetch_add(u64::from(pending.times), Ordering::Relaxed);
    }
    change(|list| list.add(region, pending));
}

/// Adds to a region's what another copy could not record.
pub(super) fn adopt_lost(region: Serial, lost: Lost) {
    UNSAID.fetch_add(lost.count, Ordering::Relaxed);
    change(|list| list.lose(region, lost));
}

/// Counts a violation that could not be recorded.
pub(super) fn push_lost(region: Serial, mode: Mode) {
    UNSAID.fetch_add(1, Ordering::Relaxed);
    #[cfg(feature = "process-counts")]
    super::process::lose(1);
    let one = Lost::of(1, u64::from(mode == Mode::Panic));
    let _ = LIST.try_with(|list| list.lose(region, one));
}

/// Adds a violation of which nothing is to be said to its region's, which takes it into its total. Where a signal handler
/// interrupted a change of the list, it has no region.
#[cfg(feature = "process-counts")]
pub(super) fn push_counted() {
    if word::get() & word::BUSY == 0 {
        change(|list| list.lose(table::reporter(), Lost { counted: 1, ..Lost::NOTHING }));
        word::set(word::get() | word::ATTENTION);
    }
}

/// Makes one region's another's: it ended with that.
pub(crate) fn pass_on(from: Serial, to: Serial) {
    pass(from, to, |mode| mode);
}

/// The same for what must not be said here: nobody owes a panic for it any more.
pub(crate) fn put_off(from: Serial, to: Serial) {
    pass(from, to, |mode| if mode == Mode::Panic { Mode::Log } else { mode });
}

fn pass(from: Serial, to: Serial, mode: impl Fn(Mode) -> Mode) {
    if is_empty() || from == to {
        return;
    }
    change(|list| {
        while let Some(pending) = list.take(from) {
            list.add(to, &Pending { mode: mode(pending.mode), ..pending });
        }
        let lost = list.take_lost(from);
        if lost != Lost::NOTHING {
            let owed = if mode(Mode::Panic) == Mode::Panic { lost.owed } else { 0 };
            list.lose(to, Lost { owed, ..lost });
        }
    });
}

/// True if nothing is pending, for any region.
#[inline(always)]
pub(crate) fn is_empty() -> bool {
    !table::is_pending()
}

/// True if a region has something pending.
pub(crate) fn is_due(region: Serial) -> bool {
    LIST.try_with(|list| list.has(region)).unwrap_or(false)
}

/// Takes one of a region's violations off the list, to be reported now.
pub(crate) fn take(region: Serial) -> Option<Pending> {
    let pending = change(|list| list.take(region)).flatten()?;
    if pending.slot.is_none() {
        UNSAID.fetch_sub(u64::from(pending.times), Ordering::Relaxed);
    }
    Some(pending)
}

/// Takes a region's lost violations off the list, to be said now; after [`take`] has no more.
pub(crate) fn take_lost(region: Serial) -> Lost {
    let lost = change(|list| {
        let lost = list.take_lost(region);
        list.shrink();
        lost
    });
    let lost = lost.unwrap_or(Lost::NOTHING);
    if lost.count > 0 {
        UNSAID.fetch_sub(lost.count, Ordering::Relaxed);
    }
    lost
}

/// Takes up to a batch of a region's violations off the list, and the lost ones, for another thread to
/// [receive](receive); empty where there are no more.
pub(crate) fn drain(region: Serial) -> Batch {
    let mut batch = Batch::EMPTY;
    change(|list| {
        for place in &mut batch.entries {
            *place = list.take(region);
        }
        batch.lost = list.take_lost(region);
    });
    batch
}

/// This thread's violations from one call stack, so many, and their region; `None` where it has not just these.
pub(crate) fn from_stack(slot: Slot, times: u64) -> Option<(Serial, Pending)> {
    let is_it = |entry: &Entry| entry.pending.slot == Some(slot) && u64::from(entry.pending.times) == times;
    let found = LIST.try_with(|list| list.entries().map(Cell::get).find(is_it));
    found.ok().flatten().map(|Entry { region, pending }| (region, pending))
}

/// Where a call stack's violations are among those that this thread has pending, in the order in which they happened.
pub(crate) fn place_of(slot: Slot) -> Option<usize> {
    let is_it = |place: &Place| place.get().pending.slot == Some(slot);
    LIST.try_with(|list| list.entries().position(is_it)).ok().flatten()
}

/// Takes how many violations of all threads nothing else can report.
pub(crate) fn take_unsaid() -> u64 {
    UNSAID.swap(0, Ordering::Relaxed)
}

/// In a forked child: what this thread has pending, and what nobody has said, is the parent's to report.
pub(crate) fn forget() {
    UNSAID.store(0, Ordering::Relaxed);
    change(|list| {
        list.length.set(0);
        list.lost.iter().for_each(|cell| cell.set((Serial::NONE, Lost::NOTHING)));
    });
}

/// Counts a violation of this thread.
#[inline(always)]
pub(super) fn count_violation() {
    let _ = LIST.try_with(|list| figure::add(&list.violations, 1));
    #[cfg(feature = "process-counts")]
    super::process::count_violation();
}

/// Adds to this thread's count of violations those that happened on another one, or takes off those that count there; gives
/// what it is then.
pub(crate) fn change_violations(more: i64) -> u64 {
    let change = |list: &List| match more {
        0 => list.violations.get(),
        _ => figure::change_and_get(&list.violations, more),
    };
    LIST.try_with(change).unwrap_or(0)
}
