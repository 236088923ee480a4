//! Many threads violate at once, and the hook is replaced meanwhile: each violation is heard once, by one of the hooks.
// expect: run heard heard
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout every violation was heard once
// expect: off stdout every violation was heard once
// expect: run measured measured
// expect: exit 0
// expect: stdout every stack was kept and given back
// expect: off stdout every stack was kept and given back

use std::env;
use std::panic::catch_unwind;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use qadapt::{QADAPT, assert_allocs, assert_no_alloc, set_violation_hook, violations};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

static HEARD: AtomicU64 = AtomicU64::new(0);

const THREADS: usize = 8;
const ROUNDS: u64 = 400;

/// A hook is read and replaced all the time; half of the threads run only when nobody else wants to.
fn heard() {
    let ends = AtomicBool::new(false);
    set_violation_hook(|violation| {
        HEARD.fetch_add(violation.times(), Ordering::Relaxed);
    });
    let made: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                scope.spawn(move || {
                    if number % 2 == 0 {
                        run_when_idle();
                    }
                    for _ in 0..ROUNDS {
                        assert_no_alloc(|| leak(71));
                    }
                    violations()
                })
            })
            .collect();
        let replacing = scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                let text = String::from("what a hook has captured");
                set_violation_hook(move |violation| {
                    assert_eq!(text, "what a hook has captured");
                    HEARD.fetch_add(violation.times(), Ordering::Relaxed);
                });
            }
        });
        let made = threads.into_iter().map(|thread| thread.join().expect("nothing panics")).sum();
        ends.store(true, Ordering::Relaxed);
        replacing.join().expect("nothing panics");
        made
    });
    assert_eq!(made, if qadapt::is_active() { THREADS as u64 * ROUNDS } else { 0 });
    assert_eq!(HEARD.load(Ordering::Relaxed), made);
    println!("every violation was heard once");
}

#[expect(unsafe_code, reason = "std does not know the scheduler")]
fn run_when_idle() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameters are read only. Where it is not allowed the thread runs as the others do.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) };
}

/// More threads measure at once than there is room for if what passes, or fails, is not given back.
fn measured() {
    if qadapt::is_active() {
        std::panic::set_hook(Box::new(|_| {}));
        let together = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    together.wait();
                    for _ in 0..200 {
                        assert_allocs!(leak(72), allocs == 1);
                        let failed = catch_unwind(|| {
                            assert_allocs!(assert_allocs!(leak(73), allocs == 1), allocs == 0);
                        });
                        let payload = failed.expect_err("one is too many");
                        let text = payload.downcast_ref::<String>().expect("a report is a String");
                        assert!(text.contains("1 x allocation of 73 bytes at tests/src/force.rs"), "{text}");
                    }
                });
            }
        });
    }
    println!("every stack was kept and given back");
}

fn main() {
    match env::args().nth(1).expect("a case").as_str() {
        "heard" => heard(),
        "measured" => measured(),
        other => panic!("no case {other}"),
    }
}
