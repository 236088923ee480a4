//! The trace that this process writes.

use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use super::super::setting;
use super::disk::Disk;

/// A trace in a mapped file.
pub(in crate::hot) type Trace = qadapt_trace::Trace<Disk>;

/// The mapped file; null where no trace is written. Release where it is set pairs with Acquire where it is read: with
/// the pointer comes the header.
static TRACE: AtomicPtr<Trace> = AtomicPtr::new(ptr::null_mut());
/// Relaxed: set before `main` only.
static WHOLE_PROGRAM: AtomicBool = AtomicBool::new(false);

/// True while a trace is written.
#[inline]
pub(crate) fn is_on() -> bool {
    // Relaxed: only whether.
    !TRACE.load(Ordering::Relaxed).is_null()
}

/// The trace, while one is written.
#[inline]
#[expect(unsafe_code, reason = "the trace lies in a mapped file")]
pub(in crate::hot) fn active() -> Option<&'static Trace> {
    // SAFETY: what is stored there is null, or a reference that `set` was given, which is good for the life of the process. All
    // access to a trace is atomic.
    unsafe { TRACE.load(Ordering::Acquire).as_ref() }
}

/// From now on this trace is written, or none.
pub(super) fn set(trace: Option<&'static Trace>) {
    TRACE.store(trace.map_or(ptr::null_mut(), |trace| ptr::from_ref(trace).cast_mut()), Ordering::Release);
    setting::set_traced(trace.is_some());
}

/// True while everything that the process does counts as one region.
#[inline]
pub(in crate::hot) fn is_whole_program() -> bool {
    WHOLE_PROGRAM.load(Ordering::Relaxed)
}

/// Says whether it does.
pub(super) fn set_whole_program(is_whole: bool) {
    WHOLE_PROGRAM.store(is_whole, Ordering::Relaxed);
}
