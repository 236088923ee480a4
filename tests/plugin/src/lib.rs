//! A plug-in with a guard of its own: what the tests of this package load.
//!
//! Whatever a test wants to know crosses by numbers and a buffer of bytes, as between two programs that share no types.

use std::ffi::c_void;
use std::future::poll_fn;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::slice;
use std::task::{Context, Poll, Waker};

use qadapt::{Budget, Mode, Ops, Policy, QADAPT};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// What a test has this plug-in call back.
type Callback = extern "C" fn();

/// Allocates and frees so many times.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn plugin_allocate(times: u32) {
    for time in 0..times {
        drop(black_box(Box::new(time)));
    }
}

/// The same of C.
#[expect(unsafe_code, reason = "a name for the loader, and calls C")]
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn plugin_allocate_in_c(times: u32) {
    for _ in 0..times {
        // SAFETY: any size may be asked for.
        let block = black_box(unsafe { libc::malloc(black_box(7)) });
        // SAFETY: the line above made it.
        unsafe { libc::free(black_box(block)) };
    }
}

/// Calls back in a plain region of this plug-in's. The length of its report, which goes into the buffer; 0 where there is none.
///
/// # Safety
/// The buffer is writable for so many bytes.
#[expect(unsafe_code, reason = "a name for the loader, and a buffer of its caller's")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plugin_protect(callback: Callback, buffer: *mut u8, size: usize) -> usize {
    let report = report_of(|| qadapt::assert_no_alloc(|| callback()));
    // SAFETY: the caller's promise.
    unsafe { hand_over(&report, buffer, size) }
}

/// The same under a policy with a budget of requests.
///
/// # Safety
/// The buffer is writable for so many bytes.
#[expect(unsafe_code, reason = "a name for the loader, and a buffer of its caller's")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plugin_budget(
    callback: Callback,
    requests: u64,
    buffer: *mut u8,
    size: usize,
) -> usize {
    let policy = Policy::new().allow(Ops::DEALLOC).budget(Budget::new().requests(requests));
    let report = report_of(|| policy.run(|| callback()));
    // SAFETY: the caller's promise.
    unsafe { hand_over(&report, buffer, size) }
}

/// Calls back in a permit of this plug-in's.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_permit(callback: Callback) {
    qadapt::permit_alloc(|| callback());
}

/// Calls back in a region that only counts its violations.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_watch(callback: Callback) {
    Policy::new().mode(Mode::Count).run(|| callback());
}

/// Calls back in a region that must not wait. The length of its report, as above.
///
/// # Safety
/// The buffer is writable for so many bytes.
#[expect(unsafe_code, reason = "a name for the loader, and a buffer of its caller's")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plugin_hurry(callback: Callback, buffer: *mut u8, size: usize) -> usize {
    let report = report_of(|| qadapt::no_blocking(|| callback()));
    // SAFETY: the caller's promise.
    unsafe { hand_over(&report, buffer, size) }
}

/// True if this thread's system calls are seen.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_sees_calls() -> bool {
    qadapt::is_blocking_watched()
}

/// Sleeps for a moment.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_sleep() {
    std::thread::sleep(std::time::Duration::from_micros(1));
}

/// Polls a future so often that sleeps in each poll, and may in two. How often it was not to: this thread's violations.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_turns(polls: u32) -> u64 {
    const TWO: Policy = Policy::no_blocking().mode(Mode::Count).budget(Budget::new().calls(2));
    let before = qadapt::violations();
    let mut turns = pin!(TWO.wrap(poll_fn(|_| {
        plugin_sleep();
        Poll::<()>::Pending
    })));
    for _ in 0..polls {
        let _ = turns.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    qadapt::violations() - before
}

/// True if this copy knows how many calls there are, and how many were violations.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_counts_calls() -> bool {
    let (counts, ()) = qadapt::count_blocking(|| plugin_sleep());
    counts.calls().get().is_some() || qadapt::blocking_violations().get().is_some()
}

/// Calls back in a region that refuses memory.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_refuse(callback: Callback) {
    Policy::new().mode(Mode::Fail).run(|| callback());
}

/// Asks for memory that may be refused: true if it got some.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_try() -> bool {
    let mut bytes = Vec::<u8>::new();
    black_box(&mut bytes).try_reserve_exact(100).is_ok()
}

/// Panics and catches that: the exception is allocated and freed while the thread panics, the payload has no size.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_panic() -> bool {
    catch_unwind(|| resume_unwind(Box::new(()))).is_err()
}

/// This thread's count of violations.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_violations() -> u64 {
    qadapt::violations()
}

/// How many regions are open.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_level() -> usize {
    qadapt::protection_level()
}

/// True if this plug-in's guard is its allocator.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_is_active() -> bool {
    qadapt::is_active()
}

/// Does work of the guard's own.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_takes_hook() {
    drop(qadapt::take_violation_hook());
}

/// Sets the mode of regions without one: true for counting, false for panicking.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_counts_only(counts: bool) {
    qadapt::set_mode(if counts { Mode::Count } else { Mode::Panic });
}

/// Opens a region by hand, or closes the last one.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_by_hand(opens: bool) {
    if opens {
        qadapt::enter_protected();
    } else {
        qadapt::exit_protected();
    }
}

/// What another plug-in needs to share this one's guard, where they do not find each other.
#[expect(unsafe_code, reason = "a name for the loader")]
#[unsafe(no_mangle)]
pub extern "C" fn plugin_handle() -> *const c_void {
    qadapt::guard_handle()
}

/// Shares the guard of the plug-in that gave the handle: whether it does.
///
/// # Safety
/// It is null, or another plug-in's handle, which stays loaded.
#[expect(unsafe_code, reason = "a name for the loader, and the caller's promise")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plugin_share(handle: *const c_void) -> bool {
    // SAFETY: the caller's promise.
    unsafe { qadapt::share_guard(handle) }
}

/// What the body's panic says; nothing where it has none.
fn report_of(body: impl FnOnce()) -> String {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(()) => String::new(),
        Err(payload) => {
            payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "another panic".to_owned())
        }
    }
}

/// # Safety
/// The buffer is writable for so many bytes.
#[expect(unsafe_code, reason = "a buffer of the caller's")]
unsafe fn hand_over(report: &str, buffer: *mut u8, size: usize) -> usize {
    // SAFETY: the caller's promise.
    let buffer = unsafe { slice::from_raw_parts_mut(buffer, size) };
    let length = report.len().min(size);
    buffer[..length].copy_from_slice(&report.as_bytes()[..length]);
    length
}
