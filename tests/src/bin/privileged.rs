//! Says what of its environment reached the guard; `tests/privileged.rs` runs it with another user's rights.
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout in count mode
// expect: off stdout nothing is watched

use std::panic::catch_unwind;

use qadapt::{QADAPT, assert_no_alloc};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    let panicked = catch_unwind(|| assert_no_alloc(|| leak(51))).is_err();
    println!(
        "{}",
        match (qadapt::is_active(), panicked) {
            (true, true) => "in panic mode",
            (true, false) => "in count mode",
            (false, _) => "nothing is watched",
        }
    );
}
