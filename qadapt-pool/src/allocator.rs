//! Byte pools as allocators: std's trait where the compiler has it, and `allocator_api2`'s.
//!
//! Both traits have the same methods with the same contracts, and so the work is done once, in [`BytePool`]'s own.
#![expect(unsafe_code, reason = "both traits are unsafe")]

use core::alloc::Layout;
use core::mem;
use core::ptr::{self, NonNull};

use crate::bytes::BytePool;

/// No class that fits has a free slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl<const CLASSES: usize> BytePool<'_, CLASSES> {
    /// A block for this layout, as large as its slot.
    pub(crate) fn allocate_block(&self, layout: Layout) -> Result<NonNull<[u8]>, Exhausted> {
        if layout.size() == 0 {
            return Ok(NonNull::slice_from_raw_parts(dangling(layout), 0));
        }
        let (memory, ticket) = self.try_take(layout).ok_or(Exhausted)?.into_parts();
        // `deallocate_block` makes the ticket again, from the address.
        mem::forget(ticket);
        Ok(memory)
    }

    /// # Safety
    /// The memory comes from this pool's `allocate_block` or `resize_block`, for this layout, and nobody uses it any more.
    pub(crate) unsafe fn deallocate_block(&self, memory: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        for class in self.classes() {
            if let Some(slot) = class.slot_at(memory) {
                class.shelf().release(slot);
                return;
            }
        }
        debug_assert!(false, "the memory is of another pool");
    }

    /// Makes a block larger or smaller: in its slot if that has room, else in another one.
    ///
    /// # Safety
    /// As for `deallocate_block`, with the layout `old`.
    pub(crate) unsafe fn resize_block(
        &self,
        memory: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, Exhausted> {
        let own = self.classes().iter().find(|class| old.size() > 0 && class.slot_at(memory).is_some());
        if let Some(class) = own {
            if new.size() > 0 && class.fits(new) {
                return Ok(NonNull::slice_from_raw_parts(memory, class.size()));
            }
        }
        let moved = self.allocate_block(new)?;
        let shared = old.size().min(new.size());
        // SAFETY: both blocks are as large as what they share, and they are different ones: the caller owns the old one.
        unsafe { ptr::copy_nonoverlapping(memory.as_ptr(), moved.cast::<u8>().as_ptr(), shared) };
        // SAFETY: as the caller vouches.
        unsafe { self.deallocate_block(memory, old) };
        Ok(moved)
    }
}

/// An address for nothing, as aligned as the layout says.
fn dangling(layout: Layout) -> NonNull<u8> {
    NonNull::new(ptr::without_provenance_mut(layout.align())).unwrap_or(NonNull::dangling())
}

/// One of the two traits, by its path, for `&BytePool`.
macro_rules! allocator {
    ($($path:ident)::+) => {
        // SAFETY: a block lies in memory that lives for `'p`, longer than the reference or any copy of it, and does not
        // move with them; it is given to one owner until it is deallocated, through any copy; copies are of one pool.
        unsafe impl<'p, const CLASSES: usize> $($path)::+::Allocator for &BytePool<'p, CLASSES> {
            fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                self.allocate_block(layout).map_err(|Exhausted| $($path)::+::AllocError)
            }

            unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
                // SAFETY: as the caller vouches.
                unsafe { self.deallocate_block(memory, layout) };
            }

            unsafe fn grow(
                &self,
                memory: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                // SAFETY: as the caller vouches.
                unsafe { self.resize_block(memory, old, new) }.map_err(|Exhausted| $($path)::+::AllocError)
            }

            unsafe fn shrink(
                &self,
                memory: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                // SAFETY: as the caller vouches.
                unsafe { self.resize_block(memory, old, new) }.map_err(|Exhausted| $($path)::+::AllocError)
            }
        }
    };
}

#[cfg(qadapt_pool_allocator)]
allocator!(core::alloc);
#[cfg(feature = "allocator-api2")]
allocator!(allocator_api2::alloc);
