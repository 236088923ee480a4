//! `SIGSYS` and its handlers, past the C library: only the kernel's own call takes a place to return to.

use core::ffi::c_int;
use core::mem::size_of;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::gate;

/// A handler, in the kernel's form.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Action {
    pub(super) handler: usize,
    pub(super) flags: u64,
    restorer: u64,
    /// Signals that are held back while it runs, the first one in the lowest bit.
    pub(super) mask: u64,
}

/// The bit of a signal in a mask.
const fn bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}

/// The kernel's `SA_RESTORER`.
const HAS_RESTORER: u64 = 0x0400_0000;
/// Signals of the kernel's, from 1 on.
const SIGNALS: c_int = 64;
/// Signals that the guard's handler does not hold back: its own, and what a fault raises.
const THROUGH: u64 = bit(libc::SIGSYS)
    | bit(libc::SIGSEGV)
    | bit(libc::SIGBUS)
    | bit(libc::SIGFPE)
    | bit(libc::SIGILL)
    | bit(libc::SIGTRAP)
    | bit(libc::SIGABRT);

/// The handler that was there before the guard's, its flags in the kernel's form, and what it holds back is not kept. Relaxed: a
/// signal of the program's own meets one or the other.
static BEFORE: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);
static BEFORE_FLAGS: AtomicUsize = AtomicUsize::new(0);

/// Changes or only asks for a signal's action.
#[expect(unsafe_code, reason = "calls the kernel")]
fn change(signal: c_int, action: Option<&Action>) -> Option<Action> {
    let mut before = Action { handler: 0, flags: 0, restorer: 0, mask: 0 };
    let new = action.map_or(0, |action| ptr::from_ref(action).expose_provenance() as u64);
    let old = (&raw mut before).expose_provenance() as u64;
    // SAFETY: both are actions or null. A new one is the guard's handler, or one of the program's, changed in its mask alone.
    let answer = unsafe {
        gate::make(
            libc::SYS_rt_sigaction,
            [signal.unsigned_abs().into(), new, old, size_of::<u64>() as u64, 0, 0],
        )
    };
    (answer == 0).then_some(before)
}

/// Sets a handler for `SIGSYS`, unless it is set; false where that cannot be done.
pub(super) fn set_handler(handler: usize) -> bool {
    let Some(now) = change(libc::SIGSYS, None) else { return false };
    if now.handler == handler {
        return true;
    }
    BEFORE.store(now.handler, Ordering::Relaxed);
    BEFORE_FLAGS.store(usize::try_from(now.flags).unwrap_or(0), Ordering::Relaxed);
    // The signal is not held back in its own handler, so that a mask that is read there is the program's.
    let flags = HAS_RESTORER | u64::from((libc::SA_SIGINFO | libc::SA_NODEFER).unsigned_abs());
    let action = Action { handler, flags, restorer: gate::end_of_handler(), mask: !THROUGH };
    change(libc::SIGSYS, Some(&action)).is_some()
}

/// The handler that the program has had, and whether it takes three arguments.
pub(super) fn program_s_handler() -> (usize, bool) {
    let takes_three = BEFORE_FLAGS.load(Ordering::Relaxed) & libc::SA_SIGINFO.unsigned_abs() as usize != 0;
    (BEFORE.load(Ordering::Relaxed), takes_three)
}

/// The program handles the signal as if there were no guard.
pub(super) fn give_back() {
    let action = Action { handler: BEFORE.load(Ordering::Relaxed), flags: 0, restorer: 0, mask: 0 };
    change(libc::SIGSYS, Some(&action));
}

/// Lets `SIGSYS` through, on this thread and in handlers: where it is held back, the kernel ends a process that would get it.
pub(super) fn let_through() {
    unblock();
    for signal in 1..=SIGNALS {
        if matches!(signal, libc::SIGKILL | libc::SIGSTOP | libc::SIGSYS) {
            continue;
        }
        let Some(action) = change(signal, None) else { continue };
        let is_handled = !matches!(action.handler, libc::SIG_DFL | libc::SIG_IGN);
        if is_handled && action.mask & bit(libc::SIGSYS) != 0 {
            change(signal, Some(&Action { mask: action.mask & !bit(libc::SIGSYS), ..action }));
        }
    }
}

/// Lets `SIGSYS` through on this thread.
#[expect(unsafe_code, reason = "calls the kernel")]
pub(super) fn unblock() {
    let mask = bit(libc::SIGSYS);
    let how = libc::SIG_UNBLOCK.unsigned_abs().into();
    let set = (&raw const mask).expose_provenance() as u64;
    // SAFETY: the set is readable, and no old one is asked for.
    let _ = unsafe { gate::make(libc::SYS_rt_sigprocmask, [how, set, 0, size_of::<u64>() as u64, 0, 0]) };
}

/// Sets this thread's mask.
#[expect(unsafe_code, reason = "calls the kernel")]
pub(super) fn set_mask(mask: u64) {
    let how = libc::SIG_SETMASK.unsigned_abs().into();
    let set = (&raw const mask).expose_provenance() as u64;
    // SAFETY: the set is readable, and no old one is asked for.
    let _ = unsafe { gate::make(libc::SYS_rt_sigprocmask, [how, set, 0, size_of::<u64>() as u64, 0, 0]) };
}

/// This thread's mask, without `SIGSYS`.
#[expect(unsafe_code, reason = "calls the kernel")]
pub(super) fn mask() -> u64 {
    let mut mask = 0_u64;
    let how = libc::SIG_BLOCK.unsigned_abs().into();
    let old = (&raw mut mask).expose_provenance() as u64;
    // SAFETY: the old set is written, and no new one is given.
    let _ = unsafe { gate::make(libc::SYS_rt_sigprocmask, [how, 0, old, size_of::<u64>() as u64, 0, 0]) };
    mask & !bit(libc::SIGSYS)
}
