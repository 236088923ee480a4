//! What waits: only where calls are watched.

use std::collections::HashMap;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{ToSocketAddrs as _, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Condvar, Mutex, RwLock};
use std::thread;
use std::time::Duration;

use qadapt::no_blocking;

use crate::seen;

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
const SHORT: Duration = Duration::from_millis(2);

/// As [`seen::shown`], of a region that must not wait.
#[track_caller]
fn shown(rule: &str, habit: impl FnOnce()) {
    if qadapt::is_active() && !qadapt::is_blocking_watched() {
        println!("NOT RUN: {rule}: this system does not let calls be watched");
        return;
    }
    seen::shown(rule, habit);
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
