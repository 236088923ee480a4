//! Regions that defer frees, and giving back what waits.

use core::hint::black_box;
use core::marker::PhantomData;
use std::alloc::{Layout, alloc, dealloc};

use crate::checks;
use crate::hot::defer::{chain, thread};
use crate::hot::{own_work, word};
use crate::mark;
use crate::model::{Amount, Deferred};

/// Runs a closure in which what is freed on this thread waits until [`reclaim`] gives it back.
///
/// The global allocator must be, or stand around, a [`Deferring`](crate::Deferring) one. Then a deallocation in the closure
/// is no violation of any region on this thread, as long as there is room for what waits: large blocks, and those that are smaller than two words,
/// wait in tables of some thousands, unless a [limit](crate::Deferring::limit) says otherwise. Without such an allocator nothing changes. Works in builds without
/// checks.
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
///     let names = vec![String::from("kick"), String::from("snare")];
///     qadapt::assert_no_alloc(|| qadapt::defer_frees(|| drop(names)));
///     assert_eq!(qadapt::reclaim(Amount::ALL).blocks, 3);
/// }
/// ```
#[inline(always)]
pub fn defer_frees<R>(body: impl FnOnce() -> R) -> R {
    let _deferral = Deferral::begin();
    if checks::ON { body() } else { mark::deferred(body) }
}

/// A deferring region that is open on this thread, until it is dropped.
#[derive(Debug)]
pub(super) struct Deferral {
    not_send: PhantomData<*const ()>,
}

impl Deferral {
    #[inline(always)]
    pub(super) fn begin() -> Self {
        #[cfg(qadapt_marks)]
        if !checks::ON {
            mark::deferral();
        }
        thread::enter();
        Self { not_send: PhantomData }
    }
}

impl Drop for Deferral {
    #[inline(always)]
    fn drop(&mut self) {
        thread::leave();
    }
}

/// Gives back at most so much of what waits as it is called, on this thread, and returns how much that was.
///
/// It frees, so it does not belong into protected code; its own work is no violation. Where another thread gives back at
/// the same time, the result may be less than waits. A block that is larger than the limit stays, and so does what is
/// behind it. 0 where the global allocator is not [`Deferring`](crate::Deferring).
///
/// A child of `fork` has the blocks that waited, but not those in the deferring regions of other threads. If another thread
/// was giving back when the process forked, the child can never give back blocks of 16 to 4,080 bytes. So fork where nobody
/// gives back, and bound what waits by a [limit](crate::Deferring::limit).
///
/// # Examples
/// See [`defer_frees`].
#[expect(clippy::must_use_candidate, reason = "called for what it does")]
pub fn reclaim(limit: Amount) -> Amount {
    if checks::ON { own_work::as_own_work(|| ask(limit)) } else { ask(limit) }
}

/// Gives back what waits at the edge of a region, if nothing is protected or defers there.
#[cold]
#[inline(never)]
pub(super) fn reclaim_outside(limit: Amount) {
    if !thread::defers() && !word::is_protected(word::get()) {
        reclaim(limit);
    }
}

#[expect(unsafe_code, reason = "a block of the global allocator's is freed, in which it sees the question")]
fn ask(limit: Amount) -> Amount {
    let layout = Layout::new::<u8>();
    // SAFETY: the layout's size is not 0.
    let block = black_box(unsafe { alloc(layout) });
    if block.is_null() {
        return Amount::NONE;
    }
    // SAFETY: the block was allocated with this layout, just now.
    thread::ask(limit, || unsafe { dealloc(block, layout) }).unwrap_or(Amount::NONE)
}

/// What waits now, and the most that ever waited.
///
/// # Examples
/// See [`Deferring`](crate::Deferring).
#[must_use]
pub fn deferred() -> Deferred {
    chain::all_figures()
}
