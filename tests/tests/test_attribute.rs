//! Tests marked `#[qadapt::test]`, which run as users' tests do.
//!
//! Alone in its process because it installs the guard around the system's allocator. In a build without checks such
//! tests fail by design, so that each is `ignore`d there; `test_attribute_missing.rs` shows that they do.

use qadapt::QADAPT;
use qadapt_tests::force::{alloc_and_free, force_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
fn a_body_is_protected() {
    assert_eq!(qadapt::protection_level(), 1);
}

#[qadapt::test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
#[should_panic = "qadapt: allocation of 8 bytes"]
fn a_violation_fails_the_test() {
    alloc_and_free(8);
}

/// Where the process only counts violations, too.
#[test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
fn a_violation_fails_the_test_in_each_mode() {
    for mode in ["count", "log", "fail"] {
        let mut test = std::process::Command::new(std::env::current_exe().expect("this program"));
        test.args(["--exact", "a_violation_fails_the_test"]).env("QADAPT_MODE", mode);
        let output = test.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{mode}: {said}");
    }
}

#[qadapt::test(budget(requests = 1), allow(dealloc))]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
fn options_and_results_work() -> Result<(), std::num::ParseIntError> {
    let size: usize = "8".parse()?;
    alloc_and_free(size);
    Ok(())
}

#[qadapt::test]
#[test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
fn another_test_attribute_may_follow() {
    assert_eq!(qadapt::protection_level(), 1);
}

/// Is pending once. Tokio's own `yield_now` allocates on its first use.
async fn yield_once() {
    let mut pending = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut pending) {
            context.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(())
    })
    .await;
}

#[qadapt::test]
#[tokio::test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
async fn an_async_body_is_protected_poll_by_poll() {
    assert_eq!(qadapt::protection_level(), 1);
    yield_once().await;
    assert_eq!(qadapt::protection_level(), 1);
}

#[qadapt::test]
#[tokio::test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
#[should_panic = "qadapt: allocation of 9 bytes"]
async fn a_violation_in_a_poll_fails_the_test() {
    yield_once().await;
    std::mem::forget(force_alloc(9));
}

#[qadapt::allocate_panic]
#[tokio::test]
async fn another_attribute_stands_above_a_runtime_s() {
    assert_eq!(qadapt::protection_level(), usize::from(qadapt::is_active()));
    yield_once().await;
}

/// The arguments are made outside the region.
#[qadapt::allocate_panic]
#[test_case::test_case(vec![1]; "one")]
#[test_case::test_case(vec![1, 2]; "two")]
fn arguments_are_supplied_to_a_region(argument: Vec<u8>) {
    assert_eq!(qadapt::protection_level(), usize::from(qadapt::is_active()));
    assert!(argument.contains(&1));
    std::mem::forget(argument);
}

#[qadapt::test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
#[test_case::test_case(vec![3] => 3; "its value is compared")]
fn arguments_are_supplied_to_a_test(argument: Vec<u8>) -> u8 {
    assert_eq!(qadapt::protection_level(), 1);
    let first = argument[0];
    std::mem::forget(argument);
    first
}

#[qadapt::test]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
#[test_case::test_case(3)]
#[should_panic = "in the protected region `test_attribute::a_violation_of_a_test_with_arguments"]
fn a_violation_of_a_test_with_arguments(argument: usize) {
    alloc_and_free(argument);
}
