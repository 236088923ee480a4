//! The feature `process-counts`: all threads are counted, exactly, and nothing of QADAPT's own.
// expect: run counts
// expect: env QADAPT_MODE=log
// expect: stdout 400 allocs, 400 reallocs, 400 deallocs, 0 failed, 80000 bytes, 80000 freed bytes, unmeasured peak bytes
// expect: stdout 0 allocs, 0 reallocs, 0 deallocs, 0 failed, 0 bytes, 0 freed bytes, unmeasured peak bytes
// expect: stdout 1 failed
// expect: stderr qadapt: allocation of 24 bytes

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

use qadapt::{QADAPT, Stats};
use qadapt_tests::force::{alloc_and_free, leak};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const THREADS: usize = 4;

fn main() {
    let counted = Stats::start();
    // What the process did before is no matter.
    leak(7777);
    assert!(counted.change().bytes() >= 7777);
    assert!(Stats::start().change() != Stats::start().change(), "peaks are unmeasured");

    let (begin, end) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                begin.wait();
                begin.wait();
                for _ in 0..100 {
                    let mut block = black_box(Vec::<u8>::with_capacity(50));
                    block.reserve_exact(black_box(150));
                }
                end.wait();
                end.wait();
            });
        }
        begin.wait();
        let stats = Stats::start();
        begin.wait();
        end.wait();
        let change = stats.change();
        end.wait();
        println!("{change}");
    });

    // A report's own work is not counted.
    let kept = qadapt::assert_no_alloc(|| black_box(Vec::<u8>::with_capacity(24)));
    let stats = Stats::start();
    let none = stats.change();
    println!("{none}");
    drop(kept);
    let _ = qadapt::Policy::fail_nth(1).run(|| Vec::<u8>::new().try_reserve(1 << 10));
    alloc_and_free(8);
    let change = stats.change();
    println!("{} failed", change.failed());
    assert_eq!((change.allocs().get(), change.deallocs().get()), (Some(1), Some(2)));
}
