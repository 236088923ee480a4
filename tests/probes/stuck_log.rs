//! A logger that holds a lock of its own, however it came to hold it: each report is told once, and nothing waits for ever.
// expect: run region-inside-the-logger inside
// expect: exit 0
// expect: times 1 qadapt: allocation of 61 bytes
// expect: after region entered at tests/probes/stuck_log.rs:{inside}:
// expect: stdout went on
// expect: run that-formats-before-it-locks formats
// expect: exit 0
// expect: never qadapt: allocation of 61 bytes
// expect: stdout logged qadapt: allocation of 61 bytes
// expect: stdout went on
// expect: run poisoned poisoned
// expect: exit 0
// expect: times 1 qadapt: allocation of 61 bytes
// expect: stdout went on
// expect: run held-for-ever held
// expect: exit 0
// expect: times 1 qadapt: allocation of 61 bytes
// expect: times 1 qadapt: allocation of 62 bytes
// expect: stdout went on
// expect: run held-for-ever-by-who-formats-first held-formats
// expect: exit 0
// expect: times 1 qadapt: allocation of 61 bytes
// expect: times 1 qadapt: allocation of 62 bytes
// expect: stdout went on
// expect: run held-when-it-forks forks
// expect: exit 0
// expect: times 1 qadapt: allocation of 61 bytes
// expect: stdout went on
// expect: run asks-under-its-lock enabled
// expect: exit 0
// expect: times 1 qadapt: allocation of 61 bytes
// expect: stdout went on

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::{env, mem, process, thread};

use log::{LevelFilter, Log, Metadata, Record};
use qadapt::{Mode, QADAPT, assert_no_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

static LOCK: Mutex<()> = Mutex::new(());
static FORMATS_FIRST: AtomicBool = AtomicBool::new(false);
static ASKS_LOCKED: AtomicBool = AtomicBool::new(false);
static LOGGED: AtomicU64 = AtomicU64::new(0);

/// Prints under its lock. What the user logs makes it allocate in a region there.
struct Printer;

impl Log for Printer {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        if ASKS_LOCKED.load(Ordering::Relaxed) {
            drop(LOCK.lock().expect("not poisoned"));
        }
        true
    }

    fn log(&self, record: &Record<'_>) {
        let text = FORMATS_FIRST.load(Ordering::Relaxed).then(|| record.args().to_string());
        let _lock = LOCK.lock().expect("not poisoned");
        if record.target() != "qadapt" {
            assert_no_alloc(|| allocate(61)); // here: inside
        }
        println!("logged {}", text.unwrap_or_else(|| record.args().to_string()));
        LOGGED.fetch_add(1, Ordering::Relaxed);
    }

    fn flush(&self) {}
}

#[inline(never)]
fn allocate(size: usize) {
    mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(std::hint::black_box(size))));
}

/// From here on a thread has the logger's lock, and keeps it.
fn hold() {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let _lock = LOCK.lock().expect("not poisoned");
        sender.send(()).expect("main listens");
        loop {
            thread::park();
        }
    });
    receiver.recv().expect("the lock is held");
}

/// The child has no thread but its own.
#[expect(unsafe_code, reason = "std does not fork")]
fn in_child(act: impl FnOnce()) {
    // SAFETY: the child runs `act` and exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        act();
        process::exit(0);
    }
    let mut status = -1;
    // SAFETY: there is room for the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
}

fn main() {
    qadapt::set_mode(Mode::Log);
    log::set_logger(&Printer).expect("the first logger");
    log::set_max_level(LevelFilter::Trace);
    let case = env::args().nth(1).expect("a case");
    FORMATS_FIRST.store(case.ends_with("formats"), Ordering::Relaxed);
    match case.as_str() {
        "inside" => log::info!("hello"),
        "formats" => {
            log::info!("hello");
            // The logger is free again, and logs what it has taken before.
            while LOGGED.load(Ordering::Relaxed) < 2 {
                thread::yield_now();
            }
        }
        "poisoned" => {
            let poisoned = thread::spawn(|| {
                let _lock = LOCK.lock();
                panic!("with the lock");
            });
            assert!(poisoned.join().is_err());
            assert_no_alloc(|| allocate(61));
        }
        "held" | "held-formats" => {
            hold();
            assert_no_alloc(|| allocate(61));
            assert_no_alloc(|| allocate(62));
        }
        "forks" => {
            hold();
            in_child(|| assert_no_alloc(|| allocate(61)));
        }
        "enabled" => {
            ASKS_LOCKED.store(true, Ordering::Relaxed);
            let _lock = LOCK.lock().expect("not poisoned");
            assert_no_alloc(|| allocate(61));
        }
        other => panic!("no case {other}"),
    }
    println!("went on");
}
