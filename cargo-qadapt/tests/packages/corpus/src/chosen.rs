//! Regions that call a function which was chosen at run time, as crates do for the processor that they are on.

use std::hint::black_box;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::regions::{loud, quiet};

const ALL: usize = crate::measure::INPUTS;

/// Where the function is that was chosen.
type Chosen = AtomicPtr<()>;

#[inline(always)]
fn chosen(place: &Chosen) -> fn(usize) -> usize {
    // SAFETY: all places here hold functions of this type.
    unsafe { std::mem::transmute(place.load(Ordering::Relaxed)) }
}

fn put(place: &Chosen, function: fn(usize) -> usize) {
    place.store(function as *mut (), Ordering::Relaxed);
}

#[inline(never)]
fn put_by_address(place: &Chosen) {
    put(place, loud);
}

#[inline(never)]
fn put_argument(function: fn(usize) -> usize) {
    put(&BY_ARGUMENT, function);
}

fn chooses_quiet(i: usize) -> usize {
    let function: fn(usize) -> usize = if black_box(i) > 1000 { quiet_too } else { quiet };
    put(&AT_FIRST_USE, function);
    function(i)
}

fn chooses_loud(i: usize) -> usize {
    let function: fn(usize) -> usize = if black_box(i) > 1000 { quiet_too } else { loud };
    put(&LOUD_AT_FIRST_USE, function);
    function(i)
}

fn quiet_too(i: usize) -> usize {
    i.rotate_left(5)
}

static AT_FIRST_USE: Chosen = AtomicPtr::new(chooses_quiet as *mut ());
static LOUD_AT_FIRST_USE: Chosen = AtomicPtr::new(chooses_loud as *mut ());
static ELSEWHERE: Chosen = AtomicPtr::new(quiet as *mut ());
static BY_ADDRESS: Chosen = AtomicPtr::new(quiet as *mut ());
static BY_ARGUMENT: Chosen = AtomicPtr::new(quiet as *mut ());
static BY_SWAP: Chosen = AtomicPtr::new(quiet as *mut ());
static BY_EXCHANGE: Chosen = AtomicPtr::new(quiet as *mut ());
static IN_AN_ARRAY: [Chosen; 2] = [AtomicPtr::new(quiet as *mut ()), AtomicPtr::new(quiet as *mut ())];
static THROUGH_DATA: Chosen = AtomicPtr::new(quiet as *mut ());
static REFERENCE: &Chosen = &THROUGH_DATA;
static FROM_ANOTHER: Chosen = AtomicPtr::new(quiet as *mut ());

cases! {
    quiet, Never, ALL, |i| () => (), |v| chosen(&AT_FIRST_USE)(i);
    loud, Some, ALL, |i| () => (), |v| chosen(&LOUD_AT_FIRST_USE)(i);
    elsewhere, Some, ALL, |i| if i > 4 { put(&ELSEWHERE, loud) } => (), |v| chosen(&ELSEWHERE)(i);
    by_address, Some, ALL, |i| if i > 4 { put_by_address(black_box(&BY_ADDRESS)) } => (), |v| chosen(&BY_ADDRESS)(i);
    by_argument, Some, ALL, |i| if i > 4 { put_argument(black_box(loud)) } => (), |v| chosen(&BY_ARGUMENT)(i);
    by_swap, Some, ALL, |i| if i > 4 { BY_SWAP.swap(loud as *mut (), Ordering::Relaxed); } => (), |v| chosen(&BY_SWAP)(i);
    by_exchange, Some, ALL, |i| if i > 4 { let _ = BY_EXCHANGE.compare_exchange(quiet as *mut (), loud as *mut (), Ordering::Relaxed, Ordering::Relaxed); } => (), |v| chosen(&BY_EXCHANGE)(i);
    in_an_array, Some, ALL, |i| put(&IN_AN_ARRAY[i % 2], loud) => (), |v| chosen(&IN_AN_ARRAY[1])(i);
    through_data, Some, ALL, |i| if i > 4 { put(black_box(&REFERENCE), loud) } => (), |v| chosen(&THROUGH_DATA)(i);
    from_another, Some, ALL, |i| if i > 4 { FROM_ANOTHER.store(BY_ADDRESS.load(Ordering::Relaxed), Ordering::Relaxed) } => (), |v| chosen(&FROM_ANOTHER)(i);
}
