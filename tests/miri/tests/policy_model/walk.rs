//! One thread's random walk through everything that opens and ends.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use qadapt::{Budget, Mode, Ops, Policy, Violation};

use crate::guards::Locals;
use crate::model::{DEFAULT, Ended, Id, Kind, Owed, Rules};
use crate::spending::{Limits, Used};
use crate::stacks::Pause;
use crate::state::State;

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

/// A closure's end in the model, just before its real one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Closing {
    pub(crate) ended: Ended,
    /// What the hook had been shown before.
    told: u64,
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

    /// Walks until a number of steps is done or something differs. `base`, a guard, is open all the time if it is asked for, and
    /// then other stacks come in.
    pub(crate) fn run(self: &Rc<Self>, steps: u64, has_stacks: bool) {
        self.make_tasks(!has_stacks);
        let base = has_stacks.then(|| self.open_base());
        if has_stacks {
            self.make_stacks();
        }
        while self.with(|state| state.seen.steps < steps && state.difference.is_none()) {
            let outcome = catch_unwind(AssertUnwindSafe(|| self.stretch(0, On::Thread)));
            if outcome.is_err() {
                self.with(|state| state.panics += 1);
            }
            forget(outcome.err());
            self.end_all();
            self.with(State::compare);
        }
        self.end_stacks();
        // The hook may keep more of them meanwhile.
        while self.with(|state| state.kept.iter().any(Option::is_some)) {
            self.end_kept();
        }
        if let Some(base) = base {
            self.end_guard(base, crate::guards::End::Drop);
        }
        while self.with(|state| state.model.innermost_manual().is_some()) {
            self.exit();
        }
        self.with(|state| {
            state.same("what is open at the end", state.model.len() as u64, 0);
            state.compare();
            state.seen.violations = state.model.violations;
        });
    }

    /// A random stretch of code: events, regions, guards. Returns early or unwinds at random.
    pub(crate) fn stretch(self: &Rc<Self>, depth: usize, on: On<'_>) {
        let mut locals = Locals::new(&**self);
        for _ in 0..=self.below(6) {
            let action = self.with(|state| {
                state.seen.steps += 1;
                if state.difference.is_some() { usize::MAX } else { state.random.usize(..36) }
            });
            match action {
                0..12 => self.with(State::event),
                12..21 if depth < DEPTH => self.region(depth, on),
                21..23 => self.enter(),
                23..25 => self.exit(),
                25..31 => self.use_guard(&mut locals),
                31 if depth < DEPTH => self.poll(),
                // A region that the hook left open on another stack would protect the rest of the report.
                32 if !self.with(|state| state.in_hook) => self.resume(),
                33 if !self.with(|state| state.is_ending) => on.pause(),
                34 if depth > 0 && self.below(4) == 0 && !std::thread::panicking() => {
                    self.with(|state| {
                        state.action("unwind");
                        state.seen.unwound += 1;
                        state.panics += 1;
                    });
                    // A payload without a size needs no memory.
                    resume_unwind(Box::new(()));
                }
                35 | usize::MAX => break,
                _ => {}
            }
            self.with(State::compare);
        }
        self.forget_some(&mut locals);
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

    fn region(self: &Rc<Self>, depth: usize, on: On<'_>) {
        let closing = Cell::new(Closing::default());
        let inside = |kind, rules| {
            let _open = self.open(kind, rules, Used::default(), &closing);
            self.stretch(depth + 1, on);
        };
        let (outcome, can_owe) = match self.below(8) {
            0..3 => {
                let body = || qadapt::assert_no_alloc(|| inside(Kind::Plain, Rules::NONE));
                (catch_unwind(AssertUnwindSafe(body)), true)
            }
            3..5 => {
                let (policy, rules) = self.random_policy();
                (catch_unwind(AssertUnwindSafe(|| policy.run(|| inside(Kind::Policy, rules)))), true)
            }
            5..7 => {
                let body = || qadapt::permit_alloc(|| inside(Kind::Permit, Rules::NONE));
                (catch_unwind(AssertUnwindSafe(body)), false)
            }
            _ => return self.counted(depth, on),
        };
        self.closed(closing.get(), outcome, can_owe);
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

    fn counted(self: &Rc<Self>, depth: usize, on: On<'_>) {
        /// Ends the counting in the model, also where the code unwinds.
        struct End<'a>(&'a Walk, Id, &'a Cell<Ended>);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                let ended = self.0.with(|state| state.model.end(self.1));
                self.2.set(ended.expect("nobody else ends it"));
            }
        }

        let panics = self.with(|state| state.panics);
        let ended = Cell::new(Ended::default());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            qadapt::count_alloc(|| {
                let id = self.with(|state| {
                    state.action("count");
                    state.model.open(Kind::Counting, Rules::NONE, Used::default())
                });
                let _end = End(self, id, &ended);
                self.stretch(depth + 1, on);
            })
        }));
        let expected = ended.get().tally;
        match outcome {
            Ok((counts, ())) if self.with(|state| state.panics) == panics => self.with(|state| {
                state.seen.counted += 1;
                for (what, measured, expected) in [
                    ("allocs", counts.allocs(), expected.allocs),
                    ("reallocs", counts.reallocs(), expected.reallocs),
                    ("deallocs", counts.deallocs(), expected.deallocs),
                    ("failed", counts.failed(), expected.failed),
                    ("bytes", counts.bytes(), expected.asked),
                    ("freed bytes", counts.freed_bytes(), expected.freed),
                    ("peak", counts.peak_bytes(), expected.peak.unsigned_abs()),
                    ("peak blocks", counts.peak_blocks(), expected.peak_blocks.unsigned_abs()),
                ] {
                    state.same(what, measured.get().expect("measured"), expected);
                }
                let net = counts.net_bytes().get().expect("measured");
                state.same("net", net.unsigned_abs(), expected.live.unsigned_abs());
            }),
            Ok(_) => {}
            // Counting owes nothing: this is the code's own panic.
            Err(payload) => {
                forget(Some(payload));
                self.with(|state| state.panics += 1);
                resume_unwind(Box::new(()));
            }
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

/// What the guard calls for each violation that it tells: opens regions of its own, at times.
pub(crate) fn hook(violation: &Violation) {
    let walk = WALK.try_with(|cell| cell.borrow().clone()).ok().flatten();
    let Some(walk) = walk else { return };
    let opens = walk.with(|state| {
        state.told += violation.times();
        state.random.usize(..4) == 0 && state.difference.is_none()
    });
    if !opens {
        return;
    }
    walk.with(|state| {
        state.in_hook = true;
        state.seen.hooks += 1;
    });
    let closing = Cell::new(Closing::default());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _open = walk.open(Kind::Hook, Rules::NONE, Used::default(), &closing);
        walk.stretch(DEPTH - 2, On::Thread);
    }));
    walk.with(|state| {
        state.panics += u64::from(outcome.is_err());
        state.in_hook = false;
    });
    forget(outcome.err());
}

/// Freeing a panic's payload would be an event.
fn forget(payload: Option<Box<dyn Any + Send>>) {
    std::mem::forget(payload);
}
