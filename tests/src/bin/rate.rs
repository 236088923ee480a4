//! Mode `log` reports a stack the first time, then at the 10th, 100th, .. occurrence; the hook hears of every region.
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 4 qadapt: allocation of 12 bytes
// expect: times 1 = 10 times so far
// expect: after = 100 times so far
// expect: after = 1000 times so far
// expect: times 1 = 100 times so far
// expect: times 1 = 1000 times so far
// expect: times 1 qadapt: allocation of 13 bytes
// expect: stdout heard 1235 times
// expect: off stdout heard 0 times

use std::hint::black_box;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};

use qadapt::{QADAPT, assert_no_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

static HEARD: AtomicU64 = AtomicU64::new(0);

fn main() {
    qadapt::set_violation_hook(|violation| {
        HEARD.fetch_add(violation.times(), Ordering::Relaxed);
    });
    for _ in 0..1234 {
        assert_no_alloc(|| mem::forget(black_box(Vec::<u8>::with_capacity(black_box(12)))));
    }
    // Another stack has a limit of its own.
    assert_no_alloc(|| mem::forget(black_box(Vec::<u8>::with_capacity(black_box(13)))));
    println!("heard {} times", HEARD.load(Ordering::Relaxed));
}
