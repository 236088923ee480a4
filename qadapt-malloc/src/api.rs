//! The functions of `include/qadapt.h`, which says what they do.
#![expect(unsafe_code, reason = "these are called by C")]

use core::ffi::{c_char, c_int, c_void};
use std::ffi::CString;

use qadapt::Mode;

/// The modes in the order of `enum qadapt_mode`.
const MODES: [Mode; 6] = [Mode::Panic, Mode::Abort, Mode::Log, Mode::Count, Mode::Fail, Mode::Trap];

/// `struct qadapt_counts`.
#[repr(C)]
#[derive(Default)]
struct Counts {
    allocs: u64,
    reallocs: u64,
    deallocs: u64,
    failed: u64,
    bytes: u64,
    freed_bytes: u64,
    measured: bool,
}

type Body = unsafe extern "C-unwind" fn(*mut c_void);
type Hook = unsafe extern "C-unwind" fn(*const c_char, *mut c_void);

#[unsafe(no_mangle)]
extern "C" fn qadapt_enter() {
    qadapt::enter_protected();
}

#[unsafe(no_mangle)]
extern "C-unwind" fn qadapt_exit() {
    qadapt::exit_protected();
}

/// # Safety
/// The body can be called with the data.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn qadapt_permit(body: Body, data: *mut c_void) {
    // SAFETY: the caller's contract is the callee's.
    qadapt::permit_alloc(|| unsafe { body(data) });
}

/// # Safety
/// The body can be called with the data.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn qadapt_count(body: Body, data: *mut c_void) -> Counts {
    // SAFETY: the caller's contract is the callee's.
    let (counts, ()) = qadapt::count_alloc(|| unsafe { body(data) });
    let figure = |figure: qadapt::Measured<u64>| figure.get().unwrap_or_default();
    Counts {
        allocs: figure(counts.allocs()),
        reallocs: figure(counts.reallocs()),
        deallocs: figure(counts.deallocs()),
        failed: figure(counts.failed()),
        bytes: figure(counts.bytes()),
        freed_bytes: figure(counts.freed_bytes()),
        measured: counts.is_measured(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn qadapt_violations() -> u64 {
    qadapt::violations()
}

#[unsafe(no_mangle)]
extern "C" fn qadapt_get_mode() -> c_int {
    let mode = qadapt::mode();
    let number = MODES.iter().position(|known| *known == mode).unwrap_or(0);
    c_int::try_from(number).unwrap_or(0)
}

#[unsafe(no_mangle)]
extern "C" fn qadapt_set_mode(mode: c_int) -> bool {
    let mode = usize::try_from(mode).ok().and_then(|number| MODES.get(number));
    mode.map(|mode| qadapt::set_mode(*mode)).is_some()
}

/// What C hands over with its hook.
struct Data(*mut c_void);

// SAFETY: whoever sets the hook is told that it is called on the threads of regions, with this.
unsafe impl Send for Data {}
// SAFETY: as above; nothing here reads what it points to.
unsafe impl Sync for Data {}

impl Data {
    fn get(&self) -> *mut c_void {
        self.0
    }
}

/// # Safety
/// The hook can be called with the data, on every thread, until another one is set.
#[unsafe(no_mangle)]
unsafe extern "C" fn qadapt_set_hook(hook: Option<Hook>, data: *mut c_void) {
    let Some(hook) = hook else {
        drop(qadapt::take_violation_hook());
        return;
    };
    let data = Data(data);
    qadapt::set_violation_hook(move |violation| {
        // A report has no zero byte but in names that the program chose.
        let report = CString::new(violation.to_string().replace('\0', "\u{FFFD}")).unwrap_or_default();
        // SAFETY: the caller's contract; the text ends in a zero byte.
        unsafe { hook(report.as_ptr(), data.get()) };
    });
}

#[unsafe(no_mangle)]
extern "C" fn qadapt_is_active() -> bool {
    qadapt::is_active()
}

#[unsafe(no_mangle)]
extern "C" fn qadapt_c_is_active() -> bool {
    qadapt::c_is_active()
}
