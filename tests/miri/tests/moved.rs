//! Regions of a stack that moves to another thread end there and nowhere else.
//!
//! Alone in its process because from the first such region on all regions have records, and because it sets the process's mode.
#![cfg(not(miri))]

use std::hint::black_box;
use std::thread;

use corosensei::{Coroutine, CoroutineResult, Yielder};
use qadapt::{
    Budget, Mode, Ops, Policy, QADAPT, RegionGuard, assert_no_alloc, count_alloc, protection_level,
    violations,
};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const COUNT: Policy = Policy::new().mode(Mode::Count);

type Stack = Coroutine<(), (), ()>;

/// A stack whose code has come to its first pause.
fn paused(code: impl FnOnce(&Yielder<(), ()>) + 'static) -> Stack {
    let mut stack = Coroutine::new(move |pause: &Yielder<(), ()>, ()| code(pause));
    assert!(matches!(stack.resume(()), CoroutineResult::Yield(())));
    stack
}

/// What is sent to another thread although it must not.
struct Smuggled<T>(T);

// SAFETY: it is not, in general: the tests show what the guard does then. Nothing in the stack belongs to its thread.
#[expect(unsafe_code, reason = "a stack that moves between threads")]
unsafe impl<T> Send for Smuggled<T> {}

/// The violations of an allocation and a deallocation.
fn violated() -> u64 {
    let before = violations();
    drop(black_box(Box::new(black_box(7_u64))));
    violations() - before
}

/// Finishes a stack on another thread, on which a guard is open meanwhile.
fn finish_elsewhere(stack: Stack) {
    let stack = Smuggled(stack);
    let elsewhere = thread::spawn(move || {
        let Smuggled(mut stack) = { stack };
        let guard: RegionGuard = COUNT.enter();
        assert!(matches!(stack.resume(()), CoroutineResult::Return(())));
        assert_eq!(protection_level(), 1, "the guard of this thread");
        guard.exit();
        (protection_level(), violated())
    });
    assert_eq!(elsewhere.join().expect("no panic"), (0, 0));
}

/// Runs code on a thread that has nothing open before.
fn on_a_thread<R: Send + 'static>(code: impl FnOnce() -> R + Send + 'static) -> R {
    thread::spawn(code).join().expect("no panic")
}

#[test]
fn a_region_that_ends_on_another_thread_ends_on_its_own() {
    if !qadapt_tests::watching("a test of stacks that move") {
        return;
    }
    qadapt::set_mode(Mode::Count);
    // What has a record.
    on_a_thread(|| {
        finish_elsewhere(paused(|pause| {
            COUNT.budget(Budget::new().requests(1)).run(|| assert_no_alloc(|| pause.suspend(())));
        }));
        assert_eq!(violated(), 0);
        assert_eq!(protection_level(), 0);
    });
    // From here on that is each region, and each is found by its own name: other regions of the thread stay as they are.
    on_a_thread(|| {
        let guard = COUNT.allow(Ops::DEALLOC).enter();
        assert_no_alloc(|| {
            finish_elsewhere(paused(|pause| assert_no_alloc(|| COUNT.forbid().run(|| pause.suspend(())))));
            assert_eq!(protection_level(), 2);
            assert_eq!(violated(), 2);
        });
        assert_eq!(violated(), 1, "the guard's policy allows deallocations");
        guard.exit();
        assert_eq!((protection_level(), violated()), (0, 0));
    });
    on_a_thread(|| {
        finish_elsewhere(paused(|pause| {
            let guard = COUNT.enter();
            pause.suspend(());
            drop(guard);
        }));
        assert_eq!((violated(), protection_level()), (0, 0));
    });
    on_a_thread(|| {
        let (counts, ()) = count_alloc(|| {
            finish_elsewhere(paused(|pause| {
                let (counts, ()) = count_alloc(|| pause.suspend(()));
                assert!(!counts.is_measured(), "half of it was on another thread");
            }));
        });
        assert!(counts.is_measured());
        let (counts, _) = count_alloc(violated);
        assert_eq!(counts.allocs(), 1);
    });
    // Many: nothing piles up.
    on_a_thread(|| {
        for _ in 0..200 {
            finish_elsewhere(paused(|pause| assert_no_alloc(|| pause.suspend(()))));
        }
        assert_eq!((violated(), protection_level()), (0, 0));
    });
}

/// A region on the fast path leaves nothing by which it could be found: on a thread that opened one before any stack has moved,
/// it lasts as long as the thread. The region is opened in a child's first moments, where no stack has moved yet.
#[test]
fn what_stays_inexact_is_the_first() {
    if !qadapt_tests::watching("a test of stacks that move") {
        return;
    }
    let own = std::env::current_exe().expect("a path");
    let child = std::process::Command::new(own).args(["--ignored", "--exact", "the_first"]).output();
    let output = child.expect("a child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "a child of the test above"]
fn the_first() {
    qadapt::set_mode(Mode::Count);
    on_a_thread(|| {
        // So that the thread is known.
        assert_eq!(violated(), 0);
        finish_elsewhere(paused(|pause| assert_no_alloc(|| pause.suspend(()))));
        assert_eq!(protection_level(), 1, "it lasts as long as the thread");
    });
    on_a_thread(|| {
        finish_elsewhere(paused(|pause| assert_no_alloc(|| pause.suspend(()))));
        assert_eq!(protection_level(), 0, "the next one does not");
    });
}
