//! One thread's walk: what it keeps, what it holds against the model, and what each of its steps uses.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;
use std::rc::Rc;

use qadapt::{Budget, Mode, Ops, Policy};

use crate::model::{Closing, DEFAULT, Id, Kind, Owed, Rules};
use crate::spending::{Limits, Used};
use crate::state::{Pause, State};

/// Closures in closures.
pub(crate) const DEPTH: usize = 6;

const MODES: [Mode; 4] = [Mode::Count, Mode::Log, Mode::Panic, Mode::Fail];

/// Where a stretch of code runs.
#[derive(Clone, Copy)]
pub(crate) enum On<'a> {
    Thread,
    /// On a stack of its own, which can pause.
    #[cfg_attr(miri, expect(dead_code, reason = "Miri has one stack a thread"))]
    Stack(&'a Pause),
}

/// A closure that is open in the model, until this is dropped.
pub(crate) struct Opened<'a> {
    walk: &'a Walk,
    id: Id,
    closing: &'a Cell<Closing>,
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        let closing = self.walk.with(|state| {
            state.action("close");
            Closing { ended: state.model.end_closure(self.id), told: state.told }
        });
        self.closing.set(closing);
    }
}

/// All that a walk keeps. Nothing holds on to it while code of the guard runs, which may call the hook.
pub(crate) struct Walk(RefCell<State>);

thread_local! {
    /// The walk of this thread, for the hook.
    static WALK: RefCell<Option<Rc<Walk>>> = const { RefCell::new(None) };
}

impl Walk {
    /// Starts a walk on this thread.
    pub(crate) fn start(seed: u64) -> Rc<Self> {
        let walk = Rc::new(Self(RefCell::new(State::new(seed))));
        WALK.with(|cell| cell.replace(Some(Rc::clone(&walk))));
        walk
    }

    /// The walk of this thread; none where there is none any more.
    pub(crate) fn current() -> Option<Rc<Self>> {
        WALK.try_with(|cell| cell.borrow().clone()).ok().flatten()
    }

    /// Ends the walk on this thread, and what holds on to it.
    pub(crate) fn end(&self) {
        self.drop_tasks();
        WALK.with(|cell| cell.replace(None));
    }

    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        act(&mut self.0.borrow_mut())
    }

    pub(crate) fn below(&self, bound: usize) -> usize {
        self.with(|state| state.random.usize(..bound))
    }

    /// What the hook has been shown so far.
    pub(crate) fn told(&self) -> u64 {
        self.with(|state| state.told)
    }

    /// Holds what the hook was shown against what was owed. The hook is shown nothing of its own.
    pub(crate) fn is_told(&self, before: u64, owed: Owed) {
        self.with(|state| {
            let expected = if state.in_hook { 0 } else { owed.all() };
            state.seen.told += expected;
            let told = state.told;
            state.same("violations told", told - before, expected);
        });
    }

    /// Holds a panic against whether one was due; there is none where the thread panics already.
    pub(crate) fn is_due(&self, what: &'static str, outcome: std::thread::Result<()>, is_due: bool) {
        let is_due = is_due && !std::thread::panicking();
        self.with(|state| {
            state.same(what, outcome.is_err().into(), is_due.into());
            state.panics += u64::from(outcome.is_err());
            state.seen.panics += u64::from(outcome.is_err());
        });
        forget(outcome.err());
    }

    /// Opens a closure in the model.
    pub(crate) fn open<'a>(
        &'a self,
        kind: Kind,
        rules: Rules,
        used: Used,
        closing: &'a Cell<Closing>,
    ) -> Opened<'a> {
        let id = self.with(|state| {
            state.action(match kind {
                Kind::Plain => "plain",
                Kind::Policy => "policy",
                Kind::Permit => "permit",
                _ => "hook",
            });
            state.model.open(kind, rules, used)
        });
        Opened { walk: self, id, closing }
    }

    /// A closure region has closed: with a payload if it unwound.
    pub(crate) fn closed(&self, closing: Closing, outcome: std::thread::Result<()>, can_owe: bool) {
        self.is_told(closing.told, closing.ended.owed);
        let is_due = can_owe && closing.ended.owed.panics > 0;
        match outcome {
            Err(payload) if payload.is::<()>() => {
                self.with(|state| state.panics += 1);
                forget(Some(payload));
                if self.below(2) == 0 && !std::thread::panicking() {
                    resume_unwind(Box::new(()));
                }
            }
            outcome => self.is_due("panics of a region", outcome, is_due),
        }
    }

    /// A policy, and what it says in the model.
    pub(crate) fn random_policy(&self) -> (Policy, Rules) {
        self.with(|state| {
            let random = &mut state.random;
            let mut less_than = |most: usize| u64::try_from(random.usize(..most)).expect("small");
            let mut rules = Rules { ops: Ops::ALL, ..Rules::NONE };
            if less_than(6) == 0 {
                let countdown = 1 + less_than(4);
                (rules.ops, rules.countdown) = (Ops::NONE, Some(countdown));
                return (Policy::fail_nth(countdown), rules);
            }
            let mut policy = Policy::new();
            for op in [Ops::ALLOC, Ops::ZEROED, Ops::GROW, Ops::SHRINK, Ops::DEALLOC] {
                if less_than(3) == 0 {
                    policy = policy.allow(op);
                    rules.ops = rules.ops.without(op);
                }
            }
            // The last choice is no mode of its own: then the process's acts.
            let mode = usize::try_from(less_than(MODES.len() + 1)).expect("small");
            rules.mode = MODES.get(mode).copied().unwrap_or(DEFAULT);
            if mode < MODES.len() {
                policy = policy.mode(rules.mode);
            }
            if less_than(6) == 0 {
                policy = policy.forbid();
                rules.forbid = true;
            }
            if less_than(4) == 0 {
                let limits = Limits {
                    allocs: less_than(4),
                    requests: less_than(5),
                    bytes: less_than(200),
                    peak: less_than(150),
                };
                let Limits { allocs, requests, bytes, peak } = limits;
                let budget = Budget::new().allocs(allocs).requests(requests);
                policy = policy.budget(budget.bytes(bytes).peak_bytes(peak));
                rules.ops = rules.ops.without(Ops::DEALLOC.complement());
                rules.budget = Some(limits);
            }
            (policy, rules)
        })
    }
}

/// Freeing a panic's payload would be an event.
pub(crate) fn forget(payload: Option<Box<dyn Any + Send>>) {
    std::mem::forget(payload);
}
