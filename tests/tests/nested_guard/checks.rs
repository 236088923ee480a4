//! What holds however many guards lie in each other.

use std::sync::Mutex;

use qadapt::{Budget, Mode, Policy, assert_no_alloc, count_alloc, set_mode, take_violations};
use qadapt_tests::force::{alloc_and_free, leak};

/// One test at a time: they set the process's mode.
static MODE: Mutex<()> = Mutex::new(());

#[test]
fn each_event_counts_once() {
    if !qadapt::is_active() {
        return;
    }
    let _one = MODE.lock();
    set_mode(Mode::Count);
    let (counts, ()) = count_alloc(|| alloc_and_free(10));
    assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(1), Some(1)));
    assert_eq!(counts.bytes().get(), Some(10));
    let mut grown = vec![1_u8; 10];
    let (counts, ()) = count_alloc(|| grown.reserve_exact(1000));
    assert_eq!((counts.reallocs().get(), counts.allocs().get()), (Some(1), Some(0)));
    let (counts, zeroed) = count_alloc(|| vec![0_u8; 10]);
    assert_eq!((counts.allocs().get(), zeroed.len()), (Some(1), 10));

    assert_no_alloc(|| leak(10));
    assert_eq!(take_violations(), 1);
    Policy::new().budget(Budget::new().requests(2)).run(|| {
        leak(1);
        leak(1);
    });
    assert_eq!(take_violations(), 0, "two fit into the budget");
    let refused =
        Policy::fail_nth(2).run(|| [1, 2, 3].map(|size| Vec::<u8>::new().try_reserve(size).is_err()));
    assert_eq!(refused, [false, true, false]);
}

#[test]
fn a_reports_payload_is_freed_as_own_work() {
    if !qadapt::is_active() {
        return;
    }
    let _one = MODE.lock();
    set_mode(Mode::Panic);
    let (counts, caught) =
        count_alloc(|| std::panic::catch_unwind(|| assert_no_alloc(|| leak(10))).map_err(drop));
    assert!(caught.is_err());
    assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(1), Some(0)));
}
