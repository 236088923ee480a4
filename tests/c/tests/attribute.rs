//! Tests marked `#[qadapt::test(c)]`, where C is watched.
//!
//! Alone because a violation must panic here: other tests of C set the mode of their process.

use core::hint::black_box;

use qadapt::QADAPT;
use qadapt_c_tests::allocates;
use qadapt_malloc as _;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::test(c)]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
fn a_body_runs_in_a_region() {
    assert_eq!(qadapt::protection_level(), 1);
}

#[qadapt::test(c)]
#[cfg_attr(not(any(debug_assertions, feature = "enforce")), ignore = "this build has no checks")]
#[should_panic = "qadapt: C allocation of 40 bytes"]
fn what_c_allocates_fails_the_test() {
    black_box(allocates(40));
}
