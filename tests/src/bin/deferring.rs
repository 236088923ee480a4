//! A program whose frees were deferred says at its end how much waited.
// expect: exit 0
// expect: times 1 qadapt: deferred frees: blocks waiting at once: at most 2; bytes: at most 30; blocks waiting still: 1; bytes: 10
// expect: after blocks beyond the limit: 1
// expect: never deallocation of
// expect: off never qadapt:
// expect: run count
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: never qadapt:
// expect: run a-forked-child forked
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: never panicked
// expect: stdout the child: nothing waits

use std::alloc::System;

use qadapt::{Amount, Beyond, Deferring, Qadapt, Reclaimer};
use qadapt_tests::force::force_alloc;

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> =
    Qadapt::new(Deferring::new(System).limit(Amount::of_blocks(2)).beyond(Beyond::Free));

/// A child has no thread that gives back what waits.
#[expect(unsafe_code, reason = "std does not fork")]
fn forked() {
    let reclaimer = Reclaimer::spawn().expect("a thread");
    // SAFETY: the child defers a free, prints a line and exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let list = force_alloc(10);
        qadapt::defer_frees(|| drop(list));
        drop(reclaimer);
        assert_eq!(qadapt::deferred().waiting, Amount::NONE);
        println!("the child: nothing waits");
        std::process::exit(0);
    }
    let mut status = 0;
    // SAFETY: the status is this function's.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("forked") {
        return forked();
    }
    let [first, second, third, fourth] = [10, 20, 30, 10].map(force_alloc);
    qadapt::assert_no_alloc(|| {
        qadapt::defer_frees(|| {
            drop(first);
            drop(second);
            drop(third);
        });
    });
    qadapt::reclaim(Amount::ALL);
    qadapt::assert_no_alloc(|| qadapt::defer_frees(|| drop(fourth)));
}
