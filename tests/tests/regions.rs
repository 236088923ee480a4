//! Opening and closing regions in every order.
//!
//! Alone because it is the plain configuration: the guard around the system's allocator, in the default mode.

#[path = "regions/caught.rs"]
mod caught;
#[path = "regions/reporting.rs"]
mod reporting;

use std::panic::{Location, panic_any};
use std::thread;

use qadapt::{
    Mode, PermitDrop, QADAPT, assert_no_alloc, enter_protected, exit_protected, permit_alloc,
    protection_level, take_violations, violations,
};
use qadapt_tests::force::{alloc_and_free, force_alloc, leak};
use qadapt_tests::watching;

use crate::caught::{caught, reported};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[track_caller]
fn here() -> &'static Location<'static> {
    Location::caller()
}

#[test]
fn without_checks_nothing_is_protected() {
    if qadapt::is_active() {
        return assert_eq!(assert_no_alloc(protection_level), 1);
    }
    enter_protected();
    assert_no_alloc(|| alloc_and_free(8));
    assert_eq!((protection_level(), violations()), (0, 0));
    exit_protected();
    exit_protected();
    assert!(!qadapt::count_alloc(|| ()).0.is_measured());
}

#[test]
fn the_level_counts_open_regions() {
    if !watching("the level") {
        return;
    }
    assert_eq!(protection_level(), 0);
    enter_protected();
    assert_eq!(protection_level(), 1);
    enter_protected();
    assert_eq!(protection_level(), 2);
    assert_no_alloc(|| {
        assert_eq!(protection_level(), 3);
        permit_alloc(|| {
            assert_eq!(protection_level(), 0);
            assert_no_alloc(|| assert_eq!(protection_level(), 1));
            enter_protected();
            assert_eq!(protection_level(), 1);
            exit_protected();
            assert_eq!(protection_level(), 0);
        });
        assert_eq!(protection_level(), 3);
    });
    assert_eq!(protection_level(), 2);
    exit_protected();
    exit_protected();
    assert_eq!(protection_level(), 0);
    assert_eq!(thread::spawn(protection_level).join().expect("a number"), 0, "another thread's");
}

#[test]
fn levels_are_the_threads_own() {
    if !watching("levels of threads") {
        return;
    }
    enter_protected();
    let other =
        permit_alloc(|| thread::spawn(|| (protection_level(), alloc_and_free(8), violations())).join());
    exit_protected();
    assert_eq!(other.expect("nothing is protected there"), (0, (), 0));
}

#[test]
fn an_exit_without_an_entry_panics_at_the_callers_line() {
    if !watching("an exit too many") {
        return;
    }
    let line = here().line() + 1;
    let error = caught(|| exit_protected()).expect_err("nothing to exit");
    assert!(error.message.contains("exit_protected() without a matching enter_protected()"), "{error:?}");
    assert_eq!((error.file.as_str(), error.line), (file!(), line));
    // As many exits as entries, and then one more.
    enter_protected();
    enter_protected();
    exit_protected();
    exit_protected();
    assert!(caught(|| exit_protected()).is_err());
    assert_eq!(protection_level(), 0);
}

#[test]
fn an_exit_cannot_close_a_region_outside_its_closure() {
    if !watching("exits inside closures") {
        return;
    }
    enter_protected();
    let error = assert_no_alloc(|| permit_alloc(|| caught(|| exit_protected()))).expect_err("not here");
    assert!(error.message.contains("cannot be closed inside it"), "{error:?}");
    assert_eq!(protection_level(), 1, "the entry is still open");
    // Each closure has its own count.
    assert_no_alloc(|| {
        enter_protected();
        assert_no_alloc(|| {
            enter_protected();
            assert_eq!(protection_level(), 5);
            exit_protected();
        });
        exit_protected();
    });
    // A permit as well.
    let error = permit_alloc(|| caught(|| exit_protected())).expect_err("not here");
    assert!(error.message.contains("cannot be closed inside it"), "{error:?}");
    exit_protected();
    assert_eq!(protection_level(), 0);
}

#[test]
fn entries_leaked_in_a_closure_end_with_it() {
    if !watching("leaked entries") {
        return;
    }
    enter_protected();
    assert_no_alloc(|| {
        enter_protected();
        enter_protected();
        assert_eq!(protection_level(), 4);
    });
    assert_eq!(protection_level(), 1);
    permit_alloc(|| {
        enter_protected();
        assert_eq!(protection_level(), 1);
    });
    assert_eq!(protection_level(), 1);
    exit_protected();
    assert_eq!(protection_level(), 0);
    // Where the closure unwinds too, and with a violation.
    let error = caught(|| {
        assert_no_alloc(|| {
            enter_protected();
            panic_any("the user's own");
        })
    });
    assert_eq!(error.expect_err("the user's panic").message, "the user's own");
    assert_eq!(protection_level(), 0);
    assert_eq!(
        reported(|| {
            assert_no_alloc(|| {
                enter_protected();
                leak(31);
            });
        }),
        [31]
    );
    assert_eq!(protection_level(), 0);
    assert!(caught(|| exit_protected()).is_err(), "a leaked entry can still be closed");
}

#[test]
fn a_region_inside_a_permit_protects_again() {
    if !watching("regions inside permits") {
        return;
    }
    let error = caught(|| {
        assert_no_alloc(|| {
            permit_alloc(|| {
                leak(1);
                assert_no_alloc(|| leak(2));
            });
        });
    });
    assert_eq!(error.expect_err("the inner region's").sizes(), [2]);
    // The permit inside that region again permits, and protection comes back after it.
    assert_eq!(
        reported(|| {
            assert_no_alloc(|| {
                permit_alloc(|| {
                    assert_no_alloc(|| {
                        permit_alloc(|| leak(3));
                        leak(4);
                    });
                });
            });
        }),
        [4]
    );
    assert_eq!(
        reported(|| {
            assert_no_alloc(|| {
                permit_alloc(|| leak(5));
                leak(6);
            });
        }),
        [6]
    );
    permit_alloc(|| leak(7));
    let _ = take_violations();
}

#[inline(never)]
fn recurse(depth: usize, at_the_end: &dyn Fn()) -> usize {
    if depth == 0 {
        at_the_end();
        return 0;
    }
    assert_no_alloc(|| 1 + recurse(depth - 1, at_the_end))
}

#[test]
fn ten_thousand_regions_deep() {
    let run = || {
        assert_eq!(recurse(10_000, &|| ()), 10_000);
        assert_eq!(protection_level(), 0);
        if !watching("the violation at the bottom") {
            return;
        }
        recurse(10_000, &|| assert_eq!(protection_level(), 10_000));
        let error = caught(|| recurse(10_000, &|| leak(51))).expect_err("the innermost region's");
        assert_eq!(error.sizes(), [51]);
        assert_eq!((protection_level(), violations()), (0, 1));
        // The same on the slow way, with something pending outside.
        assert_eq!(
            reported(|| {
                assert_no_alloc(|| {
                    leak(52);
                    recurse(10_000, &|| ());
                });
            }),
            [52]
        );
        // Permits as deep as that.
        let error = caught(|| {
            assert_no_alloc(|| permit_alloc(|| recurse(5_000, &|| permit_alloc(|| alloc_and_free(53)))));
        });
        assert!(error.is_ok(), "{error:?}");
    };
    thread::Builder::new().stack_size(256 << 20).spawn(run).expect("a thread").join().expect("all is well");
}

#[test]
fn permitted_drops_are_permitted() {
    struct Panicking;
    impl Drop for Panicking {
        fn drop(&mut self) {
            assert_eq!(protection_level(), 0);
            panic_any("in drop");
        }
    }

    let scratch = PermitDrop::new(force_alloc(64));
    assert_no_alloc(move || assert_eq!(scratch.len(), 0));
    let mut scratch = PermitDrop::from(vec![1, 2, 3]);
    scratch[0] = 7;
    assert_eq!(*scratch, [7, 2, 3]);
    if !watching("what PermitDrop does not permit") {
        return;
    }
    // Only the drop is.
    let grown = reported(move || assert_no_alloc(move || scratch.reserve_exact(100)));
    assert_eq!(grown, [412]);
    let inner = PermitDrop::new(force_alloc(61)).into_inner();
    assert_eq!(reported(move || assert_no_alloc(move || drop(inner))), [61]);
    // A drop that panics is a panic of the user's, and the region is closed.
    let error = caught(|| assert_no_alloc(|| drop(PermitDrop::new(Panicking))));
    assert_eq!(error.expect_err("the drop's").message, "in drop");
    assert_eq!(protection_level(), 0);
    let _ = take_violations();
}

#[test]
fn violations_are_the_threads_own_count() {
    if !watching("the count of violations") {
        return;
    }
    assert_eq!(violations(), 0);
    let other = thread::spawn(|| {
        let _ = caught(|| assert_no_alloc(|| alloc_and_free(8)));
        (take_violations(), violations())
    });
    assert_eq!(other.join().expect("a count"), (2, 0));
    assert_eq!(violations(), 0);
    let _ = caught(|| assert_no_alloc(|| leak(8)));
    assert_eq!((violations(), take_violations(), violations()), (1, 1, 0));
    // Taken inside the region: the region still reports.
    assert_eq!(
        reported(|| {
            assert_no_alloc(|| {
                leak(9);
                assert_eq!(take_violations(), 1);
            });
        }),
        [9]
    );
}

#[test]
fn every_operation_is_a_violation() {
    if !watching("operations") {
        return;
    }
    let mut vector = force_alloc(10);
    let boxed = force_alloc(15);
    let error = caught(|| {
        assert_no_alloc(move || {
            leak(11);
            vector.reserve_exact(12);
            std::mem::forget(vector);
            std::mem::forget(std::hint::black_box(vec![0_u8; std::hint::black_box(13)]));
            drop(boxed);
        });
    });
    let message = error.expect_err("four violations").message;
    for line in [
        "qadapt: allocation of 11 bytes (align 1)",
        "qadapt: reallocation from 10 to 12 bytes (align 1)",
        "qadapt: zeroed allocation of 13 bytes (align 1)",
        "qadapt: deallocation of 15 bytes (align 1)",
    ] {
        assert!(message.contains(line), "{line} is not in {message}");
    }
    assert_eq!(take_violations(), 4);
}

#[test]
#[should_panic(expected = "qadapt: allocation of 16 bytes")]
fn should_panic_sees_the_regions_panic() {
    let watching = watching("a region's panic in should_panic");
    assert!(watching, "qadapt: allocation of 16 bytes is what a build with checks says");
    assert_no_alloc(|| leak(16));
}

#[test]
fn a_mode_is_printed_as_it_is_read() {
    for word in ["panic", "abort", "log", "count", "trap"] {
        assert_eq!(word.parse::<Mode>().expect("a mode").to_string(), word);
    }
    let error = "loud".parse::<Mode>().expect_err("no mode").to_string();
    assert!(error.contains("panic, abort, log, count"), "{error}");
    assert_eq!(Mode::default(), Mode::Panic);
}
