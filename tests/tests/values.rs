//! Values with an allocator of their own under the guard: `Vec::new_in(Qadapt::new(..))`.
//!
//! Alone in its process because its guard is the global allocator, from which arenas take their memory.

use std::cell::Cell;
use std::hint::black_box;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator, Global, Layout, System};
use allocator_api2::vec::Vec;
use qadapt::{Counts, Mode, Ops, Policy, QADAPT, Qadapt, count_alloc};
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Allocations, reallocations, deallocations and requests that got nothing.
fn figures(counts: &Counts) -> [Option<u64>; 4] {
    [counts.allocs().get(), counts.reallocs().get(), counts.deallocs().get(), counts.failed().get()]
}

fn expected(allocs: u64, reallocs: u64, deallocs: u64, failed: u64) -> [Option<u64>; 4] {
    let is_watched = qadapt::is_active();
    [allocs, reallocs, deallocs, failed].map(|figure| is_watched.then_some(figure))
}

/// Hands out pieces of one block of the global allocator's, which it asks for with the first.
#[derive(Default)]
struct Arena {
    block: Cell<Option<NonNull<[u8]>>>,
    used: Cell<usize>,
}

impl Arena {
    const LAYOUT: Layout = Layout::new::<[u64; 512]>();
}

impl Drop for Arena {
    #[expect(unsafe_code, reason = "gives its block back")]
    fn drop(&mut self) {
        if let Some(block) = self.block.get() {
            // SAFETY: it came from there with this layout, and what borrowed the arena is gone.
            unsafe { Global.deallocate(block.cast(), Self::LAYOUT) };
        }
    }
}

// SAFETY: each piece lies in the arena's block, which lives as long as the arena, apart from all others.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement")]
unsafe impl Allocator for &Arena {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let block = match self.block.get() {
            Some(block) => block,
            None => Global.allocate(Arena::LAYOUT)?,
        };
        self.block.set(Some(block));
        let start = self.used.get().next_multiple_of(layout.align());
        let end = start + layout.size();
        if end > block.len() || layout.align() > Arena::LAYOUT.align() {
            return Err(AllocError);
        }
        self.used.set(end);
        // SAFETY: it lies in the block, as just checked.
        let piece = unsafe { block.cast::<u8>().add(start) };
        Ok(NonNull::slice_from_raw_parts(piece, layout.size()))
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {}
}

/// A vector that grows once, shrinks and is freed.
fn use_vector<A: Allocator>(allocator: A) {
    let mut numbers: Vec<u64, A> = Vec::with_capacity_in(black_box(4), allocator);
    numbers.extend([1, 2, 3, 4]);
    numbers.reserve_exact(black_box(40));
    numbers.shrink_to_fit();
    black_box(&numbers);
}

#[test]
fn a_value_s_own_allocator_is_not_the_global_one() {
    let (counts, ()) = count_alloc(|| use_vector(System));
    assert_eq!(figures(&counts), expected(0, 0, 0, 0));
}

#[test]
fn under_the_guard_each_request_of_a_value_is_one_event() {
    let (counts, ()) = count_alloc(|| use_vector(Qadapt::new(System)));
    assert_eq!(figures(&counts), expected(1, 2, 1, 0));
    if watching("the bytes") {
        assert_eq!((counts.bytes().get(), counts.net_bytes().get()), (Some(32 + 352 + 32), Some(0)));
    }
    // What comes from the global allocator is no second event, and neither is what a guard in a guard sees.
    let (counts, ()) = count_alloc(|| use_vector(Qadapt::new(Global)));
    assert_eq!(figures(&counts), expected(1, 2, 1, 0));
    let (counts, ()) = count_alloc(|| use_vector(Qadapt::new(Qadapt::new(Global))));
    assert_eq!(figures(&counts), expected(1, 2, 1, 0));
}

#[test]
fn an_arena_s_own_block_belongs_to_the_request_that_needed_it() {
    let arena = Arena::default();
    // The allocator's default ways to grow and shrink: a new block.
    let (counts, ()) = count_alloc(|| use_vector(Qadapt::new(&arena)));
    assert_eq!(figures(&counts), expected(1, 2, 1, 0));
    let (counts, ()) = count_alloc(|| drop(arena));
    assert_eq!(figures(&counts), expected(0, 0, 1, 0));
    let bare = Arena::default();
    let (counts, ()) = count_alloc(|| use_vector(&bare));
    assert_eq!(figures(&counts), expected(1, 0, 0, 0));
}

#[test]
fn a_value_without_a_byte_is_no_event() {
    let (counts, numbers) = count_alloc(|| Vec::<u64, _>::new_in(Qadapt::new(Global)));
    assert_eq!(figures(&counts), expected(0, 0, 0, 0));
    let (counts, ()) = count_alloc(|| {
        let mut numbers = numbers;
        numbers.reserve_exact(black_box(2));
        numbers.shrink_to_fit();
    });
    assert_eq!(figures(&counts), expected(1, 0, 1, 0));
}

#[test]
fn regions_watch_values() {
    const COUNTING: Policy = Policy::new().mode(Mode::Count);
    let before = qadapt::violations();
    COUNTING.run(|| use_vector(Qadapt::new(System)));
    COUNTING.run(|| use_vector(System));
    assert_eq!(qadapt::violations() - before, if qadapt::is_active() { 4 } else { 0 });
}

#[test]
fn a_request_that_is_refused_is_an_error() {
    const FAILING: Policy = Policy::new().mode(Mode::Fail).allow(Ops::DEALLOC);
    let refused = FAILING.run(|| Vec::<u64, _>::new_in(Qadapt::new(System)).try_reserve(4).is_err());
    assert_eq!(refused, qadapt::is_active());
}

#[test]
fn a_report_names_the_value_s_line() {
    let panicked = std::thread::spawn(|| {
        qadapt::assert_no_alloc(|| use_vector(Qadapt::new(System)));
    });
    let Err(payload) = panicked.join() else { return assert!(!qadapt::is_active()) };
    let report = payload.downcast::<String>().expect("a report");
    assert!(report.contains("allocation of 32 bytes (align 8)"), "{report}");
    assert!(report.contains("tests/tests/values.rs:") || report.contains("tests/values.rs:"), "{report}");
    assert!(!report.contains("hot/values.rs"), "{report}");
}
