//! Threads whose system calls are watched.

use core::cell::Cell;
use core::ffi::c_void;
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::super::posix::keeping_error;
use super::{Witness, gate, signal};
use crate::model::SystemCall;

/// `PR_SET_SYSCALL_USER_DISPATCH`, and what it is told (linux/prctl.h).
const DISPATCH: u64 = 59;
const OFF: u64 = 0;
const ON: u64 = 1;

/// The witness, as an address; 0 until there is one. Relaxed: each store is the same.
static WITNESS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
    /// The kernel cannot do it, or may not: each thread can have a filter (`seccomp`) of its own, which it never loses again.
    static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
    /// A call has come to the handler.
    static HAS_COME: Cell<bool> = const { Cell::new(false) };
    /// Times that the watch of this thread has ended.
    static TIMES_LEFT: Cell<u32> = const { Cell::new(0) };
    /// Of those, inside of something that is to see calls.
    static GAPS: Cell<u32> = const { Cell::new(0) };
}

/// Some thread has had a gap. Relaxed: it says so once.
static HAS_GAPS: AtomicBool = AtomicBool::new(false);

/// Ends the watch with the thread: its selector goes away with it.
struct AtEnd;

impl Drop for AtEnd {
    fn drop(&mut self) {
        leave();
    }
}

thread_local! {
    static AT_END: AtEnd = const { AtEnd };
}

/// True if this thread's calls are watched, as far as the guard knows.
#[inline(always)]
pub(crate) fn is_watched() -> bool {
    IS_WATCHED.try_with(Cell::get).unwrap_or(false)
}

/// True if this thread's calls can be watched, as far as is known: nothing has refused it, and the thread does not end yet.
pub(super) fn may_be_watched() -> bool {
    !IS_REFUSED.try_with(Cell::get).unwrap_or(true) && AT_END.try_with(|_| ()).is_ok()
}

/// Asks the kernel for the watch of this thread; false where it refuses. To end a watch that there is not tells as much before
/// `prepare` changes anything of the program's signals.
pub(super) fn begin(selector: *const u8, witness: Witness, prepare: impl FnOnce() -> bool) -> bool {
    WITNESS.store((witness as *const ()).addr(), Ordering::Relaxed);
    let is_on =
        !gate::is_under_valgrind() && dispatch(OFF, ptr::null()) && prepare() && dispatch(ON, selector);
    let _ = IS_REFUSED.try_with(|cell| cell.set(!is_on));
    let _ = IS_WATCHED.try_with(|cell| cell.set(is_on));
    is_on
}

/// Ends the watch of this thread.
fn leave() {
    if end_watch() {
        dispatch(OFF, ptr::null());
    }
}

/// Ends the watch of this thread where a call has come: those that follow are missed until something watches anew.
pub(super) fn leave_a_gap() {
    note_gap();
    leave();
}

fn note_gap() {
    let _ = GAPS.try_with(|cell| cell.set(cell.get().saturating_add(1)));
    HAS_GAPS.store(true, Ordering::Relaxed);
}

/// How often the watch of this thread has ended too early.
pub(crate) fn gaps() -> u32 {
    GAPS.try_with(Cell::get).unwrap_or(1)
}

/// True if that has happened on any thread.
#[cfg(feature = "process-counts")]
pub(crate) fn has_gaps() -> bool {
    HAS_GAPS.load(Ordering::Relaxed)
}

/// Notes that this thread is not watched; true if it was.
fn end_watch() -> bool {
    let was_watched = IS_WATCHED.try_with(|cell| cell.replace(false)).unwrap_or(false);
    if was_watched {
        let _ = TIMES_LEFT.try_with(|cell| cell.set(cell.get().wrapping_add(1)));
    }
    was_watched
}

/// True if this thread's calls are watched or were.
pub(crate) fn has_watched() -> bool {
    is_watched() || times_left() > 0
}

/// How often the watch of this thread has ended: between two equal numbers it went on.
pub(crate) fn times_left() -> u32 {
    TIMES_LEFT.try_with(Cell::get).unwrap_or(0)
}

/// In a forked child, where the kernel watches nothing. With a selector the thread goes on to be watched.
pub(crate) fn forked(selector: Option<*const u8>) {
    // The handler and the end of the thread are as in the parent.
    let goes_on = selector.is_some_and(|selector| is_watched() && dispatch(ON, selector));
    if !goes_on && end_watch() && selector.is_some() {
        note_gap();
    }
}

#[expect(unsafe_code, reason = "calls the kernel")]
fn dispatch(mode: u64, selector: *const u8) -> bool {
    let (start, length) = if mode == ON { gate::range() } else { (0, 0) };
    let selector = selector.expose_provenance() as u64;
    // SAFETY: the selector is a byte of this thread's, which stays as long as the thread; `AtEnd` ends the watch before.
    unsafe { gate::make(libc::SYS_prctl, [DISPATCH, mode, start, length, selector, 0]) == 0 }
}

/// A call has come: tells of it if it may wait. True if it is to be made.
#[expect(unsafe_code, reason = "an address that was a function's")]
pub(super) fn witness(call: Option<&SystemCall>, mark: *const c_void) -> bool {
    let _ = HAS_COME.try_with(|cell| cell.set(true));
    let Some(call) = call else { return true };
    let address = WITNESS.load(Ordering::Relaxed);
    if address == 0 {
        return true;
    }
    // SAFETY: `watch` has stored the address of such a function.
    let witness = unsafe { mem::transmute::<usize, Witness>(address) };
    witness(call, mark)
}

/// Whether a call comes to the handler, where the selector is 1.
#[expect(unsafe_code, reason = "calls the kernel as the program does")]
pub(crate) fn sees() -> bool {
    // A question that is asked where the signal is held back is not to end the process.
    signal::unblock();
    let _ = HAS_COME.try_with(|cell| cell.set(false));
    keeping_error(|| {
        // SAFETY: it has no arguments.
        unsafe { libc::syscall(libc::SYS_getppid) };
    });
    HAS_COME.try_with(Cell::get).unwrap_or(false)
}
