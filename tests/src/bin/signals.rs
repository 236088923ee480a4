//! Allocations in a signal handler that interrupts the allocator itself, at its worst places.
//!
//! The inner allocator serves the handler from a static array by one atomic addition, so that it may be interrupted.
// expect: run inside-the-inner-allocator inside
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout 20 violations, 20 allocs
// expect: stderr qadapt: allocation of 31 bytes
// expect: stderr qadapt: allocation of 30 bytes
// expect: off stdout 0 violations, unmeasured allocs
// expect: run the-same-in-panic-mode inside
// expect: exit 101
// expect: stderr qadapt: allocation of 31 bytes
// expect: times 1 panicked at
// expect: off stdout 0 violations, unmeasured allocs
// expect: run handler-protects-itself own-region
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout 10 violations, 20 allocs
// expect: stderr qadapt: allocation of 31 bytes
// expect: never qadapt: allocation of 30 bytes
// expect: off stdout 0 violations, unmeasured allocs
// expect: run storm-in-log-mode storm
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout storm over, level 0
// expect: off stdout storm over, level 0
// expect: run storm-in-count-mode storm
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout storm over, level 0
// expect: off stdout storm over, level 0
// expect: run storm-in-panic-mode storm
// expect: exit 101
// expect: times 1 panicked at
// expect: stderr qadapt: allocation of
// expect: off stdout storm over, level 0

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::{env, ptr};

use qadapt::{Qadapt, assert_no_alloc, count_alloc, protection_level, violations};
use qadapt_tests::force::leak;
use qadapt_tests::signal;

#[global_allocator]
static ALLOC: Qadapt<Bump> =
    Qadapt::new(Bump { memory: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) });

/// Enough for every small block of the longest run.
const SIZE: usize = 16 << 20;
/// Regions that the storm is let loose on, at most.
const REGIONS: u32 = 100_000;
/// Signals of the storm whose handler allocates.
const SIGNALS: u32 = 1000;

/// Hands out small unaligned blocks from an array and never takes them back, so that it may be interrupted
/// anywhere; forwards everything else.
struct Bump {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

/// A block that this program leaks by [`leak`]: nobody frees it.
fn is_own(layout: Layout) -> bool {
    layout.align() == 1 && (30..=33).contains(&layout.size())
}

thread_local! {
    /// The next allocation on this thread is interrupted in the allocator.
    static INTERRUPT: Cell<bool> = const { Cell::new(false) };
    static OWN_REGION: Cell<bool> = const { Cell::new(false) };
}

/// Events in the handler of the storm.
static EVENTS: AtomicU32 = AtomicU32::new(0);

// SAFETY: the memory is handed out in pieces that never overlap, and only through the pointers that are handed out.
#[expect(unsafe_code, reason = "the array is shared between threads")]
unsafe impl Sync for Bump {}

// SAFETY: each own block lies in the array and belongs to nobody else, since `used` only goes up; the rest is the
// system's allocator's. An own-sized block that is freed all the same is left where it is, and the system's blocks
// of that size never exist, since each request of that layout is served here.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if INTERRUPT.replace(false) && signal::raise(libc::SIGUSR1).is_err() {
            return ptr::null_mut();
        }
        if !is_own(layout) {
            // SAFETY: the caller's contract.
            return unsafe { System.alloc(layout) };
        }
        let start = self.used.fetch_add(layout.size(), Ordering::Relaxed);
        if start + layout.size() > SIZE {
            return ptr::null_mut();
        }
        self.memory.get().cast::<u8>().wrapping_add(start)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !is_own(layout) {
            // SAFETY: the block was not handed out by the array; for the rest the caller's contract.
            unsafe { System.dealloc(block, layout) };
        }
    }
}

extern "C" fn allocate(_: i32) {
    if OWN_REGION.get() {
        qadapt::permit_alloc(|| leak(30));
    } else {
        leak(30);
    }
}

/// Allocates, for a bounded number of times.
extern "C" fn storm(_: i32) {
    if EVENTS.fetch_add(1, Ordering::Relaxed) < SIGNALS {
        leak(32);
    }
}

fn main() {
    match env::args().nth(1).expect("a case").as_str() {
        case @ ("inside" | "own-region") => {
            signal::handle(libc::SIGUSR1, allocate).expect("a handler");
            OWN_REGION.set(case == "own-region");
            let (counts, ()) = count_alloc(|| {
                assert_no_alloc(|| {
                    for _ in 0..10 {
                        INTERRUPT.set(true);
                        leak(31);
                    }
                    print(violations());
                });
            });
            println!("{} violations, {} allocs", PRINTED.load(Ordering::Relaxed), counts.allocs());
        }
        "storm" => {
            signal::handle(libc::SIGALRM, storm).expect("a handler");
            timer(50);
            for _ in 0..REGIONS {
                assert_no_alloc(|| leak(33));
                if EVENTS.load(Ordering::Relaxed) >= SIGNALS {
                    break;
                }
            }
            timer(0);
            assert!(EVENTS.load(Ordering::Relaxed) > 0, "no signal came");
            println!("storm over, level {}", protection_level());
        }
        other => panic!("no case {other}"),
    }
}

/// What is to be printed once the region has closed.
static PRINTED: AtomicUsize = AtomicUsize::new(0);

fn print(number: u64) {
    PRINTED.store(usize::try_from(number).expect("a few"), Ordering::Relaxed);
}

/// Raises `SIGALRM` every so many microseconds of this process's running; never for 0.
#[expect(unsafe_code, reason = "std has no timers")]
fn timer(microseconds: i64) {
    let interval = libc::timeval { tv_sec: 0, tv_usec: microseconds };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: `timer` is filled in, and the old one is not asked for.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) };
    assert_eq!(set, 0, "no timer");
}
