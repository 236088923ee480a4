//! System calls that come to the guard before they reach the kernel: syscall user dispatch (Linux from 5.11 on).
//!
//! A thread tells the kernel where its *selector* lies, a byte, and one range of code (prctl(2),
//! `PR_SET_SYSCALL_USER_DISPATCH`). While the byte is 1, a call from outside the range is not made: the thread gets a signal,
//! `SIGSYS`. Its [handler](handler) looks what the call is, tells the guard, and has it made from within the range, once the handler
//! has returned: so that masks, stacks, errors and interruptions are as without the guard.
//!
//! ```text
//!  user's code          kernel             on_signal                     the range (gate.rs)
//!  syscall  ------>  selector is 1  --->  note it; the context     --->  syscall; to where the user's
//!                    SIGSYS               continues at the gate          code goes on
//! ```
//!
//! A call that starts a thread or a process with a stack of its own would return there, where nothing leads back from the range.
//! It is made where it stands, with the thread no longer watched until its next region opens.

#[cfg_attr(all(qadapt_calls, not(miri)), path = "thread.rs")]
#[cfg_attr(not(all(qadapt_calls, not(miri))), path = "absent.rs")]
mod thread;

#[cfg(all(qadapt_calls, not(miri)))]
mod gate;
#[cfg(all(qadapt_calls, not(miri)))]
mod handler;
#[cfg(all(qadapt_calls, not(miri)))]
mod signal;
#[cfg(all(qadapt_calls, not(miri)))]
mod waits;
#[cfg(all(qadapt_calls, not(miri)))]
mod watch;

#[cfg(all(qadapt_calls, not(miri)))]
pub(crate) use gate::{map_pages, unmap_pages, usage_of_thread};
#[cfg(feature = "process-counts")]
pub(crate) use thread::has_gaps;
#[cfg(not(all(qadapt_calls, not(miri))))]
pub(crate) use thread::watch;
pub(crate) use thread::{forked, gaps, has_watched, is_watched, sees, times_left};
#[cfg(all(qadapt_calls, not(miri)))]
pub(crate) use watch::watch;

use core::ffi::c_void;

use crate::model::SystemCall;

/// What is told of a call that may wait, on the thread that makes it, before it is made: with an address below which its stack has
/// nothing of the program's. It runs in a signal handler, and says whether the call is to be made.
pub(crate) type Witness = fn(&SystemCall, *const c_void) -> bool;
