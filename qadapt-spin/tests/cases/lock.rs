//! The lock, over spin's mutex: its rules case by case, then with threads.

use std::{panic, sync::Barrier, thread};

use qadapt_spin::Lock;

#[test]
fn a_held_lock_is_refused_to_everyone_until_it_is_dropped() {
    let lock = Lock::new(1);
    let held = lock.try_lock().expect("free");
    assert!(lock.try_lock().is_none());
    assert!(lock.lock_within(0).is_none());
    assert!(lock.lock_within(100).is_none());
    assert!(thread::scope(|scope| scope.spawn(|| lock.try_lock().is_none()).join().expect("no panic")));
    drop(held);
    assert!(lock.try_lock().is_some());
    assert!(lock.lock_within(0).is_some());
}

#[test]
fn a_panic_of_the_holder_opens_the_lock_and_keeps_its_writes() {
    let lock = Lock::new(1);
    let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        *lock.try_lock().expect("free") = 2;
        let _held = lock.try_lock().expect("free again");
        panic::resume_unwind(Box::new("the holder's"));
    }));
    assert!(result.is_err());
    assert_eq!(*lock.try_lock().expect("open again"), 2);
}

#[test]
fn debug_output_never_waits() {
    let lock = Lock::<u8>::default();
    assert_eq!(format!("{lock:?}"), "Lock(0)");
    let held = lock.try_lock().expect("free");
    assert_eq!(format!("{held:?}"), "0");
    assert_eq!(format!("{lock:?}"), "Lock(<held>)");
}

#[test]
fn threads_never_hold_it_together() {
    const THREADS: usize = 4;
    const EACH: u64 = 20_000;
    static LOCK: Lock<[u64; 2]> = Lock::new([0; 2]);

    let barrier = Barrier::new(THREADS);
    let got: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let mut got = 0;
                    for _ in 0..EACH {
                        let guard = if thread % 2 == 0 { LOCK.try_lock() } else { LOCK.lock_within(100) };
                        if let Some(mut pair) = guard {
                            assert_eq!(pair[0], pair[1]);
                            pair[0] += 1;
                            pair[1] += 1;
                            got += 1;
                        }
                    }
                    got
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert_eq!(*LOCK.try_lock().expect("all have left"), [got, got]);
    assert!(got > 0);
}
