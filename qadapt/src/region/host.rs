//! What this copy does for others in the process that were loaded later: its regions' table is theirs too.
//!
//! Each function is called through a table that those find by a note; see [`copies`](crate::hot::copies).

use core::ffi::c_void;
use core::ptr;

use crate::checks;
use crate::hot::apart;
use crate::hot::c;
use crate::hot::capture::STACKS;
use crate::hot::copies::{
    self, C, Event, FRAMES, Handle, Host, INTERRUPTED, MAJOR, PANICKING, QUIET, Region, SUCCEEDED, Taken,
    Verdict, kinds,
};
use crate::hot::event::Outcome;
use crate::hot::pending::{self, Pending};
use crate::hot::record::{Kind, Serial};
use crate::hot::request::{Cause, Request};
use crate::hot::{blocking, calls, end, open, own_work, setting, step, table, word};
use crate::model::{Budget, Calls, Mode, Op};
use crate::sys::{self, Note};

use super::{lending, manual};

static HOST: Host = Host {
    size: size_of::<Host>(),
    open: open_record,
    end: end_record,
    take,
    before,
    after,
    violations: pending_violations,
    mode,
    watch_calls,
    hears,
    calls_left,
    level,
};

/// By which other copies find this one. What runs before `main` names it, which keeps it in the file.
#[cfg_attr(all(qadapt_elf, not(feature = "alone")), unsafe(link_section = ".note.qadapt"))]
#[cfg_attr(
    all(qadapt_elf, not(feature = "alone")),
    expect(unsafe_code, reason = "notes have a section of their own")
)]
pub(super) static NOTE: Note<Host> = Note::new(MAJOR, &HOST);

static HANDLE: Handle = Handle::new(&HOST);

/// What a plug-in's copy of QADAPT needs to share this one's guard, for [`share_guard`]. It stays valid while this file is loaded.
///
/// Where programs are ELF files, on Linux and Android, copies find each other and nobody needs it. Null in a build without checks, and
/// in a copy that shares another one's guard.
///
/// # Examples
/// ```
/// // The program hands this to each plug-in that it loads, by a function of the plug-in's for that.
/// let handle = qadapt::guard_handle();
/// // A copy is no guest of its own.
/// // SAFETY: it was just got, and the program stays loaded.
/// assert!(!unsafe { qadapt::share_guard(handle) });
/// ```
#[must_use]
pub fn guard_handle() -> *const c_void {
    if !checks::ON || copies::is_guest() {
        return ptr::null();
    }
    (&raw const HANDLE).cast()
}

/// Has this copy of QADAPT share the guard of the one that gave the [handle](guard_handle): a region of either sees what the other
/// allocates, as on Linux and Android without a call. True if it does from here on, or did before; false for null, for this copy's own
/// handle, and for that of a version that does not fit, which is said once on standard error.
///
/// For a plug-in where programs are no ELF files (Windows, macOS), and under the feature `alone`. It is called as the plug-in is
/// loaded: threads that have used this copy before stay apart. It was tested on Linux with that feature, and nowhere else.
///
/// # Safety
/// The handle is null, or another copy's [`guard_handle`] in this process whose file is not unloaded any more.
///
/// # Examples
/// ```
/// // SAFETY: the handle is null.
/// assert!(!unsafe { qadapt::share_guard(std::ptr::null()) });
/// ```
#[must_use]
#[expect(unsafe_code, reason = "trusts what was compiled apart")]
pub unsafe fn share_guard(handle: *const c_void) -> bool {
    // SAFETY: the caller's contract is the callee's.
    checks::ON && unsafe { copies::join(handle.cast(), &HOST) }
}

#[expect(unsafe_code, reason = "reads what was compiled apart")]
unsafe extern "C" fn open_record(region: *const Region) -> u64 {
    // SAFETY: a guest passes a structure that says its size.
    let region = unsafe { copies::read(region) };
    if word::get() & word::UNLINKED != 0 {
        step::link();
    }
    let kind = match region.kind {
        kinds::CLOSURE => Kind::Policy,
        kinds::GUARD => Kind::Guard,
        kinds::PERMIT => Kind::Permit,
        kinds::OWN_WORK => Kind::OwnWork,
        kinds::HOOK => Kind::Hook,
        kinds::RAISING => Kind::Raising,
        kinds::UNCOUNTED => Kind::Uncounted,
        _ => return 0,
    };
    let flags = word::of_rules([region.operations, region.modes, region.rules]);
    let [allocs, requests, bytes, peak_bytes] = region.budget;
    let calls = u32::try_from(region.budget_calls.wrapping_sub(1)).unwrap_or(Budget::NO_CALLS_GIVEN);
    let budget = Budget { allocs, requests, bytes, peak_bytes, calls, ..Budget::new() };
    open::for_guest(kind, flags, &budget, Calls::of_parts(region.calls, region.more_calls)).number()
}

extern "C" fn end_record(serial: u64, how: u32) -> u32 {
    let ended = end::record_slowly(Serial::numbered(serial));
    lending::end(ended.loans, ended.serial);
    let is_quiet = ended.quiet || how & INTERRUPTED != 0;
    if is_quiet {
        pending::put_off(ended.serial, table::reporter());
    }
    if !ended.loans.is_empty() {
        step::refresh();
    }
    if is_quiet { QUIET } else { 0 }
}

#[expect(unsafe_code, reason = "writes what was compiled apart")]
unsafe extern "C" fn take(serial: u64, to: *mut Taken) -> u32 {
    if pending::is_empty() {
        return Taken::NOTHING;
    }
    let serial = Serial::numbered(serial);
    let (what, taken) = if let Some(pending) = pending::take(serial) {
        (Taken::VIOLATIONS, told(&pending))
    } else {
        let lost = pending::take_lost(serial);
        if lost.count == 0 {
            // Nothing is pending for it any more: the thread's edges may be fast again.
            step::refresh();
            return Taken::NOTHING;
        }
        (Taken::LOST, Taken { times: lost.count, owed: lost.owed, ..Taken::EMPTY })
    };
    // SAFETY: a guest passes a structure that says its size, and has room for that.
    unsafe { copies::write(&taken, to) };
    what
}

/// What is told of violations, which are another copy's to report from here on.
fn told(pending: &Pending) -> Taken {
    let Pending { op, size, old_size, align, mode, cause, slot, times, lent } = *pending;
    let mut taken = Taken {
        operation: op.code().into(),
        mode: mode.severity().into(),
        cause: u32::from(cause == Cause::OverBudget) | u32::from(lent) << 1,
        times: times.into(),
        bytes: size,
        old_bytes: old_size,
        align,
        ..Taken::EMPTY
    };
    let Some(slot) = slot else { return taken };
    STACKS.mark_reported(slot, times.into());
    if let Some(stack) = STACKS.stack(slot) {
        let frames = stack.frames();
        for (place, &frame) in taken.stack.iter_mut().zip(frames) {
            *place = frame;
        }
        taken.frames = u32::try_from(frames.len().min(FRAMES)).unwrap_or(0);
    }
    taken
}

#[expect(unsafe_code, reason = "reads what was compiled apart")]
unsafe extern "C" fn before(event: *const Event) -> u32 {
    // SAFETY: a guest passes a structure that says its size.
    let event = unsafe { copies::read(event) };
    if event.state & C != 0 {
        c::answer();
    } else if word::get() & word::OWN_WORK != 0 && word::get() & word::PROBE != 0 {
        word::set(word::get() & !word::PROBE);
        return Verdict::REFUSE.0;
    }
    let Some(request) = request(&event) else { return Verdict::UNSEEN.0 };
    let verdict = match apart::begin(&request, event.mark, event.state & PANICKING != 0) {
        Outcome::Proceed => Verdict::PROCEED,
        Outcome::Refuse => Verdict::REFUSE,
        Outcome::PassOn => Verdict::UNSEEN,
    };
    verdict.0
}

#[expect(unsafe_code, reason = "reads what was compiled apart")]
unsafe extern "C" fn after(event: *const Event) {
    // SAFETY: a guest passes a structure that says its size.
    let event = unsafe { copies::read(event) };
    if let Some(request) = request(&event) {
        apart::end(&request, event.state & SUCCEEDED != 0);
    }
}

/// The call of an allocator that was told so; `None` for an operation that this copy does not know.
fn request(event: &Event) -> Option<Request> {
    let op = u8::try_from(event.operation).ok().and_then(Op::from_code).filter(|&op| op != Op::SystemCall)?;
    Some(Request { op, size: event.bytes, old_size: event.old_bytes, align: event.align })
}

extern "C" fn pending_violations(more: i64) -> u64 {
    pending::change_violations(more)
}

extern "C" fn mode(severity: u32) -> u32 {
    let known = Mode::BY_SEVERITY.into_iter().find(|mode| u32::from(mode.severity()) == severity);
    let before = match known {
        Some(mode) => setting::set_default_mode(mode),
        None => setting::default_mode(),
    };
    if known.is_some() {
        step::refresh();
    }
    before.severity().into()
}

extern "C" fn watch_calls(asks: u32) -> u32 {
    let is_watched = if asks == 0 {
        sys::calls::is_watched() || own_work::as_own_work(blocking::watch)
    } else {
        blocking::is_watched()
    };
    is_watched.into()
}

extern "C" fn calls_left(serial: u64) -> u64 {
    let left = calls::left_of(Serial::numbered(serial)).filter(|&left| left != Budget::NO_CALLS_GIVEN);
    left.map_or(0, |left| u64::from(left) + 1)
}

extern "C" fn level() -> u64 {
    manual::own_level().try_into().unwrap_or(u64::MAX)
}

extern "C" fn hears(listens: u32) -> u32 {
    let word = word::get();
    if listens == 0 {
        word::set(word & !word::PROBE);
        return (word & word::PROBE == 0).into();
    }
    if word & word::OWN_WORK == 0 {
        return 0;
    }
    word::set(word | word::PROBE);
    1
}
