//! What a walk does: random stretches of code, with regions in one another, and what the hook does meanwhile.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use qadapt::Violation;

use crate::guards::{End, Locals};
use crate::model::{Closing, Ended, Id, Kind, Rules};
use crate::spending::Used;
use crate::state::State;
use crate::walk::{DEPTH, On, Walk, forget};

impl Walk {
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
            self.end_guard(base, End::Drop);
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
}

/// What the guard calls for each violation that it tells: opens regions of its own, at times.
pub(crate) fn hook(violation: &Violation) {
    let Some(walk) = Walk::current() else { return };
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
