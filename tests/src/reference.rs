//! A plain counting allocator, written without a look at the guard: what [`qadapt::Counts`] must equal.
//!
//! It counts always, on every thread for itself, and knows nothing of regions.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use qadapt::Counts;

/// What one thread asked of the allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Successful allocations.
    pub allocs: u64,
    /// Successful reallocations.
    pub reallocs: u64,
    /// Deallocations.
    pub deallocs: u64,
    /// Refused requests.
    pub failed: u64,
    /// Bytes asked for.
    pub allocated: u64,
    /// Bytes given back.
    pub freed: u64,
    /// Bytes asked for less bytes given back.
    pub live: i64,
    /// The part of `live` that reallocations made.
    pub grown: i64,
    /// The highest value of `live` so far, at least its value when the ledger began.
    pub high: i64,
    /// Blocks allocated less blocks given back.
    pub blocks: i64,
    /// The highest value of `blocks` so far, as `high` is of `live`.
    pub high_blocks: i64,
}

thread_local! {
    static LEDGER: Cell<Ledger> = const {
        Cell::new(Ledger {
            allocs: 0,
            reallocs: 0,
            deallocs: 0,
            failed: 0,
            allocated: 0,
            freed: 0,
            live: 0,
            grown: 0,
            high: 0,
            blocks: 0,
            high_blocks: 0,
        })
    };
}

impl Ledger {
    /// This thread's ledger since it started.
    #[must_use]
    pub fn now() -> Self {
        LEDGER.get()
    }

    /// Starts this thread's ledger again: no events, no live bytes.
    pub fn clear() {
        LEDGER.set(Self::default());
    }

    /// Puts another ledger in its place.
    pub fn restore(ledger: Self) {
        LEDGER.set(ledger);
    }

    /// The ledger of this stretch of code and the next.
    #[must_use]
    pub fn followed_by(self, next: Self) -> Self {
        Self {
            allocs: self.allocs + next.allocs,
            reallocs: self.reallocs + next.reallocs,
            deallocs: self.deallocs + next.deallocs,
            failed: self.failed + next.failed,
            allocated: self.allocated + next.allocated,
            freed: self.freed + next.freed,
            live: self.live + next.live,
            grown: self.grown + next.grown,
            high: self.high.max(self.live + next.high),
            blocks: self.blocks + next.blocks,
            high_blocks: self.high_blocks.max(self.blocks + next.high_blocks),
        }
    }

    fn add(&mut self, size: usize) {
        let size = u64::try_from(size).expect("a size fits");
        self.allocated += size;
        self.live += i64::try_from(size).expect("a size fits");
    }

    fn subtract(&mut self, size: usize) {
        let size = u64::try_from(size).expect("a size fits");
        self.freed += size;
        self.live -= i64::try_from(size).expect("a size fits");
    }

    fn change(by: impl FnOnce(&mut Self)) {
        let mut ledger = LEDGER.get();
        by(&mut ledger);
        ledger.high = ledger.high.max(ledger.live);
        ledger.high_blocks = ledger.high_blocks.max(ledger.blocks);
        LEDGER.set(ledger);
    }

    /// The counts in the ledger's form, if they were measured.
    #[must_use]
    pub fn of(counts: &Counts) -> Option<Self> {
        Some(Self {
            allocs: counts.allocs().get()?,
            reallocs: counts.reallocs().get()?,
            deallocs: counts.deallocs().get()?,
            failed: counts.failed().get()?,
            allocated: counts.bytes().get()?,
            freed: counts.freed_bytes().get()?,
            live: counts.net_bytes().get()?,
            grown: counts.net_realloc_bytes().get()?,
            high: i64::try_from(counts.peak_bytes().get()?).ok()?,
            blocks: counts.net_blocks().get()?,
            high_blocks: i64::try_from(counts.peak_blocks().get()?).ok()?,
        })
    }
}

/// Forwards to the system's allocator and keeps the calling thread's [`Ledger`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting;

// SAFETY: every method forwards to the system's allocator with the caller's own arguments; keeping the ledger
// touches a constant-initialised thread-local and does not allocate or unwind.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        let block = unsafe { System.alloc(layout) };
        Ledger::change(|ledger| {
            if block.is_null() {
                ledger.failed += 1;
            } else {
                ledger.allocs += 1;
                ledger.blocks += 1;
                ledger.add(layout.size());
            }
        });
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(block, layout) };
        Ledger::change(|ledger| {
            ledger.deallocs += 1;
            ledger.blocks -= 1;
            ledger.subtract(layout.size());
        });
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        let block = unsafe { System.alloc_zeroed(layout) };
        Ledger::change(|ledger| {
            if block.is_null() {
                ledger.failed += 1;
            } else {
                ledger.allocs += 1;
                ledger.blocks += 1;
                ledger.add(layout.size());
            }
        });
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's contract.
        let moved = unsafe { System.realloc(block, layout, new_size) };
        Ledger::change(|ledger| {
            if moved.is_null() {
                ledger.failed += 1;
            } else {
                ledger.reallocs += 1;
                let before = ledger.live;
                ledger.add(new_size);
                ledger.subtract(layout.size());
                ledger.grown += ledger.live - before;
            }
        });
        moved
    }
}
