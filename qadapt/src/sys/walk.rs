//! Walking a stack as the crate backtrace does on each platform.

/// Visits the frames of this thread's stack, innermost first: where each goes on, and where its stack pointer was when it called
/// inwards. Ends where `visit` returns false, which must not unwind.
#[expect(unsafe_code, reason = "the walk without backtrace's lock")]
pub(crate) fn for_each_frame(mut visit: impl FnMut(usize, usize) -> bool) {
    let visit = |frame: &backtrace::Frame| visit(frame.ip().addr(), frame.sp().addr());
    // SAFETY: the lock that is left out guards Windows' debug library, and symbol caches that a walk without resolving does not
    // touch; the walk itself reads only this thread's stack.
    unsafe { backtrace::trace_unsynchronized(visit) };
}
