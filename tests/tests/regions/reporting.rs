//! Which region reports what.

use std::cell::Cell;

use qadapt::{
    assert_no_alloc, enter_protected, exit_protected, permit_alloc, protection_level, take_violations,
};
use qadapt_tests::force::leak;
use qadapt_tests::watching;

use crate::caught::{caught, reported};
use crate::here;

#[test]
fn the_innermost_closing_region_reports_once() {
    if !watching("who reports") {
        return;
    }
    let before = take_violations();
    assert_eq!(before, 0);
    let mut inner = Vec::new();
    let outer = reported(|| {
        assert_no_alloc(|| {
            leak(11);
            inner = permit_alloc(|| Vec::with_capacity(4));
            let error = caught(|| assert_no_alloc(|| leak(12)));
            let error = error.expect_err("the inner region's");
            permit_alloc(|| inner.push(error.sizes()));
            std::mem::forget(error);
            // This one is clean, and does not take what is pending outside.
            assert_no_alloc(|| ());
        });
    });
    assert_eq!((outer, inner), (vec![11], vec![vec![12]]));
    assert_eq!(take_violations(), 2);
}

#[test]
fn entries_by_hand_report_like_closures() {
    if !watching("who reports, by hand") {
        return;
    }
    let line = here().line() + 2;
    let error = caught(|| {
        enter_protected();
        leak(21);
        exit_protected();
    });
    let error = error.expect_err("the region's");
    assert_eq!(error.sizes(), [21]);
    assert_eq!(error.line, line + 2, "the panic names the exit");
    assert!(error.message.contains(&format!("region entered at {}:{line}:9", file!())), "{error:?}");

    // The inner entry's exit leaves alone what was pending before it.
    let mut inner = Ok(());
    let outer = reported(|| {
        enter_protected();
        leak(22);
        enter_protected();
        inner = caught(|| exit_protected());
        exit_protected();
    });
    assert!(inner.is_ok(), "an inner exit reports an outer event: {inner:?}");
    assert_eq!(outer, [22]);
    let outer = reported(|| {
        assert_no_alloc(|| {
            leak(23);
            enter_protected();
            exit_protected();
        });
    });
    assert_eq!(outer, [23]);
    // Deeper than lines are remembered.
    let reports = Cell::new(0);
    for _ in 0..10 {
        enter_protected();
    }
    leak(24);
    for _ in 0..10 {
        if let Err(error) = caught(|| exit_protected()) {
            permit_alloc(|| {
                assert_eq!(error.sizes(), [24]);
                drop(error);
            });
            reports.set(reports.get() + 1);
        }
    }
    assert_eq!((reports.get(), protection_level()), (1, 0));
    let _ = take_violations();
}

#[test]
fn an_outer_region_that_panics_after_an_inner_one_reports_its_own() {
    if !watching("regions in sequence") {
        return;
    }
    for size in 1..6 {
        assert_eq!(reported(|| assert_no_alloc(|| leak(size))), [size]);
    }
    assert_eq!(
        reported(|| {
            assert_no_alloc(|| {
                leak(41);
                assert_no_alloc(|| ());
                leak(42);
                permit_alloc(|| assert_no_alloc(|| ()));
                leak(43);
            });
        }),
        [41, 42, 43]
    );
    let _ = take_violations();
}
