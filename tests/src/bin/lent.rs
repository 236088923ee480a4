//! Policies lent beyond the room for loans: the worker logs what it does, and the end of the process says so.
// expect: run beyond-the-room
// expect: exit 0
// expect: times 1 qadapt: allocation of 24 bytes
// expect: stderr in a protected region
// expect: never on a thread that
// expect: stderr qadapt: policies lent to other threads without room to bring back what those did: 1; 64 regions
// expect: stdout the worker goes on
// expect: off stdout the worker goes on
// expect: run cancelled-future cancelled
// expect: exit 0
// expect: times 1 qadapt: allocation of 24 bytes
// expect: stderr poll 1 of the protected future `served`, on a thread that its policy was lent to

use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;

use qadapt::{Policy, PolicyToken, QADAPT, assert_no_alloc, permit_alloc};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Lends in each of so many regions inside each other; on a worker the innermost token runs.
fn nested(depth: usize) {
    assert_no_alloc(|| {
        let token = Policy::current();
        if depth > 1 {
            return nested(depth - 1);
        }
        permit_alloc(|| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    token.run(|| leak(24));
                    println!("the worker goes on");
                });
            });
        });
    });
}

thread_local! {
    static TOKEN: Cell<Option<PolicyToken>> = const { Cell::new(None) };
}

/// A worker does something after the future's last poll.
fn cancelled() {
    let mut never = pin!(Policy::new().name("served").wrap(async {
        TOKEN.with(|cell| cell.set(Some(Policy::current())));
        pending::<()>().await;
    }));
    assert!(never.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let token = TOKEN.with(Cell::take).expect("it was kept");
    thread::scope(|scope| {
        scope.spawn(|| token.run(|| leak(24)));
    });
}

fn main() {
    if std::env::args().any(|arg| arg == "cancelled") {
        cancelled();
    } else {
        nested(65);
    }
}
