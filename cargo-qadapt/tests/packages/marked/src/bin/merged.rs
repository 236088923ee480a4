//! Regions whose calls the optimiser merges with others of the same function, or whose function it folds into another.
//!
//! All of them allocate or free, but for those with `quiet` in their names.

use std::collections::BTreeSet;
use std::hint::black_box;

use qadapt::assert_no_alloc;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[inline(never)]
fn reserve(bytes: usize) -> usize {
    let room: Vec<u8> = Vec::with_capacity(bytes);
    black_box(room.as_ptr());
    room.capacity()
}

#[inline(never)]
fn plus_one(n: usize) -> usize {
    black_box(n) + 1
}

/// The call goes behind the branch.
#[inline(never)]
fn either_arm(protected: bool) -> usize {
    if protected { assert_no_alloc(|| reserve(33)) } else { reserve(64) }
}

/// Two regions and two plain calls become one call.
#[inline(never)]
fn four_arms(arm: u8) -> usize {
    match arm {
        0 => assert_no_alloc(|| reserve(17)),
        1 => reserve(18),
        2 => assert_no_alloc(|| reserve(19)),
        3 => reserve(20),
        _ => plus_one(usize::from(arm)),
    }
}

/// Merged first, and inlined afterwards.
#[inline(never)]
fn dropped(protected: bool, list: Vec<u8>) -> u8 {
    if protected {
        assert_no_alloc(|| drop(list));
        1
    } else {
        drop(list);
        2
    }
}

#[inline(never)]
fn inserted(protected: bool, set: &mut BTreeSet<usize>, n: usize) {
    if protected {
        assert_no_alloc(|| set.insert(n));
    } else {
        set.insert(n);
    }
}

trait Step {
    fn step(n: usize) -> usize;
}

struct Loud;
struct Silent;

impl Step for Loud {
    #[inline(always)]
    fn step(n: usize) -> usize {
        reserve(n) * 3
    }
}

impl Step for Silent {
    #[inline(always)]
    fn step(n: usize) -> usize {
        plus_one(n) * 3
    }
}

#[inline(never)]
fn quiet_or_loud<S: Step>(n: usize) -> usize {
    assert_no_alloc(|| S::step(n))
}

/// The same code as one of the instances above, and no region.
#[inline(never)]
fn unprotected(n: usize) -> usize {
    Loud::step(n)
}

/// The region is in a loop, and so is a call of the same function outside.
#[inline(never)]
fn in_a_loop(turns: usize) -> usize {
    (0..turns)
        .map(|turn| if turn % 2 == 0 { assert_no_alloc(|| reserve(turn + 40)) } else { reserve(turn + 80) })
        .sum()
}

/// Allocates before the region and after.
#[inline(never)]
fn quiet_between(n: usize) -> usize {
    let before = black_box(vec![1_u8; n + 1]);
    let length = assert_no_alloc(|| plus_one(before.len()) * 5);
    let after = black_box(vec![2_u8; length]);
    before.len() + after.len()
}

fn main() {
    let n = black_box(5);
    let mut total = either_arm(black_box(true)) + either_arm(black_box(false));
    for arm in 0..5 {
        total += four_arms(black_box(arm));
    }
    for protected in [true, false] {
        total += usize::from(dropped(black_box(protected), black_box(vec![3; n])));
        inserted(black_box(protected), &mut BTreeSet::new(), n);
    }
    total += quiet_or_loud::<Loud>(n) + quiet_or_loud::<Silent>(n) + unprotected(n);
    println!("{}", total + in_a_loop(n) + quiet_between(n));
}
