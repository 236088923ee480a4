//! System calls in which a thread may wait, in regions that disallow them.
//!
//! The kernel hands over each call that is made while the word's selector is 1: see [`sys::calls`]. A call is an event like a request
//! to the allocator, but that it is told in a signal handler, which interrupts the program and nothing of the guard's.

use core::ffi::c_void;

use super::calls::{self, Ruling};
use super::event::Outcome;
use super::request::Request;
use super::{dispatch, end, event, table, word};
use crate::model::{Op, Ops, SystemCall};
use crate::sys;

/// Has this thread's system calls watched; false where that cannot be done. The first call on a thread may allocate.
pub(crate) fn watch() -> bool {
    sys::calls::watch(word::selector(), witness)
}

/// Why a thread's system calls cannot be watched.
pub(crate) const WHY_NOT: &str = if cfg!(all(qadapt_calls, not(miri))) {
    "the kernel refuses syscall user dispatch, which Linux has from 5.11 on, Valgrind runs the program, or the thread is ending"
} else {
    "they can be watched on x86-64 Linux only"
};

/// Asks the kernel whether this thread's calls come to the guard, by making one.
pub(crate) fn is_watched() -> bool {
    watch() && dispatch::asks_kernel()
}

/// In a forked child: its calls are watched where a region is open that sees them, or something that may hide one.
pub(crate) fn forked() {
    let is_open = word::get() & word::CALLS != 0 || word::permits() > 0 || table::is_any_open();
    sys::calls::forked(is_open.then(word::selector).filter(|selector| !selector.is_null()));
}

/// What [`sys::calls`] tells of a call that may wait. True if it is to be made.
fn witness(call: &SystemCall, mark: *const c_void) -> bool {
    // What would be violated may have ended on another thread.
    end::look_for_moved();
    let word = word::get();
    // From here on the thread calls the kernel as it likes.
    word::set(word & !word::CALLS);
    if word & word::CALLS == 0 {
        return true;
    }
    let outcome = judge(call, mark, word);
    word::set(word::get() | word::CALLS);
    outcome != Outcome::Refuse
}

fn judge(call: &SystemCall, mark: *const c_void, word: i64) -> Outcome {
    let sight = calls::look(call);
    // What was at work before a handler opened the region makes no call in it.
    let (is_own, by_allocator) = if sight.is_interrupting {
        (false, false)
    } else {
        (word & word::BUSY != 0, word & word::QUIET != 0)
    };
    if is_own || by_allocator && !word::disallows(word, Ops::ALL) {
        // What a violation writes at the event; or the region allows what the allocator does.
        return Outcome::Proceed;
    }
    let (size, old_size) = SystemCall { by_allocator, ..*call }.packed();
    let request = Request { op: Op::SystemCall, size, old_size, align: 1 };
    // As with requests to the allocator: what a panicking thread calls is counted, and neither a violation nor taken off a budget.
    let is_panicking = std::thread::panicking();
    if sight.is_counted && !by_allocator {
        calls::count(1);
        if !is_panicking {
            event::keep_stack(&request, mark, word);
        }
    }
    if sight.is_budgeted && !is_panicking {
        calls::take(call);
    }
    match sight.ruling {
        Ruling::Free if !sight.is_counted => {}
        Ruling::Violation(cause) if !is_panicking => return event::call(&request, mark, word, cause),
        Ruling::Free | Ruling::Permitted | Ruling::InBudget | Ruling::Violation(_) => {
            event::allowed_call(&request);
        }
    }
    Outcome::Proceed
}
