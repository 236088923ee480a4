//! An allocator around QADAPT that counts with QADAPT's own functions, in the allocator.
//!
//! Alone because of its global allocator.

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use qadapt::{QADAPT, count_alloc, permit_alloc};

static ALLOCS: AtomicU64 = AtomicU64::new(0);
static UNMEASURED: AtomicU64 = AtomicU64::new(0);

/// Counts what each request asks of the allocator inside.
struct Tap(QADAPT);

// SAFETY: each method forwards its arguments to the same method of the inner allocator and returns what that returns.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Tap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        let (counts, block) = count_alloc(|| unsafe { self.0.alloc(layout) });
        match counts.allocs().get() {
            Some(allocs) => ALLOCS.fetch_add(allocs, Ordering::Relaxed),
            None => UNMEASURED.fetch_add(1, Ordering::Relaxed),
        };
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // A region of each kind, so that each has its first time here.
        // SAFETY: the caller's contract.
        qadapt::Policy::new()
            .mode(qadapt::Mode::Count)
            .run(|| permit_alloc(|| unsafe { self.0.dealloc(block, layout) }));
    }
}

#[global_allocator]
static ALLOC: Tap = Tap(QADAPT);

#[test]
fn it_counts_and_comes_to_an_end() {
    let before = ALLOCS.load(Ordering::Relaxed);
    drop(black_box(vec![1_u8; 10]));
    let after = ALLOCS.load(Ordering::Relaxed);
    assert_eq!(after > before, qadapt::is_active());
    // Only the request that asks whether QADAPT is there has no answer yet.
    let unmeasured = UNMEASURED.load(Ordering::Relaxed);
    assert!(!qadapt::is_active() || unmeasured <= 1, "{unmeasured} requests are unmeasured");
}
