//! An allocator that counts, and prints its totals when the process ends.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Clone, Copy, Debug, Default)]
/// The counting allocator.
pub struct Counting;

static TOTALS: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];

// SAFETY: every method forwards to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TOTALS[0].fetch_add(1, Relaxed);
        TOTALS[3].fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        TOTALS[0].fetch_add(1, Relaxed);
        TOTALS[3].fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        TOTALS[1].fetch_add(1, Relaxed);
        TOTALS[3].fetch_add(size as u64, Relaxed);
        TOTALS[4].fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        TOTALS[2].fetch_add(1, Relaxed);
        TOTALS[4].fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Called by the C library after everything else, without allocating.
extern "C" fn print() {
    let mut line = [b' '; 5 * 21];
    for (index, total) in TOTALS.iter().enumerate() {
        let mut rest = total.load(Relaxed);
        let mut at = index * 21 + 20;
        loop {
            at -= 1;
            line[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
    }
    line[104] = b'\n';
    // SAFETY: the line is readable for its length.
    unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
}

#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    // SAFETY: the handler is a plain function.
    unsafe { libc::atexit(print) };
}
