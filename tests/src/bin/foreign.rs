//! A thread that C code made, as audio drivers make them: its first region neither allocates nor calls the kernel.
//!
//! The thread gives up every system call but reading, writing and its own end (seccomp(2), strict mode): any other one
//! kills it before it can say that it came to the end.
// expect: run first-region region
// expect: exit 0
// expect: stdout went on
// expect: run first-count count
// expect: exit 0
// expect: stdout went on
// expect: run guard-and-manual guard
// expect: exit 0
// expect: stdout went on
// expect: run nested nested
// expect: exit 0
// expect: stdout went on

use std::env;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use qadapt::{QADAPT, assert_no_alloc, count_alloc, enter_protected, exit_protected};
use qadapt_tests::force::alloc_and_free;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// The thread came to the end of its work.
static DONE: AtomicBool = AtomicBool::new(false);

fn in_a_region() {
    assert_no_alloc(|| ());
}

fn counting() {
    let (counts, ()) = count_alloc(|| ());
    assert!(counts.allocs() == 0 || !counts.is_measured());
}

fn by_hand() {
    drop(qadapt::Policy::new().enter());
    enter_protected();
    exit_protected();
}

fn nested() {
    assert_no_alloc(|| ());
    assert_no_alloc(|| assert_no_alloc(|| ()));
}

#[expect(unsafe_code, reason = "a callback of C's")]
extern "C" fn callback(work: *mut c_void) -> *mut c_void {
    // SAFETY: it is one of the functions above, see `main`.
    let work: fn() = unsafe { std::mem::transmute(work) };
    // SAFETY: from here on the thread makes no other system call than those it may; see below.
    let strict = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
    // Where the kernel has no such mode the regions are run all the same.
    work();
    DONE.store(true, Ordering::Relaxed);
    if strict == 0 {
        // SAFETY: it ends this thread alone, without what the C library does at a thread's end.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }
    ptr::null_mut()
}

#[expect(unsafe_code, reason = "a thread that std does not know")]
fn main() {
    let work: fn() = match env::args().nth(1).expect("a case").as_str() {
        "region" => in_a_region,
        "count" => counting,
        "guard" => by_hand,
        "nested" => nested,
        other => panic!("no case {other}"),
    };
    alloc_and_free(1);
    let mut thread = 0;
    // SAFETY: there is room for the thread, and the callback takes any function.
    let made = unsafe { libc::pthread_create(&raw mut thread, ptr::null(), callback, work as *mut c_void) };
    assert_eq!(made, 0);
    // SAFETY: the thread was made above, and nobody else waits for it.
    let joined = unsafe { libc::pthread_join(thread, ptr::null_mut()) };
    assert_eq!(joined, 0);
    assert!(DONE.load(Ordering::Relaxed), "the thread was killed");
    println!("went on");
}
