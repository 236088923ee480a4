//! Walking a stack: by its unwind tables, or by its frame pointers in programs built with them.
//!
//! With `-C force-frame-pointers=yes` each function keeps its caller's frame pointer and return address in two words,
//! so that a walk reads two words a frame instead of unwind tables. The standard library as shipped keeps them too. C
//! code in between need not: a callback's C caller may be missing from such a stack. Every word is checked before it is
//! followed: it must lie on this thread's stack, as the system knows it, further out than the one
//! before.

use core::cell::Cell;

use crate::sys;

thread_local! {
    /// This thread's stack, from its lowest mapped address to the end; 0 until it is known.
    static STACK: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Fewer frames than this do not reach the user's code: then the unwinder is asked.
const FEWEST: usize = 3;

/// Visits the frames that lie above `mark`, innermost first, by the unwind tables: the return address of each, and where its stack
/// pointer was when it called inwards. Ends where `visit` returns false, which must not unwind.
#[inline(always)]
pub(super) fn by_unwind_tables(mark: usize, mut visit: impl FnMut(usize, usize) -> bool) {
    sys::for_each_frame(|address, stack_pointer| {
        if address == 0 {
            return false;
        }
        // QADAPT's own frames called inwards below the mark.
        stack_pointer <= mark || visit(address, stack_pointer)
    });
}

/// A frame of a chain that can be followed, and the bounds of the stack that it lies on.
struct Chained {
    frame: usize,
    low: usize,
    high: usize,
}

/// Visits the frames that lie above `mark`, innermost first, by the chain of frame pointers: where the frame's two words lie, and
/// these words, the caller's frame and the address to return to. Ends where `visit` returns false, or after an address of 0, which is
/// the first code's, since that has no caller. Returns how many there were before; none where the walk cannot be trusted.
#[inline(never)]
pub(super) fn by_frame_pointers(
    mark: usize,
    mut visit: impl FnMut(usize, [usize; 2]) -> bool,
) -> Option<usize> {
    let Chained { mut frame, low, high } = innermost(mark)?;
    let mut length = 0;
    loop {
        let words @ [outer, address] = record(frame, low, high)?;
        if !visit(frame, words) || address == 0 {
            return Some(length);
        }
        length += 1;
        if outer <= frame || outer >= high {
            // The C library's start code keeps no frame pointers.
            return (length >= FEWEST).then_some(length);
        }
        frame = outer;
    }
}

/// Where the two words of the innermost frame above `mark` lie, with which a walk by frame pointers begins.
#[inline(always)]
pub(super) fn innermost_frame(mark: usize) -> Option<usize> {
    innermost(mark).map(|found| found.frame)
}

#[inline(always)]
fn innermost(mark: usize) -> Option<Chained> {
    let mut frame = frame_pointer();
    let (low, high) = stack_around(frame)?;
    // QADAPT's own frames lie below the mark.
    while frame <= mark {
        let [outer, _] = record(frame, low, high)?;
        if outer <= frame || outer >= high {
            return None;
        }
        frame = outer;
    }
    Some(Chained { frame, low, high })
}

/// The two words at a frame pointer, the caller's frame pointer and the address to return to; none where they do not lie within
/// these bounds of a stack.
#[expect(unsafe_code, reason = "reads this thread's stack")]
#[inline(always)]
fn record(frame: usize, low: usize, high: usize) -> Option<[usize; 2]> {
    let is_there = frame >= low && frame % size_of::<usize>() == 0;
    if !is_there || frame.checked_add(size_of::<[usize; 2]>())? > high {
        return None;
    }
    // SAFETY: the address is aligned, and both words lie between the lowest mapped address and the end of the stack that this
    // thread runs on, which stays mapped meanwhile.
    Some(unsafe { *core::ptr::with_exposed_provenance(frame) })
}

/// The bounds of the stack that this address lies on.
fn stack_around(address: usize) -> Option<(usize, usize)> {
    let (low, high) = STACK.try_with(Cell::get).unwrap_or((0, 0));
    if (low..high).contains(&address) {
        return Some((low, high));
    }
    // The stack grew, or the code runs on another one.
    let found = sys::stack_around(address)?;
    let _ = STACK.try_with(|cell| cell.set(found));
    Some(found)
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a register has no other name")]
#[inline(always)]
fn frame_pointer() -> usize {
    let frame: usize;
    // SAFETY: it copies a register.
    unsafe { core::arch::asm!("mov {}, rbp", out(reg) frame, options(nomem, nostack, preserves_flags)) };
    frame
}

#[cfg(target_arch = "aarch64")]
#[expect(unsafe_code, reason = "a register has no other name")]
#[inline(always)]
fn frame_pointer() -> usize {
    let frame: usize;
    // SAFETY: it copies a register.
    unsafe { core::arch::asm!("mov {}, x29", out(reg) frame, options(nomem, nostack, preserves_flags)) };
    frame
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn frame_pointer() -> usize {
    // On no stack.
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_outside_the_stack_is_not_followed() {
        let here = [0_usize; 2];
        let at = here.as_ptr().addr();
        let (low, high) = stack_around(at).expect("a stack is mapped");
        assert!((low..high).contains(&at));
        assert_eq!(record(at, low, high), Some([0, 0]));
        for outside in [at + 1, high - 8, usize::MAX - 7, low - 8] {
            assert_eq!(record(outside, low, high), None, "{outside:#x}");
        }
    }
}
