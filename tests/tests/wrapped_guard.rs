//! An allocator around QADAPT, as `cap::Cap` or a user's own tap: sites are the program's lines all the same.
//!
//! Alone because of its global allocator.

use std::alloc::{GlobalAlloc, Layout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use qadapt::{QADAPT, set_violation_hook};
use qadapt_tests::force::force_alloc;
use qadapt_tests::watching;

/// Does nothing of its own, but for requests of one size: those it makes twice.
struct Tap<A>(A);

/// Of which the tap allocates once more itself.
const TWICE: usize = 1234;

// SAFETY: each method forwards its arguments to the same method of the inner allocator and returns what that returns.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Tap<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() == TWICE {
            drop(force_alloc(77)); // the tap's own
        }
        // SAFETY: the caller's contract.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's contract.
        unsafe { self.0.realloc(block, layout, new_size) }
    }
}

#[global_allocator]
static ALLOC: Tap<QADAPT> = Tap(QADAPT);

#[test]
fn the_site_is_the_programs_line() {
    static SEEN: Mutex<Vec<(usize, u32, bool)>> = Mutex::new(Vec::new());

    if !watching("sites below an allocator around the guard") {
        return;
    }
    set_violation_hook(|violation| {
        let line = violation.site().map_or(0, |site| site.line());
        let shows_tap = violation
            .frames()
            .any(|frame| !frame.is_internal() && frame.function().is_some_and(|name| name.contains("Tap<")));
        SEEN.lock().expect("nobody panics with it").push((violation.size(), line, shows_tap));
    });
    let mut block = vec![1_u8];
    let report = catch_unwind(AssertUnwindSafe(|| {
        qadapt::assert_no_alloc(|| {
            let first = line!() + 1;
            block.reserve_exact(20);
            drop(std::hint::black_box(vec![1_u8; 33]));
            std::hint::black_box(Vec::<u8>::with_capacity(TWICE));
            first
        })
    }))
    .expect_err("it is a violation")
    .downcast::<String>()
    .expect("the guard panics with text");
    let first = line!() - 9;
    let seen = SEEN.lock().expect("nobody panics with it").clone();
    let line = |size| seen.iter().find(|&&(of, ..)| of == size).map_or(0, |&(_, line, _)| line);
    assert_eq!([line(21), line(33), line(TWICE)], [first, first + 1, first + 2], "{seen:?}\n{report}");
    // What the tap makes for itself is its own.
    assert_ne!(line(77), 0);
    assert!(line(77) < first && line(77) > line!() - 70, "{seen:?}");
    assert!(seen.iter().all(|&(size, _, shows_tap)| size == 77 || !shows_tap), "{seen:?}");
    assert!(report.contains("help: reserve the capacity outside the region"), "{report}");
    assert!(report.contains("the allocator around it)"), "{report}");
}
