//! The steps of an allocator call that do not depend on the inner allocator.
//!
//! The allocator's methods are generic, and so are built with the user's crate, which a debug build does not optimise. In such
//! a build these steps are functions of this crate, which an audit optimises; everywhere else they are part of each method.

use core::alloc::Layout;
use core::ffi::c_void;
use core::sync::atomic::{Ordering, compiler_fence};

use super::event::{self, Care, Outcome};
use super::request::Request;
use super::{defer, own_blocks, word};
use crate::model::Ops;

/// True if anything watches this thread, or nothing has asked yet; or if the process counts every event.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn watched() -> bool {
    cfg!(feature = "process-counts") || word::get() & !word::SAMPLED != 0
}

/// The same, or what the thread allocates is sampled.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn watched_or_sampled() -> bool {
    cfg!(feature = "process-counts") || word::get() != 0
}

/// Of such a thread: true if what it allocates is sampled, and nothing watches it.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn only_sampled() -> bool {
    if cfg!(feature = "process-counts") || word::SAMPLED == 0 {
        return false;
    }
    // The word is read again: so each of the two tests is one instruction that reads it, and needs no register.
    compiler_fence(Ordering::SeqCst);
    word::get() == word::SAMPLED
}

/// See [`event::care`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn care(ops: Ops) -> Care {
    event::care(ops)
}

/// See [`event::care_by_default`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn care_by_default(ops: Ops) -> Care {
    event::care_by_default(ops)
}

/// See [`event::count_violation`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn count_violation() {
    event::count_violation();
}

/// See [`event::is_counted`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn is_counted() -> bool {
    event::is_counted()
}

/// See [`event::count`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn count(request: &Request, succeeded: bool) {
    event::count(request, succeeded);
}

/// See [`event::count_for_process`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn count_for_process(request: &Request, succeeded: bool) {
    event::count_for_process(request, succeeded);
}

/// See [`event::before`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn before(request: &Request, mark: *const c_void, is_outermost: fn() -> bool) -> Outcome {
    event::before(request, mark, is_outermost)
}

/// See [`event::after`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn after(request: &Request, succeeded: bool) {
    event::after(request, succeeded);
}

/// True if a deferring region is open on this thread.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn defers() -> bool {
    defer::thread::defers()
}

/// The same, or this thread asks for blocks that wait.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn may_defer() -> bool {
    defer::thread::state() != 0
}

/// See [`own_blocks::take`].
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn take_own(block: *const u8, size: usize) -> bool {
    own_blocks::take(block, size)
}

/// A block was given out: whatever of QADAPT's own lay there is gone, and it may be a new own one.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn given_out(block: *const u8, size: usize, may_be_own: bool) {
    own_blocks::forget(block);
    if may_be_own && word::is_raising(word::get()) {
        own_blocks::made(block, size);
    }
}

/// True while an allocator is at work on this thread.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn is_quiet() -> bool {
    word::get() & word::QUIET != 0
}

/// The inner allocator is called next: the edge of a region that a signal handler closes meanwhile says nothing, as that may
/// allocate. The thread must not be [quiet](is_quiet) yet.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn begin_quiet() {
    // The compiler knows what allocation functions read and write, and would move or drop the stores; and between the fences
    // each change is one instruction.
    compiler_fence(Ordering::SeqCst);
    word::set(word::get() | word::QUIET);
    compiler_fence(Ordering::SeqCst);
}

/// The inner allocator has returned.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn end_quiet() {
    compiler_fence(Ordering::SeqCst);
    word::set(word::get() & !word::QUIET);
    compiler_fence(Ordering::SeqCst);
}

/// The layout of this size and alignment.
///
/// # Safety
/// They are a layout's.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
#[expect(unsafe_code, reason = "a layout that was checked is not checked again")]
pub(super) unsafe fn layout(size: usize, align: usize) -> Layout {
    // SAFETY: the caller's contract is the callee's.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}
