//! What holds whichever allocator the guard stands around.

use std::alloc::{self, Layout};
use std::collections::HashMap;
use std::hint::black_box;
use std::thread;

use qadapt::count_alloc;
use qadapt_tests::force::{alloc_and_free, leak};
use qadapt_tests::watching;

/// Every method of the allocator, ordinary and over-aligned.
#[test]
#[expect(unsafe_code, reason = "over-aligned blocks come from the allocator's own functions only")]
fn blocks_of_every_kind_are_good_and_counted() {
    let (counts, sum) = count_alloc(|| {
        let mut sum = 0_usize;
        for align in [1, 8, 64, 4096] {
            let small = Layout::from_size_align(48, align).expect("a layout");
            // SAFETY: the layout's size is not 0.
            let block = black_box(unsafe { alloc::alloc_zeroed(small) });
            assert!(!block.is_null() && block.addr().is_multiple_of(align));
            // SAFETY: the block was allocated with this layout, and the new size is not 0.
            let block = black_box(unsafe { alloc::realloc(block, small, 1 << 20) });
            assert!(!block.is_null() && block.addr().is_multiple_of(align));
            // SAFETY: the first 48 bytes were zeroed and copied, the block is larger.
            let zeroed = unsafe { std::slice::from_raw_parts(block, 48) };
            sum += zeroed.iter().map(|&byte| usize::from(byte)).sum::<usize>();
            let large = Layout::from_size_align(1 << 20, align).expect("a layout");
            // SAFETY: the block was reallocated to this layout.
            unsafe { alloc::dealloc(block, large) };
        }
        let map: HashMap<usize, String> = (0..100).map(|key| (key, key.to_string())).collect();
        sum + black_box(map).len()
    });
    assert_eq!(sum, 100);
    if watching("the counts of the blocks") {
        assert!(counts.allocs() > 104);
        assert!(counts.reallocs() >= 4);
        assert_eq!(counts.net_bytes(), 0);
        assert!(counts.peak_bytes() >= 1 << 20);
    } else {
        assert!(!counts.is_measured());
    }
}

#[test]
fn a_region_panics_and_the_process_goes_on() {
    let panicked = thread::spawn(|| qadapt::assert_no_alloc(|| leak(24))).join();
    if !watching("the region's panic") {
        return panicked.expect("without checks nothing happens");
    }
    let payload = panicked.expect_err("the region allocated");
    let report = payload.downcast_ref::<String>().expect("a report");
    assert!(report.contains("allocation of 24 bytes (align 1)"), "{report}");
    alloc_and_free(24);
}

#[test]
fn threads_come_and_go() {
    for _ in 0..8 {
        let threads: Vec<_> = (0..4)
            .map(|id| thread::spawn(move || (0..1000).for_each(|n| drop(black_box(vec![id; n % 64])))))
            .collect();
        for thread in threads {
            thread.join().expect("the thread ended well");
        }
    }
}
