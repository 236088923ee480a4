//! Events of C's allocation functions, which the crate `qadapt-malloc` defines.
//!
//! Rust's allocator calls `malloc`, too; [`apart`] makes one event of it.

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::request::Request;
use super::{apart, call, word};
use crate::checks;
use crate::model::Op;
use crate::sys;

/// What C's allocation functions ask the C library for, in words of [`GlobalAlloc`](std::alloc::GlobalAlloc).
///
/// Sizes and the alignment are in bytes. The old size is what the C library says that it has set aside.
#[derive(Clone, Copy, Debug)]
pub struct CRequest {
    /// Whether the memory is to be zeroed.
    pub zeroed: bool,
    /// What is asked for.
    pub size: usize,
    /// The block's size before; none where there is no block yet.
    pub old_size: Option<usize>,
    /// What the block's address is a multiple of.
    pub align: usize,
}

/// Whether this build watches anything.
pub const ON: bool = checks::ON;
/// Whether every call has to ask here, also on threads that nothing watches.
pub const ALWAYS: bool = cfg!(feature = "process-counts");

/// The bits of a thread's word that watch nothing.
pub const UNWATCHED: usize = if word::SAMPLED == 0 { 0 } else { 1 << word::SAMPLED.trailing_zeros() };

/// Where this thread's word is; but for [`UNWATCHED`] it is zero where nothing watches the thread. `None` where a thread has none.
#[must_use]
pub fn word() -> Option<*const i64> {
    word::place()
}

/// True if a call of an allocation function has to ask here.
#[inline(always)]
#[must_use]
pub fn is_watched() -> bool {
    checks::ON && call::watched()
}

/// A request for memory. `inner` asks the C library, and `usable` says how much it has set aside for a block. `None` if the
/// request is refused.
pub fn request(
    request: CRequest,
    inner: impl FnOnce() -> *mut c_void,
    usable: impl FnOnce(*mut c_void) -> usize,
) -> Option<*mut c_void> {
    answer();
    let CRequest { zeroed, size, old_size, align } = request;
    let op = match old_size {
        Some(_) => Op::Realloc,
        None if zeroed => Op::AllocZeroed,
        None => Op::Alloc,
    };
    let asked = Request { op, size, old_size: old_size.unwrap_or(0), align };
    apart::request(&asked, inner, |block| if block.is_null() { None } else { Some(usable(*block)) })
}

/// What each block of C's is aligned to at least: two words (glibc's manual, "Malloc Examples").
const ALIGN: usize = 2 * size_of::<usize>();

/// A block of this size is given back. `inner` does it.
pub fn free(size: usize, inner: impl FnOnce()) {
    answer();
    apart::free(&Request { op: Op::Dealloc, size, old_size: 0, align: ALIGN }, inner);
}

/// What asks C for memory and gives it back, for [`is_defined`]. Null until `qadapt-malloc` says so. Relaxed: a function.
static ASKS: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// This thread asks whether C's functions come here, and none has yet.
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Says that C's allocation functions should come here, and how to ask one of them.
pub fn define(ask: fn()) {
    ASKS.store(ask as *mut (), Ordering::Relaxed);
}

/// One of C's functions has come here.
pub(crate) fn answer() {
    let _ = ASKED.try_with(|asked| asked.set(false));
}

/// True if C's allocation functions do come here. The thread must be at own work, so that they are looked at.
pub(crate) fn is_defined() -> bool {
    let ask = ASKS.load(Ordering::Relaxed);
    let _ = ASKED.try_with(|asked| asked.set(true));
    if ask.is_null() {
        // The library for `LD_PRELOAD` says nothing.
        sys::ask_c();
    } else {
        #[expect(unsafe_code, reason = "functions have no atomic type")]
        // SAFETY: `define` has stored a function of this type.
        let ask = unsafe { core::mem::transmute::<*mut (), fn()>(ask) };
        ask();
    }
    ASKED.try_with(|asked| !asked.replace(false)).unwrap_or(false)
}
