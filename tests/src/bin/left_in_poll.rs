//! On an executor of one thread a guard can be held across an `.await`: where the poll is watched it is named, and ends
//! with the poll; another task runs without it.
// expect: run policy policy
// expect: times 1 qadapt: the region `held too long` entered at tests/src/bin/left_in_poll.rs:{guard}:
// expect: after was still open at the end of poll 1 of the protected future `frame`, and ended there
// expect: stdout levels 0 and 0
//
// expect: run plain plain
// expect: times 1 qadapt: the region `held too long` entered at tests/src/bin/left_in_poll.rs:{guard}:
// expect: after was still open at the end of poll 1 of a protected future, and ended there
// expect: stdout levels 0 and 0

use std::env;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use qadapt::{GuardExt as _, Policy, QADAPT, protection_level};
use qadapt_tests::polled::Yield;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

async fn holds() {
    let _guard = Policy::new().name("held too long").enter(); // here: guard
    Yield::default().await;
}

/// Polls twice; says at which level another task would run after each poll.
fn poll_twice(mut future: Pin<&mut dyn Future<Output = ()>>) {
    let levels = [(); 2].map(|()| {
        let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        protection_level()
    });
    println!("levels {} and {}", levels[0], levels[1]);
}

fn main() {
    match env::args().nth(1).as_deref() {
        Some("policy") => poll_twice(pin!(Policy::new().name("frame").wrap(holds()))),
        _ => poll_twice(pin!(holds().no_alloc())),
    }
}
