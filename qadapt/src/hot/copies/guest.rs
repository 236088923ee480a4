//! What a copy does that was not the first: it finds its host, and tells it what is open and what happens.

use core::cell::Cell;
use core::ffi::{CStr, c_void};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::abi::{self, Event, Handle, Host, Region, Taken, Verdict, kinds};
use crate::hot::announce::Line;
use crate::hot::pending::{self, Lost, Pending};
use crate::hot::record::{Kind, Record, Serial};
use crate::hot::request::{Cause, Request};
use crate::hot::{budget, capture, setting, step, word};
use crate::model::{Budget, Mode, Op};
use crate::sys::{self, Note};

/// The host; null in a copy that is its own. Release where it is set pairs with Acquire where it is read.
static HOST: AtomicPtr<Host> = AtomicPtr::new(ptr::null_mut());

/// The host of this copy, if that is another one.
#[expect(unsafe_code, reason = "the host was compiled apart")]
fn host() -> Option<&'static Host> {
    // SAFETY: null, or what `find` took from a note of this interface's number: a host's static table, at least as large as this
    // copy knows it. The file that it lies in stays loaded.
    unsafe { HOST.load(Ordering::Acquire).as_ref() }
}

/// Looks for a copy that was loaded before this one, which has this note. It runs before `main`, or while this copy's file is
/// loaded.
pub(crate) fn find(own: &'static Note<Host>) {
    if cfg!(any(miri, feature = "alone")) {
        return;
    }
    let own = ptr::from_ref(own).addr();
    let mut found: Option<(*const Host, *const core::ffi::c_char)> = None;
    sys::for_each_note(|note| {
        if note.address == own {
            return false;
        }
        let table = ptr::with_exposed_provenance::<Host>(note.value);
        if note.kind == abi::MAJOR && is_large_enough(table) {
            found = Some((table, note.file.as_ptr()));
            return false;
        }
        say_apart(note.file);
        true
    });
    let Some((table, file)) = found else { return };
    #[expect(unsafe_code, reason = "a name of the loader's")]
    // SAFETY: the loader's string. It stays while the file is loaded; and nobody unloads that here, where the loader is at work for
    // this copy.
    let file = unsafe { CStr::from_ptr(file) };
    sys::keep_loaded(file);
    have_host(table);
}

/// Takes another copy, which handed this over, for the host. True if that is the host now, or was before.
///
/// # Safety
/// It is null or another copy's handle, and that one's file stays loaded.
#[expect(unsafe_code, reason = "the host was compiled apart")]
pub(crate) unsafe fn join(handle: *const Handle, own: &'static Host) -> bool {
    if handle.is_null() {
        return false;
    }
    // SAFETY: the caller's promise. Every version's handle begins with the name, and then has its number.
    let name = unsafe { (*handle).name };
    // SAFETY: as above.
    let number = unsafe { (*handle).number };
    if name != Handle::NAME || number != abi::MAJOR as usize {
        say_apart(c"");
        return false;
    }
    // SAFETY: a handle of this number has the address of a table here.
    let table = ptr::from_ref(unsafe { (*handle).host });
    if let Some(host) = host() {
        return ptr::eq(host, table);
    }
    if ptr::eq(own, table) {
        return false;
    }
    if !is_large_enough(table) {
        say_apart(c"");
        return false;
    }
    have_host(table);
    true
}

/// True if this copy has another one for its host.
pub(crate) fn is_guest() -> bool {
    host().is_some()
}

fn have_host(table: *const Host) {
    HOST.store(table.cast_mut(), Ordering::Release);
    setting::set_guest();
    if word::get() & word::UNLINKED == 0 {
        // What was loaded before this ran has touched the guard.
        step::refresh();
    }
}

/// True if a host's table has all that this copy asks for.
#[expect(unsafe_code, reason = "the host was compiled apart")]
fn is_large_enough(table: *const Host) -> bool {
    // SAFETY: a note of this interface's number has the address of such a table, which begins with its size.
    !table.is_null() && table.is_aligned() && unsafe { table.cast::<usize>().read() } >= size_of::<Host>()
}

/// Says that another copy has another interface. It runs once for each.
fn say_apart(file: &CStr) {
    let file = if file.is_empty() { b"the program" } else { file.to_bytes() };
    Line::new()
        .text(b"qadapt: the copies in ")
        .text(file)
        .text(b" and in a file loaded later do not fit together; each watches its own allocations only")
        .write();
}

/// A record has opened.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "calls what was compiled apart")]
pub(in crate::hot) fn open(record: &Record) {
    let Some(host) = host() else { return };
    let kind = match record.kind() {
        Kind::Plain | Kind::Policy | Kind::Borrowed => kinds::CLOSURE,
        Kind::Manual | Kind::Guard => kinds::GUARD,
        Kind::Permit => kinds::PERMIT,
        Kind::OwnWork => kinds::OWN_WORK,
        Kind::Hook => kinds::HOOK,
        Kind::Raising => kinds::RAISING,
        Kind::Uncounted => kinds::UNCOUNTED,
        Kind::Free | Kind::Counting | Kind::Recording | Kind::Loan => return record.host.set(0),
    };
    let flags = match record.kind() {
        Kind::Plain | Kind::Manual => word::policy(crate::model::Ops::ALL, None),
        _ => record.flags.get(),
    };
    let [operations, modes, rules] = word::rules(flags);
    let budget = if flags & word::BUDGET == 0 { Budget::new() } else { budget::left_of(record) };
    let (calls, more_calls) = record.allowed.get().parts();
    let region = Region {
        size: size_of::<Region>(),
        kind,
        operations,
        modes,
        rules,
        budget: [budget.allocs, budget.requests, budget.bytes, budget.peak_bytes],
        calls,
        budget_calls: if record.limits_calls() { u64::from(record.calls.get()) + 1 } else { 0 },
        more_calls,
    };
    // SAFETY: the region is whole and says its size.
    record.host.set(unsafe { (host.open)(&raw const region) });
}

/// What is left of a record's budget of calls, where another copy counts them; `None` where that is this one.
pub(in crate::hot) fn calls_left(record: &Record) -> Option<u32> {
    let serial = record.host.get();
    let host = host().filter(|_| serial != 0)?;
    (host.calls_left)(serial).checked_sub(1).and_then(|left| u32::try_from(left).ok())
}

/// A record is about to end, or has; what its host has pending becomes its own. True if nothing may be said of it now.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "calls what was compiled apart")]
pub(in crate::hot) fn end(record: &Record, is_interrupted: bool) -> bool {
    let serial = record.host.replace(0);
    let Some(host) = host().filter(|_| serial != 0) else { return false };
    if (host.end)(serial, if is_interrupted { abi::INTERRUPTED } else { 0 }) & abi::QUIET != 0 {
        return true;
    }
    let mut taken = Taken::EMPTY;
    // SAFETY: what is taken has its size, and room for so much.
    while let what @ (Taken::VIOLATIONS | Taken::LOST) = unsafe { (host.take)(serial, &raw mut taken) } {
        if what == Taken::LOST {
            pending::adopt_lost(record.reporter(), Lost::of(taken.times, taken.owed));
        } else {
            adopt(record.reporter(), &taken);
        }
    }
    false
}

/// Makes violations a region's of this copy.
fn adopt(region: Serial, taken: &Taken) {
    let Some(op) = u8::try_from(taken.operation).ok().and_then(Op::from_code) else { return };
    let request = Request { op, size: taken.bytes, old_size: taken.old_bytes, align: taken.align };
    let times = u32::try_from(taken.times).unwrap_or(u32::MAX);
    let frames = taken.stack.get(..taken.frames as usize).unwrap_or_default();
    let slot = if frames.is_empty() { None } else { capture::adopt(frames, &request, times) };
    let pending = Pending {
        op,
        size: request.size,
        old_size: request.old_size,
        align: request.align,
        mode: Mode::of_severity(u8::try_from(taken.mode).unwrap_or(0)),
        cause: if taken.cause & 1 != 0 { Cause::OverBudget } else { Cause::Disallowed },
        slot,
        times,
        lent: taken.cause & 2 != 0,
    };
    pending::adopt(region, &pending);
}

thread_local! {
    /// The host has been asked about an event, and has not been told its end.
    static IS_ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Asks before an event what becomes of it. `None` where a signal handler asks between the two halves of another event.
#[expect(unsafe_code, reason = "calls what was compiled apart")]
pub(in crate::hot) fn before(request: &Request, mark: *const c_void, is_panicking: bool) -> Option<Verdict> {
    if IS_ASKED.try_with(Cell::get).unwrap_or(false) {
        return None;
    }
    let Some(host) = host() else { return Some(Verdict::UNSEEN) };
    let event = event(request, mark, if is_panicking { abi::PANICKING } else { 0 });
    // SAFETY: the event is whole and says its size.
    let verdict = Verdict(unsafe { (host.before)(&raw const event) });
    if verdict == Verdict::PROCEED {
        let _ = IS_ASKED.try_with(|is_asked| is_asked.set(true));
    }
    Some(verdict)
}

/// Tells after an event whether there was memory.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "calls what was compiled apart")]
pub(in crate::hot) fn after(request: &Request, succeeded: bool) {
    if !IS_ASKED.try_with(|is_asked| is_asked.replace(false)).unwrap_or(false) {
        return;
    }
    if let Some(host) = host() {
        let event = event(request, ptr::null(), if succeeded { abi::SUCCEEDED } else { 0 });
        // SAFETY: the event is whole and says its size.
        unsafe { (host.after)(&raw const event) };
    }
}

fn event(request: &Request, mark: *const c_void, state: u32) -> Event {
    let Request { op, size, old_size, align } = *request;
    let operation = u32::from(op.code());
    Event { size: size_of::<Event>(), operation, state, bytes: size, old_bytes: old_size, align, mark }
}

/// This thread's count of violations, after so many more; of the process's host.
pub(crate) fn violations(more: i64) -> u64 {
    match host() {
        Some(host) => (host.violations)(more),
        None => pending::change_violations(more),
    }
}

/// Sets the process's mode, if there is one to set; what it was.
pub(crate) fn mode(mode: Option<Mode>) -> Mode {
    let Some(host) = host() else {
        return mode.map_or_else(setting::default_mode, setting::set_default_mode);
    };
    let before = (host.mode)(mode.map_or(u32::MAX, |mode| mode.severity().into()));
    Mode::of_severity(u8::try_from(before).unwrap_or(0))
}

/// Has the host watch this thread's system calls, and ask the kernel for it; whether they are. `None` where there is no other host.
pub(crate) fn watch_calls(asks: bool) -> Option<bool> {
    host().map(|host| (host.watch_calls)(asks.into()) != 0)
}

/// How many protected regions are open on this thread, by the host's table. `None` where there is no other host.
pub(crate) fn level() -> Option<usize> {
    host().map(|host| usize::try_from((host.level)()).unwrap_or(usize::MAX))
}

/// Has the host listen for this thread's next request, or tells whether it has heard one. False where there is no other host.
pub(crate) fn hears(listens: bool) -> bool {
    host().is_some_and(|host| (host.hears)(listens.into()) != 0)
}
