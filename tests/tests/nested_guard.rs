//! The guard around the guard around the guard: each event counts once.
//!
//! Alone because of its global allocator.

use qadapt::{Budget, Mode, Policy, QADAPT, Qadapt, assert_no_alloc, count_alloc, set_mode, take_violations};
use qadapt_tests::force::{alloc_and_free, leak};

#[global_allocator]
static ALLOC: Qadapt<Qadapt<QADAPT>> = Qadapt::new(Qadapt::new(QADAPT));

#[test]
fn each_event_counts_once() {
    if !qadapt::is_active() {
        return;
    }
    set_mode(Mode::Count);
    let (counts, ()) = count_alloc(|| alloc_and_free(10));
    assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(1), Some(1)));
    assert_eq!(counts.bytes().get(), Some(10));
    let mut grown = vec![1_u8; 10];
    let (counts, ()) = count_alloc(|| grown.reserve_exact(1000));
    assert_eq!((counts.reallocs().get(), counts.allocs().get()), (Some(1), Some(0)));

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
