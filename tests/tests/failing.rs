//! Requests that get no memory: counted as failed, in no bytes, and passed on as they are.
//!
//! Alone because its inner allocator refuses requests on demand.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::hint::black_box;

use qadapt::{Counts, Mode, Qadapt, assert_no_alloc, count_alloc, set_mode, take_violations};
use qadapt_tests::failing::{Failing, refusals_left, refuse_next};
use qadapt_tests::reference::Ledger;

#[global_allocator]
static ALLOC: Qadapt<Failing> = Qadapt::new(Failing);

const LAYOUT: Layout = Layout::new::<[u64; 4]>();

/// Counts a body whose first request is refused.
#[track_caller]
fn refused<R>(body: impl FnOnce() -> R) -> (Counts, R) {
    // The first call asks whether the guard is live, which allocates once.
    let _ = qadapt::is_active();
    let (counts, result) = count_alloc(|| {
        refuse_next(1);
        body()
    });
    // An assertion's own panic must not meet the refusal.
    let left = refusals_left();
    refuse_next(0);
    assert_eq!(left, 0, "the request did not reach the inner allocator");
    (counts, result)
}

/// Asserts one refused request and nothing else.
#[track_caller]
fn assert_failed(counts: &Counts) {
    if qadapt::is_active() {
        assert_eq!(Ledger::of(counts), Some(Ledger { failed: 1, ..Ledger::default() }));
    } else {
        assert!(!counts.is_measured());
    }
}

#[test]
fn a_refused_allocation() {
    let (counts, reserved) = refused(|| black_box(&mut Vec::<u8>::new()).try_reserve_exact(100));
    assert!(reserved.is_err());
    assert_failed(&counts);
}

#[test]
#[expect(unsafe_code, reason = "blocks straight from the allocator")]
fn a_refused_zeroed_allocation() {
    // SAFETY: the layout's size is not 0.
    let (counts, block) = refused(|| black_box(unsafe { alloc_zeroed(LAYOUT) }));
    assert!(block.is_null());
    assert_failed(&counts);
}

#[test]
#[expect(unsafe_code, reason = "blocks straight from the allocator")]
fn a_refused_reallocation_leaves_the_block() {
    // SAFETY: the layout's size is not 0.
    let block = black_box(unsafe { alloc(LAYOUT) });
    assert!(!block.is_null());
    // SAFETY: the block is the allocator's, with this layout, and the new size is not 0.
    let (counts, moved) = refused(|| black_box(unsafe { realloc(block, LAYOUT, 4096) }));
    assert!(moved.is_null());
    assert_failed(&counts);
    // SAFETY: the block is still the allocator's, with its old layout.
    let (counts, ()) = count_alloc(|| unsafe { dealloc(block, LAYOUT) });
    assert!(!counts.is_measured() || (counts.deallocs() == 1 && counts.freed_bytes() == 32));
}

#[test]
fn a_refused_request_is_a_violation_too() {
    set_mode(Mode::Count);
    let (counts, reserved) =
        refused(|| assert_no_alloc(|| black_box(&mut Vec::<u8>::new()).try_reserve_exact(100)));
    assert!(reserved.is_err());
    assert_failed(&counts);
    assert_eq!(take_violations(), u64::from(qadapt::is_active()));
}
