//! Another thread holds the loader's lock (it is inside a `dl_iterate_phdr` callback) while a protected thread
//! allocates: the allocation goes through, and nothing waits for that thread.
// expect: run log
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout 1 violations while parked
// expect: stderr qadapt: allocation of 19 bytes
// expect: off stdout 0 violations while parked
// expect: run panic
// expect: exit 101
// expect: stdout 1 violations while parked
// expect: stderr qadapt: allocation of 19 bytes
// expect: off stdout 0 violations while parked
// expect: run count
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout 1 violations while parked
// expect: off stdout 0 violations while parked
// expect: run abort
// expect: env QADAPT_MODE=abort
// expect: signal ABRT
// expect: stderr qadapt: allocation of 19 bytes
// expect: after parked+0x
// expect: off stdout 0 violations while parked
// expect: run trap
// expect: env QADAPT_MODE=trap
// expect: signal TRAP
// expect: stderr qadapt: allocation of 19 bytes
// expect: after parked+0x
// expect: off stdout 0 violations while parked

use std::ffi::{c_int, c_void};
use std::sync::Barrier;
use std::thread;

use qadapt::{QADAPT, assert_no_alloc, permit_alloc, violations};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Met by the parked thread when it holds the lock, and again to let it go.
static PARKED: Barrier = Barrier::new(2);
static RELEASED: Barrier = Barrier::new(2);

extern "C" fn park(_: *mut libc::dl_phdr_info, _: libc::size_t, _: *mut c_void) -> c_int {
    PARKED.wait();
    RELEASED.wait();
    1
}

#[expect(unsafe_code, reason = "std cannot walk the loaded files")]
fn hold_the_lock() {
    // SAFETY: the callback has the right signature and ignores its arguments.
    unsafe { libc::dl_iterate_phdr(Some(park), std::ptr::null_mut()) };
}

fn main() {
    let holder = thread::spawn(hold_the_lock);
    assert_no_alloc(|| {
        PARKED.wait();
        leak(19);
        let seen = violations();
        // The region's report resolves names, which takes the lock: the other thread must go on before that.
        RELEASED.wait();
        permit_alloc(|| println!("{seen} violations while parked"));
    });
    holder.join().expect("the thread was let go");
}
