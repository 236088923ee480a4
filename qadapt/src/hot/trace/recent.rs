//! Stacks that were walked a moment ago: recognising one takes some loads, where walking it takes microseconds.
//!
//! An event whose request lies at the same address as one before often has the same callers. Where their return addresses
//! lie is known from the walk: if each of these words still holds what it held then, the stack is the same. For each frame
//! lies where the unwinder found it, given the frame inside it, and the innermost one lies at the same address.
//!
//! Only words on the thread's own stack are read, between the request and the stack's end, which are mapped as long as the
//! thread runs on it. Stacks of coroutines are walked each time.

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use qadapt_spin::Key;

use super::file::Trace;
use crate::model::Op;
use crate::sys;

/// Frames of stacks that are kept here; deeper ones are walked.
pub(super) const SLOTS: usize = 96;

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

/// Where a stack's return addresses lie, in words from the request.
pub(super) struct Slots {
    offsets: [u32; SLOTS],
    /// 0 where a stack cannot be recognised by them.
    length: usize,
}

impl Slots {
    pub(super) const NONE: Self = Self { offsets: [0; SLOTS], length: 0 };

    /// The places of these frames' return addresses, which lie right below where each frame's stack pointer stood when
    /// it called inwards. None where some are not there: below a signal handler, or on processors that keep them elsewhere.
    pub(super) fn of(mark: usize, stack_pointers: &[usize; SLOTS], frames: &[usize]) -> Self {
        let mut slots = Self::NONE;
        if frames.len() > SLOTS || frames.is_empty() {
            return slots;
        }
        let Some(end) = own_stack_end(mark) else { return slots };
        let mut before = mark;
        for ((offset, &pointer), &frame) in slots.offsets.iter_mut().zip(stack_pointers).zip(frames) {
            let slot = pointer.wrapping_sub(WORD);
            let is_there = before < slot && slot < end && slot.wrapping_sub(mark) % WORD == 0;
            // A word between the request and the end of this thread's own stack can be read.
            if !is_there || read(slot) != frame {
                return slots;
            }
            let Ok(words) = u32::try_from((slot - mark) / WORD) else { return slots };
            *offset = words;
            before = slot;
        }
        slots.length = frames.len();
        slots
    }
}

/// A stack that was walked. All fields but `busy` are only used by who has set that; Relaxed, since `busy` orders them.
struct Entry {
    busy: AtomicBool,
    mark: AtomicUsize,
    op: AtomicUsize,
    thread: AtomicUsize,
    /// In which trace the stack has its number: a forked child begins another one.
    trace: AtomicUsize,
    number: AtomicU32,
    length: AtomicU32,
    offsets: [AtomicU32; SLOTS],
    frames: [AtomicUsize; SLOTS],
}

static ENTRIES: [Entry; RECENT] = [const {
    Entry {
        busy: AtomicBool::new(false),
        mark: AtomicUsize::new(0),
        op: AtomicUsize::new(0),
        thread: AtomicUsize::new(0),
        trace: AtomicUsize::new(0),
        number: AtomicU32::new(0),
        length: AtomicU32::new(0),
        offsets: [const { AtomicU32::new(0) }; SLOTS],
        frames: [const { AtomicUsize::new(0) }; SLOTS],
    }
}; RECENT];

thread_local! {
    /// This thread's own stack, from the lowest address seen to be mapped to its end; `(0, 0)` until it is known.
    static OWN: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    /// A request that did not lie on it.
    static ELSEWHERE: Cell<usize> = const { Cell::new(0) };
}

/// The number of the stack that a request at `mark` has, if that was walked a moment ago.
pub(super) fn find(trace: &Trace, mark: *const c_void, op: Op) -> Option<u32> {
    let mark = mark.addr();
    let own = [mark, usize::from(op.code()), thread()?, ptr::from_ref(trace).addr()];
    ways(&own).iter().filter(|entry| entry.mark.load(Ordering::Relaxed) == mark).find_map(|entry| {
        entry.with(|entry| {
            let length = entry.length.load(Ordering::Relaxed) as usize;
            let is_same = length > 0 && entry.identity() == own;
            let places = entry.offsets.iter().zip(&entry.frames).take(length);
            let holds = |(offset, frame): (&AtomicU32, &AtomicUsize)| {
                // The same thread had a stack there, whose end lies further out, so the word is mapped.
                read(mark + offset.load(Ordering::Relaxed) as usize * WORD) == frame.load(Ordering::Relaxed)
            };
            (is_same && places.into_iter().all(holds)).then(|| entry.number.load(Ordering::Relaxed))
        })?
    })
}

/// Keeps a stack that was walked.
pub(super) fn keep(trace: &Trace, mark: *const c_void, op: Op, slots: &Slots, frames: &[usize], number: u32) {
    if slots.length == 0 {
        return;
    }
    let Some(thread) = thread() else { return };
    let own = [mark.addr(), usize::from(op.code()), thread, ptr::from_ref(trace).addr()];
    let ways = ways(&own);
    let unused = ways.iter().find(|entry| entry.length.load(Ordering::Relaxed) == 0);
    let in_turn = || ways.get(NEXT.fetch_add(1, Ordering::Relaxed) % WAYS);
    let Some(entry) = unused.or_else(in_turn) else { return };
    let _ = entry.with(|entry| {
        let [mark, op, thread, trace] = own;
        entry.mark.store(mark, Ordering::Relaxed);
        entry.op.store(op, Ordering::Relaxed);
        entry.thread.store(thread, Ordering::Relaxed);
        entry.trace.store(trace, Ordering::Relaxed);
        entry.number.store(number, Ordering::Relaxed);
        let places = entry.offsets.iter().zip(&entry.frames);
        for ((offset, frame), (&new_offset, &new_frame)) in places.zip(slots.offsets.iter().zip(frames)) {
            offset.store(new_offset, Ordering::Relaxed);
            frame.store(new_frame, Ordering::Relaxed);
        }
        entry.length.store(u32::try_from(slots.length).unwrap_or(0), Ordering::Relaxed);
    });
}

impl Entry {
    /// Uses the entry, unless somebody else does.
    fn with<T>(&self, act: impl FnOnce(&Self) -> T) -> Option<T> {
        // Acquire pairs with the Release below.
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        let result = act(self);
        self.busy.store(false, Ordering::Release);
        Some(result)
    }

    fn identity(&self) -> [usize; 4] {
        [&self.mark, &self.op, &self.thread, &self.trace].map(|field| field.load(Ordering::Relaxed))
    }
}

/// Where a stack is kept, if it is: one of these.
fn ways(identity: &[usize; 4]) -> &'static [Entry] {
    let key = Key::of(0, identity).get().get();
    let first = usize::try_from(key % (RECENT / WAYS) as u64).unwrap_or(0) * WAYS;
    ENTRIES.get(first..first + WAYS).unwrap_or_default()
}

/// Tells this thread from the others that live.
fn thread() -> Option<usize> {
    OWN.try_with(|own| ptr::from_ref(own).addr()).ok()
}

/// The end of this thread's own stack, if that is what the address lies on.
fn own_stack_end(address: usize) -> Option<usize> {
    let (low, end) = OWN.try_with(Cell::get).ok()?;
    if (low..end).contains(&address) {
        return Some(end);
    }
    if ELSEWHERE.try_with(Cell::get).ok()? / NEAR == address / NEAR {
        return None;
    }
    let found = sys::own_stack(address, thread()?);
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
    use super::*;

    /// A function that makes many requests has them all at one depth.
    #[test]
    fn stacks_that_begin_at_one_place_are_told_apart() {
        static TRACE: Trace = Trace::new();
        // Stands for a stack: the request, and beyond it a return address.
        let words = [const { AtomicUsize::new(0) }; 2];
        let mark = ptr::from_ref(&words).cast::<c_void>();
        let _ = mark.expose_provenance();
        let mut slots = Slots { length: 1, ..Slots::NONE };
        slots.offsets[0] = 1;
        let stacks = || (0..6_u32).map(|number| (number * 8, 0x1000 + number as usize));
        let returns_to = |address| words[1].store(address, Ordering::Relaxed);
        for (number, address) in stacks() {
            returns_to(address);
            assert_eq!(find(&TRACE, mark, Op::Alloc), None, "{number}");
            keep(&TRACE, mark, Op::Alloc, &slots, &[address], number);
        }
        for (number, address) in stacks() {
            returns_to(address);
            assert_eq!(find(&TRACE, mark, Op::Alloc), Some(number));
            assert_eq!(find(&TRACE, mark, Op::Dealloc), None, "another operation has other stacks");
        }
    }

    /// However many stacks were there before, the ones that come now are kept.
    #[test]
    fn old_stacks_make_room() {
        static TRACE: Trace = Trace::new();
        let words = [const { AtomicUsize::new(0) }; 2];
        let mark = ptr::from_ref(&words).cast::<c_void>();
        let _ = mark.expose_provenance();
        let mut slots = Slots { length: 1, ..Slots::NONE };
        slots.offsets[0] = 1;
        let seen = |number: u32| {
            words[1].store(0x1000 + number as usize, Ordering::Relaxed);
            find(&TRACE, mark, Op::Realloc).is_some()
        };
        let keep = |number: u32| {
            let address = 0x1000 + number as usize;
            keep(&TRACE, mark, Op::Realloc, &slots, &[address], number);
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
