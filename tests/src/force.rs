//! Allocator events that no optimiser takes away.

use std::hint::black_box;
use std::mem;

/// One allocation of this many bytes (more than 0), with alignment 1.
#[must_use]
#[inline(never)]
pub fn force_alloc(size: usize) -> Vec<u8> {
    black_box(Vec::with_capacity(black_box(size)))
}

/// One allocation and nothing else: the block is leaked.
#[inline(never)]
pub fn leak(size: usize) {
    mem::forget(force_alloc(size));
}

/// One allocation and one deallocation.
#[inline(never)]
pub fn alloc_and_free(size: usize) {
    drop(force_alloc(size));
}
