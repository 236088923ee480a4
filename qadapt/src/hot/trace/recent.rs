//! Stacks that were walked a moment ago: recognising one takes some loads, where walking it takes microseconds.
//!
//! An event whose request lies at the same address as one before often has the same callers. The walk knows which words of the
//! stack led it: if each of them still holds what it held then, the stack is the same.
//!
//! - By frame pointers, these are the two words of each frame, from the same innermost one on. Where they are the same, a walk
//!   would read the same words in the same order, and so come to the same end.
//! - By unwind tables, these are the return addresses. Each lies where the unwinder found it, given the frame inside it, and the
//!   innermost one lies at the same address.
//!
//! Only words on the thread's own stack are read, between the request and the stack's end, which are mapped as long as the
//! thread runs on it. Stacks of coroutines are walked each time.

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};

use qadapt_spin::Key;

use super::super::capture::FRAME_POINTERS;
use super::super::walk;
use super::current::Trace;
use crate::model::Op;
use crate::sys;

/// Words of stacks that are kept here, for 96 frames; deeper ones are walked.
pub(super) const WORDS: usize = if FRAME_POINTERS { 2 * 96 } else { 96 };

/// Stacks that are kept.
const RECENT: usize = 256;

/// Those of them that one stack can be: a function makes several requests from the same depth.
const WAYS: usize = 8;

/// Which of them is given up next, so that none is for ever in the way of another. Relaxed: any will do.
static NEXT: AtomicUsize = AtomicUsize::new(0);

const WORD: usize = size_of::<usize>();

/// Bytes round a request that did not lie on the thread's own stack: others there do not either. So a coroutine's thread
/// does not ask the system for each event.
const NEAR: usize = 1 << 16;

/// The words that tell a stack from others, from the request outwards.
pub(super) struct Words {
    mark: usize,
    /// The end of this thread's stack; 0 where the words cannot tell: they do not lie there, or are too many.
    end: usize,
    /// Where each lies, in words from the request.
    offsets: [u32; WORDS],
    values: [usize; WORDS],
    length: usize,
}

impl Words {
    /// None yet.
    pub(super) fn beyond(mark: usize) -> Self {
        let end = own_stack(mark).map_or(0, |(_, end)| end);
        Self { mark, end, offsets: [0; WORDS], values: [0; WORDS], length: 0 }
    }

    /// One more, further out than those before.
    #[inline]
    pub(super) fn push(&mut self, place: usize, word: usize) {
        if !self.take(place, word) {
            self.end = 0;
        }
    }

    /// False where it is not there: below a signal handler, or on processors that keep return addresses elsewhere.
    #[inline]
    fn take(&mut self, place: usize, word: usize) -> bool {
        let last = self.length.checked_sub(1).and_then(|last| self.offsets.get(last)).map_or(0, |&last| last);
        let distance = place.wrapping_sub(self.mark);
        let offset = u32::try_from(distance / WORD).unwrap_or(0);
        // A word between the request and the end of this thread's own stack can be read.
        let is_there = place < self.end && distance % WORD == 0 && offset > last && read(place) == word;
        let (Some(at), Some(value)) = (self.offsets.get_mut(self.length), self.values.get_mut(self.length))
        else {
            return false;
        };
        (*at, *value) = (offset, word);
        self.length += 1;
        is_there
    }
}

/// A stack that was walked. Who reads it looks at its version before and after: so nobody waits, and recognising takes no
/// locked instruction (Lameter, "Effective synchronization on Linux/NUMA systems", 2005, calls it a sequence lock).
struct Entry {
    /// Odd while the rest is written.
    version: AtomicU32,
    identity: [AtomicUsize; 5],
    number: AtomicU32,
    length: AtomicU32,
    offsets: [AtomicU32; WORDS],
    values: [AtomicUsize; WORDS],
}

/// What a walk takes of the stack, and what is done with it, where nothing is optimised; 22 KiB were seen.
const ROOM_OF_WALK: usize = 24 << 10;

static ENTRIES: [Entry; RECENT] = [const { Entry::new() }; RECENT];

thread_local! {
    /// This thread's own stack, from the lowest address seen to be mapped to its end; `(0, 0)` until it is known.
    static OWN: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    /// A request that did not lie on it.
    static ELSEWHERE: Cell<usize> = const { Cell::new(0) };
}

/// The number of the stack that a request at `mark` has, if that was walked a moment ago.
pub(super) fn find(trace: &Trace, mark: *const c_void, op: Op) -> Option<u32> {
    let (thread, end) = own_stack(mark.addr())?;
    let own = identity(trace, mark.addr(), op, thread);
    ways(mark.addr(), op).iter().find_map(|entry| entry.number_if(&own, end))
}

/// True unless a walk from `mark` on could need more than is left of this thread's stack.
pub(super) fn has_room(mark: *const c_void) -> bool {
    let has_room = OWN.try_with(|own| {
        let (low, end) = own.get();
        // The main thread's stack grows; it does not hold the thread's variables.
        let has_bounds = end == ptr::from_ref(own).addr() && (low..end).contains(&mark.addr());
        !has_bounds || mark.addr() - low >= ROOM_OF_WALK
    });
    has_room.unwrap_or(true)
}

/// Keeps a stack that was walked.
pub(super) fn keep(trace: &Trace, mark: *const c_void, op: Op, words: &Words, number: u32) {
    if words.end == 0 || words.length == 0 {
        return;
    }
    let Some((thread, _)) = own_stack(mark.addr()) else { return };
    let own = identity(trace, mark.addr(), op, thread);
    let ways = ways(mark.addr(), op);
    let unused = ways.iter().find(|entry| entry.length.load(Ordering::Relaxed) == 0);
    let in_turn = || ways.get(NEXT.fetch_add(1, Ordering::Relaxed) % WAYS);
    if let Some(entry) = unused.or_else(in_turn) {
        entry.fill(&own, words, number);
    }
}

/// What a stack's words are compared for: where the request lies, on which thread, what it is, in which trace the stack has its
/// number (a forked child begins another one), and where the innermost frame's words lie.
fn identity(trace: &Trace, mark: usize, op: Op, thread: usize) -> [usize; 5] {
    let frame = if FRAME_POINTERS { walk::innermost_frame(mark).unwrap_or(0) } else { 0 };
    [mark, thread, usize::from(op.code()), ptr::from_ref(trace).addr(), frame]
}

impl Entry {
    const fn new() -> Self {
        Self {
            version: AtomicU32::new(0),
            identity: [const { AtomicUsize::new(0) }; 5],
            number: AtomicU32::new(0),
            length: AtomicU32::new(0),
            offsets: [const { AtomicU32::new(0) }; WORDS],
            values: [const { AtomicUsize::new(0) }; WORDS],
        }
    }

    /// The stack's number, if that is what lies between the request and the `end` of this thread's stack.
    #[inline]
    fn number_if(&self, own: &[usize; 5], end: usize) -> Option<u32> {
        // Acquire pairs with the Release at the end of `fill`.
        let version = self.version.load(Ordering::Acquire);
        let is_same = self.identity.iter().zip(own).all(|(word, &own)| word.load(Ordering::Relaxed) == own);
        if !is_same || version % 2 != 0 {
            return None;
        }
        let [mark, ..] = *own;
        let room = (end - mark) / WORD;
        let length = self.length.load(Ordering::Relaxed) as usize;
        let holds = |(offset, value): (&AtomicU32, &AtomicUsize)| {
            let offset = offset.load(Ordering::Relaxed) as usize;
            // Another stack's words, if they are being written, may lie further out than this stack's end.
            offset < room && read(mark + offset * WORD) == value.load(Ordering::Relaxed)
        };
        if length == 0 || !self.offsets.iter().zip(&self.values).take(length).all(holds) {
            return None;
        }
        let number = self.number.load(Ordering::Relaxed);
        // Pairs with the fence in `fill`: if anything above was read while it was written, the version is another one.
        fence(Ordering::Acquire);
        (self.version.load(Ordering::Relaxed) == version).then_some(number)
    }

    /// Writes the entry, unless somebody else does.
    fn fill(&self, own: &[usize; 5], words: &Words, number: u32) {
        let version = self.version.load(Ordering::Relaxed);
        let odd = version.wrapping_add(1);
        // Acquire pairs with the Release below: who wrote before has ended.
        let is_won = version % 2 == 0
            && self.version.compare_exchange(version, odd, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if !is_won {
            return;
        }
        // Pairs with the fence in `number_if`.
        fence(Ordering::Release);
        self.identity.iter().zip(own).for_each(|(word, &own)| word.store(own, Ordering::Relaxed));
        self.number.store(number, Ordering::Relaxed);
        let places = self.offsets.iter().zip(&self.values);
        let new = words.offsets.iter().zip(&words.values);
        for ((offset, value), (&new_offset, &new_value)) in places.zip(new).take(words.length) {
            offset.store(new_offset, Ordering::Relaxed);
            value.store(new_value, Ordering::Relaxed);
        }
        self.length.store(u32::try_from(words.length).unwrap_or(0), Ordering::Relaxed);
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }
}

/// Where a stack is kept, if it is: one of these.
fn ways(mark: usize, op: Op) -> &'static [Entry] {
    let key = Key::of(op.code().into(), &[mark]).get().get();
    let first = usize::try_from(key % (RECENT / WAYS) as u64).unwrap_or(0) * WAYS;
    ENTRIES.get(first..first + WAYS).unwrap_or_default()
}

/// What tells this thread from the others that live, and the end of its own stack, if that is what the address lies on.
#[inline]
fn own_stack(address: usize) -> Option<(usize, usize)> {
    OWN.try_with(|own| {
        let thread = ptr::from_ref(own).addr();
        let (low, end) = own.get();
        if (low..end).contains(&address) { Some(end) } else { look_up_own_stack(address, thread) }
            .map(|end| (thread, end))
    })
    .ok()?
}

/// Asks the system for its end.
#[cold]
fn look_up_own_stack(address: usize, thread: usize) -> Option<usize> {
    if ELSEWHERE.try_with(Cell::get).ok()? / NEAR == address / NEAR {
        return None;
    }
    let found = sys::own_stack(address, thread);
    let _ = match found {
        Some(bounds) => OWN.try_with(|own| own.set(bounds)),
        None => ELSEWHERE.try_with(|elsewhere| elsewhere.set(address)),
    };
    found.map(|(_, end)| end)
}

/// A word of this thread's stack.
#[inline]
#[expect(unsafe_code, reason = "reads this thread's stack")]
fn read(address: usize) -> usize {
    // SAFETY: the callers have checked that the word is aligned and lies on this thread's own stack, between the request
    // and the stack's end; these pages stay mapped while the thread runs on that stack.
    unsafe { ptr::with_exposed_provenance::<usize>(address).read_volatile() }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;

    /// Until it is dropped, no other test keeps stacks; none is kept now.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &ENTRIES {
            entry.length.store(0, Ordering::Relaxed);
        }
        guard
    }

    /// The words of a stack of one frame, whose return address lies right beyond the request.
    fn returning_to(mark: *const c_void, address: usize) -> Words {
        let mut words = Words::beyond(mark.addr());
        (words.offsets[0], words.values[0], words.length) = (1, address, 1);
        words
    }

    /// A function that makes many requests has them all at one depth.
    #[test]
    fn stacks_that_begin_at_one_place_are_told_apart() {
        static TRACE: Trace = Trace::new();
        let _alone = alone();
        // Stands for a stack: the request, and beyond it a return address.
        let words = [const { AtomicUsize::new(0) }; 2];
        let mark = ptr::from_ref(&words).cast::<c_void>();
        let _ = mark.expose_provenance();
        let stacks = || (0..6_u32).map(|number| (number * 8, 0x1000 + number as usize));
        let returns_to = |address| words[1].store(address, Ordering::Relaxed);
        for (number, address) in stacks() {
            returns_to(address);
            assert_eq!(find(&TRACE, mark, Op::Alloc), None, "{number}");
            keep(&TRACE, mark, Op::Alloc, &returning_to(mark, address), number);
        }
        for (number, address) in stacks() {
            returns_to(address);
            assert_eq!(find(&TRACE, mark, Op::Alloc), Some(number));
            assert_eq!(find(&TRACE, mark, Op::Dealloc), None, "another operation has other stacks");
        }
    }

    /// One word that differs is enough, wherever it lies.
    #[test]
    fn each_word_counts() {
        static TRACE: Trace = Trace::new();
        let _alone = alone();
        let words = [const { AtomicUsize::new(0) }; 5];
        let mark = ptr::from_ref(&words).cast::<c_void>();
        let at = mark.expose_provenance();
        words.iter().zip(0x1000..).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
        let pushed = |all: &[(usize, usize)]| {
            let mut words = Words::beyond(at);
            for &(place, word) in all {
                words.push(place, word);
            }
            words
        };
        let known: Vec<_> = (1..5).map(|place| (at + place * WORD, 0x1000 + place)).collect();
        keep(&TRACE, mark, Op::Dealloc, &pushed(&known), 5);
        assert_eq!(find(&TRACE, mark, Op::Dealloc), Some(5));
        for (place, word) in words.iter().enumerate().skip(1) {
            let before = word.swap(0x2000, Ordering::Relaxed);
            assert_eq!(find(&TRACE, mark, Op::Dealloc), None, "{place}");
            word.store(before, Ordering::Relaxed);
            assert_eq!(find(&TRACE, mark, Op::Dealloc), Some(5));
        }
        // Another thread's, and words that are not there, tell nothing.
        let elsewhere = std::thread::spawn(move || find(&TRACE, ptr::without_provenance(at), Op::Dealloc));
        assert_eq!(elsewhere.join().expect("it ends"), None);
        for wrong in
            [vec![(at + WORD, 7)], vec![(at, 0x1000)], vec![known[1], known[0]], vec![(usize::MAX - 7, 0)]]
        {
            assert_eq!(pushed(&wrong).end, 0, "{wrong:x?}");
        }
    }

    /// A number belongs to the words that it was kept with, whoever writes meanwhile; what is half written is not followed.
    #[test]
    fn an_entry_that_changes_is_not_mistaken() {
        static TRACE: Trace = Trace::new();
        static ENTRY: Entry = Entry::new();
        let entry = &ENTRY;
        let words = [AtomicUsize::new(0), AtomicUsize::new(0x1000)];
        let mark = ptr::from_ref(&words).cast::<c_void>();
        let (thread, end) = own_stack(mark.expose_provenance()).expect("a thread runs on its own stack");
        let own = identity(&TRACE, mark.addr(), Op::AllocZeroed, thread);
        let (right, wrong) = (returning_to(mark, 0x1000), returning_to(mark, 0x1001));
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for _ in 0..20_000 {
                    entry.fill(&own, &right, 1);
                    entry.fill(&own, &wrong, 2);
                }
            });
            while !writer.is_finished() {
                assert_ne!(entry.number_if(&own, end), Some(2));
            }
        });
        entry.fill(&own, &right, 1);
        assert_eq!(entry.number_if(&own, end), Some(1));
        entry.version.fetch_add(1, Ordering::Relaxed);
        assert_eq!(entry.number_if(&own, end), None);
        entry.fill(&own, &wrong, 2);
        entry.version.fetch_add(1, Ordering::Relaxed);
        assert_eq!(entry.number_if(&own, end), Some(1), "who writes second has given up");
        // Beyond the stack's end nothing is read.
        entry.offsets[0].store(u32::MAX, Ordering::Relaxed);
        assert_eq!(entry.number_if(&own, end), None);
    }

    /// However many stacks were there before, the ones that come now are kept.
    #[test]
    fn old_stacks_make_room() {
        static TRACE: Trace = Trace::new();
        let _alone = alone();
        let words = [const { AtomicUsize::new(0) }; 2];
        let mark = ptr::from_ref(&words).cast::<c_void>();
        let _ = mark.expose_provenance();
        let seen = |number: u32| {
            words[1].store(0x1000 + number as usize, Ordering::Relaxed);
            find(&TRACE, mark, Op::Realloc).is_some()
        };
        let keep = |number: u32| {
            let address = 0x1000 + number as usize;
            keep(&TRACE, mark, Op::Realloc, &returning_to(mark, address), number);
        };
        // More than there is room for, all with numbers that fall together.
        (0..20).map(|number| number * 8).for_each(keep);
        // Two that take turns from now on are both there in the end.
        for _ in 0..WAYS {
            for number in [800, 1600] {
                if !seen(number) {
                    keep(number);
                }
            }
        }
        assert!(seen(800) && seen(1600));
    }
}
