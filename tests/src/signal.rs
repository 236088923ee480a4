//! Signal handlers, for programs that test what happens in them.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Has a signal call a function on the thread that it interrupts.
///
/// # Errors
/// What the system says against it.
#[expect(unsafe_code, reason = "std has no signals")]
pub fn handle(signal: i32, handler: extern "C" fn(i32)) -> io::Result<()> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all-zero bytes are a valid `sigaction`: the default handler, no flags.
    let action = unsafe { action.assume_init_mut() };
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: `action` is a filled-in sigaction, and the old one is not asked for.
    checked(unsafe { libc::sigaction(signal, action, ptr::null_mut()) })
}

/// Sends a signal to the calling thread; its handler has run when this returns.
///
/// # Errors
/// What the system says against it.
#[expect(unsafe_code, reason = "std has no signals")]
pub fn raise(signal: i32) -> io::Result<()> {
    // SAFETY: `raise` takes any number.
    checked(unsafe { libc::raise(signal) })
}

fn checked(result: i32) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
