//! The allocator that samples: it lies between the guard and the guard's inner allocator.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::ptr;

use super::countdown;
use super::live::{self, Sampled};
use super::sites::{self, Share};
use super::unnamed;
use crate::checks;
use crate::hot::capture::Captured;
use crate::hot::inner::inner_alloc;
use crate::hot::{outermost, step, word};

/// Forwards to another allocator and samples what is asked of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sampling<A> {
    inner: A,
}

impl<A> Sampling<A> {
    pub(in crate::hot) const fn new(inner: A) -> Self {
        Self { inner }
    }

    pub(in crate::hot) const fn inner(&self) -> &A {
        &self.inner
    }
}

// SAFETY: every method forwards to the same method of the inner allocator with the caller's own arguments, and returns what that
// returned, but for a sampled block: that is allocated with a larger alignment, and given back with that same layout, as its slot
// tells; a reallocation of one, or that becomes one, is a new block, a copy, and a deallocation. Nothing on the way unwinds.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Sampling<A> {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if countdown::spend(layout.size()) {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { alloc_due::<false, A>(layout, &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc(layout) }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if live::may_be(block) {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { dealloc_page(block, layout, &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if countdown::spend(layout.size()) {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { alloc_due::<true, A>(layout, &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    #[inline(always)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if countdown::spend(new_size) || live::may_be(block) {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { realloc_due(block, layout, new_size, &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.realloc(block, layout, new_size) }
    }
}

/// Has the thread's word say whether its allocations are sampled. The guard tests the word of every allocation; so where it says no,
/// an allocation costs nothing more. A thread learns that sampling has begun where it looks again: when it gives a block back that
/// begins at a page, and after some bytes of reallocations and zeroed allocations.
pub(crate) fn follow() {
    let is_sampled = match word::get() {
        0 => false,
        word::SAMPLED => true,
        // Its allocations are watched, and watched ones are sampled whatever the word says.
        _ => return,
    };
    if checks::ON && is_sampled != countdown::is_on() {
        step::set_sampled(!is_sampled);
        countdown::restart();
    }
}

/// True if this guard is the one that samples: the outermost, where one lies in another. Points that an inner one meets are passed over:
/// they are as far from each other as the outer one's, on average, whoever meets them.
fn samples<A>() -> bool {
    word::get() & word::OWN_WORK == 0 && outermost::is_among_guards::<Sampling<A>>()
}

/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`].
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_due<const ZEROED: bool, A: GlobalAlloc>(layout: Layout, inner: &A) -> *mut u8 {
    follow();
    let stands_for = countdown::take(layout.size());
    if stands_for == 0 || !samples::<A>() {
        // SAFETY: the caller's contract is the callee's.
        return unsafe { inner_alloc::<ZEROED, A>(layout, inner) };
    }
    let share = Share { bytes: stands_for, size: layout.size() as u64 };
    let mark: *const c_void = ptr::from_ref(&share).cast();
    let Some((site, is_named)) = sites::find(&Captured::here(mark)) else {
        // SAFETY: as above.
        return unsafe { inner_alloc::<ZEROED, A>(layout, inner) };
    };
    let sampled = Sampled { site, share };
    // SAFETY: as above.
    let mut block = unsafe { alloc_sampled::<ZEROED, A>(layout, sampled, inner) };
    let is_followed = !block.is_null();
    if !is_followed {
        // SAFETY: as above.
        block = unsafe { inner_alloc::<ZEROED, A>(layout, inner) };
    }
    if !block.is_null() {
        sites::add(site, share);
        if !is_followed {
            sites::lose();
            sites::subtract(site, share);
        }
        if !is_named && unnamed::is_due() {
            unnamed::push(site, share, block, is_followed);
        }
    }
    block
}

/// A block at a page, with a slot; null where there is no such.
///
/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`].
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_sampled<const ZEROED: bool, A: GlobalAlloc>(
    layout: Layout,
    sampled: Sampled,
    inner: &A,
) -> *mut u8 {
    let Some(layout) = live::layout(layout) else { return ptr::null_mut() };
    // SAFETY: the layout has the size of the caller's.
    let block = unsafe { inner_alloc::<ZEROED, A>(layout, inner) };
    if block.is_null() || live::put(block, sampled) {
        return block;
    }
    // SAFETY: the inner allocator has made it with this layout, just now.
    unsafe { inner.dealloc(block, layout) };
    ptr::null_mut()
}

/// A block that begins at a page.
///
/// # Safety
/// As for [`GlobalAlloc::dealloc`].
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn dealloc_page<A: GlobalAlloc>(block: *mut u8, layout: Layout, inner: &A) {
    follow();
    let given = if live::is(block) { give_up::<A>(block, layout) } else { None };
    // SAFETY: the caller's contract; and a sampled block was allocated with the layout that `give_up` tells.
    unsafe { inner.dealloc(block, given.unwrap_or(layout)) };
}

/// A sampled block is given back: the layout that it has.
fn give_up<A>(block: *const u8, layout: Layout) -> Option<Layout> {
    // Another guard's block is that one's to look after.
    if !outermost::is_among_guards::<Sampling<A>>() {
        return None;
    }
    let sampled = live::lift(block)?;
    sites::subtract(sampled.site, sampled.share);
    live::layout(layout)
}

/// A block that begins at a page, or of which the new size has a point.
///
/// # Safety
/// As for [`GlobalAlloc::realloc`].
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn realloc_due<A: GlobalAlloc>(block: *mut u8, layout: Layout, new_size: usize, inner: &A) -> *mut u8 {
    follow();
    let is_sampled = live::is(block) && outermost::is_among_guards::<Sampling<A>>();
    if !is_sampled && !countdown::is_due() {
        // SAFETY: the caller's contract is the callee's.
        return unsafe { inner.realloc(block, layout, new_size) };
    }
    // SAFETY: the caller says that the size, rounded up to this alignment, is no more than a layout may have.
    let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
    let new = if countdown::is_due() {
        // SAFETY: the new size is not 0, as the caller says.
        unsafe { alloc_due::<false, A>(new_layout, inner) }
    } else {
        // SAFETY: as above.
        unsafe { inner.alloc(new_layout) }
    };
    if !new.is_null() {
        // SAFETY: the old block has so many bytes, as its layout says, and the new one, too, which is another.
        unsafe { ptr::copy_nonoverlapping(block, new, layout.size().min(new_size)) };
        // SAFETY: the caller's contract: the block is alive, has this layout, and is not used any more.
        unsafe { dealloc_page(block, layout, inner) };
    }
    new
}
