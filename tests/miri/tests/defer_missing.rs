//! Deferring regions where no allocator defers: a free happens at once and stays a violation.
//!
//! Alone because its allocator does not defer.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use qadapt::{Amount, Mode, Policy, Qadapt, defer_frees, deferred, is_active, reclaim, violations};
use qadapt_tests::force::force_alloc;

/// The system's allocator, which counts what this thread frees.
struct Counted;

thread_local! {
    static FREED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: each method forwards its arguments to the same method of the system's allocator and returns what that returns.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        FREED.set(FREED.get() + 1);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOC: Qadapt<Counted> = Qadapt::new(Counted);

/// A report takes Miri minutes.
const MODE: Mode = if cfg!(miri) { Mode::Count } else { Mode::Panic };
const STRICT: Policy = Policy::new().mode(MODE);

#[qadapt::allocate_panic(defer)]
fn annotated(blocks: Vec<u8>) -> usize {
    blocks.capacity()
}

#[test]
fn a_free_in_a_deferring_region_is_a_violation() {
    qadapt::set_mode(MODE);
    let ways: [fn(Vec<u8>); 4] = [
        |block| STRICT.defer().run(|| drop(block)),
        |block| STRICT.run(|| defer_frees(|| drop(block))),
        |block| defer_frees(|| STRICT.run(|| drop(block))),
        |block| assert_eq!(annotated(block), 40),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let block = force_alloc(40);
        let (seen, mut freed) = (violations(), 0);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let before = FREED.get();
            defer_frees(|| ());
            way(block);
            freed = FREED.get() - before;
        }));
        let seen = violations() - seen;
        assert_eq!(seen, u64::from(is_active()), "way {number}");
        assert_eq!(outcome.is_err(), seen > 0 && MODE == Mode::Panic, "way {number}");
        // Where the region panicked, the test has not seen what was freed.
        assert_eq!(freed, u64::from(outcome.is_ok()), "way {number}");
    }
}

#[test]
fn nothing_waits_and_nothing_is_given_back() {
    let block = force_alloc(40);
    let before = FREED.get();
    defer_frees(|| drop(block));
    assert_eq!(FREED.get() - before, 1);
    assert_eq!(deferred().waiting, Amount::NONE);
    assert_eq!(reclaim(Amount::ALL), Amount::NONE);
}
