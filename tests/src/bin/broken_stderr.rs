//! Standard error is a pipe that nobody reads: reports are lost, and the program goes on.
// expect: run log region
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout went on
// expect: run users-panic unwinding
// expect: exit 0
// expect: stdout went on
// expect: run at-exit open
// expect: exit 0
// expect: stdout went on

use std::panic::{catch_unwind, panic_any};
use std::{env, io};

use qadapt::{QADAPT, assert_no_alloc, enter_protected};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// From here on each write to standard error fails with `EPIPE`.
#[expect(unsafe_code, reason = "std cannot replace standard error")]
fn break_standard_error() {
    let (reader, writer) = io::pipe().expect("a pipe");
    // SAFETY: both are open files.
    let replaced = unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&writer), libc::STDERR_FILENO) };
    assert_eq!(replaced, libc::STDERR_FILENO);
    drop(reader);
}

fn main() {
    break_standard_error();
    match env::args().nth(1).expect("a case").as_str() {
        "region" => assert_no_alloc(|| leak(16)),
        "unwinding" => {
            std::panic::set_hook(Box::new(|_| {}));
            let caught = catch_unwind(|| {
                assert_no_alloc(|| {
                    leak(16);
                    panic_any(7);
                });
            });
            let payload = caught.expect_err("the user's panic");
            assert_eq!(payload.downcast_ref(), Some(&7));
        }
        "open" => {
            enter_protected();
            leak(16);
        }
        other => panic!("no case {other}"),
    }
    qadapt::permit_alloc(|| println!("went on"));
}
