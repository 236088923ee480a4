//! What `#[qadapt::test]` does where nothing is watched.
//!
//! Alone in its process because it does not install the guard's allocator.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};

#[qadapt::test]
#[ignore = "called by the test below"]
fn sees_nothing() {}

static RAN: AtomicBool = AtomicBool::new(false);

#[qadapt::test]
#[should_panic]
#[ignore = "called by the test below"]
fn expected_to_panic() {
    RAN.store(true, Ordering::Relaxed);
    panic!("the body must not run");
}

#[test]
fn a_test_that_sees_nothing_fails() {
    let payload = catch_unwind(sees_nothing).expect_err("the test fails");
    let message = payload.downcast::<String>().expect("a message");
    let why = if cfg!(any(debug_assertions, feature = "enforce")) {
        "QADAPT is not the global allocator"
    } else {
        "this build has no checks"
    };
    assert!(message.contains("`test_attribute_missing::sees_nothing` cannot see an allocation"), "{message}");
    assert!(message.contains(why), "{message}");
}

#[test]
fn a_test_that_is_expected_to_panic_fails_by_returning() {
    expected_to_panic();
    assert!(!RAN.load(Ordering::Relaxed));
}
