//! System calls in which a thread may wait, in regions that disallow them.
//!
//! The kernel hands over each call that is made while the word's selector is 1: see [`sys::calls`]. A call is an event like a request
//! to the allocator, but that it is told in a signal handler, which interrupts the program and nothing of the guard's.

use core::ffi::c_void;

use super::request::Request;
use super::{dispatch, end, event, table, word};
use crate::model::{Calls, Op, Ops, SystemCall};
use crate::sys;

/// Has this thread's system calls watched; false where that cannot be done. The first call on a thread may allocate.
pub(crate) fn watch() -> bool {
    sys::calls::watch(word::selector(), witness)
}

/// Why a thread's system calls cannot be watched.
pub(crate) const WHY_NOT: &str = if cfg!(all(qadapt_calls, not(miri))) {
    "the kernel refuses syscall user dispatch, which Linux has from 5.11 on, or the thread is ending"
} else {
    "they can be watched on x86-64 Linux only"
};

/// Asks the kernel whether this thread's calls come to the guard, by making one.
pub(crate) fn is_watched() -> bool {
    watch() && dispatch::asks_kernel()
}

/// What [`sys::calls`] tells of a call that may wait.
fn witness(call: &SystemCall, mark: *const c_void) {
    // What would be violated may have ended on another thread.
    end::look_for_moved();
    let word = word::get();
    // From here on the thread calls the kernel as it likes.
    word::set(word & !word::CALLS);
    if word & word::CALLS != 0 {
        judge(call, mark, word);
        word::set(word::get() | word::CALLS);
    }
}

fn judge(call: &SystemCall, mark: *const c_void, word: i64) {
    if std::thread::panicking() {
        return;
    }
    let Some(region) = disallowing(call) else { return };
    // What was at work before a handler opened the region makes no call in it.
    let (is_own, by_allocator) = if region.is_interrupting() {
        (false, false)
    } else {
        (word & word::BUSY != 0, word & word::QUIET != 0)
    };
    if is_own || by_allocator && !word::disallows(word, Ops::ALL) {
        // What a violation writes at the event; or the region allows what the allocator does.
        return;
    }
    let (size, old_size) = SystemCall { by_allocator, ..*call }.packed();
    event::call(&Request { op: Op::SystemCall, size, old_size, align: 1 }, mark, word);
}

/// The calls that all open regions which disallow some allow: what another thread is lent.
pub(crate) fn allowed() -> Calls {
    let allowed = table::with(|table| {
        let mut allowed = Calls::ALL;
        table.for_each(|record| {
            let is_hidden = record.word() & word::CALLS == 0;
            if !is_hidden && record.flags.get() & word::CALLS != 0 {
                allowed = allowed.both(record.allowed.get());
            }
            !is_hidden
        });
        allowed
    });
    allowed.unwrap_or(Calls::NONE)
}

/// The calls that the innermost open region allows which disallows this one, up to a permit; `None` where all allow it.
fn disallowing(call: &SystemCall) -> Option<Calls> {
    let found = table::with(|table| {
        let (mut found, mut is_hidden) = (None, false);
        table.for_each(|record| {
            is_hidden = record.word() & word::CALLS == 0;
            let allowed = record.allowed.get();
            if !is_hidden && record.flags.get() & word::CALLS != 0 && !allowed.has(call.number, call.class) {
                found = Some(allowed);
            }
            !is_hidden && found.is_none()
        });
        // Below all records lie regions that allow nothing.
        let base = if table.len() == 0 { word::CALLS } else { table.base() };
        found.or((!is_hidden && base & word::CALLS != 0).then_some(Calls::NONE))
    });
    found.flatten()
}
