//! A second thread that is there before a region opens, so that starting it is not part of the region.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, Mutex};
use std::thread;

use qadapt::PolicyToken;

/// The lender's side of a worker.
#[derive(Debug)]
pub struct Worker {
    token: Mutex<Option<PolicyToken>>,
    started: Barrier,
    /// Passed twice: when the worker may go on, and when it has ended.
    steps: Barrier,
}

impl Worker {
    /// Lets the worker begin with a token.
    ///
    /// # Panics
    /// If the worker's thread panicked in between, outside its work.
    pub fn start(&self, token: PolicyToken) {
        *self.token.lock().expect("nobody panics with it") = Some(token);
        self.started.wait();
    }

    /// Waits until the other side is here too.
    pub fn step(&self) {
        self.steps.wait();
    }
}

/// Runs `lender` on this thread and `work` on another one once that has [started](Worker::start) it. Returns what the
/// lender returns, and the text of the worker's panic if it panics.
///
/// # Panics
/// If the worker panics with something that is no text.
pub fn beside<R>(
    work: impl FnOnce(PolicyToken, &Worker) + Send,
    lender: impl FnOnce(&Worker) -> R,
) -> (R, Option<String>) {
    let worker = Worker { token: Mutex::new(None), started: Barrier::new(2), steps: Barrier::new(2) };
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            worker.started.wait();
            let token = worker.token.lock().expect("nobody panics with it").take().expect("it was put there");
            let result = catch_unwind(AssertUnwindSafe(|| work(token, &worker)));
            worker.step();
            result
        });
        let returned = lender(&worker);
        let result = thread.join().expect("its panics are caught");
        (
            returned,
            result.err().map(|payload| *payload.downcast::<String>().expect("the guard panics with text")),
        )
    })
}
