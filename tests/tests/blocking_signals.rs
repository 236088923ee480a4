//! Signals, masks, stacks of their own, and other programs, round the handler by which calls are watched.
//!
//! Alone because it sets handlers, one for the very signal that the guard uses. One test, since a mask is a thread's and handlers are
//! the process's.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(unsafe_code, reason = "std has no signals")]

use std::cell::RefCell;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use qadapt::{Mode, Policy, QADAPT, is_blocking_watched};
use qadapt_tests::signal::{handle, raise};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const COUNT: Policy = Policy::no_blocking().mode(Mode::Count);

fn count(body: impl FnOnce()) -> u64 {
    let before = qadapt::violations();
    COUNT.run(body);
    qadapt::violations() - before
}

fn call() {
    thread::yield_now();
}

static LAST: AtomicI32 = AtomicI32::new(0);
static SEEN: AtomicU64 = AtomicU64::new(0);

extern "C" fn note(signal: i32) {
    LAST.store(signal, Ordering::Relaxed);
    SEEN.fetch_add(1, Ordering::Relaxed);
}

/// Calls, also in regions of its own, and interrupts itself once.
extern "C" fn busy(signal: i32) {
    call();
    qadapt::permit_alloc(call);
    assert_eq!(count(call), 1);
    if SEEN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
        raise(libc::SIGUSR2).expect("it is handled");
    }
    LAST.store(signal, Ordering::Relaxed);
}

/// The signals that this thread holds back, as the C library has them.
fn mask() -> Vec<i32> {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the old set is written, and no new one is given.
    assert_eq!(unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), set.as_mut_ptr()) }, 0);
    // SAFETY: zeroed at first, and written.
    let set = unsafe { set.assume_init() };
    // SAFETY: the set is one, and the numbers are signals'.
    (1..=31).filter(|&signal| unsafe { libc::sigismember(&raw const set, signal) } == 1).collect()
}

fn hold_back_everything() {
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: there is room for a set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: the set was filled.
    assert_eq!(unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), ptr::null_mut()) }, 0);
}

fn let_everything_through() {
    let none = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: no bit is set in it.
    assert_eq!(unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) }, 0);
}

/// What a program that is started says of the signals that it holds back.
fn blocked_in(mut command: Command) -> String {
    let output = command.args(["^SigBlk", "/proc/self/status"]).output().expect("a program");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn signals_work_as_without_the_guard() {
    // Before the guard sets its own.
    handle(libc::SIGSYS, note).expect("a signal");
    if !is_blocking_watched() {
        println!("passed over: blocking calls are not watched here");
        return;
    }
    the_program_s_own_handler_is_called();
    handlers_run_inside();
    masks_and_stacks_are_kept();
    programs_are_started_as_outside();
    a_thread_ends();
    let_everything_through();
    assert!(is_blocking_watched());
}

fn the_program_s_own_handler_is_called() {
    raise(libc::SIGSYS).expect("it is handled");
    assert_eq!((LAST.load(Ordering::Relaxed), SEEN.load(Ordering::Relaxed)), (libc::SIGSYS, 1));
    assert_eq!(count(|| raise(libc::SIGSYS).expect("it is handled")), 0);
    assert_eq!(SEEN.load(Ordering::Relaxed), 2);
    assert_eq!(count(call), 1, "the calls are the guard's still");
}

fn handlers_run_inside() {
    handle(libc::SIGUSR1, busy).expect("a signal");
    handle(libc::SIGUSR2, busy).expect("a signal");
    SEEN.store(0, Ordering::Relaxed);
    // Two handlers, one inside the other: each calls once in the interrupted region, and once in its own.
    let seen = count(|| {
        raise(libc::SIGUSR1).expect("it is handled");
        call();
    });
    assert_eq!((seen, SEEN.load(Ordering::Relaxed)), (5, 2));
    assert_eq!(LAST.load(Ordering::Relaxed), libc::SIGUSR1);
    // A sleep that a signal ends, and std goes on with.
    let sleeper = thread::spawn(|| count(|| thread::sleep(Duration::from_millis(30))));
    assert!(sleeper.join().expect("no panic") >= 1);
}

fn masks_and_stacks_are_kept() {
    let_everything_through();
    let seen = count(|| {
        hold_back_everything();
        call();
    });
    assert_eq!(seen, 1);
    let held = mask();
    assert!(held.contains(&libc::SIGUSR1) && held.contains(&libc::SIGTERM), "{held:?}");
    assert!(!held.contains(&libc::SIGSYS), "it would end the process");
    assert_eq!(count(let_everything_through), 0);
    assert_eq!(mask(), []);

    let mut memory = vec![0_u8; 64 << 10];
    let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: memory.len() };
    let mut before = MaybeUninit::<libc::stack_t>::zeroed();
    // SAFETY: the memory outlives its use as a stack, which ends below.
    let set = || assert_eq!(unsafe { libc::sigaltstack(&raw const stack, before.as_mut_ptr()) }, 0);
    assert_eq!(count(set), 0);
    let mut now = MaybeUninit::<libc::stack_t>::zeroed();
    // SAFETY: there is room for the answer.
    assert_eq!(unsafe { libc::sigaltstack(ptr::null(), now.as_mut_ptr()) }, 0);
    // SAFETY: it was written.
    assert_eq!(unsafe { now.assume_init() }.ss_sp, stack.ss_sp);
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all-zero bytes are a valid `sigaction`.
    let action = unsafe { action.assume_init_mut() };
    action.sa_sigaction = busy as extern "C" fn(i32) as usize;
    action.sa_flags = libc::SA_ONSTACK;
    // SAFETY: it is filled in, and the old one is not asked for.
    assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, action, ptr::null_mut()) }, 0);
    SEEN.store(1, Ordering::Relaxed);
    let seen = count(|| raise(libc::SIGUSR1).expect("it is handled"));
    assert_eq!(seen, 2);
    // SAFETY: it is the stack from before.
    assert_eq!(unsafe { libc::sigaltstack(before.as_ptr(), ptr::null_mut()) }, 0);
}

fn programs_are_started_as_outside() {
    let spawned = || Command::new("/bin/grep");
    let forked = || {
        let mut command = Command::new("/bin/grep");
        // SAFETY: it does nothing. Its being there makes std fork and exec.
        unsafe { command.pre_exec(|| Ok(())) };
        command
    };
    let outside = (blocked_in(spawned()), blocked_in(forked()));
    assert_eq!(COUNT.run(|| (blocked_in(spawned()), blocked_in(forked()))), outside);
    // A program that is not there: the child says so, and the parent goes on.
    let mut missing = Command::new("/no/such/program");
    // SAFETY: as above.
    unsafe { missing.pre_exec(|| Ok(())) };
    let error = COUNT.run(|| missing.spawn().expect_err("it is not there"));
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(count(call), 1);
}

/// Calls when its thread ends, in a region and outside.
struct AtEnd;

impl Drop for AtEnd {
    fn drop(&mut self) {
        call();
        // The watch may have ended with the thread: then it says so, and sees nothing.
        assert!(count(call) <= 1);
    }
}

thread_local! {
    static AT_END: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
}

fn a_thread_ends() {
    for early in [true, false] {
        let ends = thread::spawn(move || {
            let set = || AT_END.with(|cell| *cell.borrow_mut() = Some(AtEnd));
            if early {
                set();
            }
            let seen = count(call);
            if !early {
                set();
            }
            seen
        });
        assert_eq!(ends.join().expect("no panic"), 1);
    }
}
