//! Slices: sorting, copying, putting together.

use std::hint::black_box;

use qadapt::assert_no_alloc;

use crate::seen::shown;

/// More than what a sort keeps on the stack.
fn unsorted() -> Vec<u64> {
    (0..2000).map(|number| number * 7919 % 2003).collect()
}

#[test]
#[expect(clippy::stable_sort_primitive, reason = "the habit that is shown")]
fn sorting() {
    let mut numbers = unsorted();
    shown("stable-sort", || assert_no_alloc(|| numbers.sort()));
    assert!(numbers.is_sorted());
    let mut numbers = unsorted();
    shown("stable-sort", || assert_no_alloc(|| numbers.sort_by(|a, b| b.cmp(a))));
    let mut numbers = unsorted();
    shown("stable-sort", || assert_no_alloc(|| numbers.sort_by_key(|number| !number)));
    let mut numbers = unsorted();
    shown("sort-by-cached-key", || assert_no_alloc(|| numbers.sort_by_cached_key(|number| !number)));
}

#[test]
fn copying() {
    let numbers: Box<[u32]> = black_box((0..64).collect());
    shown("slice-to-vec", || drop(assert_no_alloc(|| black_box(&*numbers).to_vec())));
    shown("slice-to-vec", || drop(assert_no_alloc(|| black_box(&*numbers).to_owned())));
    shown("slice-to-vec", || drop(assert_no_alloc(|| Vec::from(black_box(&*numbers)))));
    let lines =
        shown("box-from-slice", || drop(assert_no_alloc(|| Box::<[u32]>::from(black_box(&*numbers)))));
    assert!(lines.iter().all(|line| line.ends_with("allocates 256 bytes")), "{lines:?}");
    shown("box-from-slice", || drop(assert_no_alloc(|| Box::<str>::from(black_box("text")))));
}

#[test]
fn putting_together() {
    let words = black_box(["a", "b", "c"]);
    let pairs = black_box([[1, 2], [3, 4]]);
    shown("slice-concat", || drop(assert_no_alloc(|| black_box(&words).concat())));
    shown("slice-concat", || drop(assert_no_alloc(|| black_box(&pairs).concat())));
    shown("slice-concat", || drop(assert_no_alloc(|| black_box(&words).join(", "))));
    shown("slice-concat", || drop(assert_no_alloc(|| black_box(&pairs).join(&0))));
    shown("slice-concat", || drop(assert_no_alloc(|| black_box("abc").repeat(black_box(3)))));
    shown("slice-concat", || drop(assert_no_alloc(|| black_box(&pairs).repeat(black_box(3)))));
}
