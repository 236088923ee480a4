//! Allocator calls on a thread that something watches.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::ptr;

use super::event::{Care, Outcome};
use super::inner::inner_alloc;
use super::request::Request;
use super::trace::{self, live};
use super::{call, defer, outermost};
use crate::model::{Op, Ops};

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
pub(super) unsafe fn alloc_watched<const ZEROED: bool, A: GlobalAlloc>(
    size: usize,
    align: usize,
    inner: &A,
) -> *mut u8 {
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
pub(super) unsafe fn dealloc_watched<A: GlobalAlloc>(block: *mut u8, size: usize, align: usize, inner: &A) {
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
pub(super) unsafe fn realloc_watched<A: GlobalAlloc>(
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
