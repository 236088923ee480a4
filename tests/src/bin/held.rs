//! Another thread holds standard error's lock for ever, as a progress bar may, or nobody reads standard error: reports
//! are written all the same, or are counted, and the process ends.
// expect: run summary-at-exit counted
// expect: exit 0
// expect: times 1 qadapt: `held::counted` called once at tests/src/bin/held.rs:
// expect: stdout went on
// expect: run report-at-a-regions-edge region
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 qadapt: allocation of 31 bytes
// expect: after --> tests/src/force.rs:
// expect: stdout went on
// expect: off stdout went on
// expect: run while-the-user-panics unwinding
// expect: exit 0
// expect: times 1 qadapt: allocation of 31 bytes
// expect: stdout went on
// expect: off stdout went on
// expect: run region-open-at-exit open
// expect: exit 5
// expect: times 1 qadapt: allocation of 31 bytes (align 1) in a protected region that was never closed
// expect: off exit 5
// expect: run exit-on-another-thread elsewhere
// expect: exit 6
// expect: times 1 qadapt: allocation of 31 bytes (align 1) in a protected region that was never closed
// expect: off exit 6
// expect: run guard-left-open guard
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 was still open at the end of
// expect: stdout went on
// expect: off stdout went on
// expect: run in-a-forked-child forked
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 qadapt: allocation of 31 bytes
// expect: stdout went on
// expect: off stdout went on
// expect: run nobody-reads-before-an-abort unread
// expect: env QADAPT_MODE=abort
// expect: signal ABRT
// expect: off exit 0
// expect: run nobody-reads unread
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout went on
// expect: off stdout went on

use std::io::Write;
use std::os::fd::AsRawFd;
use std::panic::{catch_unwind, panic_any};
use std::process::exit;
use std::sync::mpsc;
use std::{env, io, mem, thread};

use qadapt::{QADAPT, assert_no_alloc, enter_protected, permit_alloc};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::count_alloc]
fn counted() {
    leak(31);
}

/// From here on a thread has the lock, and keeps it.
fn hold() {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut stderr = io::stderr().lock();
        stderr.write_all(b"progress\n").expect("standard error is open");
        sender.send(()).expect("main listens");
        loop {
            thread::park();
        }
    });
    receiver.recv().expect("the lock is held");
}

/// From here on standard error is a pipe that is full, and stays so; its reader is left open.
#[expect(unsafe_code, reason = "std cannot replace standard error")]
fn stop_reading() {
    let (reader, mut writer) = io::pipe().expect("a pipe");
    // SAFETY: the call touches no memory.
    let set = unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    assert_eq!(set, 0);
    while writer.write(&[b'.'; 4096]).is_ok() {}
    // SAFETY: as above.
    let set = unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, 0) };
    assert_eq!(set, 0);
    // SAFETY: both are open files.
    let replaced = unsafe { libc::dup2(writer.as_raw_fd(), libc::STDERR_FILENO) };
    assert_eq!(replaced, libc::STDERR_FILENO);
    mem::forget(reader);
}

/// Runs something in a child; true if it ended well.
#[expect(unsafe_code, reason = "std does not fork")]
fn in_child(act: impl FnOnce()) -> bool {
    // SAFETY: the child runs `act` and ends; the allocator and the guard work in it.
    let child = unsafe { libc::fork() };
    if child == 0 {
        act();
        // SAFETY: it does not return.
        unsafe { libc::_exit(0) };
    }
    let mut status = -1;
    // SAFETY: there is room for the status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    waited == child && status == 0
}

fn main() {
    let case = env::args().nth(1).expect("a case");
    if case == "unread" {
        stop_reading();
    } else {
        hold();
    }
    match case.as_str() {
        "counted" => counted(),
        "region" | "unread" => assert_no_alloc(|| leak(31)),
        "unwinding" => {
            std::panic::set_hook(Box::new(|_| {}));
            let caught = catch_unwind(|| {
                assert_no_alloc(|| {
                    leak(31);
                    panic_any(7);
                });
            });
            assert!(caught.is_err());
        }
        "open" => assert_no_alloc(|| {
            leak(31);
            permit_alloc(|| exit(5));
        }),
        "elsewhere" => {
            enter_protected();
            leak(31);
            permit_alloc(|| {
                let _ = thread::spawn(|| exit(6)).join();
            });
        }
        "guard" => assert_no_alloc(|| mem::forget(qadapt::Policy::new().enter())),
        "forked" => assert!(in_child(|| assert_no_alloc(|| leak(31)))),
        other => panic!("no case {other}"),
    }
    println!("went on");
}
