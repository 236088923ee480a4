//! Walking a stack by its unwind tables, with the unwinder that the standard library links: the functions of the Itanium C++ ABI
//! ("Exception Handling", level I) and two that all unwinders add, as libgcc's `unwind.h` declares them.

use core::ffi::{c_int, c_void};
use core::ptr;

#[repr(C)]
struct Context {
    private: [u8; 0],
}

type Visit = unsafe extern "C-unwind" fn(*mut Context, *mut c_void) -> c_int;

#[expect(unsafe_code, reason = "declares functions of the unwinder")]
unsafe extern "C-unwind" {
    #[link_name = "_Unwind_Backtrace"]
    fn backtrace(visit: Visit, data: *mut c_void) -> c_int;
    #[link_name = "_Unwind_GetIP"]
    fn instruction(context: *mut Context) -> usize;
    #[link_name = "_Unwind_GetCFA"]
    fn stack_pointer(context: *mut Context) -> usize;
}

/// `_URC_NO_REASON`: go on.
const GO_ON: c_int = 0;
/// `_URC_FATAL_PHASE1_ERROR`: as good as any other to end the walk.
const END: c_int = 3;

/// Visits the frames of this thread's stack, innermost first: where each goes on, and where its stack pointer was when it called
/// inwards. Ends where `visit` returns false, which must not unwind.
#[expect(unsafe_code, reason = "calls the unwinder")]
pub(crate) fn for_each_frame<F: FnMut(usize, usize) -> bool>(mut visit: F) {
    // SAFETY: `one` takes what it is called with here: the unwinder's context, and this closure, which nothing else uses meanwhile.
    unsafe { backtrace(one::<F>, ptr::from_mut(&mut visit).cast()) };
}

/// # Safety
/// `context` is the unwinder's, `visit` points to an `F` that nothing else uses.
#[expect(unsafe_code, reason = "the unwinder's context is behind a pointer")]
unsafe extern "C-unwind" fn one<F: FnMut(usize, usize) -> bool>(
    context: *mut Context,
    visit: *mut c_void,
) -> c_int {
    // SAFETY: the context is valid during the call.
    let address = unsafe { instruction(context) };
    // SAFETY: as above.
    let stack_pointer = unsafe { stack_pointer(context) };
    // SAFETY: the caller's contract.
    let visit = unsafe { &mut *visit.cast::<F>() };
    if visit(address, stack_pointer) { GO_ON } else { END }
}
