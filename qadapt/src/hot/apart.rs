//! Events of allocators that are not this copy's global one: C's, those of single values, and those of other copies of the guard.
//!
//! Such an allocator may stand below the global one, or have it below itself: `malloc` is called by Rust's allocator, and an
//! arena takes its chunks from there. The one that is called first sees the event. It has [`word::QUIET`] set while it calls on,
//! and the others pass on what they find quiet.

use core::cell::Cell;
use core::ffi::c_void;

use super::event::Outcome;
use super::request::Request;
use super::{call, word};
use crate::sys;

/// A request for memory. `inner` makes it, and `size_of` tells how many bytes it got, or none. `None` if the request is refused.
pub(super) fn request<R>(
    request: &Request,
    inner: impl FnOnce() -> R,
    size_of: impl FnOnce(&R) -> Option<usize>,
) -> Option<R> {
    match before(request) {
        Outcome::Proceed => {}
        Outcome::Refuse => {
            sys::keeping_error(|| call::after(request, false));
            return None;
        }
        Outcome::PassOn => return Some(inner()),
    }
    let result = quietly(inner);
    let got = size_of(&result);
    let request = Request { size: got.unwrap_or(request.size), ..*request };
    sys::keeping_error(|| call::after(&request, got.is_some()));
    Some(result)
}

/// A block is given back. `inner` does it.
pub(super) fn free(request: &Request, inner: impl FnOnce()) {
    if before(request) == Outcome::PassOn {
        return inner();
    }
    quietly(inner);
    sys::keeping_error(|| call::after(request, true));
}

/// Before the inner allocator is called. C's functions leave the thread's error as it is where they succeed.
fn before(request: &Request) -> Outcome {
    // The probe asks whether the program's global allocator is QADAPT.
    if word::get() & (word::QUIET | word::OWN_WORK | word::PROBE) != 0 {
        return Outcome::PassOn;
    }
    let mark = core::ptr::from_ref(request).cast();
    // The outermost guard is the one that Rust's allocator asks first.
    sys::keeping_error(|| call::before(request, mark, || false))
}

/// Before an event of another copy of the guard in this process. Where the event proceeds, [`end`] comes after it.
pub(crate) fn begin(request: &Request, mark: *const c_void, is_panicking: bool) -> Outcome {
    if !call::watched() || word::get() & (word::QUIET | word::OWN_WORK | word::PROBE) != 0 {
        return Outcome::PassOn;
    }
    // What happens while a thread panics is no violation, and only that copy knows of the panic.
    sys::keeping_error(|| {
        let outcome = if is_panicking { Outcome::Proceed } else { call::before(request, mark, || false) };
        match outcome {
            Outcome::Proceed => begin_quietly(),
            Outcome::Refuse => call::after(request, false),
            Outcome::PassOn => {}
        }
        outcome
    })
}

/// After such an event that proceeded.
pub(crate) fn end(request: &Request, succeeded: bool) {
    end_quietly();
    sys::keeping_error(|| call::after(request, succeeded));
}

thread_local! {
    /// An allocator that is not the global one has seen the event, and is at work.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

fn quietly<R>(inner: impl FnOnce() -> R) -> R {
    begin_quietly();
    let result = inner();
    end_quietly();
    result
}

fn begin_quietly() {
    call::begin_quiet();
    let _ = AT_WORK.try_with(|at_work| at_work.set(true));
}

fn end_quietly() {
    let _ = AT_WORK.try_with(|at_work| at_work.set(false));
    call::end_quiet();
}

/// True while such an allocator is at work on this thread: what the global one is asked for is no event of its own.
pub(super) fn is_at_work() -> bool {
    AT_WORK.try_with(Cell::get).unwrap_or(false)
}
