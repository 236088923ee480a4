//! A process that ends inside a region: what is unreported is reported, and the exit code stays.
// expect: run process-exit exit
// expect: exit 7
// expect: times 1 qadapt: allocation of 21 bytes (align 1) in a protected region that was never closed
// expect: after --> tests/src/bin/exits.rs:{first}:
// expect: off exit 7
// expect: run main-returns main
// expect: exit 3
// expect: times 1 qadapt: allocation of 21 bytes (align 1), 2 times, in a protected region that was never closed
// expect: after = region entered at tests/src/bin/exits.rs:{entered}:
// expect: off exit 3
// expect: run a-forgotten-guard guard
// expect: exit 3
// expect: times 1 qadapt: allocation of 21 bytes (align 1), over the budget, in the protected region `left` that was never closed
// expect: after = region entered at tests/src/bin/exits.rs:{guard}:
// expect: off exit 3
// expect: run log-mode exit
// expect: env QADAPT_MODE=log
// expect: exit 7
// expect: times 1 qadapt: allocation of 21 bytes (align 1) in a protected region that was never closed
// expect: off exit 7
// expect: run other-thread thread
// expect: exit 5
// expect: times 1 qadapt: allocation of 22 bytes (align 1) in a protected region that was never closed
// expect: off exit 5
// expect: run reported-before reported
// expect: exit 9
// expect: times 1 qadapt: allocation
// expect: never never closed
// expect: off exit 9
// expect: run nothing nothing
// expect: exit 0
// expect: never qadapt
// expect: run leaked-thread leaked
// expect: exit 4
// expect: times 1 qadapt: allocation of 22 bytes (align 1) in a protected region that was never closed
// expect: off exit 4
// expect: run in-the-order-in-which-it-happened several
// expect: exit 0
// expect: times 1 qadapt: allocation of 31 bytes
// expect: after qadapt: allocation of 32 bytes
// expect: times 1 qadapt: allocation of 32 bytes
// expect: after qadapt: allocation of 33 bytes
// expect: times 1 qadapt: allocation of 33 bytes
// expect: after qadapt: allocation of 34 bytes
// expect: times 1 qadapt: allocation of 34 bytes
// expect: after qadapt: allocation of 35 bytes
// expect: times 1 qadapt: allocation of 35 bytes
// expect: after qadapt: allocation of 36 bytes
// expect: off exit 0
// expect: run exit-code-of-a-panic panic
// expect: exit 101
// expect: times 1 qadapt: allocation of 21 bytes
// expect: off skip nothing panics there

use std::hint::black_box;
use std::panic::catch_unwind;
use std::process::{ExitCode, exit};
use std::sync::mpsc;
use std::{env, mem, thread};

use qadapt::{Budget, Policy, QADAPT, assert_no_alloc, enter_protected, permit_alloc, set_mode};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[inline(never)]
fn first() {
    mem::forget(black_box(Vec::<u8>::with_capacity(black_box(21)))); // here: first
}

#[inline(never)]
fn second() {
    mem::forget(black_box(Vec::<u8>::with_capacity(black_box(22))));
}

fn main() -> ExitCode {
    let case = env::args().nth(1).expect("a case");
    match case.as_str() {
        "exit" => assert_no_alloc(|| {
            first();
            exit(7);
        }),
        "main" => {
            enter_protected(); // here: entered
            for _ in 0..black_box(2) {
                first();
            }
            return ExitCode::from(3);
        }
        "guard" => {
            let policy = Policy::new().name("left").budget(Budget::new().allocs(0));
            mem::forget(policy.enter()); // here: guard
            first();
            return ExitCode::from(3);
        }
        "thread" => {
            let (sender, receiver) = mpsc::channel();
            thread::spawn(move || {
                enter_protected();
                second();
                permit_alloc(|| sender.send(()).expect("main listens"));
                loop {
                    thread::park();
                }
            });
            receiver.recv().expect("the thread is in its region");
            exit(5);
        }
        "reported" => {
            assert!(catch_unwind(|| assert_no_alloc(first)).is_err() == qadapt::is_active());
            exit(9);
        }
        // `exit` itself frees memory of the standard library.
        "nothing" => assert_no_alloc(|| permit_alloc(|| exit(0))),
        "leaked" => {
            thread::spawn(|| {
                enter_protected();
                second();
            })
            .join()
            .expect("the thread just ends");
            return ExitCode::from(4);
        }
        "several" => {
            enter_protected();
            leak(31);
            leak(32);
            leak(33);
            leak(34);
            leak(35);
            leak(36);
        }
        "panic" => {
            set_mode(qadapt::Mode::Panic);
            assert_no_alloc(first);
        }
        other => panic!("no case {other}"),
    }
    ExitCode::SUCCESS
}
