//! The panic that a report is owed as: what it allocates and what is freed with its payload is nobody's event.
//!
//! Alone because its tests replace the process's panic hook.

use std::any::Any;
use std::hint::black_box;
use std::panic::{catch_unwind, set_hook};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use qadapt::{Counts, Mode, Policy, QADAPT, assert_allocs, assert_no_alloc, count_alloc, take_violations};
use qadapt_tests::force::{alloc_and_free, leak};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const PANICS: Policy = Policy::new().mode(Mode::Panic);
const COUNTS: Policy = Policy::new().mode(Mode::Count);

/// A report's payload.
fn caught() -> Box<dyn Any + Send> {
    catch_unwind(|| PANICS.run(|| leak(24))).expect_err("the region panics")
}

/// Allocations, deallocations and the bytes that are left.
fn figures(counts: Counts) -> [i64; 3] {
    let number = |figure: Option<u64>| i64::try_from(figure.expect("measured")).expect("small");
    [
        number(counts.allocs().get()),
        number(counts.deallocs().get()),
        counts.net_bytes().get().expect("measured"),
    ]
}

/// One test at a time: the hook is the process's. `None` where nothing is watched.
fn alone() -> Option<MutexGuard<'static, ()>> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set_hook(Box::new(|_| {}));
    qadapt::is_active().then_some(guard)
}

#[test]
fn a_caught_report_counts_as_the_event_that_it_is_about() {
    let Some(_alone) = alone() else { return };
    let (counts, ()) = count_alloc(|| drop(caught()));
    assert_eq!(figures(counts), [1, 0, 24]);
    let _ = take_violations();
    COUNTS.run(|| drop(caught()));
    assert_eq!(take_violations(), 1);
}

#[test]
fn so_it_does_with_a_hook_that_allocates() {
    let Some(_alone) = alone() else { return };
    set_hook(Box::new(|info| {
        let text = black_box(format!("{info} {:?}", std::backtrace::Backtrace::force_capture()));
        assert!(text.contains("tests/tests/payload.rs"));
    }));
    let (counts, ()) = count_alloc(|| drop(caught()));
    assert_eq!(figures(counts), [1, 0, 24]);
}

#[test]
fn so_does_an_assertion_that_fails() {
    let Some(_alone) = alone() else { return };
    let (counts, report) =
        count_alloc(|| catch_unwind(|| assert_allocs!(leak(24), allocs == 0)).expect_err("one is too many"));
    assert_eq!(figures(counts), [1, 0, 24]);
    let (counts, ()) = count_alloc(|| drop(report));
    assert_eq!(figures(counts), [0, 0, 0]);
}

#[test]
fn a_text_that_is_moved_out_of_the_payload_is_still_not_the_program_s() {
    let Some(_alone) = alone() else { return };
    let (counts, text) = count_alloc(|| *caught().downcast::<String>().expect("a report is a String"));
    assert_eq!(figures(counts), [1, 0, 24]);
    assert!(text.starts_with("qadapt: allocation of 24 bytes"), "{text}");
    let (counts, ()) = count_alloc(|| drop(text));
    assert_eq!(figures(counts), [0, 0, 0]);
}

#[test]
fn a_payload_is_freed_by_another_thread() {
    let Some(_alone) = alone() else { return };
    let payload = thread::spawn(|| PANICS.run(|| leak(24))).join().expect_err("the thread panics");
    let _ = take_violations();
    COUNTS.run(|| drop(payload));
    assert_eq!(take_violations(), 0);
}

#[test]
fn many_payloads_are_known_at_once() {
    let Some(_alone) = alone() else { return };
    let payloads: Vec<_> = (0..8).map(|_| caught()).collect();
    let (counts, ()) = count_alloc(|| payloads.into_iter().for_each(drop));
    // The list's own block.
    assert_eq!(counts.deallocs().get(), Some(1), "{counts}");
}

#[test]
fn blocks_that_get_a_payload_s_address_are_the_program_s() {
    let Some(_alone) = alone() else { return };
    for _ in 0..50 {
        // Freed where nothing watches: nobody sees the addresses go.
        let size = caught().downcast::<String>().expect("a String").capacity();
        let _ = take_violations();
        // What is allocated unwatched and freed in a region gets the addresses that were freed last.
        let (first, second) = (Box::new([1_u64, 2, 3]), black_box(vec![7_u8; size]));
        COUNTS.run(|| drop((black_box(first), second)));
        assert_eq!(take_violations(), 2);
        // So does what is allocated in the region.
        drop(caught());
        let (counts, ()) = count_alloc(|| {
            drop(black_box(Box::new([1_u64, 2, 3])));
            alloc_and_free(size);
        });
        assert_eq!(figures(counts), [2, 2, 0]);
    }
}

#[test]
fn a_user_s_own_panic_counts_as_before() {
    let Some(_alone) = alone() else { return };
    let (counts, ()) = count_alloc(|| {
        let payload = catch_unwind(|| assert_no_alloc(|| std::panic::panic_any([7_u64; 3])));
        drop(payload.expect_err("it panics"));
    });
    // The box and the unwinder's block.
    assert_eq!(figures(counts), [2, 2, 0]);
}
