//! Guarded futures of one thread, polled where it happens to be: also in the middle of another one's poll.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use qadapt::GuardExt as _;

use crate::guards::Locals;
use crate::model::{Closing, Kind, Rules};
use crate::state::Task;
use crate::walk::{DEPTH, On, Walk};

/// What runs in each poll. Its guards stay from poll to poll; each has ended with the poll that made it.
pub(crate) struct Steps {
    walk: Rc<Walk>,
    locals: Locals<Rc<Walk>>,
    /// The policy; none for a plain region.
    rules: Option<Rules>,
    /// The last poll's end.
    closing: Rc<Cell<Closing>>,
}

impl Future for Steps {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let kind = if this.rules.is_some() { Kind::Policy } else { Kind::Plain };
        // A budget is one for all polls.
        let used = this.closing.get().ended.used;
        let _open = this.walk.open(kind, this.rules.unwrap_or(Rules::NONE), used, &this.closing);
        for _ in 0..this.walk.below(3) {
            this.walk.use_guard(&mut this.locals);
        }
        this.walk.stretch(DEPTH - 2, On::Thread);
        Poll::Pending
    }
}

impl Walk {
    /// Makes the futures of a walk.
    /// A budget that polls share is inexact where a permit of another stack ends inside a poll: `has_budgets` says whether there may be
    /// one.
    pub(crate) fn make_tasks(self: &Rc<Self>, has_budgets: bool) {
        for place in 0..self.with(|state| state.tasks.len()) {
            let task = self.new_task(has_budgets);
            self.with(|state| state.tasks[place] = Some(task));
        }
    }

    fn new_task(self: &Rc<Self>, has_budgets: bool) -> Task {
        let closing = Rc::new(Cell::new(Closing::default()));
        let mut steps = Steps {
            walk: Rc::clone(self),
            locals: Locals::new(Rc::clone(self)),
            rules: None,
            closing: Rc::clone(&closing),
        };
        let future: Pin<Box<dyn Future<Output = ()>>> = if self.below(2) == 0 {
            Box::pin(steps.no_alloc())
        } else {
            let random =
                || Some(self.random_policy()).filter(|(_, rules)| has_budgets || rules.budget.is_none());
            let (policy, rules) = std::iter::repeat_with(random).flatten().next().expect("without an end");
            steps.rules = Some(rules);
            Box::pin(policy.wrap(steps))
        };
        Task { future, closing }
    }

    /// Polls one of the futures, unless it is being polled further out.
    pub(crate) fn poll(&self) {
        let place = self.below(8);
        let taken = self.with(|state| {
            state.action("poll");
            let place = place % state.tasks.len();
            Some((place, state.tasks[place].take()?))
        });
        let Some((place, mut task)) = taken else { return };
        let context = &mut Context::from_waker(Waker::noop());
        let outcome = catch_unwind(AssertUnwindSafe(|| task.future.as_mut().poll(context)));
        let closing = task.closing.get();
        self.with(|state| {
            state.seen.polls += 1;
            state.tasks[place] = Some(task);
        });
        self.closed(closing, outcome.map(drop), true);
    }

    /// Drops the futures, and the guards in them.
    pub(crate) fn drop_tasks(&self) {
        for place in 0..self.with(|state| state.tasks.len()) {
            drop(self.with(|state| state.tasks[place].take()));
        }
    }
}
