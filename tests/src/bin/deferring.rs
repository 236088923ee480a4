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

use std::alloc::System;

use qadapt::{Amount, Beyond, Deferring, Qadapt};
use qadapt_tests::force::force_alloc;

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> =
    Qadapt::new(Deferring::new(System).limit(Amount::of_blocks(2)).beyond(Beyond::Free));

fn main() {
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
