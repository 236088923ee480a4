//! Which entries of a region are watched, and which are held to its budget.

use std::future::Future as _;
use std::task::{Context, Waker};

use qadapt::{Budget, Ops, Policy};
use qadapt_tests::force::alloc_and_free;
use qadapt_tests::watching;

use crate::report_of;

#[test]
fn a_warm_up_leaves_the_first_entries_out() {
    if !watching("warm-ups") {
        return;
    }
    const WARM: Policy = Policy::new().allow(Ops::DEALLOC).budget(Budget::new().requests(0).warm_up(3));
    let violated: Vec<bool> =
        (0..5).map(|_| report_of(|| WARM.run(|| alloc_and_free(8))).is_some()).collect();
    assert_eq!(violated, [false, false, false, true, true]);
    // A buffer that grows frees the old one: a warm-up exempts that too, in a closure, a guard and a future.
    const STRICT: Policy = Policy::new().budget(Budget::new().requests(0).warm_up(1));
    let frees: Vec<bool> = (0..2).map(|_| report_of(|| STRICT.run(|| alloc_and_free(8))).is_some()).collect();
    assert_eq!(frees, [false, true]);
    let guards: Vec<bool> = (0..2)
        .map(|_| {
            report_of(|| {
                let region = STRICT.enter();
                alloc_and_free(8);
                region.exit();
            })
            .is_some()
        })
        .collect();
    assert_eq!(guards, [false, true]);
    let futures: Vec<bool> = (0..2)
        .map(|_| {
            let future = std::pin::pin!(STRICT.wrap(async { alloc_and_free(8) }));
            report_of(|| {
                let _ = future.poll(&mut Context::from_waker(Waker::noop()));
            })
            .is_some()
        })
        .collect();
    assert_eq!(futures, [false, true]);
}

/// In a closure, a guard and a future alike.
#[test]
fn entries_that_sampling_leaves_out_warm_up_too() {
    if !watching("warm-ups") {
        return;
    }
    const EVERY_OTHER: Policy = Policy::new().sample(2).budget(Budget::new().requests(0).warm_up(3));
    let expected = [false, false, false, false, true, false, true];
    let closures = expected.map(|_| report_of(|| EVERY_OTHER.run(|| alloc_and_free(8))).is_some());
    assert_eq!(closures, expected);
    let guards = expected.map(|_| {
        let guarded = || {
            let region = EVERY_OTHER.enter();
            alloc_and_free(8);
            region.exit();
        };
        report_of(guarded).is_some()
    });
    assert_eq!(guards, expected);
    let futures = expected.map(|_| {
        let future = std::pin::pin!(EVERY_OTHER.wrap(async { alloc_and_free(8) }));
        let polled = || {
            let _ = future.poll(&mut Context::from_waker(Waker::noop()));
        };
        report_of(polled).is_some()
    });
    assert_eq!(futures, expected);
}

#[test]
fn sampling_watches_one_entry_in_n() {
    if !watching("sampling") {
        return;
    }
    const SAMPLED: Policy = Policy::new().sample(3);
    let watched: Vec<bool> =
        (0..7).map(|_| report_of(|| SAMPLED.run(|| alloc_and_free(8))).is_some()).collect();
    assert_eq!(watched, [true, false, false, true, false, false, true]);
}
