//! The `#[global_allocator]` wrapper.

use core::ffi::c_void;
use core::ptr;
use std::alloc::{GlobalAlloc, Layout, System};

#[cfg(not(feature = "profile"))]
use core::convert::identity as over;

use super::event::{Care, Outcome};
use super::inner::inner_alloc;
#[cfg(feature = "profile")]
use super::profile::allocator::Sampling;
use super::request::Request;
use super::trace::{self, live};
use super::{call, defer, outermost};
use crate::checks;
use crate::model::{Op, Ops};

/// The guard: a global allocator that forwards to another one and watches what protected code asks of it.
///
/// Each method forwards to the same method of the inner allocator, so that its `realloc` and `alloc_zeroed` keep
/// their speed. On a thread that nothing watches, a call adds one test of a thread-local word. In a build without
/// checks it adds nothing.
///
/// # Examples
/// ```
/// use qadapt::QADAPT;
///
/// #[global_allocator]
/// static ALLOC: QADAPT = QADAPT;
///
/// fn main() {
///     let sum = qadapt::assert_no_alloc(|| (1..=10).sum::<i32>());
///     assert_eq!(sum, 55);
/// }
/// ```
/// Around another allocator: `static ALLOC: Qadapt<MiMalloc> = Qadapt::new(MiMalloc);`.
///
/// # Values with an allocator of their own
/// `Vec::new_in(arena)` goes past the global allocator. With the feature `allocator-api2` the guard stands around the allocator of
/// a value, too, `Vec::new_in(Qadapt::new(arena))`, and regions watch what the value asks of it, as one event each, whatever
/// the arena asks for in turn. A nightly compiler takes it for std's `Allocator` without that feature; with it, and the
/// feature `nightly` of `allocator_api2`, for both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Qadapt<A = System> {
    inner: Inner<A>,
}

/// What the guard forwards to: the wrapped allocator, and what samples it.
#[cfg(feature = "profile")]
type Inner<A> = Sampling<A>;
#[cfg(not(feature = "profile"))]
type Inner<A> = A;

#[cfg(feature = "profile")]
const fn over<A>(inner: A) -> Inner<A> {
    Sampling::new(inner)
}

impl<A> Qadapt<A> {
    /// Wraps an allocator.
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner: over(inner) }
    }

    /// The wrapped allocator.
    #[cfg(any(feature = "allocator-api2", qadapt_allocator_api))]
    pub(super) const fn inner(&self) -> &A {
        #[cfg(feature = "profile")]
        return self.inner.inner();
        #[cfg(not(feature = "profile"))]
        &self.inner
    }
}

/// The guard around the system's allocator, as a type: `static ALLOC: QADAPT = QADAPT;`.
pub type QADAPT = Qadapt<System>;

/// The guard around the system's allocator, as a value: `static ALLOC: QADAPT = QADAPT;`.
pub const QADAPT: QADAPT = Qadapt::new(System);

// SAFETY: every method forwards to the same method of the inner allocator with the caller's own arguments, and
// returns what that returned; the inner allocator's promises are so the wrapper's. Nothing on the way unwinds.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Qadapt<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if checks::ON && call::watched_or_sampled() {
            if call::only_sampled() {
                // SAFETY: the caller's contract is the callee's.
                return unsafe { self.inner.alloc(layout) };
            }
            // SAFETY: as above.
            return unsafe { alloc_watched::<false, _>(layout.size(), layout.align(), &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { alloc_idly(layout, &self.inner) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if checks::ON && call::watched() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { dealloc_watched(block, layout.size(), layout.align(), &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if checks::ON && call::watched() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { alloc_watched::<true, _>(layout.size(), layout.align(), &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if checks::ON && call::watched() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { realloc_watched(block, layout.size(), layout.align(), new_size, &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.realloc(block, layout, new_size) }
    }
}

/// What is allocated on a thread that nothing watches, and whose word says that nothing is sampled.
///
/// # Safety
/// As for [`GlobalAlloc::alloc`].
#[inline(always)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_idly<A: GlobalAlloc>(layout: Layout, inner: &Inner<A>) -> *mut u8 {
    #[cfg(feature = "profile")]
    if checks::ON {
        // SAFETY: the caller's contract is the callee's.
        return unsafe { inner.inner().alloc(layout) };
    }
    // SAFETY: as above.
    unsafe { inner.alloc(layout) }
}

// The allocator comes last: it often has no size, and the other arguments stay where the caller has them.

/// What is asked for.
#[inline(always)]
const fn alloc_request<const ZEROED: bool>(size: usize, align: usize) -> Request {
    Request { op: if ZEROED { Op::AllocZeroed } else { Op::Alloc }, size, old_size: 0, align }
}

/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_watched<const ZEROED: bool, A: GlobalAlloc>(size: usize, align: usize, inner: &A) -> *mut u8 {
    match call::care(alloc_request::<ZEROED>(size, align).ops()) {
        // SAFETY: the caller's contract is the callee's.
        Care::Simple => unsafe { alloc_simply::<ZEROED, false, A>(size, align, inner) },
        // SAFETY: as above.
        Care::Violating => unsafe { alloc_simply::<ZEROED, true, A>(size, align, inner) },
        // SAFETY: as above.
        Care::Close => unsafe { alloc_by_default::<ZEROED, A>(size, align, inner) },
    }
}

/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`]; `size` and `align` are a layout's.
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_by_default<const ZEROED: bool, A: GlobalAlloc>(
    size: usize,
    align: usize,
    inner: &A,
) -> *mut u8 {
    match call::care_by_default(alloc_request::<ZEROED>(size, align).ops()) {
        // SAFETY: the caller's contract is the callee's.
        Care::Simple => unsafe { alloc_simply::<ZEROED, false, A>(size, align, inner) },
        // SAFETY: as above.
        Care::Violating => unsafe { alloc_simply::<ZEROED, true, A>(size, align, inner) },
        // SAFETY: as above.
        Care::Close => unsafe { alloc_closely::<ZEROED, A>(size, align, inner) },
    }
}

/// With `VIOLATES` the event is a violation, of which nothing is kept but the number.
///
/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`]; `size` and `align` are a layout's.
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_simply<const ZEROED: bool, const VIOLATES: bool, A: GlobalAlloc>(
    size: usize,
    align: usize,
    inner: &A,
) -> *mut u8 {
    if VIOLATES && call::is_counted() {
        // Where it is not, the size need not be kept across the call.
        // SAFETY: the caller's contract is the callee's.
        return unsafe { alloc_violating::<ZEROED, A>(size, align, inner) };
    }
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { call::layout(size, align) };
    // SAFETY: the caller's contract.
    let block = simply(|| unsafe { inner_alloc::<ZEROED, A>(layout, inner) });
    let request = alloc_request::<ZEROED>(size, align);
    if VIOLATES {
        call::count_violation();
        call::count_for_process(&request, !block.is_null());
    } else {
        call::count(&request, !block.is_null());
    }
    block
}

/// Of a violation that is counted as an event too.
///
/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`]; `size` and `align` are a layout's.
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_violating<const ZEROED: bool, A: GlobalAlloc>(
    size: usize,
    align: usize,
    inner: &A,
) -> *mut u8 {
    call::count_violation();
    // SAFETY: the caller's contract is the callee's.
    unsafe { alloc_simply::<ZEROED, false, A>(size, align, inner) }
}

/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_closely<const ZEROED: bool, A: GlobalAlloc>(size: usize, align: usize, inner: &A) -> *mut u8 {
    let request = alloc_request::<ZEROED>(size, align);
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { call::layout(size, align) };
    let (outcome, at) = followed(|| call::before(&request, mark(&request), outermost::is::<A>));
    match outcome {
        Outcome::Proceed => {}
        Outcome::Refuse => {
            call::after(&request, false);
            return ptr::null_mut();
        }
        // SAFETY: the caller's contract.
        Outcome::PassOn => return unsafe { inner_alloc::<ZEROED, A>(layout, inner) },
    }
    // SAFETY: the caller's contract.
    let block = quietly(|| unsafe { inner_alloc::<ZEROED, A>(layout, inner) });
    if let Some(at) = at {
        live::made(block, size, at);
    }
    call::given_out(block, size, !ZEROED);
    call::after(&request, !block.is_null());
    block
}

/// # Safety
/// As for [`GlobalAlloc::dealloc`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn dealloc_watched<A: GlobalAlloc>(block: *mut u8, size: usize, align: usize, inner: &A) {
    match call::care(Ops::DEALLOC) {
        // SAFETY: the caller's contract is the callee's.
        Care::Simple => unsafe { dealloc_simply::<false, A>(block, size, align, inner) },
        // SAFETY: as above.
        Care::Violating => unsafe { dealloc_simply::<true, A>(block, size, align, inner) },
        // SAFETY: as above.
        Care::Close => unsafe { dealloc_by_default(block, size, align, inner) },
    }
}

/// # Safety
/// As for [`GlobalAlloc::dealloc`]; `size` and `align` are a layout's.
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn dealloc_by_default<A: GlobalAlloc>(block: *mut u8, size: usize, align: usize, inner: &A) {
    match call::care_by_default(Ops::DEALLOC) {
        // SAFETY: the caller's contract is the callee's.
        Care::Simple => unsafe { dealloc_simply::<false, A>(block, size, align, inner) },
        // SAFETY: as above.
        Care::Violating => unsafe { dealloc_simply::<true, A>(block, size, align, inner) },
        // SAFETY: as above.
        Care::Close => unsafe { dealloc_closely(block, size, align, inner) },
    }
}

/// With `VIOLATES` the event is a violation, of which nothing is kept but the number.
///
/// # Safety
/// As for [`GlobalAlloc::dealloc`]; `size` and `align` are a layout's.
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn dealloc_simply<const VIOLATES: bool, A: GlobalAlloc>(
    block: *mut u8,
    size: usize,
    align: usize,
    inner: &A,
) {
    if VIOLATES && call::may_defer() {
        // SAFETY: the caller's contract is the callee's.
        return unsafe { dealloc_closely(block, size, align, inner) };
    }
    // It cannot fail. Where it is counted first, the size need not be kept across the call.
    call::count(&Request { op: Op::Dealloc, size, old_size: 0, align }, true);
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { call::layout(size, align) };
    // SAFETY: the caller's contract.
    simply(|| unsafe { inner.dealloc(block, layout) });
    if VIOLATES {
        call::count_violation();
    }
}

/// # Safety
/// As for [`GlobalAlloc::dealloc`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn dealloc_closely<A: GlobalAlloc>(block: *mut u8, size: usize, align: usize, inner: &A) {
    let request = Request { op: Op::Dealloc, size, old_size: 0, align };
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { call::layout(size, align) };
    if call::take_own(block, size) {
        // SAFETY: the caller's contract.
        return quietly(|| unsafe { inner.dealloc(block, layout) });
    }
    if call::defers() {
        // SAFETY: the caller's contract is the callee's.
        return unsafe { dealloc_deferring(block, layout, inner) };
    }
    // A deallocation is never refused.
    if call::before(&request, mark(&request), outermost::is::<A>) == Outcome::PassOn {
        // SAFETY: the caller's contract.
        return unsafe { inner.dealloc(block, layout) };
    }
    if live::is_on() {
        live::gone(block);
    }
    // SAFETY: the caller's contract.
    quietly(|| unsafe { inner.dealloc(block, layout) });
    call::after(&request, true);
}

/// In a region that defers only the inner allocator knows whether it frees the block. The event comes after it, which changes
/// nothing that a report says.
///
/// # Safety
/// As for [`GlobalAlloc::dealloc`].
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn dealloc_deferring<A: GlobalAlloc>(block: *mut u8, layout: Layout, inner: &A) {
    if call::is_quiet() && !outermost::is::<A>() {
        // The guard around this one asks what became of the block.
        // SAFETY: the caller's contract.
        return unsafe { inner.dealloc(block, layout) };
    }
    let request = Request { op: Op::Dealloc, size: layout.size(), old_size: 0, align: layout.align() };
    if live::is_on() {
        // To the program it is gone, also where it waits.
        live::gone(block);
    }
    // SAFETY: the caller's contract.
    let waits = defer::thread::spares(|| quietly(|| unsafe { inner.dealloc(block, layout) }));
    if waits || call::before(&request, mark(&request), outermost::is::<A>) != Outcome::PassOn {
        call::after(&request, true);
    }
}

/// # Safety
/// As for [`GlobalAlloc::realloc`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn realloc_watched<A: GlobalAlloc>(
    old: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
    inner: &A,
) -> *mut u8 {
    let request = Request { op: Op::Realloc, size: new_size, old_size: size, align };
    match call::care(request.ops()) {
        // SAFETY: the caller's contract is the callee's.
        Care::Simple => unsafe { realloc_simply::<false, A>(old, size, align, new_size, inner) },
        // SAFETY: as above.
        Care::Violating => unsafe { realloc_simply::<true, A>(old, size, align, new_size, inner) },
        // SAFETY: as above.
        Care::Close => unsafe { realloc_by_default(old, size, align, new_size, inner) },
    }
}

/// # Safety
/// As for [`GlobalAlloc::realloc`]; `size` and `align` are a layout's.
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn realloc_by_default<A: GlobalAlloc>(
    old: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
    inner: &A,
) -> *mut u8 {
    let request = Request { op: Op::Realloc, size: new_size, old_size: size, align };
    match call::care_by_default(request.ops()) {
        // SAFETY: the caller's contract is the callee's.
        Care::Simple => unsafe { realloc_simply::<false, A>(old, size, align, new_size, inner) },
        // SAFETY: as above.
        Care::Violating => unsafe { realloc_simply::<true, A>(old, size, align, new_size, inner) },
        // SAFETY: as above.
        Care::Close => unsafe { realloc_closely(old, size, align, new_size, inner) },
    }
}

/// With `VIOLATES` the event is a violation, of which nothing is kept but the number.
///
/// # Safety
/// As for [`GlobalAlloc::realloc`]; `size` and `align` are a layout's.
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn realloc_simply<const VIOLATES: bool, A: GlobalAlloc>(
    old: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
    inner: &A,
) -> *mut u8 {
    let request = Request { op: Op::Realloc, size: new_size, old_size: size, align };
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { call::layout(size, align) };
    // SAFETY: the caller's contract.
    let block = simply(|| unsafe { inner.realloc(old, layout, new_size) });
    if VIOLATES {
        call::count_violation();
    }
    call::count(&request, !block.is_null());
    block
}

/// # Safety
/// As for [`GlobalAlloc::realloc`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn realloc_closely<A: GlobalAlloc>(
    block: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
    inner: &A,
) -> *mut u8 {
    let request = Request { op: Op::Realloc, size: new_size, old_size: size, align };
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { call::layout(size, align) };
    let (outcome, at) = followed(|| call::before(&request, mark(&request), outermost::is::<A>));
    match outcome {
        Outcome::Proceed => {}
        Outcome::Refuse => {
            call::after(&request, false);
            return ptr::null_mut();
        }
        // SAFETY: the caller's contract.
        Outcome::PassOn => return unsafe { inner.realloc(block, layout, new_size) },
    }
    let before = at.and_then(|_| live::lift(block));
    // SAFETY: the caller's contract.
    let moved = quietly(|| unsafe { inner.realloc(block, layout, new_size) });
    if let Some(at) = at {
        live::resized(block, moved, new_size, before, at);
    }
    call::given_out(moved, new_size, false);
    call::after(&request, !moved.is_null());
    moved
}

/// Looks at an event, and tells where it happened if blocks are followed, as they are wherever a trace is written.
#[inline(always)]
fn followed(look: impl FnOnce() -> Outcome) -> (Outcome, Option<live::At>) {
    if !trace::is_on() {
        return (look(), None);
    }
    let outer = live::begin();
    let outcome = look();
    (outcome, Some(live::end(outer)))
}

/// Calls the inner allocator, and says so to signal handlers, unless that is said already.
#[inline(always)]
fn quietly<R>(inner: impl FnOnce() -> R) -> R {
    if call::is_quiet() { inner() } else { simply(inner) }
}

/// The same where it is not said yet.
#[inline(always)]
fn simply<R>(inner: impl FnOnce() -> R) -> R {
    call::begin_quiet();
    let result = inner();
    call::end_quiet();
    result
}

/// An address in the calling method's own frame.
fn mark(request: &Request) -> *const c_void {
    ptr::from_ref(request).cast()
}
