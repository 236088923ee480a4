//! A sweep of code that does not survive a lack of memory: it says which request that was, and where.
// expect: run infallible infallible
// expect: signal ABRT
// expect: stderr qadapt: a sweep on thread `main` ends here: the process aborts, after request 2 got no memory: allocation of 1 byte (align 1)
// expect: after --> tests/src/bin/swept.rs:{infallible}:
// expect: stderr stack, innermost call first:
// expect: stderr = help: what ends the process when there is no memory must be asked for with `try_reserve`
// expect: never request 1 got
// expect: off exit 0
// expect: run on-another-thread thread
// expect: signal ABRT
// expect: stderr qadapt: a sweep on thread `worker` ends here: the process aborts, after request 2 got no memory
// expect: off exit 0
// expect: run what-an-inner-sweep-refused-is-over nested
// expect: signal ABRT
// expect: stderr after request 2 got no memory: allocation of 1 byte (align 1)
// expect: never after request 1 got
// expect: off exit 0
// expect: run survives survives
// expect: exit 0
// expect: stdout 1 refused
// expect: never sweep
// expect: off stdout 0 refused
// expect: run there-is-no-room-for-its-region roomless
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout 0 refused
// expect: off stdout 0 refused
// expect: run an-abort-of-another-kind unrelated
// expect: signal ABRT
// expect: never sweep
// expect: off signal ABRT
// expect: run the-users-handler-runs handler
// expect: exit 7
// expect: stderr after request 1 got no memory
// expect: off exit 0

use std::collections::TryReserveError;
use std::env;
use std::process::abort;
use std::thread;

use qadapt::QADAPT;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// The first request is fallible, the others are not.
#[inline(never)]
fn parse(text: &str) -> Result<Vec<String>, TryReserveError> {
    let mut all = Vec::new();
    all.try_reserve_exact(2)?;
    for word in text.split(' ') {
        all.push(String::from(word)); // here: infallible
    }
    Ok(all)
}

fn fallible() -> Result<Vec<u8>, TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(8)?;
    Ok(block)
}

#[expect(unsafe_code, reason = "a handler of the user's own")]
fn exit_on_abort() {
    extern "C" fn exit(_: libc::c_int) {
        // SAFETY: it takes any number, and may be called in a handler.
        unsafe { libc::_exit(7) };
    }
    let handler: extern "C" fn(libc::c_int) = exit;
    // SAFETY: the handler takes a signal's number.
    unsafe { libc::signal(libc::SIGABRT, handler as libc::sighandler_t) };
}

fn main() {
    match env::args().nth(1).as_deref() {
        Some("infallible") => drop(qadapt::sweep(|| parse("a b"))),
        Some("thread") => {
            let worker = thread::Builder::new().name("worker".to_owned());
            let worker = worker.spawn(|| qadapt::sweep(|| parse("a b"))).expect("a thread");
            drop(worker.join());
        }
        Some("nested") => {
            drop(qadapt::sweep(|| {
                let (refused, _) = qadapt::sweep(fallible);
                assert!(refused <= 1);
                parse("a")
            }));
        }
        Some("survives") => {
            let (refused, result) = qadapt::sweep(fallible);
            println!("{refused} refused, {:?}", result.map(|block| block.len()));
        }
        // Regions beyond those that one thread can have are not watched.
        Some("roomless") => {
            let mut open = Vec::with_capacity(66_000);
            for _ in 0..66_000 {
                open.push(qadapt::Policy::new().enter());
            }
            let (refused, result) = qadapt::sweep(fallible);
            println!("{refused} refused, {:?}", result.map(|block| block.len()));
            while open.pop().is_some() {}
        }
        Some("unrelated") => {
            let (_, result) = qadapt::sweep(fallible);
            drop(result);
            abort();
        }
        Some("handler") => {
            exit_on_abort();
            let _ = qadapt::sweep(|| drop(std::hint::black_box(Box::new(1))));
        }
        _ => {}
    }
}
