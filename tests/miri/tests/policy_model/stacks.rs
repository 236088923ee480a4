//! Stacks of their own: code that stops in the middle of its regions and goes on when the thread is in others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use crate::state::{STACKS, Stack};
use crate::walk::{DEPTH, On, Walk};

impl On<'_> {
    /// Goes on elsewhere, on a stack that can.
    pub(crate) fn pause(self) {
        if let On::Stack(pause) = self {
            pause.suspend(());
        }
    }
}

impl Walk {
    /// Lets one of the other stacks go on, unless it is under way further out. One that has come to its end is replaced.
    pub(crate) fn resume(self: &Rc<Self>) {
        let place = self.below(STACKS);
        let stack = self.with(|state| {
            state.action("resume a stack");
            state.stacks[place].take()
        });
        let Some(mut stack) = stack else { return };
        let is_over = stack.resume(()).as_return().is_some();
        let stack = if is_over && !self.with(|state| state.is_ending) { self.new_stack() } else { stack };
        self.with(|state| {
            state.action("back from a stack");
            state.seen.resumed += 1;
            state.stacks[place] = (!stack.done()).then_some(stack);
        });
    }

    pub(crate) fn make_stacks(self: &Rc<Self>) {
        for place in 0..STACKS {
            let stack = self.new_stack();
            self.with(|state| state.stacks[place] = Some(stack));
        }
    }

    fn new_stack(self: &Rc<Self>) -> Stack {
        let walk = Rc::clone(self);
        Stack::new(move |pause, ()| {
            for _ in 0..walk.below(4) {
                pause.suspend(());
                // Its own panics end here.
                if let Err(payload) =
                    catch_unwind(AssertUnwindSafe(|| walk.stretch(DEPTH - 3, On::Stack(pause))))
                {
                    std::mem::forget(payload);
                }
            }
        })
    }

    /// Lets all stacks come to their ends.
    pub(crate) fn end_stacks(self: &Rc<Self>) {
        self.with(|state| state.is_ending = true);
        while self.with(|state| state.stacks.iter().any(Option::is_some)) {
            self.resume();
        }
        self.with(|state| state.is_ending = false);
    }
}
