//! The guard around the allocator of single values: `Vec::new_in(Qadapt::new(arena))`.
//!
//! Of std's trait and that of `allocator_api2` one is implemented: the second becomes the first where that crate's feature
//! `nightly` is on.

use core::ptr::NonNull;
use std::alloc::Layout;

#[cfg(feature = "allocator-api2")]
use allocator_api2::alloc::{AllocError, Allocator};
#[cfg(not(feature = "allocator-api2"))]
use core::alloc::{AllocError, Allocator};

use super::allocator::Qadapt;
use super::request::Request;
use super::{apart, call};
use crate::checks;
use crate::model::Op;

type Block = Result<NonNull<[u8]>, AllocError>;

// SAFETY: every method forwards to the same method of the inner allocator with the caller's own arguments, and
// returns what that returned, or an error without calling it; the inner allocator's promises are so the wrapper's, whose
// copies are copies of the inner one. Nothing on the way unwinds.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl<A: Allocator> Allocator for Qadapt<A> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Block {
        let inner = || self.inner().allocate(layout);
        if is_watched() { request(Op::Alloc, None, layout, inner) } else { inner() }
    }

    #[inline]
    fn allocate_zeroed(&self, layout: Layout) -> Block {
        let inner = || self.inner().allocate_zeroed(layout);
        if is_watched() { request(Op::AllocZeroed, None, layout, inner) } else { inner() }
    }

    #[inline]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's contract is the callee's.
        let inner = || unsafe { self.inner().deallocate(block, layout) };
        if is_watched() { free(layout, inner) } else { inner() }
    }

    #[inline]
    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Block {
        // SAFETY: the caller's contract is the callee's.
        let inner = || unsafe { self.inner().grow(block, old, new) };
        if is_watched() { request(Op::Alloc, Some(old), new, inner) } else { inner() }
    }

    #[inline]
    unsafe fn grow_zeroed(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Block {
        // SAFETY: the caller's contract is the callee's.
        let inner = || unsafe { self.inner().grow_zeroed(block, old, new) };
        if is_watched() { request(Op::AllocZeroed, Some(old), new, inner) } else { inner() }
    }

    #[inline]
    unsafe fn shrink(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Block {
        // SAFETY: the caller's contract is the callee's.
        let inner = || unsafe { self.inner().shrink(block, old, new) };
        if !is_watched() {
            return inner();
        }
        if new.size() == 0 && old.size() > 0 {
            return give_up(old, inner);
        }
        request(Op::Alloc, Some(old), new, inner)
    }
}

#[inline(always)]
fn is_watched() -> bool {
    checks::ON && call::watched()
}

/// A request for memory: a new block, or another size for the `old` one. Without a byte it is no event.
#[cold]
#[inline(never)]
fn request(new_block: Op, old: Option<Layout>, layout: Layout, inner: impl FnOnce() -> Block) -> Block {
    let old_size = old.map_or(0, |old| old.size());
    if layout.size() == 0 {
        return inner();
    }
    let op = if old_size > 0 { Op::Realloc } else { new_block };
    let asked = Request { op, size: layout.size(), old_size, align: layout.align() };
    // What there is beyond the size that was asked for is the inner allocator's.
    let size_of = |block: &Block| block.as_ref().ok().map(|_| layout.size());
    apart::request(&asked, inner, size_of).unwrap_or(Err(AllocError))
}

/// A block that gets no byte is given back.
#[cold]
#[inline(never)]
fn give_up(old: Layout, inner: impl FnOnce() -> Block) -> Block {
    let mut shrunk = Err(AllocError);
    free(old, || shrunk = inner());
    shrunk
}

#[cold]
#[inline(never)]
fn free(layout: Layout, inner: impl FnOnce()) {
    if layout.size() == 0 {
        return inner();
    }
    let asked = Request { op: Op::Dealloc, size: layout.size(), old_size: 0, align: layout.align() };
    apart::free(&asked, inner);
}
