//! The allocator that defers.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use super::limit::{Kept, Limit};
use super::waiting::Waiting;
use super::{chain, figures, thread, waiting};
use crate::checks;
use crate::hot::word;
use crate::model::{Amount, Beyond};

/// A global allocator that forwards to another one, but in deferring regions, where a freed block waits until
/// [`reclaim`](crate::reclaim) gives it back.
///
/// Regions defer by [`defer_frees`](crate::defer_frees), [`Policy::defer`](crate::Policy::defer) or
/// `#[allocate_panic(defer)]`. There a deallocation writes two words into the block, or notes its address where that
/// cannot be: it takes no lock, calls no system, and is no violation. It works for every type and in builds without checks.
/// Outside of such regions a deallocation costs one test of a thread-local.
///
/// A reallocation to a larger size is a new block there, and the old one waits. One to a smaller size is left to the inner
/// allocator.
///
/// Nothing is given back by itself: call [`reclaim`](crate::reclaim) where there is time, or have a
/// [`Reclaimer`](crate::Reclaimer) do it. 4,096 blocks of less than two words, and 1,024 of more than about 4 KiB, can wait
/// at once; a block beyond is treated as one above the [limit](Self::limit).
///
/// The first one that defers is the only one of its process that does: others free at once.
///
/// # Examples
/// ```
/// use std::alloc::System;
/// use qadapt::{Amount, Deferring, Qadapt};
///
/// #[global_allocator]
/// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
///
/// fn main() {
///     let message = vec![1_u8; 100];
///     qadapt::assert_no_alloc(|| qadapt::defer_frees(|| drop(message)));
///     assert_eq!(qadapt::deferred().waiting, Amount { blocks: 1, bytes: 100 });
///     assert_eq!(qadapt::reclaim(Amount::ALL), Amount { blocks: 1, bytes: 100 });
/// }
/// ```
#[derive(Debug)]
pub struct Deferring<A> {
    inner: A,
    /// 0 until it has one.
    number: AtomicU64,
    limit: Limit,
}

/// The number of the instance whose blocks wait. Relaxed, this and the next: an instance only asks whether it is its own.
static OWNER: AtomicU64 = AtomicU64::new(0);
static NUMBERS: AtomicU64 = AtomicU64::new(1);

impl<A> Deferring<A> {
    /// Wraps an allocator. Any amount may wait.
    ///
    /// # Examples
    /// ```
    /// use qadapt::{Deferring, Qadapt};
    /// use std::alloc::System;
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
    ///
    /// let boxed = std::hint::black_box(Box::new(1));
    /// qadapt::defer_frees(|| drop(boxed));
    /// assert_eq!(qadapt::deferred().waiting.blocks, 1);
    /// ```
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner, number: AtomicU64::new(0), limit: Limit::NONE }
    }

    /// Lets no more than this wait. What happens to a block that comes then is said by [`beyond`](Self::beyond).
    ///
    /// Threads reserve room for some blocks at once; so with several of them a block can be beyond before the limit is
    /// reached, but never the other way round.
    ///
    /// # Examples
    /// ```
    /// use std::alloc::System;
    /// use qadapt::{Amount, Beyond, Deferring, Qadapt};
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<Deferring<System>> =
    ///     Qadapt::new(Deferring::new(System).limit(Amount::of_blocks(2)).beyond(Beyond::Free));
    ///
    /// fn main() {
    ///     let three = [Box::new(1), Box::new(2), Box::new(3)];
    ///     qadapt::defer_frees(|| drop(three));
    ///     assert_eq!(qadapt::deferred().waiting.blocks, 2);
    ///     assert_eq!(qadapt::deferred().over, 1);
    /// }
    /// ```
    #[must_use]
    pub const fn limit(mut self, most: Amount) -> Self {
        self.limit.most = most;
        self
    }

    /// What happens to a block that comes when the limit is reached.
    ///
    /// # Examples
    /// ```
    /// use qadapt::{Amount, Beyond, Deferring, Qadapt};
    /// use std::alloc::System;
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<Deferring<System>> =
    ///     Qadapt::new(Deferring::new(System).limit(Amount::NONE).beyond(Beyond::Free));
    ///
    /// let boxed = std::hint::black_box(Box::new(1));
    /// qadapt::assert_no_alloc(|| qadapt::defer_frees(|| drop(boxed))); // freed at once, and no violation
    /// assert_eq!(qadapt::deferred().waiting, Amount::NONE);
    /// assert_eq!(qadapt::deferred().over, 1);
    /// ```
    #[must_use]
    pub const fn beyond(mut self, beyond: Beyond) -> Self {
        self.limit.beyond = beyond;
        self
    }

    /// True if this is the instance whose blocks wait; it becomes that if there is none.
    #[inline(always)]
    fn is_owner(&self) -> bool {
        match OWNER.load(Ordering::Relaxed) {
            0 => self.become_owner(),
            owner => owner == self.number.load(Ordering::Relaxed),
        }
    }

    #[cold]
    #[inline(never)]
    fn become_owner(&self) -> bool {
        let fresh = NUMBERS.fetch_add(1, Ordering::Relaxed);
        // Another thread may have numbered it meanwhile.
        let number = match self.number.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(other) => other,
        };
        match OWNER.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(owner) => owner == number,
        }
    }
}

// SAFETY: every method forwards to the same method of the inner allocator with the caller's own arguments, and returns what
// that returned, but for a block that waits: it is forwarded later, with the same arguments, when nobody uses it; and for a
// reallocation that is made of a new block, a copy, and such a deallocation. Nothing on the way unwinds.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Deferring<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if thread::state() != 0 {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { Self::dealloc_deferring(block, layout.size(), layout.align(), self) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if thread::state() != 0 {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { Self::realloc_deferring(block, layout.size(), layout.align(), new_size, self) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.realloc(block, layout, new_size) }
    }
}

// Where blocks and layouts come first and the allocator last, the arguments stay where the caller has them, whichever way a
// deallocation goes.
impl<A: GlobalAlloc> Deferring<A> {
    /// # Safety
    /// As for [`GlobalAlloc::dealloc`]; `size` and `align` are a layout's.
    #[inline(never)]
    #[expect(unsafe_code, reason = "forwards an allocator call, now or later")]
    unsafe fn dealloc_deferring(block: *mut u8, size: usize, align: usize, this: &Self) {
        // SAFETY: the caller says that they are a layout's.
        let waiting = Waiting::new(block, unsafe { Layout::from_size_align_unchecked(size, align) });
        if !thread::asks() && !is_own_work() && this.is_owner() && waiting.can_hold_a_link() {
            // SAFETY: the caller's contract, and the block can hold a link.
            if unsafe { chain::keep(waiting, &this.limit, false) } == Kept::Waits {
                return thread::spare();
            }
        }
        // SAFETY: the caller's contract.
        unsafe { Self::dealloc_otherwise(block, size, align, this) }
    }

    /// # Safety
    /// As for [`GlobalAlloc::dealloc`]; `size` and `align` are a layout's.
    #[cold]
    #[inline(never)]
    #[expect(unsafe_code, reason = "forwards an allocator call, now or later")]
    unsafe fn dealloc_otherwise(block: *mut u8, size: usize, align: usize, this: &Self) {
        // SAFETY: the caller says that they are a layout's.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        if let Some(limit) = thread::take_question() {
            this.answer(limit);
        } else if thread::defers() && !is_own_work() && this.is_owner() {
            // SAFETY: the caller's contract.
            if unsafe { this.keep(Waiting::new(block, layout)) } {
                return;
            }
        }
        // SAFETY: the caller's contract.
        unsafe { this.inner.dealloc(block, layout) }
    }

    /// Keeps a block that was freed in a deferring region. False if it is to be freed now.
    ///
    /// # Safety
    /// The block is this allocator's, its layout is right, and nobody uses it any more, unless this returns false.
    #[expect(unsafe_code, reason = "keeps a block")]
    unsafe fn keep(&self, block: Waiting) -> bool {
        // SAFETY: the caller's contract.
        if unsafe { self.keep_within(block, false) } == Kept::Waits {
            thread::spare();
            return true;
        }
        // SAFETY: the caller's contract.
        unsafe { self.keep_beyond(block) }
    }

    /// # Safety
    /// As for [`keep`](Self::keep).
    #[expect(unsafe_code, reason = "keeps a block")]
    unsafe fn keep_within(&self, block: Waiting, always: bool) -> Kept {
        if block.can_hold_a_link() {
            // SAFETY: the caller's contract, and the block can hold a link.
            unsafe { chain::keep(block, &self.limit, always) }
        } else {
            // SAFETY: the caller's contract.
            unsafe { chain::keep_apart(block, &self.limit, always) }
        }
    }

    /// What becomes of a block that may not wait.
    ///
    /// # Safety
    /// As for [`keep`](Self::keep).
    #[expect(unsafe_code, reason = "keeps a block")]
    unsafe fn keep_beyond(&self, block: Waiting) -> bool {
        figures::count_over();
        match self.limit.beyond {
            Beyond::Violation => return false,
            Beyond::Free => {
                thread::spare();
                return false;
            }
            Beyond::Count => {}
        }
        // SAFETY: the caller's contract.
        let kept = unsafe { self.keep_within(block, true) } == Kept::Waits;
        if kept {
            thread::spare();
        }
        kept
    }

    /// # Safety
    /// As for [`GlobalAlloc::realloc`]; `size` and `align` are a layout's.
    #[cold]
    #[inline(never)]
    #[expect(unsafe_code, reason = "forwards allocator calls")]
    unsafe fn realloc_deferring(
        block: *mut u8,
        size: usize,
        align: usize,
        new_size: usize,
        this: &Self,
    ) -> *mut u8 {
        // SAFETY: the caller says that they are a layout's.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        if !thread::defers() || is_own_work() || !this.is_owner() {
            // SAFETY: the caller's contract.
            return unsafe { this.inner.realloc(block, layout, new_size) };
        }
        if new_size <= size {
            figures::count_shrunk();
            // SAFETY: the caller's contract.
            return unsafe { this.inner.realloc(block, layout, new_size) };
        }
        // SAFETY: the caller says that the new size is not 0 and, rounded up to the alignment, does not overflow.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, align) };
        // SAFETY: as above.
        let moved = unsafe { this.inner.alloc(new_layout) };
        if moved.is_null() {
            return moved;
        }
        // SAFETY: both blocks have at least the old size, and the new one is nobody else's.
        unsafe { ptr::copy_nonoverlapping(block, moved, size) };
        figures::count_moved();
        // SAFETY: the caller's contract; the caller uses the new block from here on.
        unsafe { Self::dealloc_deferring(block, size, align, this) };
        moved
    }

    /// Gives back what waits, where it is this allocator's.
    #[expect(unsafe_code, reason = "frees what waits")]
    fn answer(&self, limit: Amount) {
        let owner = OWNER.load(Ordering::Relaxed);
        if owner != 0 && owner != self.number.load(Ordering::Relaxed) {
            return thread::pass_on();
        }
        // SAFETY: all that waits was freed through the one owner, which this is, or nothing has ever waited.
        thread::answer(unsafe { waiting::free(&self.inner, limit) });
    }
}

/// True where QADAPT itself is at work on this thread.
#[inline(always)]
fn is_own_work() -> bool {
    checks::ON && word::get() & word::OWN_WORK != 0
}
