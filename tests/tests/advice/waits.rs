//! What waits: only where calls are watched.

use std::collections::HashMap;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use std::env;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{ToSocketAddrs as _, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Condvar, Mutex, RwLock};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use qadapt::{GuardExt as _, no_blocking};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use qadapt_tests::vdso;

use crate::seen;

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
const SHORT: Duration = Duration::from_millis(2);

/// As [`seen::shown`], of a region that must not wait.
#[track_caller]
fn shown(rule: &str, habit: impl FnOnce()) -> Vec<String> {
    if qadapt::is_active() && !qadapt::is_blocking_watched() {
        println!("NOT RUN: {rule}: this system does not let calls be watched");
        return Vec::new();
    }
    seen::shown(rule, habit)
}

#[test]
fn other_threads() {
    let (lock, readers) = (Mutex::new(1), RwLock::new(1));
    let (is_held, is_free) = (AtomicBool::new(false), Condvar::new());
    thread::scope(|scope| {
        for take in [true, false] {
            scope.spawn(|| {
                let guards = (lock.lock(), readers.write());
                is_held.store(true, Ordering::Release);
                thread::sleep(10 * SHORT);
                drop(guards);
            });
            while !is_held.load(Ordering::Acquire) {
                thread::sleep(SHORT / 10);
            }
            shown("lock-wait", || {
                if take { drop(no_blocking(|| lock.lock())) } else { drop(no_blocking(|| readers.read())) }
            });
            is_held.store(false, Ordering::Release);
        }
    });
    let guard = lock.lock().expect("nobody panics");
    shown("condition-wait", || drop(no_blocking(|| is_free.wait_timeout(guard, SHORT))));
    let (_sender, receiver) = channel::<u8>();
    // The first wait of a thread allocates, which this region allows.
    shown("condition-wait", || assert!(no_blocking(|| receiver.recv_timeout(SHORT)).is_err()));
    let other = thread::spawn(|| thread::sleep(5 * SHORT));
    shown("condition-wait", || no_blocking(|| other.join()).expect("it ends"));
}

/// What a task does that holds a lock while it waits for something else, and what another task gets of that.
#[test]
#[expect(clippy::await_holding_lock, reason = "it is the habit")]
fn a_guard_over_an_await() {
    let (lock, is_asked) = (Mutex::new(1), AtomicBool::new(false));
    let mut context = Context::from_waker(Waker::noop());
    let mut holder = Box::pin(async {
        let guard = lock.lock().expect("nobody panics with it");
        std::future::pending::<()>().await;
        drop(guard);
    });
    assert!(holder.as_mut().poll(&mut context).is_pending());
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut task = Box::pin(async { lock.lock().map_or(0, |value| *value) }.no_blocking());
            let lines = shown("lock-wait", || {
                is_asked.store(true, Ordering::Release);
                assert!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
            });
            assert!(lines.iter().all(|line| line.contains("hold no guard over an `.await`")), "{lines:?}");
            is_asked.store(true, Ordering::Release);
        });
        while !is_asked.load(Ordering::Acquire) {
            thread::sleep(SHORT / 10);
        }
        thread::sleep(10 * SHORT);
        drop(holder);
        other.join().expect("it gets the lock");
    });
}

#[test]
fn locks_of_parking_lot() {
    let (lock, is_held) = (parking_lot::Mutex::new(1), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let guard = lock.lock();
            is_held.store(true, Ordering::Release);
            thread::sleep(10 * SHORT);
            drop(guard);
        });
        while !is_held.load(Ordering::Acquire) {
            thread::sleep(SHORT / 10);
        }
        shown("parking-lot-lock", || drop(no_blocking(|| lock.lock())));
    });
}

/// A logger as loggers are: it writes each record at once.
struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(std::io::stderr(), "{}", record.args()).expect("it is written");
    }

    fn flush(&self) {}
}

#[test]
fn logging() {
    static LOGGER: Logger = Logger;
    log::set_logger(&LOGGER).expect("it is the only one");
    log::set_max_level(log::LevelFilter::Info);
    shown("log-wait", || no_blocking(|| log::info!("the buffer ran empty")));
}

/// In a process of its own, in which each clock is a system call.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn clocks() {
    use std::time::Instant;

    const ALONE: &str = "QADAPT_TEST_WITHOUT_VDSO";
    if env::var_os(ALONE).is_some() {
        shown("clock-read", || _ = no_blocking(|| black_box(Instant::now())));
        let start = Instant::now();
        shown("clock-read", || _ = no_blocking(|| black_box(start.elapsed())));
        return;
    }
    let mut program = Command::new(env::current_exe().expect("this program"));
    program.args(["--exact", "waits::clocks", "--nocapture"]).env(ALONE, "1");
    match vdso::spawn_without(&mut program) {
        Ok(mut child) => assert!(child.wait().expect("it ends").success()),
        Err(error) => println!("NOT RUN: clock-read: {error}"),
    }
}

#[test]
fn time() {
    shown("sleep", || no_blocking(|| thread::sleep(SHORT)));
    shown("sleep", || no_blocking(|| thread::park_timeout(SHORT)));
}

#[test]
fn files_and_processes() {
    shown("file-wait", || drop(no_blocking(|| File::open(black_box(MANIFEST)))));
    shown("file-wait", || drop(no_blocking(|| fs::read(black_box(MANIFEST)))));
    let mut file = File::open(MANIFEST).expect("the manifest");
    shown("file-wait", || assert!(no_blocking(|| file.read(&mut [0; 8])).is_ok()));
    shown("print-wait", || no_blocking(|| std::io::stderr().write_all(b"\n")).expect("it is written"));
    shown("process-start", || assert!(no_blocking(|| Command::new("true").status()).is_ok()));
}

#[test]
fn addresses() {
    shown("name-lookup", || drop(no_blocking(|| black_box("localhost:80").to_socket_addrs())));
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(SHORT)).expect("a limit");
    shown("socket-wait", || assert!(no_blocking(|| socket.recv(&mut [0; 8])).is_err()));
}

#[test]
fn random_numbers() {
    thread::spawn(|| shown("random-seed", || drop(no_blocking(|| black_box(HashMap::<u8, u8>::new())))))
        .join()
        .expect("it is shown");
}
