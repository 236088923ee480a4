//! Signal handlers that come at any moment of regions which see calls, and have such regions of their own.
//!
//! Alone because it sets a handler for the process and interrupts its thread all the time.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(unsafe_code, reason = "std has no signals")]

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use qadapt::{QADAPT, blocking_violations, count_blocking, is_blocking_watched, violations};
use qadapt_tests::calling::most;
use qadapt_tests::signal::handle;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Handlers that are to run, and regions after which that is given up.
const HANDLERS: u64 = 300;
const MOST_ROUNDS: u64 = 1_000_000;

static HANDLED: AtomicU64 = AtomicU64::new(0);
/// What went wrong in handlers: a call that was to be free, a budget, a count.
static WRONG: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Takes the processor from nobody.
fn call() {
    // SAFETY: the buffer has four bytes.
    assert_eq!(unsafe { libc::getrandom([0_u8; 4].as_mut_ptr().cast(), 4, 0) }, 4);
}

fn wrong(index: usize, is_wrong: bool) {
    if let Some(count) = WRONG.get(index).filter(|_| is_wrong) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

extern "C" fn interrupt(_: i32) {
    let before = violations();
    call();
    qadapt::permit_alloc(call);
    wrong(0, violations() != before);
    let (counts, ()) = count_blocking(|| most(1).run(|| (call(), call()).1));
    wrong(1, violations() != before + 1);
    wrong(2, counts.calls() != 2);
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// The violations and the handlers that have run, of one moment.
fn now() -> (u64, u64) {
    loop {
        let (handled, violations) = (HANDLED.load(Ordering::SeqCst), violations());
        if HANDLED.load(Ordering::SeqCst) == handled {
            return (violations, handled);
        }
    }
}

#[test]
fn handlers_have_their_regions_and_what_they_interrupt_has_its_own() {
    static IS_DONE: AtomicBool = AtomicBool::new(false);
    if !is_blocking_watched() {
        println!("passed over: blocking calls are not watched here");
        return;
    }
    handle(libc::SIGUSR1, interrupt).expect("a signal");
    // SAFETY: it has no arguments.
    let here = unsafe { libc::pthread_self() };
    let sender = thread::spawn(move || {
        while !IS_DONE.load(Ordering::Relaxed) {
            // Before the signal: its handler may have run when this thread goes on.
            let seen = HANDLED.load(Ordering::Relaxed);
            // SAFETY: the thread waits for this one before it ends.
            unsafe { libc::pthread_kill(here, libc::SIGUSR1) };
            // One at a time, so that the thread gets on.
            while HANDLED.load(Ordering::Relaxed) == seen && !IS_DONE.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        }
    });
    let start = now();
    for round in 0..MOST_ROUNDS {
        if now().1 - start.1 >= HANDLERS {
            break;
        }
        let before = now();
        let (counts, ()) = count_blocking(|| {
            most(1_000_000).run(|| {
                for _ in 0..5 {
                    call();
                    drop(black_box(vec![1_u8; 100]));
                    qadapt::permit_alloc(call);
                }
            });
        });
        let after = now();
        let handled = after.1 - before.1;
        assert_eq!(after.0 - before.0, handled, "round {round}: each handler has one violation");
        // A handler calls four times, in part of them where this counts.
        let calls = counts.calls().get().expect("the kernel hands calls over");
        assert!((10..=10 + 4 * handled).contains(&calls), "round {round}: {calls} calls, {handled} handlers");
        assert!(is_blocking_watched(), "round {round}");
    }
    IS_DONE.store(true, Ordering::Relaxed);
    sender.join().expect("no panic");
    let end = now();
    assert!(end.1 >= start.1 + HANDLERS, "the signals come: {end:?}");
    assert_eq!(WRONG.each_ref().map(|count| count.load(Ordering::Relaxed)), [0; 3]);
    assert_eq!(blocking_violations().get(), Some(end.0));
}
