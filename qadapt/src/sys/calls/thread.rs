//! Threads whose system calls are watched.

use core::cell::Cell;
use core::ffi::c_void;
use core::mem;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::super::posix::keeping_error;
use super::{Witness, gate, handler, signal};
use crate::model::SystemCall;

/// `PR_SET_SYSCALL_USER_DISPATCH`, and what it is told (linux/prctl.h).
const DISPATCH: u64 = 59;
const OFF: u64 = 0;
const ON: u64 = 1;

/// The kernel cannot do it, or may not. Relaxed: it spares attempts.
static IS_REFUSED: AtomicBool = AtomicBool::new(false);
/// The witness, as an address; 0 until there is one. Relaxed: each store is the same.
static WITNESS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
    /// A call has come to the handler.
    static HAS_COME: Cell<bool> = const { Cell::new(false) };
}

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

/// Has the kernel hand over this thread's calls where its selector is 1; false where that cannot be done, or is done with as the
/// thread ends. The first call on a thread may allocate.
pub(crate) fn watch(selector: *const u8, witness: Witness) -> bool {
    if is_watched() {
        return true;
    }
    if IS_REFUSED.load(Ordering::Relaxed) || selector.is_null() || AT_END.try_with(|_| ()).is_err() {
        return false;
    }
    WITNESS.store((witness as *const ()).addr(), Ordering::Relaxed);
    if !signal::set_handler(handler::address()) {
        return false;
    }
    signal::let_through();
    let is_on = dispatch(ON, selector);
    IS_REFUSED.store(!is_on, Ordering::Relaxed);
    let _ = IS_WATCHED.try_with(|cell| cell.set(is_on));
    is_on
}

/// Ends the watch of this thread.
pub(super) fn leave() {
    if IS_WATCHED.try_with(|cell| cell.replace(false)).unwrap_or(false) {
        dispatch(OFF, core::ptr::null());
    }
}

/// In a forked child, where the kernel watches nothing.
pub(crate) fn forked() {
    let _ = IS_WATCHED.try_with(|cell| cell.set(false));
}

#[expect(unsafe_code, reason = "calls the kernel")]
fn dispatch(mode: u64, selector: *const u8) -> bool {
    let (start, length) = if mode == ON { gate::range() } else { (0, 0) };
    let selector = selector.expose_provenance() as u64;
    // SAFETY: the selector is a byte of this thread's, which stays as long as the thread; `AtEnd` ends the watch before.
    unsafe { gate::make(libc::SYS_prctl, [DISPATCH, mode, start, length, selector, 0]) == 0 }
}

/// A call has come: tells of it if it may wait.
#[expect(unsafe_code, reason = "an address that was a function's")]
pub(super) fn witness(call: Option<&SystemCall>, mark: *const c_void) {
    let _ = HAS_COME.try_with(|cell| cell.set(true));
    let Some(call) = call else { return };
    let address = WITNESS.load(Ordering::Relaxed);
    if address != 0 {
        // SAFETY: `watch` has stored the address of such a function.
        let witness = unsafe { mem::transmute::<usize, Witness>(address) };
        witness(call, mark);
    }
}

/// Whether a call comes to the handler between two acts, of which the first sets the selector and the other puts it back.
#[expect(unsafe_code, reason = "calls the kernel as the program does")]
pub(crate) fn sees(set: impl FnOnce(), put_back: impl FnOnce()) -> bool {
    let _ = HAS_COME.try_with(|cell| cell.set(false));
    keeping_error(|| {
        set();
        // SAFETY: it has no arguments.
        unsafe { libc::syscall(libc::SYS_getppid) };
        put_back();
    });
    HAS_COME.try_with(Cell::get).unwrap_or(false)
}
