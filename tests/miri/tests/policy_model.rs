//! Random walks through all that can be open on a thread, against a model that is a list of what is open.
//!
//! Alone in its process because it sets the process's mode, its hook and its panic hook.

#[path = "policy_model/guards.rs"]
mod guards;
#[path = "policy_model/model.rs"]
mod model;
#[path = "policy_model/spending.rs"]
mod spending;
#[cfg_attr(miri, path = "policy_model/one_stack.rs")]
#[cfg_attr(not(miri), path = "policy_model/stacks.rs")]
mod stacks;
#[path = "policy_model/state.rs"]
mod state;
#[path = "policy_model/stretch.rs"]
mod stretch;
#[path = "policy_model/tasks.rs"]
mod tasks;
#[path = "policy_model/walk.rs"]
mod walk;

use std::fmt::{self, Display, Formatter};
use std::thread;

use qadapt::QADAPT;

use state::{Actions, Difference, Seen};
use walk::Walk;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Steps of all walks together: events, entries and ends of regions, polls, changes of stacks. The variable `MODEL_STEPS` asks for
/// another number.
const STEPS: u64 = if cfg!(miri) { 400 } else { 1_000_000 };
/// Walks one after the other, each from its own seed. The variable `MODEL_SEED` is the first one's.
const WALKS: u64 = if cfg!(miri) { 2 } else { 100 };

/// A number in the environment.
fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
#[expect(clippy::result_large_err, reason = "as in `walks`")]
fn a_million_steps_agree_with_the_model() {
    if !qadapt_tests::watching("the model of open regions") {
        return;
    }
    let (steps, first) = (asked("MODEL_STEPS", STEPS), asked("MODEL_SEED", 0));
    qadapt::set_mode(model::DEFAULT);
    qadapt::set_violation_hook(stretch::hook);
    std::panic::set_hook(Box::new(|_| ()));
    // On a thread of its own, so that what the test's thread has open is none of it.
    let ended = thread::spawn(move || walks(steps, first)).join();
    drop(std::panic::take_hook());
    let seen = match ended.expect("a walk catches its own panics") {
        Ok(seen) => seen,
        Err(failure) => panic!("{failure}"),
    };
    // A walk that never got anywhere would agree with any model.
    for (what, number) in seen.figures() {
        println!("{number} {what}");
        if !cfg!(miri) {
            assert!(number > 1_000, "only {number} {what}");
        }
    }
}

/// Where a walk first differs from the model. Making one takes no memory: there may be none.
struct Failure {
    seed: u64,
    difference: Difference,
    actions: Actions,
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { seed, difference: Difference { step, what, seen, expected }, actions } = self;
        write!(f, "seed {seed}, step {step}: {what} {seen}, expected {expected}; before it:")?;
        actions.iter().try_for_each(|(what, step, open)| write!(f, "\n{step:8} {open:3} open  {what}"))
    }
}

/// The walks of one thread: what they came across, or where one differs from the model.
#[expect(clippy::result_large_err, reason = "a box takes memory, and there may be none")]
fn walks(steps: u64, first: u64) -> Result<Seen, Failure> {
    let mut total = Seen::default();
    for number in 0..WALKS {
        let seed = first + number;
        let walk = Walk::start(seed);
        walk.with(|state| {
            state.seen = total;
            state.model.violations = qadapt::violations();
        });
        let until = steps * (number + 1) / WALKS;
        walk.run(until, number % 2 == 1);
        let failure = walk.with(|state| {
            let failure = Failure { seed, difference: state.difference?, actions: state.actions };
            Some(failure)
        });
        if let Some(failure) = failure {
            // What is open may be wrong: nothing of it is used again.
            std::mem::forget(walk);
            return Err(failure);
        }
        total = walk.with(|state| state.seen);
        walk.end();
    }
    Ok(total)
}
