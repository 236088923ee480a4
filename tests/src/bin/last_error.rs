//! The error of the program's last system call, behind regions that report: code may ask only there why a call failed.
// expect: run log
// expect: env QADAPT_MODE=log
// expect: times 6 qadapt: allocation of 16 bytes (align 1) in a protected region
// expect: stderr was still open at the end of
// expect: run panic
// expect: env QADAPT_MODE=panic
// expect: stderr was still open at the end of

use std::hint::black_box;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use qadapt::{Mode, Policy, QADAPT, assert_no_alloc, enter_protected, exit_protected, is_active, mode};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// A call that fails, after what the region reports.
#[cfg(not(windows))]
#[expect(unsafe_code, reason = "std's own calls allocate, or keep the error")]
fn fail() {
    violate();
    // SAFETY: no file has this number.
    assert_eq!(unsafe { libc::close(-1) }, -1);
}

#[cfg(not(windows))]
const FAILED: i32 = libc::EBADF;

/// A call that fails, after what the region reports.
#[cfg(windows)]
#[expect(unsafe_code, reason = "std's own calls allocate, or keep the error")]
fn fail() {
    unsafe extern "system" {
        fn SetLastError(error: u32);
    }
    violate();
    // SAFETY: it cannot fail.
    unsafe { SetLastError(FAILED.cast_unsigned()) };
}

/// `ERROR_INVALID_HANDLE`.
#[cfg(windows)]
const FAILED: i32 = 6;

fn violate() {
    mem::forget(black_box(Vec::<u8>::with_capacity(black_box(16))));
}

fn check(what: &str, region: impl FnOnce()) {
    let outcome = catch_unwind(AssertUnwindSafe(region));
    let error = io::Error::last_os_error().raw_os_error();
    assert_eq!(error, Some(FAILED), "{what}");
    let panics = is_active() && mode() == Mode::Panic;
    assert_eq!(outcome.is_err(), panics, "{what}");
}

fn main() {
    // Of what a panic costs only the hook would call the system.
    if mode() == Mode::Panic {
        set_hook(Box::new(|panic| {
            if panic.payload().downcast_ref::<String>().is_some_and(|text| !text.starts_with("qadapt: ")) {
                eprintln!("{panic}");
            }
        }));
    }
    check("a closure", || assert_no_alloc(fail));
    check("a closure again", || assert_no_alloc(fail));
    check("a region with a policy", || Policy::new().sample(1).run(fail));
    check("a guard", || {
        let guard = Policy::new().enter();
        fail();
        guard.exit();
    });
    check("a region by hand", || {
        enter_protected();
        fail();
        exit_protected();
    });
    // Its end is told, and nothing else.
    check("a region that is left open", || {
        assert_no_alloc(|| {
            let _left = mem::ManuallyDrop::new(Policy::new().enter());
            fail();
        });
    });
}
