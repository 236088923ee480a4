//! What an event does on a watched thread.

use core::ffi::c_void;

use super::capture::Captured;
use super::{announce, counters, frame, pending, setting, word};
use crate::model::{Mode, Op};

/// One call of an allocator method. Sizes and alignment are in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) op: Op,
    /// What is asked for; for a deallocation, what is given back.
    pub(crate) size: usize,
    /// The block's size before a reallocation; otherwise 0.
    pub(crate) old_size: usize,
    pub(crate) align: usize,
}

/// Before the inner allocator is called. `mark` lies on the stack of the allocator's method.
pub(super) fn before(request: &Request, mark: *const c_void) {
    let mut word = word::get();
    if word & word::UNLINKED != 0 {
        frame::link();
        word = word::get();
    }
    if word & word::PROBE != 0 {
        word::set(word & !word::PROBE);
        return;
    }
    if word & word::LEVELS == 0 || std::thread::panicking() {
        return;
    }
    pending::count();
    if word & word::BUSY != 0 {
        // A signal handler interrupted the lines below on this thread, and is protected.
        pending::push_lost();
        return;
    }
    word::set(word | word::BUSY);
    violate(request, mark, setting::default_mode());
    word::set(word);
    frame::update_attention();
}

/// After it: `succeeded` says whether there was memory.
pub(super) fn after(request: &Request, succeeded: bool) {
    if word::get() & word::COUNTING != 0 {
        counters::count(request, succeeded);
    }
}

fn violate(request: &Request, mark: *const c_void, mode: Mode) {
    match mode {
        Mode::Count => {}
        Mode::Panic | Mode::Log => {
            let stack = Captured::here(mark);
            let slot = stack.record(request);
            pending::push(frame::innermost_base(), request, mode, slot);
        }
        Mode::Abort => {
            announce::violation(request, &Captured::here(mark), b"; mode abort ends the process");
            std::process::abort();
        }
        Mode::Trap => {
            announce::violation(request, &Captured::here(mark), b"; mode trap raises SIGTRAP");
            trap();
        }
    }
}

#[expect(unsafe_code, reason = "std cannot raise a signal")]
fn trap() {
    // SAFETY: `raise` takes any signal's number; what the signal does is the user's choice of mode.
    unsafe { libc::raise(libc::SIGTRAP) };
}
