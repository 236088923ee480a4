//! A forked child reports what happens in it, and nothing of its parent's; and it never waits for a thread that is not
//! there any more.
// expect: run another-threads-violation pending
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 qadapt: allocation of 41 bytes
// expect: never never closed
// expect: stdout the child ended
// expect: off stdout the child ended
// expect: run the-forking-threads-own own
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 qadapt: allocation of 41 bytes
// expect: never never closed
// expect: stdout the child ended
// expect: off stdout the child ended
// expect: run and-the-childs childs
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 qadapt: allocation of 42 bytes
// expect: times 1 qadapt: allocation of 41 bytes
// expect: stdout the child ended
// expect: off stdout the child ended
// expect: run child-exits-in-its-region exits
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 qadapt: allocation of 42 bytes (align 1) in a protected region that was never closed
// expect: times 1 qadapt: allocation of 41 bytes
// expect: stdout the child ended
// expect: off stdout the child ended
// expect: run lost-ones lost
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 violations in a protected region were lost
// expect: never violations lost in protected regions that were never closed
// expect: stdout the child ended
// expect: off stdout the child ended
// expect: run counted-calls counted
// expect: exit 0
// expect: times 1 called 2 times at
// expect: times 1 called once at
// expect: stdout the child ended
// expect: run while-others-report soak
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout the children ended
// expect: off stdout the children ended

use std::env;
use std::hint::black_box;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use qadapt::{QADAPT, assert_no_alloc, permit_alloc};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::count_alloc]
fn counted() {
    leak(41);
}

/// Forks; the child runs `act` and exits as a process does. True if it ended well.
#[expect(unsafe_code, reason = "std does not fork")]
fn in_child(act: impl FnOnce()) -> bool {
    // SAFETY: the child runs `act` and exits; the allocator and the guard work in it.
    let child = unsafe { libc::fork() };
    if child == 0 {
        act();
        exit(0);
    }
    let mut status = -1;
    // SAFETY: there is room for the status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    waited == child && status == 0
}

/// Forks while another thread has a violation pending.
fn with_one_pending(in_the_child: impl FnOnce()) {
    let (ready, is_ready) = mpsc::channel();
    let (end, ends) = mpsc::channel();
    let thread = thread::spawn(move || {
        assert_no_alloc(|| {
            leak(41);
            permit_alloc(|| {
                ready.send(()).expect("main listens");
                ends.recv().expect("main says so");
            });
        });
    });
    is_ready.recv().expect("the thread is in its region");
    assert!(in_child(in_the_child));
    end.send(()).expect("the thread waits");
    thread.join().expect("nothing panics");
}

/// Allocates at one of many stacks, so that what is reported is resolved each time. Inlined, so that they are short enough
/// to be kept whole.
#[inline(always)]
fn at(path: u32, bits: u32) -> u32 {
    if bits == 0 {
        leak(43);
        return 0;
    }
    if black_box(path) & 1 == 0 { even(path >> 1, bits - 1) } else { odd(path >> 1, bits - 1) }
}

#[inline(never)]
fn even(path: u32, bits: u32) -> u32 {
    at(path, bits) + black_box(1)
}

#[inline(never)]
fn odd(path: u32, bits: u32) -> u32 {
    at(path, bits) + black_box(2)
}

fn main() {
    match env::args().nth(1).expect("a case").as_str() {
        "pending" => with_one_pending(|| {}),
        "childs" => with_one_pending(|| assert_no_alloc(|| leak(42))),
        "exits" => with_one_pending(|| {
            assert_no_alloc(|| {
                leak(42);
                permit_alloc(|| exit(0));
            });
        }),
        "own" => assert_no_alloc(|| {
            leak(41);
            permit_alloc(|| assert!(in_child(|| {})));
        }),
        "lost" => assert_no_alloc(|| {
            for path in 0..1100 {
                at(path, 11);
            }
            permit_alloc(|| assert!(in_child(|| {})));
        }),
        "counted" => {
            for _ in 0..2 {
                counted();
            }
            assert!(in_child(counted));
        }
        // Each of some hundred children is forked while two threads resolve and print.
        "soak" => {
            static ENDS: AtomicBool = AtomicBool::new(false);
            let threads = [0, 32].map(|first| {
                thread::spawn(move || {
                    while !ENDS.load(Ordering::Relaxed) {
                        for path in first..first + 32 {
                            assert_no_alloc(|| at(path, 6));
                        }
                    }
                })
            });
            for path in 0..100 {
                assert!(in_child(|| {
                    assert_no_alloc(|| at(path, 7));
                    counted();
                }));
            }
            ENDS.store(true, Ordering::Relaxed);
            for thread in threads {
                thread.join().expect("nothing panics");
            }
            return println!("the children ended");
        }
        other => panic!("no case {other}"),
    }
    println!("the child ended");
}
