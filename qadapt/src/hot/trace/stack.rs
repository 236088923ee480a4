//! Call stacks for the trace: much deeper ones than a report of one violation needs.
//!
//! In an unoptimised program dozens of frames of libraries can lie between the allocator and the user's own code. A stack
//! that is too deep even so keeps its innermost and its outermost frames.

use core::ffi::c_void;

use qadapt_trace::{FRAMES, INNER, OUTER};

use super::super::capture::FRAME_POINTERS;
use super::super::walk;
use super::recent::Words;

/// Frames after which a walk ends.
const MOST: usize = 4096;

/// The return addresses of one stack, innermost first.
pub(super) struct Stack {
    addresses: [usize; FRAMES],
    /// Frames that were met.
    met: usize,
    /// What tells it from others that begin at the same place.
    pub(super) words: Words,
}

impl Stack {
    /// Walks this thread's stack, leaving out all frames up to the one that holds `mark`.
    pub(super) fn here(mark: *const c_void) -> Self {
        let mut stack = Self { addresses: [0; FRAMES], met: 0, words: Words::beyond(mark.addr()) };
        if !FRAME_POINTERS || !stack.follow(mark.addr()) {
            stack.unwind(mark.addr());
        }
        stack
    }

    /// Walks by frame pointers; false where that cannot be trusted, or the stack is deeper than there is room.
    fn follow(&mut self, mark: usize) -> bool {
        let length = walk::by_frame_pointers(mark, |frame, [outer, address]| {
            let Some(place) = self.addresses.get_mut(self.met) else { return false };
            // The walk is the same as long as both words of each frame are.
            self.words.push(frame, outer);
            self.words.push(frame + size_of::<usize>(), address);
            if address != 0 {
                *place = address;
                self.met += 1;
            }
            true
        });
        if length.is_none_or(|length| length >= FRAMES) {
            self.met = 0;
            self.words = Words::beyond(mark);
            return false;
        }
        true
    }

    fn unwind(&mut self, mark: usize) {
        walk::by_unwind_tables(mark, |address, stack_pointer| {
            // A return address lies right below where its frame's stack pointer stood when it called inwards.
            self.words.push(stack_pointer.wrapping_sub(size_of::<usize>()), address);
            self.push(address);
            self.met < MOST
        });
        self.straighten();
    }

    /// Keeps a frame: after the innermost ones in place of the outermost one from before.
    fn push(&mut self, address: usize) {
        let place = if self.met < FRAMES { self.met } else { INNER + (self.met - INNER) % OUTER };
        if let Some(place) = self.addresses.get_mut(place) {
            *place = address;
        }
        self.met += 1;
    }

    /// Puts the outermost frames in their order.
    fn straighten(&mut self) {
        if self.met > FRAMES {
            let first = (self.met - INNER) % OUTER;
            if let Some(outermost) = self.addresses.get_mut(INNER..) {
                outermost.rotate_left(first);
            }
        }
    }

    /// The frames that are kept.
    pub(super) fn frames(&self) -> &[usize] {
        self.addresses.get(..self.met.min(FRAMES)).unwrap_or_default()
    }

    /// Frames that are missing after the first [`INNER`].
    pub(super) fn left_out(&self) -> u32 {
        u32::try_from(self.met.saturating_sub(FRAMES)).unwrap_or(u32::MAX)
    }

    /// What the walk cost, in frames.
    pub(super) const fn met(&self) -> usize {
        self.met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(frames: usize) -> Stack {
        let mut stack = Stack { addresses: [0; FRAMES], met: 0, words: Words::beyond(0) };
        (1..=frames).for_each(|address| stack.push(address));
        stack.straighten();
        stack
    }

    #[test]
    fn a_deep_stack_keeps_both_its_ends() {
        for frames in [0, 1, FRAMES - 1, FRAMES] {
            let stack = stack(frames);
            assert_eq!((stack.frames(), stack.left_out()), (&(1..=frames).collect::<Vec<_>>()[..], 0));
        }
        for frames in [FRAMES + 1, FRAMES + OUTER, FRAMES + OUTER + 1, 3000] {
            let stack = stack(frames);
            let expected: Vec<usize> = (1..=INNER).chain(frames - OUTER + 1..=frames).collect();
            assert_eq!(stack.frames(), expected, "{frames}");
            assert_eq!(stack.left_out() as usize, frames - FRAMES);
        }
    }

    #[test]
    fn a_recursion_is_seen_to_its_beginning() {
        #[inline(never)]
        fn deep(levels: usize) -> Stack {
            let here = 0_u8;
            let stack = match levels {
                0 => Stack::here(core::ptr::from_ref(&here).cast()),
                more => deep(more - 1),
            };
            std::hint::black_box(&here);
            stack
        }
        // Each level has a stack's room.
        let large = std::thread::Builder::new().stack_size(64 << 20);
        let walked = large.spawn(|| (deep(3), deep(FRAMES + 300))).expect("it starts");
        let (shallow, deep) = walked.join().expect("it ends");
        assert!(shallow.left_out() == 0 && deep.left_out() >= 300);
        // A walk by frame pointers ends where C code began the thread.
        let outermost = shallow.frames().last().expect("there are frames");
        assert!(deep.frames()[INNER..].contains(outermost), "both began at the same place");
    }
}
