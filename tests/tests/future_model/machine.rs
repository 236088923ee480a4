//! A future that takes random steps.

use std::alloc::{self, Layout};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::ptr;
use std::task::{Context as Task, Poll};

use fastrand::Rng;
use qadapt::Ops;
use qadapt_tests::polled::poll_once;

use crate::context::{self, Context, Rules};
use crate::watched::{Watched, settle};

/// Blocks that one future holds at once.
const BLOCKS: usize = 6;
/// Futures that one future polls.
const CHILDREN: usize = 2;
/// Futures inside each other.
const DEPTH: usize = 3;
/// Closure regions inside each other within one poll.
const REGIONS: usize = 3;

/// Each poll takes a few random steps: events, closure regions, polls and cancels of inner futures.
pub(crate) struct Machine {
    random: Rng,
    blocks: [(*mut u8, usize); BLOCKS],
    children: [Option<Watched>; CHILDREN],
    done: bool,
}

// SAFETY: the blocks are the machine's own, and any thread may free them.
unsafe impl Send for Machine {}

impl Machine {
    /// A machine with its children, each of them watched in a random way. It is made outside of regions.
    pub(crate) fn tree(random: &mut Rng, depth: usize) -> Watched {
        let children = [(); CHILDREN]
            .map(|()| (depth < DEPTH && random.usize(..3) == 0).then(|| Self::tree(random, depth + 1)));
        let machine = Self {
            random: Rng::with_seed(random.u64(..)),
            blocks: [(ptr::null_mut(), 0); BLOCKS],
            children,
            done: false,
        };
        let mut watched = Watched::new(machine, random);
        if random.usize(..3) == 0 {
            watched = Watched::new(watched, random);
        }
        watched
    }

    fn stretch(&mut self, regions: usize) {
        for _ in 0..=self.random.usize(..5) {
            if context::differs() {
                return;
            }
            context::with(|context| context.seen.steps += 1);
            match self.random.usize(..32) {
                0..15 => self.event(),
                15..22 if regions < REGIONS => self.region(regions),
                22..28 => self.poll_child(),
                28 => self.cancel_child(),
                29 if self.random.usize(..3) == 0 => {
                    context::with(|context| {
                        context.seen.unwound += 1;
                        context.panicked();
                    });
                    // A payload without a size needs no memory.
                    resume_unwind(Box::new(()));
                }
                30 => return,
                _ => {}
            }
            context::compare("in a stretch");
        }
    }

    fn poll_child(&mut self) {
        let place = self.random.usize(..CHILDREN);
        if let Some(child) = &mut self.children[place] {
            context::with(|context| context.seen.polls += 1);
            let _ = poll_once(child.pinned());
        }
    }

    fn cancel_child(&mut self) {
        let place = self.random.usize(..CHILDREN);
        if let Some(child) = self.children[place].take() {
            context::with(|context| context.seen.cancels += 1);
            drop(child);
        }
    }

    fn region(&mut self, regions: usize) {
        match self.random.usize(..3) {
            0 => {
                let before = context::with(Context::enter_plain);
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    qadapt::assert_no_alloc(|| self.stretch(regions + 1));
                }));
                let owed = context::with(|context| context.leave(before));
                settle(owed, true, outcome, &mut self.random);
            }
            1 => {
                let mut rules = Rules::random(&mut self.random);
                let before = context::with(|context| context.enter_policy(&rules));
                let policy = rules.policy;
                let outcome = catch_unwind(AssertUnwindSafe(|| policy.run(|| self.stretch(regions + 1))));
                let owed = context::with(|context| context.leave_policy(before, &mut rules));
                settle(owed, true, outcome, &mut self.random);
            }
            _ => {
                let before = context::with(Context::enter_permit);
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    qadapt::permit_alloc(|| self.stretch(regions + 1));
                }));
                context::with(|context| context.leave_permit(before));
                settle(0, false, outcome, &mut self.random);
            }
        }
    }

    /// One random event.
    fn event(&mut self) {
        let place = self.random.usize(..BLOCKS);
        let (block, old) = self.blocks[place];
        let size = 1 + self.random.usize(..64);
        if block.is_null() {
            let op = if self.random.usize(..2) == 0 { Ops::ALLOC } else { Ops::ZEROED };
            let refused = context::with(|context| context.expect(op, size, 0));
            let block = if op == Ops::ALLOC {
                // SAFETY: the size is not 0.
                unsafe { alloc::alloc(layout(size)) }
            } else {
                // SAFETY: the size is not 0.
                unsafe { alloc::alloc_zeroed(layout(size)) }
            };
            self.keep(place, block, size, refused);
        } else if self.random.usize(..3) == 0 {
            self.free(place);
        } else {
            let op = if size > old { Ops::GROW } else { Ops::SHRINK };
            let refused = context::with(|context| context.expect(op, size, old));
            // SAFETY: the block was allocated with the layout of its old size; the new size is not 0.
            let block = unsafe { alloc::realloc(block, layout(old), size) };
            self.keep(place, block, size, refused);
        }
    }

    fn keep(&mut self, place: usize, block: *mut u8, size: usize, refused: bool) {
        context::same("refusals", block.is_null().into(), refused.into());
        if !block.is_null() {
            self.blocks[place] = (block, size);
        }
    }

    fn free(&mut self, place: usize) {
        let (block, size) = std::mem::replace(&mut self.blocks[place], (ptr::null_mut(), 0));
        if !block.is_null() {
            context::with(|context| context.expect(Ops::DEALLOC, size, 0));
            // SAFETY: the block was allocated with this layout, and its place was cleared.
            unsafe { alloc::dealloc(block, layout(size)) };
        }
    }
}

impl Future for Machine {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _task: &mut Task<'_>) -> Poll<()> {
        // A poll whose end panicked lost that it was the last one.
        if !self.done {
            self.stretch(0);
            self.done = self.random.usize(..10) == 0;
        }
        if self.done { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Its children first; its memory is planned events too, wherever that happens.
impl Drop for Machine {
    fn drop(&mut self) {
        for child in &mut self.children {
            drop(child.take());
        }
        for place in 0..BLOCKS {
            self.free(place);
        }
    }
}

fn layout(size: usize) -> Layout {
    Layout::array::<u8>(size).expect("small")
}
