//! Values with an allocator of their own under the guard, by std's trait: a nightly compiler has it.
//!
//! Alone because that trait is a feature of the whole crate, which no stable compiler takes.
#![cfg_attr(nightly, feature(allocator_api))]
#![cfg(nightly)]

use std::alloc::{Global, System};
use std::hint::black_box;

use qadapt::{Counts, Mode, Policy, QADAPT, Qadapt, count_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Allocations, reallocations and deallocations.
fn figures(counts: &Counts) -> [Option<u64>; 3] {
    [counts.allocs().get(), counts.reallocs().get(), counts.deallocs().get()]
}

fn expected(allocs: u64, reallocs: u64, deallocs: u64) -> [Option<u64>; 3] {
    [allocs, reallocs, deallocs].map(|figure| qadapt::is_active().then_some(figure))
}

/// A vector that grows once, shrinks and is freed.
fn use_vector(allocator: impl std::alloc::Allocator) {
    let mut numbers = Vec::with_capacity_in(black_box(4), allocator);
    numbers.extend([1_u64, 2, 3, 4]);
    numbers.reserve_exact(black_box(40));
    numbers.shrink_to_fit();
    black_box(&numbers);
}

#[test]
fn each_request_of_a_value_is_one_event() {
    let (counts, ()) = count_alloc(|| use_vector(Qadapt::new(System)));
    assert_eq!(figures(&counts), expected(1, 2, 1));
    let (counts, ()) = count_alloc(|| use_vector(Qadapt::new(Global)));
    assert_eq!(figures(&counts), expected(1, 2, 1));
    let (counts, ()) = count_alloc(|| use_vector(System));
    assert_eq!(figures(&counts), expected(0, 0, 0));
    let (counts, zeroed) =
        count_alloc(|| Box::<[u64], _>::new_zeroed_slice_in(black_box(4), Qadapt::new(System)));
    assert_eq!(figures(&counts), expected(1, 0, 0));
    let (counts, ()) = count_alloc(|| drop(zeroed));
    assert_eq!(figures(&counts), expected(0, 0, 1));
}

#[test]
fn regions_watch_values() {
    let before = qadapt::violations();
    Policy::new().mode(Mode::Count).run(|| use_vector(Qadapt::new(System)));
    assert_eq!(qadapt::violations() - before, if qadapt::is_active() { 4 } else { 0 });
}
