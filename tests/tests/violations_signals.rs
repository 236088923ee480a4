//! The count of violations, read and taken while a signal handler adds to it.
//!
//! Alone because it sets a handler, which allocates: nothing else on its thread may be inside the allocator.
#![cfg(target_os = "linux")]

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use qadapt::{Mode, Ops, Policy, QADAPT, is_active, take_violations, violations};
use qadapt_tests::signal::handle;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// An allocation is one, and its free is none.
const COUNT: Policy = Policy::new().allow(Ops::DEALLOC).mode(Mode::Count);
const SIGNALS: u32 = 2_000;

thread_local! {
    /// Violations of this thread's handler.
    static HANDLED: Cell<u64> = const { Cell::new(0) };
}

extern "C" fn handler(_: i32) {
    COUNT.run(|| drop(black_box(Box::new(1_u8))));
    HANDLED.set(HANDLED.get() + 1);
}

/// Runs a body again and again on this thread, while it gets signals.
#[expect(unsafe_code, reason = "std cannot send signals")]
fn interrupted(mut body: impl FnMut()) {
    let (is_ready, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
    // SAFETY: it cannot fail.
    let this = unsafe { libc::pthread_self() };
    thread::scope(|scope| {
        scope.spawn(|| {
            // To start a thread allocates.
            while !is_ready.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            for _ in 0..SIGNALS {
                // SAFETY: that thread waits for this one's end.
                unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
                thread::sleep(Duration::from_micros(50));
            }
            is_over.store(true, Ordering::Relaxed);
        });
        is_ready.store(true, Ordering::Relaxed);
        while !is_over.load(Ordering::Relaxed) {
            body();
        }
    });
}

#[test]
fn none_is_lost() {
    handle(libc::SIGUSR1, handler).expect("the handler is set");
    interrupted(|| {
        black_box(violations());
    });
    let mut taken = take_violations();
    assert_eq!(taken, if is_active() { HANDLED.get() } else { 0 }, "while they were read");
    interrupted(|| taken += take_violations());
    taken += take_violations();
    assert_eq!(taken, if is_active() { HANDLED.get() } else { 0 }, "while they were taken");
    assert!(HANDLED.get() > 100, "only {} signals came", HANDLED.get());
}
