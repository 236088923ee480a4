//! Regions, locks, drops and panics in every combination that once broke an allocator that panics.
//!
//! Run here as a probe; `tests/builds.rs` builds it at each optimisation level and with fat LTO as well.
// expect: exit 0
// expect: stdout all scenarios held
// expect: stderr panicked at tests/src/bin/soundness.rs:{caught}
// expect: never panicked while processing panic
// expect: off stdout all scenarios held
// expect: stdout checks on

use std::any::Any;
use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;

use qadapt::{
    QADAPT, assert_no_alloc, enter_protected, exit_protected, permit_alloc, protection_level,
    take_violations, violations,
};
use qadapt_tests::force::{alloc_and_free, force_alloc, leak};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

type Payload = Box<dyn Any + Send>;

/// Runs something and gives back the panic's message, if it panicked.
fn message<R>(body: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| text(&payload))
}

fn text(payload: &Payload) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

/// Asserts that a region panicked with a report, or ran through in a build without checks.
#[track_caller]
fn assert_reported<R>(result: Result<R, String>) {
    if qadapt::is_active() {
        let message = result.err().expect("the region panics");
        assert!(message.starts_with("qadapt: "), "{message}");
    } else {
        assert!(result.is_ok(), "a build without checks panics");
    }
    assert_idle();
}

/// Nothing protects this thread any more.
#[track_caller]
fn assert_idle() {
    assert_eq!(protection_level(), 0);
    let before = violations();
    alloc_and_free(8);
    assert_eq!(violations(), before);
}

/// Counts its drops, and whether they were in protected code.
struct Dropped<'a> {
    times: &'a Cell<u32>,
}

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.times.set(self.times.get() + 1);
    }
}

/// `catch_unwind` around a region catches the region's panic.
fn caught_outside() {
    let caught = catch_unwind(|| {
        assert_no_alloc(|| leak(16)); // here: caught
    });
    assert_reported(caught.map_err(|payload| text(&payload)));
}

/// `catch_unwind` inside a region catches nothing, since the panic comes at the region's edge.
fn caught_inside() {
    let reached = Cell::new(false);
    let result = message(|| {
        assert_no_alloc(|| {
            let inner = catch_unwind(|| leak(16));
            assert!(inner.is_ok(), "the allocator unwound");
            reached.set(true);
        });
    });
    assert!(reached.get());
    assert_reported(result);
}

/// A region while a lock is held: its panic poisons the mutex and unlocks it.
fn region_inside_the_lock() {
    let mutex = Mutex::new(0);
    let result = message(|| {
        let mut value = mutex.lock().expect("not poisoned yet");
        *value += 1;
        assert_no_alloc(|| leak(16));
    });
    match mutex.try_lock() {
        Err(TryLockError::Poisoned(value)) if result.is_err() => assert_eq!(*value.into_inner(), 1),
        Ok(value) if result.is_ok() => assert_eq!(*value, 1),
        Ok(_) => panic!("the mutex is not poisoned"),
        Err(error) => panic!("the mutex: {error}"),
    }
    assert_reported(result);
}

/// A lock taken inside the region and held across the allocation: released before the region's edge.
fn lock_inside_the_region() {
    let mutex = Mutex::new(0);
    let result = message(|| {
        assert_no_alloc(|| {
            let mut value = mutex.lock().expect("not poisoned yet");
            *value += 1;
            leak(16);
            *value += 1;
        });
    });
    assert_eq!(*mutex.try_lock().expect("released, and not poisoned"), 2);
    assert_reported(result);
}

/// A lock that the region gives back as its result is released when the region panics.
fn lock_as_the_result() {
    let mutex = Mutex::new(0);
    let result = message(|| {
        let value = assert_no_alloc(|| {
            let value = mutex.lock().expect("not poisoned yet");
            leak(16);
            value
        });
        drop(value);
    });
    assert!(!matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)), "locked for ever");
    assert_eq!(*mutex.lock().unwrap_or_else(PoisonError::into_inner), 0);
    assert_reported(result);
}

/// Every local of the function that allocates is dropped, once.
fn locals_are_dropped() {
    let times = Cell::new(0);
    let result = message(|| {
        let _outside = Dropped { times: &times };
        assert_no_alloc(|| {
            let _inside = Dropped { times: &times };
            leak(16);
            let _later = Dropped { times: &times };
        });
    });
    assert_eq!(times.get(), 3);
    assert_reported(result);
}

/// The body's result is dropped, once, when the region panics.
fn the_result_is_dropped() {
    let times = Cell::new(0);
    let result = message(|| {
        let result = assert_no_alloc(|| {
            leak(16);
            Dropped { times: &times }
        });
        assert_eq!(times.get(), 0);
        drop(result);
    });
    assert_eq!(times.get(), 1);
    assert_reported(result);
}

/// A vector that is freed inside a region: the deallocation too lets the program go on.
fn freed_inside() {
    let result = message(|| {
        let block = force_alloc(64);
        assert_no_alloc(move || drop(block));
    });
    assert_reported(result);
}

/// The inner region panics; the outer one is unwound, and what is its own is not lost.
fn nested() {
    let result = message(|| {
        assert_no_alloc(|| {
            assert_no_alloc(|| {
                assert_no_alloc(|| leak(16));
                unreachable_when_watched();
            });
            unreachable_when_watched();
        });
    });
    assert_reported(result);
    // The outer one alone.
    let result = message(|| {
        assert_no_alloc(|| {
            leak(16);
            assert_no_alloc(|| black_box(1));
        });
    });
    assert_reported(result);
}

fn unreachable_when_watched() {
    assert!(!qadapt::is_active(), "the region before did not panic");
}

/// Ways out of a body: `?`, `return` and `break` end in the region's panic like its end does.
fn ways_out() {
    fn question() -> Result<(), String> {
        assert_no_alloc(|| {
            leak(16);
            Err("user's error")?;
            leak(16);
            Ok(())
        })
    }
    let result = message(question);
    if !qadapt::is_active() {
        assert_eq!(result, Ok(Err("user's error".to_owned())));
    }
    assert!(qadapt::is_active() == result.is_err());

    let result = message(|| {
        assert_no_alloc(|| {
            if black_box(true) {
                leak(16);
                return 1;
            }
            2
        })
    });
    assert_reported(result);

    let mut rounds = 0;
    let result = message(|| {
        assert_no_alloc(|| {
            loop {
                rounds += 1;
                leak(16);
                if rounds == 3 {
                    break;
                }
            }
        });
    });
    assert_eq!(rounds, 3);
    assert_reported(result);
}

/// The user's own panic inside a region is the one that goes on.
fn users_panic_inside() {
    let times = Cell::new(0);
    let result = message(|| {
        assert_no_alloc(|| {
            let _local = Dropped { times: &times };
            leak(16);
            panic!("the user's own panic, {}", black_box(1));
        });
    });
    assert_eq!(result, Err::<(), _>("the user's own panic, 1".to_owned()));
    assert_eq!(times.get(), 1);
    assert_idle();
}

/// A panic that is caught inside is no violation: neither its message nor its payload.
fn panic_caught_inside() {
    let before = violations();
    let caught = assert_no_alloc(|| catch_unwind(|| panic!("caught inside, {}", black_box(2))));
    assert_eq!(caught.as_ref().map_err(text), Err::<&(), _>("caught inside, 2".to_owned()));
    drop(caught);
    assert_eq!(violations(), before);
    assert_idle();
}

/// A region's panic that is caught inside an outer region does not arm or disarm the outer one.
fn regions_panic_caught_inside() {
    let result = message(|| {
        let caught = assert_no_alloc(|| {
            let caught = catch_unwind(|| assert_no_alloc(|| leak(16)));
            assert_eq!(protection_level(), usize::from(qadapt::is_active()));
            caught
        });
        assert_eq!(caught.is_err(), qadapt::is_active());
        drop(caught);
    });
    assert_eq!(result, Ok(()), "the event was reported twice");
    assert_idle();
}

/// A thread that exits with an open region and a pending violation.
fn thread_exit() {
    thread::spawn(|| {
        enter_protected();
        leak(16);
    })
    .join()
    .expect("leaving the thread raises nothing");

    let joined = thread::spawn(|| assert_no_alloc(|| leak(16))).join();
    assert_reported(joined.map_err(|payload| text(&payload)));
}

/// A drop that enters a region and allocates there while the thread unwinds: no second panic.
fn region_in_a_drop_during_unwinding() {
    struct Guarded;
    impl Drop for Guarded {
        fn drop(&mut self) {
            assert_no_alloc(|| alloc_and_free(16));
        }
    }
    let before = violations();
    let result = message(|| {
        let _guarded = Guarded;
        panic_any("the first panic");
    });
    assert_eq!(result, Err::<(), _>("the first panic".to_owned()));
    assert_eq!(violations(), before, "what happens while panicking is none");
    assert_idle();
}

/// The same, where the unwinding itself leaves a region with a violation.
fn region_around_a_drop_during_unwinding() {
    struct Allocating;
    impl Drop for Allocating {
        fn drop(&mut self) {
            enter_protected();
            alloc_and_free(16);
            exit_protected();
        }
    }
    let result = message(|| {
        assert_no_alloc(|| {
            let _allocating = Allocating;
            leak(16);
            panic_any("the first panic");
        });
    });
    assert_eq!(result, Err::<(), _>("the first panic".to_owned()));
    assert_idle();
}

/// Permits, and panics out of permits.
fn permits() {
    assert_no_alloc(|| permit_alloc(|| alloc_and_free(16)));
    let result = message(|| {
        assert_no_alloc(|| {
            let caught = catch_unwind(|| permit_alloc(|| panic_any("out of a permit")));
            assert_eq!(
                protection_level(),
                usize::from(qadapt::is_active()),
                "the permit ends with the panic"
            );
            std::mem::forget(caught);
            leak(16);
        });
    });
    assert_reported(result);
}

/// Entered and exited by hand: the panic comes from the exit.
fn manual() {
    let times = Cell::new(0);
    let result = message(|| {
        let _local = Dropped { times: &times };
        enter_protected();
        leak(16);
        exit_protected();
        unreachable_when_watched();
    });
    assert_eq!(times.get(), 1);
    assert_reported(result);
}

/// Many rounds: whatever one panic leaves behind would add up.
fn again_and_again() {
    for _ in 0..50 {
        let result = message(|| {
            assert_no_alloc(|| {
                permit_alloc(|| assert_no_alloc(|| leak(16)));
            });
        });
        assert_reported(result);
    }
}

fn main() {
    let scenarios: [(&str, fn()); 19] = [
        ("caught_outside", caught_outside),
        ("caught_inside", caught_inside),
        ("region_inside_the_lock", region_inside_the_lock),
        ("lock_inside_the_region", lock_inside_the_region),
        ("lock_as_the_result", lock_as_the_result),
        ("locals_are_dropped", locals_are_dropped),
        ("the_result_is_dropped", the_result_is_dropped),
        ("freed_inside", freed_inside),
        ("nested", nested),
        ("ways_out", ways_out),
        ("users_panic_inside", users_panic_inside),
        ("panic_caught_inside", panic_caught_inside),
        ("regions_panic_caught_inside", regions_panic_caught_inside),
        ("thread_exit", thread_exit),
        ("region_in_a_drop_during_unwinding", region_in_a_drop_during_unwinding),
        ("region_around_a_drop_during_unwinding", region_around_a_drop_during_unwinding),
        ("permits", permits),
        ("manual", manual),
        ("again_and_again", again_and_again),
    ];
    for (name, scenario) in scenarios {
        eprintln!("scenario {name}");
        // On a thread of its own, so that no scenario helps the next one.
        thread::spawn(move || {
            assert_eq!(take_violations(), 0);
            scenario();
        })
        .join()
        .unwrap_or_else(|payload| panic!("{name}: {}", text(&payload)));
    }
    println!("all scenarios held; checks {}", if qadapt::is_active() { "on" } else { "off" });
}
