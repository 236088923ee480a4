//! A region that the user's own panic leaves: the user sees that panic's message, and the violation is logged.
// expect: run uncaught uncaught
// expect: exit 101
// expect: stderr panicked at tests/src/bin/users_panic.rs:{panic}
// expect: after the index is 7, the length 5
// expect: after qadapt: allocation of 33 bytes (align 1) in a protected region
// expect: after region entered at tests/src/bin/users_panic.rs:{region}
// expect: times 1 panicked at
// expect: times 1 qadapt: allocation
// expect: never abort
// expect: off exit 101
// expect: run in-log-mode uncaught
// expect: env QADAPT_MODE=log
// expect: exit 101
// expect: stderr the index is 7, the length 5
// expect: after qadapt: allocation of 33 bytes
// expect: times 1 panicked at
// expect: off exit 101
// expect: run with-a-backtrace uncaught
// expect: env RUST_BACKTRACE=1
// expect: exit 101
// expect: stderr the index is 7, the length 5
// expect: after stack backtrace:
// expect: after qadapt: allocation of 33 bytes
// expect: times 1 panicked at
// expect: times 1 qadapt: allocation
// expect: off exit 101
// expect: run nothing-allocated clean
// expect: exit 101
// expect: stderr the index is 7, the length 5
// expect: never qadapt: allocation
// expect: off exit 101
// expect: run nothing-allocated-with-a-backtrace clean
// expect: env RUST_BACKTRACE=1
// expect: exit 101
// expect: stderr stack backtrace:
// expect: never qadapt: allocation
// expect: off exit 101
// expect: run regions-panic-with-a-backtrace region
// expect: env RUST_BACKTRACE=full
// expect: exit 101
// expect: stderr qadapt: allocation of 33 bytes
// expect: after stack backtrace:
// expect: times 1 panicked at
// expect: times 1 qadapt: allocation

use std::env;
use std::hint::black_box;

use qadapt::{QADAPT, assert_no_alloc};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    let case = env::args().nth(1).expect("a case");
    // below: region
    assert_no_alloc(|| {
        if case != "clean" {
            leak(33);
        }
        match case.as_str() {
            "region" => {}
            _ => panic!("the index is {}, the length {}", black_box(7), black_box(5)), // here: panic
        }
    });
}
