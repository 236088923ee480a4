//! Code that runs before `main`, in destructors of threads, after `main`, and in forked children.
// expect: run log
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout before main: 1 allocs, 1 violations
// expect: stdout thread-local destructor: 1 allocs, 1 violations
// expect: stdout pthread key destructor: 1 allocs, 1 violations
// expect: stdout forked child: 1 allocs, 1 violations
// expect: stdout child ended with 0
// expect: stdout at exit: 1 allocs, 1 violations
// expect: times 1 qadapt: allocation of 41 bytes
// expect: times 1 qadapt: allocation of 42 bytes
// expect: times 1 qadapt: allocation of 43 bytes
// expect: times 1 qadapt: allocation of 44 bytes
// expect: times 1 qadapt: allocation of 45 bytes
// expect: off stdout at exit: unmeasured allocs, 0 violations
// expect: run count
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout before main: 1 allocs, 1 violations
// expect: stdout thread-local destructor: 1 allocs, 1 violations
// expect: stdout pthread key destructor: 1 allocs, 1 violations
// expect: stdout forked child: 1 allocs, 1 violations
// expect: stdout at exit: 1 allocs, 1 violations
// expect: never qadapt

use std::cell::RefCell;
use std::ffi::c_void;
use std::io::Write;
use std::{ptr, thread};

use qadapt::{QADAPT, assert_no_alloc, count_alloc, take_violations};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// A region with one allocation, counted.
fn measure(place: &str, size: usize) {
    let before = take_violations();
    assert_eq!(before, 0, "{place}: somebody else's violations");
    let (counts, ()) = count_alloc(|| assert_no_alloc(|| leak(size)));
    // Not `println!`, which fails where the thread's own locals are gone already.
    let line = format!("{place}: {} allocs, {} violations\n", counts.allocs(), take_violations());
    let _ = std::io::stdout().write_all(line.as_bytes());
    let _ = std::io::stdout().flush();
}

#[used]
#[unsafe(link_section = ".init_array")]
#[expect(unsafe_code, reason = "there is no other way to run before main")]
static BEFORE_MAIN: extern "C" fn() = before_main;

extern "C" fn before_main() {
    // The mode is read before main as well, and nothing says by whom first.
    if std::env::var("QADAPT_MODE").is_ok_and(|mode| mode == "count") {
        qadapt::set_mode(qadapt::Mode::Count);
    } else {
        qadapt::set_mode(qadapt::Mode::Log);
    }
    measure("before main", 41);
}

extern "C" fn at_exit() {
    measure("at exit", 45);
}

extern "C" fn key_destructor(_: *mut c_void) {
    measure("pthread key destructor", 43);
}

struct Local;

impl Drop for Local {
    fn drop(&mut self) {
        measure("thread-local destructor", 42);
    }
}

thread_local! {
    static LOCAL: RefCell<Option<Local>> = const { RefCell::new(None) };
}

#[expect(unsafe_code, reason = "std has no pthread keys")]
fn set_key() {
    let mut key = 0;
    // SAFETY: `key` is written, and the destructor ignores its argument.
    let made = unsafe { libc::pthread_key_create(&raw mut key, Some(key_destructor)) };
    assert_eq!(made, 0);
    // SAFETY: the key was just made; the value is never looked at.
    let set = unsafe { libc::pthread_setspecific(key, ptr::dangling_mut::<c_void>()) };
    assert_eq!(set, 0);
}

#[expect(unsafe_code, reason = "std does not fork")]
fn forked_child() {
    // SAFETY: the process has this one thread now: the child may do what it may.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no child");
    if child == 0 {
        measure("forked child", 44);
        // SAFETY: ends the child at once, with nothing of the parent's done twice.
        unsafe { libc::_exit(0) };
    }
    let mut status = -1;
    // SAFETY: `status` is written; the child is this process's own.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child);
    println!("child ended with {status}");
}

#[expect(unsafe_code, reason = "std has no atexit")]
fn main() {
    thread::spawn(|| {
        LOCAL.with(|local| *local.borrow_mut() = Some(Local));
        set_key();
    })
    .join()
    .expect("the thread ended well");
    forked_child();
    // SAFETY: the handler is a plain function that does not unwind.
    assert_eq!(unsafe { libc::atexit(at_exit) }, 0);
}
