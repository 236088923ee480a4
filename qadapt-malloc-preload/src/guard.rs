//! The program's guard, as another copy of it would ask it.
#![expect(unsafe_code, reason = "calls what was compiled apart")]

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::abi::{C, Event, Host, MAJOR, SUCCEEDED, Verdict};
use crate::notes;

/// What C's allocation functions ask the C library for: see `qadapt`'s type of this name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CRequest {
    pub(crate) zeroed: bool,
    pub(crate) size: usize,
    pub(crate) old_size: Option<usize>,
    pub(crate) align: usize,
}

/// The program's guard; null without one. Release where it is set pairs with Acquire where it is read.
static HOST: AtomicPtr<Host> = AtomicPtr::new(ptr::null_mut());

fn host() -> Option<&'static Host> {
    // SAFETY: null, or what `find` took from a note of the program's: a static table, at least as large as it is known here.
    unsafe { HOST.load(Ordering::Acquire).as_ref() }
}

/// Looks for a guard. It runs before `main`.
pub(crate) fn find() {
    notes::for_each_note(|note| {
        let table = ptr::with_exposed_provenance::<Host>(note.value);
        let fits = note.kind == MAJOR
            && !table.is_null()
            && table.is_aligned()
            // SAFETY: a note of this number has the address of such a table, which begins with its size.
            && unsafe { table.cast::<usize>().read() } >= size_of::<Host>();
        if fits {
            HOST.store(table.cast_mut(), Ordering::Release);
        }
        !fits
    });
}

/// True if there is a guard to ask.
#[inline(always)]
pub(crate) fn is_watched() -> bool {
    !HOST.load(Ordering::Relaxed).is_null()
}

/// The guard itself asks C where nobody has said how.
pub(crate) fn define(_: fn()) {}

/// A request for memory: see `qadapt`'s function of this name.
pub(crate) fn request(
    request: CRequest,
    inner: impl FnOnce() -> *mut c_void,
    usable: impl FnOnce(*mut c_void) -> usize,
) -> Option<*mut c_void> {
    let Some(host) = host() else { return Some(inner()) };
    let CRequest { zeroed, size, old_size, align } = request;
    let operation = match old_size {
        Some(_) => 2,
        None => u32::from(zeroed),
    };
    let mut event = event(operation, size, old_size.unwrap_or(0), align);
    event.mark = ptr::from_ref(&event).cast();
    // SAFETY: the event is whole and says its size.
    match Verdict(unsafe { (host.before)(&raw const event) }) {
        Verdict::UNSEEN => return Some(inner()),
        Verdict::REFUSE => return None,
        _ => {}
    }
    let block = inner();
    if !block.is_null() {
        (event.bytes, event.state) = (usable(block), C | SUCCEEDED);
    }
    // SAFETY: as above.
    unsafe { (host.after)(&raw const event) };
    Some(block)
}

/// A block of this size is given back. `inner` does it.
pub(crate) fn free(size: usize, inner: impl FnOnce()) {
    let Some(host) = host() else { return inner() };
    let mut event = event(3, size, 0, 2 * size_of::<usize>());
    event.mark = ptr::from_ref(&event).cast();
    // SAFETY: the event is whole and says its size.
    let verdict = Verdict(unsafe { (host.before)(&raw const event) });
    inner();
    if verdict == Verdict::PROCEED {
        event.state = C | SUCCEEDED;
        // SAFETY: as above.
        unsafe { (host.after)(&raw const event) };
    }
}

fn event(operation: u32, bytes: usize, old_bytes: usize, align: usize) -> Event {
    Event { size: size_of::<Event>(), operation, state: C, bytes, old_bytes, align, mark: ptr::null() }
}
