//! Blocking calls that tests make, and what is allowed of them.

use std::thread;
use std::time::Duration;

use qadapt::{Budget, Mode, Policy};

/// A region that may make so many of them; each further one is a violation that is counted.
pub const fn most(calls: u64) -> Policy {
    Policy::no_blocking().mode(Mode::Count).budget(Budget::new().calls(calls))
}

/// Makes one.
pub fn call() {
    thread::yield_now();
}

/// Makes so many.
pub fn calls(number: usize) {
    (0..number).for_each(|_| call());
}

/// Makes one of another class.
pub fn sleep() {
    thread::sleep(Duration::from_micros(1));
}

/// The violations of a body on this thread, if they are watched.
pub fn seen<R>(body: impl FnOnce() -> R) -> u64 {
    let before = qadapt::violations();
    body();
    qadapt::violations() - before
}

/// Runs a body on another thread, and waits for it where the region does not see that.
///
/// # Panics
/// If the body does.
pub fn on_another<R: Send>(body: impl FnOnce() -> R + Send) -> R {
    qadapt::permit_alloc(|| thread::scope(|scope| scope.spawn(body).join().expect("no panic")))
}
