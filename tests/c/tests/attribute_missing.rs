//! What `#[qadapt::test(c)]` does where C is not watched.
//!
//! Alone in its process because it does not link `qadapt-malloc`.

use std::panic::catch_unwind;

use qadapt::QADAPT;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::test(c)]
#[ignore = "called by the test below"]
fn sees_no_c() {}

#[test]
fn a_test_that_sees_no_c_fails() {
    assert!(!qadapt::c_is_active());
    let payload = catch_unwind(sees_no_c).expect_err("the test fails");
    let message = payload.downcast::<String>().expect("a message");
    if qadapt::is_active() {
        assert!(message.contains("cannot see what C allocates"), "{message}");
        assert!(message.contains("use qadapt_malloc as _;"), "{message}");
    } else {
        assert!(message.contains("this build has no checks"), "{message}");
    }
}
