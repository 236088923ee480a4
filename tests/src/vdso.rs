//! Programs for which every clock is a system call, as on machines whose clock source only the kernel can read.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::ptr;

/// What the kernel tells a program at its start (`linux/auxvec.h`): the end, nothing, and where the vDSO lies.
const END: u64 = 0;
const NOTHING: u64 = 1;
const VDSO: u64 = 33;
const WORD: u64 = 8;

/// Starts a program that does not learn where its vDSO lies, so that it calls the kernel for what that would answer.
///
/// # Errors
/// If it cannot be started or traced, which some containers do not let be done.
#[expect(unsafe_code, reason = "std does not trace")]
pub fn spawn_without(command: &mut Command) -> io::Result<Child> {
    let trace = || {
        // SAFETY: this process is to stop where its next program begins; the rest is not looked at.
        let answer = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) };
        if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    };
    // SAFETY: between fork and exec it makes a system call, and nothing else.
    unsafe { command.pre_exec(trace) };
    let child = command.spawn()?;
    let number = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: there is room for the status.
    let stopped = unsafe { libc::waitpid(number, &raw mut status, 0) };
    if stopped != number || !libc::WIFSTOPPED(status) {
        return Err(io::Error::other("the program did not stop at its start"));
    }
    hide(number)?;
    let none = ptr::null_mut::<libc::c_void>();
    // SAFETY: the process is stopped, and traced by this thread.
    if unsafe { libc::ptrace(libc::PTRACE_DETACH, number, none, none) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(child)
}

/// Takes the vDSO out of what a stopped program finds on its stack: the number of its arguments, those, a zero, its environment, a
/// zero, and pairs of words.
#[expect(unsafe_code, reason = "as above")]
fn hide(number: libc::pid_t) -> io::Result<()> {
    // SAFETY: zeros are numbers.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    // SAFETY: the process is stopped, and there is room for its registers.
    if unsafe { libc::ptrace(libc::PTRACE_GETREGS, number, 0, &raw mut registers) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{number}/mem"))?;
    let read = |at: u64| {
        let mut bytes = [0; 8];
        memory.read_exact_at(&mut bytes, at).map(|()| u64::from_ne_bytes(bytes))
    };
    let mut at = registers.rsp;
    at += WORD * (read(at)? + 2);
    while read(at)? != 0 {
        at += WORD;
    }
    at += WORD;
    loop {
        match read(at)? {
            END => return Err(io::Error::other("the kernel told of no vDSO")),
            VDSO => return memory.write_all_at(&NOTHING.to_ne_bytes(), at),
            _ => at += 2 * WORD,
        }
    }
}
