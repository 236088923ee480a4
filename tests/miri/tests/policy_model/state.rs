//! What a walk keeps besides what is open: its random numbers, blocks and guards, and what it came across.

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::rc::Rc;

use fastrand::Rng;
use qadapt::RegionGuard;

use crate::model::{Closing, Id, Model};
use crate::spending::{Kind, Request};

/// Blocks that one thread holds at once.
const BLOCKS: usize = 16;
/// Guards that are kept outside of every stretch of code.
const KEPT: usize = 5;
/// Guarded futures that are polled in any order.
const TASKS: usize = 3;
/// Actions that are printed with a difference.
const ACTIONS: usize = 64;

/// Stacks of one thread besides its own. Miri has one stack a thread.
pub(crate) const STACKS: usize = if cfg!(miri) { 0 } else { 3 };

#[cfg(not(miri))]
pub(crate) type Stack = corosensei::Coroutine<(), (), ()>;
#[cfg(miri)]
pub(crate) type Stack = ();

/// What code on such a stack pauses by.
#[cfg(not(miri))]
pub(crate) type Pause = corosensei::Yielder<(), ()>;
#[cfg(miri)]
pub(crate) type Pause = ();

/// A guard, and its name in the model.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) guard: RegionGuard,
    pub(crate) id: Id,
}

/// A guarded future, and what its last poll came to in the model.
pub(crate) struct Task {
    pub(crate) future: Pin<Box<dyn Future<Output = ()>>>,
    pub(crate) closing: Rc<Cell<Closing>>,
}

/// What a walk came across.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) steps: u64,
    pub(crate) refusals: u64,
    /// Panics that a region owed.
    pub(crate) panics: u64,
    /// Panics of the code itself.
    pub(crate) unwound: u64,
    /// Ends of guards that were not innermost, or had ended.
    pub(crate) out_of_order: u64,
    pub(crate) stale: u64,
    pub(crate) forgotten: u64,
    pub(crate) counted: u64,
    pub(crate) told: u64,
    pub(crate) hooks: u64,
    pub(crate) polls: u64,
    pub(crate) resumed: u64,
    pub(crate) violations: u64,
}

impl Seen {
    /// Each figure with its name.
    pub(crate) fn figures(&self) -> [(&'static str, u64); 13] {
        [
            ("steps", self.steps),
            ("violations", self.violations),
            ("refusals", self.refusals),
            ("panics that a region owed", self.panics),
            ("panics of the code itself", self.unwound),
            ("guards that ended out of order", self.out_of_order),
            ("guards that had ended", self.stale),
            ("forgotten guards", self.forgotten),
            ("counts compared", self.counted),
            ("violations told", self.told),
            ("hooks that opened regions", self.hooks),
            ("polls", self.polls),
            ("stacks resumed", self.resumed),
        ]
    }
}

/// The first step that did not do what the model says. Making one takes no memory: there may be none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Difference {
    pub(crate) step: u64,
    pub(crate) what: &'static str,
    pub(crate) seen: u64,
    pub(crate) expected: u64,
}

/// The last actions, each with its step and how much was open then.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    last: [(&'static str, u64, usize); ACTIONS],
    done: usize,
}

impl Actions {
    /// From the oldest.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, u64, usize)> {
        (self.done.saturating_sub(ACTIONS)..self.done).map(|index| self.last[index % ACTIONS])
    }
}

pub(crate) struct State {
    pub(crate) random: Rng,
    pub(crate) model: Model,
    pub(crate) kept: [Option<Held>; KEPT],
    pub(crate) tasks: [Option<Task>; TASKS],
    #[cfg_attr(miri, expect(dead_code, reason = "there are none"))]
    pub(crate) stacks: [Option<Stack>; STACKS],
    blocks: [(*mut u8, usize); BLOCKS],
    /// Violations that the hook was shown.
    pub(crate) told: u64,
    /// The hook is running.
    pub(crate) in_hook: bool,
    /// Panics that were caught: what they allocate is in the counts.
    pub(crate) panics: u64,
    /// Stacks are to come to their ends.
    pub(crate) is_ending: bool,
    pub(crate) difference: Option<Difference>,
    pub(crate) seen: Seen,
    pub(crate) actions: Actions,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            model: Model::new(),
            kept: [const { None }; KEPT],
            tasks: [const { None }; TASKS],
            stacks: [const { None }; STACKS],
            blocks: [(ptr::null_mut(), 0); BLOCKS],
            told: 0,
            in_hook: false,
            panics: 0,
            is_ending: false,
            difference: None,
            seen: Seen::default(),
            actions: Actions { last: [("", 0, 0); ACTIONS], done: 0 },
        }
    }

    /// Takes note of an action, for whoever looks for the reason of a difference.
    pub(crate) fn action(&mut self, what: &'static str) {
        let Actions { last, done } = &mut self.actions;
        last[*done % ACTIONS] = (what, self.seen.steps, self.model.len());
        *done += 1;
    }

    /// Takes note if the two are not equal.
    pub(crate) fn same(&mut self, what: &'static str, seen: u64, expected: u64) {
        if seen != expected {
            let step = self.seen.steps;
            self.difference.get_or_insert(Difference { step, what, seen, expected });
        }
    }

    /// One random event, and what the model says of it.
    #[expect(unsafe_code, reason = "the allocator is called directly, so that every event is a planned one")]
    pub(crate) fn event(&mut self) {
        let place = self.random.usize(..BLOCKS);
        let (block, old) = self.blocks[place];
        let size = 1 + self.random.usize(..64);
        let kind = match self.random.usize(..3) {
            _ if block.is_null() && size.is_multiple_of(2) => Kind::Alloc,
            _ if block.is_null() => Kind::Zeroed,
            0 => Kind::Dealloc,
            _ if size > old => Kind::Grow,
            _ => Kind::Shrink,
        };
        let old_size = if block.is_null() || kind == Kind::Dealloc { 0 } else { old };
        let size = if kind == Kind::Dealloc { old } else { size };
        self.action(match kind {
            Kind::Alloc => "alloc",
            Kind::Zeroed => "alloc_zeroed",
            Kind::Grow => "grow",
            Kind::Shrink => "shrink",
            Kind::Dealloc => "dealloc",
        });
        let refused = self.model.event(Request { kind, size, old_size }, std::thread::panicking());
        self.seen.refusals += u64::from(refused);
        let moved = match kind {
            // SAFETY: the size is not 0.
            Kind::Alloc => unsafe { alloc::alloc(layout(size)) },
            // SAFETY: the size is not 0.
            Kind::Zeroed => unsafe { alloc::alloc_zeroed(layout(size)) },
            // SAFETY: the block was allocated with the layout of its old size; the new size is not 0.
            Kind::Grow | Kind::Shrink => unsafe { alloc::realloc(block, layout(old), size) },
            Kind::Dealloc => {
                // SAFETY: the block was allocated with this layout, and its place is cleared below.
                unsafe { alloc::dealloc(block, layout(size)) };
                ptr::null_mut()
            }
        };
        if kind == Kind::Dealloc {
            self.blocks[place] = (ptr::null_mut(), 0);
            return;
        }
        self.same("refusals", moved.is_null().into(), refused.into());
        if !moved.is_null() {
            self.blocks[place] = (moved, size);
        }
    }

    /// Holds what the guard says of this thread against the model.
    pub(crate) fn compare(&mut self) {
        let level = u64::try_from(qadapt::protection_level()).expect("small");
        self.same("level", level, u64::try_from(self.model.level()).expect("small"));
        self.same("violations", qadapt::violations(), self.model.violations);
    }
}

impl Drop for State {
    #[expect(unsafe_code, reason = "as in `event`")]
    fn drop(&mut self) {
        for (block, size) in self.blocks {
            if !block.is_null() {
                // SAFETY: the block was allocated with this layout and not freed.
                unsafe { alloc::dealloc(block, layout(size)) };
            }
        }
    }
}

fn layout(size: usize) -> Layout {
    Layout::array::<u8>(size).expect("small")
}
