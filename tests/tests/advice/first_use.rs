//! What allocates the first time it is used. The first use of standard output is shown by the probe `advised`, since the
//! test harness has used it.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{LazyLock, OnceLock};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use qadapt::assert_no_alloc;

use crate::seen::shown;

#[test]
fn lazy_values() {
    static LAZY: LazyLock<Vec<u8>> = LazyLock::new(|| vec![1; black_box(100)]);
    static ONCE: OnceLock<String> = OnceLock::new();
    thread_local! {
        static LOCAL: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(black_box(10)));
    }

    shown("lazy-init", || assert_eq!(assert_no_alloc(|| LAZY.len()), 100));
    shown("lazy-init", || {
        assert_eq!(assert_no_alloc(|| ONCE.get_or_init(|| black_box("a").to_owned())), "a");
    });
    shown("thread-local-init", || assert_no_alloc(|| LOCAL.with_borrow_mut(|local| local.push(1))));
    // What is done with a value that is there has nothing to do with its first use.
    shown("vec-growth", || assert_no_alloc(|| LOCAL.with_borrow_mut(|local| local.extend([2; 20]))));
}

#[test]
fn waiting() {
    let thread = thread::spawn(|| {
        let (sender, receiver) = mpsc::channel::<u8>();
        shown("channel-wait", || {
            let outcome = assert_no_alloc(|| receiver.recv_timeout(Duration::from_millis(1)));
            assert_eq!(outcome, Err(RecvTimeoutError::Timeout));
        });
        drop(sender);
        shown("parking-lot-wait", || {
            let (mutex, condition) = (Mutex::new(()), Condvar::new());
            let mut guard = mutex.lock();
            assert_no_alloc(|| condition.wait_for(&mut guard, Duration::from_nanos(1)));
        });
    });
    thread.join().expect("a thread's first waits");
}
