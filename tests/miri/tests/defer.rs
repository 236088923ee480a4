//! Deferred frees, with the checks on and off.
//!
//! Alone because its allocator defers, and because what waits is the whole process's: the tests take turns.

use std::alloc::{GlobalAlloc, Layout, System, alloc, dealloc, realloc};
use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use qadapt::{
    Amount, Deferring, Mode, Ops, Policy, Qadapt, Reclaimer, assert_no_alloc, count_alloc, defer_frees,
    deferred, is_active, reclaim, violations,
};
use qadapt_tests::force::{alloc_and_free, force_alloc};
use qadapt_tests::polled::{Yield, poll_once};
use qadapt_tests::waiting::turn;

/// The system's allocator, which counts what it frees and checks how.
struct Counted;

static FREED: AtomicU64 = AtomicU64::new(0);
thread_local! {
    /// Those of this thread: libtest's own may free something at any time.
    static FREED_HERE: Cell<u64> = const { Cell::new(0) };
}
static FREED_BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: each method forwards its arguments to the same method of the system's allocator and returns what that returns.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        FREED.fetch_add(1, Ordering::Relaxed);
        FREED_HERE.set(FREED_HERE.get() + 1);
        FREED_BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOC: Qadapt<Deferring<Counted>> = Qadapt::new(Deferring::new(Counted));

/// Panics where something is freed and does not wait.
const STRICT: Policy = Policy::new().mode(MODE);
/// A report takes Miri minutes.
const MODE: Mode = if cfg!(miri) { Mode::Count } else { Mode::Panic };

/// How many violations there are in a closure, which panics then.
fn violations_of(body: impl FnOnce()) -> u64 {
    let before = violations();
    let outcome = catch_unwind(AssertUnwindSafe(body));
    let seen = violations() - before;
    assert_eq!(outcome.is_err(), seen > 0 && MODE == Mode::Panic);
    seen
}

const CALLBACK: Policy = STRICT.defer();
const TIDY: Policy = CALLBACK.reclaim(Amount::of_blocks(2));

fn amount(blocks: u64, bytes: u64) -> Amount {
    Amount { blocks, bytes }
}

#[test]
fn a_drop_waits_and_is_no_violation() {
    let _turn = turn();
    let value = vec![force_alloc(100), force_alloc(40)];
    let freed = FREED_HERE.get();
    STRICT.run(|| defer_frees(|| drop(value)));
    assert_eq!(FREED_HERE.get(), freed);
    let vectors = 2 * size_of::<Vec<u8>>() as u64;
    assert_eq!(deferred().waiting, amount(3, 140 + vectors));
    assert_eq!(reclaim(Amount::ALL), amount(3, 140 + vectors));
    // The three, and the one by which the allocator was asked.
    assert_eq!(FREED_HERE.get(), freed + 4);
    assert_eq!(deferred().waiting, Amount::NONE);
    assert!(deferred().most.blocks >= 3);
}

#[qadapt::allocate_panic(defer)]
fn annotated(values: Vec<Vec<u8>>) -> usize {
    values.len()
}

#[qadapt::allocate_panic(defer, name = "polled")]
async fn polled(values: Vec<Vec<u8>>) -> usize {
    values.len()
}

#[test]
fn attributes_and_policies_defer_too() {
    let _turn = turn();
    let vector = size_of::<Vec<u8>>() as u64;
    let values = || vec![force_alloc(100)];
    let waited = amount(2, 100 + vector);
    assert_eq!(annotated(values()), 1);
    assert_eq!(reclaim(Amount::ALL), waited);

    let future = pin!(polled(values()));
    assert!(poll_once(future).is_ready());
    assert_eq!(reclaim(Amount::ALL), waited);

    let given = values();
    CALLBACK.run(move || drop(given));
    assert_eq!(reclaim(Amount::ALL), waited);

    let given = values();
    let mut future = Box::pin(CALLBACK.wrap(async move {
        Yield::default().await;
        drop(given);
    }));
    assert!(poll_once(future.as_mut()).is_pending());
    assert_eq!(deferred().waiting, Amount::NONE);
    assert!(poll_once(future.as_mut()).is_ready());
    assert_eq!(reclaim(Amount::ALL), waited);

    let given = values();
    let region = CALLBACK.enter();
    drop(given);
    region.exit();
    alloc_and_free(8);
    assert_eq!(reclaim(Amount::ALL), waited);
}

#[test]
fn a_policy_gives_back_at_its_edge_unless_another_region_is_open() {
    let _turn = turn();
    let values: Vec<_> = (0..4).map(|_| force_alloc(100)).collect();
    STRICT.run(|| defer_frees(|| TIDY.run(|| drop(values))));
    assert_eq!(deferred().waiting.blocks, 5);
    TIDY.run(|| ());
    assert_eq!(deferred().waiting.blocks, 3);
    TIDY.enter().exit();
    assert_eq!(deferred().waiting.blocks, 1);
    assert!(poll_once(pin!(TIDY.wrap(async {}))).is_ready());
    assert_eq!(deferred().waiting.blocks, 0);
}

#[test]
fn a_lent_policy_defers_on_the_other_thread() {
    let _turn = turn();
    let value = force_alloc(100);
    let token = STRICT.run(|| defer_frees(Policy::current));
    thread::scope(|scope| {
        scope.spawn(move || token.run(|| drop(value))).join().expect("it is no violation");
    });
    assert_eq!(reclaim(Amount::ALL), amount(1, 100));
}

#[test]
fn it_can_begin_outside_of_the_region_too() {
    let _turn = turn();
    let value = force_alloc(100);
    defer_frees(|| STRICT.run(|| drop(value)));
    assert_eq!(reclaim(Amount::ALL), amount(1, 100));
}

#[test]
fn an_allocation_stays_a_violation() {
    let _turn = turn();
    let seen = violations_of(|| STRICT.run(|| defer_frees(|| alloc_and_free(24))));
    assert_eq!(seen, u64::from(is_active()));
    assert_eq!(reclaim(Amount::ALL), amount(1, 24));
}

#[test]
fn outside_of_deferring_regions_nothing_waits() {
    let _turn = turn();
    defer_frees(|| ());
    alloc_and_free(24);
    assert_eq!(deferred().waiting, Amount::NONE);
    let value = force_alloc(24);
    let seen = violations_of(|| STRICT.run(|| drop(value)));
    assert_eq!(seen, u64::from(is_active()));
}

/// Sizes and alignments at which a block is kept in another way.
#[test]
#[expect(unsafe_code, reason = "over-aligned blocks come from the allocator's own functions only")]
fn blocks_of_every_size_and_alignment_come_back_with_their_layout() {
    let _turn = turn();
    let mut bytes = 0;
    let mut blocks = Vec::with_capacity(256);
    for size in [1, 2, 7, 8, 15, 16, 17, 64, 4080, 4081, 4096, 1 << 16] {
        for align in [1, 2, 8, 16, 64, 4096, 1 << 16] {
            let layout = Layout::from_size_align(size, align).expect("a layout");
            // SAFETY: the size is not 0.
            let block = black_box(unsafe { alloc(layout) });
            assert!(!block.is_null());
            blocks.push((block, layout));
            bytes += size as u64;
        }
    }
    let count = blocks.len() as u64;
    STRICT.run(|| {
        defer_frees(|| {
            for &(block, layout) in &blocks {
                // SAFETY: the block was allocated with this layout.
                unsafe { dealloc(block, layout) };
            }
        });
    });
    assert_eq!(deferred().waiting, amount(count, bytes));
    let freed = FREED_BYTES.load(Ordering::Relaxed);
    assert_eq!(reclaim(Amount::ALL), amount(count, bytes));
    assert!(FREED_BYTES.load(Ordering::Relaxed) >= freed + bytes);
}

/// However fast others defer, giving back ends.
#[test]
#[cfg_attr(miri, ignore = "threads that race take Miri minutes")]
fn what_comes_meanwhile_is_left_for_the_next_time() {
    let _turn = turn();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    let values: Vec<_> = (0..100).map(|_| force_alloc(24)).collect();
                    defer_frees(|| drop(values));
                }
            });
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(100) {
            let most = deferred().most.blocks;
            // The others defer a hundred and the vector at a time.
            assert!(reclaim(Amount::ALL).blocks <= most.max(deferred().most.blocks));
        }
        let took = start.elapsed();
        ends.store(true, Ordering::Relaxed);
        assert!(took < Duration::from_secs(5), "{took:?}");
    });
    reclaim(Amount::ALL);
}

#[test]
fn no_more_is_given_back_than_the_limit_says() {
    let _turn = turn();
    let values: Vec<_> = (0..10).map(|_| force_alloc(100)).collect();
    defer_frees(|| drop(values));
    let list = 10 * size_of::<Vec<u8>>() as u64;
    assert_eq!(deferred().waiting, amount(11, 1000 + list));
    assert_eq!(reclaim(Amount::NONE), Amount::NONE);
    // The vector's own block was freed last and comes first.
    assert_eq!(reclaim(Amount::of_blocks(3)), amount(3, list + 200));
    assert_eq!(reclaim(Amount::of_bytes(350)), amount(3, 300));
    assert_eq!(reclaim(amount(2, 50)), Amount::NONE);
    assert_eq!(deferred().waiting, amount(5, 500));
    assert_eq!(reclaim(Amount::ALL), amount(5, 500));
}

#[test]
#[expect(unsafe_code, reason = "std's collections say not which reallocation they ask for")]
fn a_reallocation_that_moves_defers_its_old_block_and_one_that_shrinks_does_not() {
    let _turn = turn();
    let before = deferred();
    let layout = |size| Layout::from_size_align(size, 8).expect("a layout");
    // SAFETY: the size is not 0.
    let block = unsafe { alloc(layout(64)) };
    assert!(!block.is_null());
    // SAFETY: the block has 64 bytes.
    unsafe { block.write_bytes(7, 64) };
    let (larger, smaller) = defer_frees(|| {
        // SAFETY: the block was allocated with this layout.
        let larger = unsafe { realloc(block, layout(64), 640) };
        // SAFETY: 64 bytes were copied.
        assert_eq!(unsafe { larger.cast::<[u8; 64]>().read() }, [7; 64]);
        // SAFETY: the block was reallocated to this layout.
        (larger, unsafe { realloc(larger, layout(640), 32) })
    });
    assert!(larger != block && !smaller.is_null());
    let after = deferred();
    assert_eq!((after.moved - before.moved, after.shrunk - before.shrunk), (1, 1));
    assert_eq!(reclaim(Amount::ALL), amount(1, 64));
    // SAFETY: the block was reallocated to this layout.
    unsafe { dealloc(smaller, layout(32)) };
}

#[test]
fn growth_is_a_violation_but_its_old_block_waits() {
    let _turn = turn();
    let mut list = Vec::with_capacity(4);
    list.extend([1_u64, 2, 3, 4]);
    Policy::new().allow(Ops::GROW).mode(MODE).run(|| defer_frees(|| list.push(5)));
    assert_eq!(list, [1, 2, 3, 4, 5]);
    assert_eq!(reclaim(Amount::ALL), amount(1, 32));
}

#[test]
fn an_unwinding_body_defers_and_ends_its_region() {
    let _turn = turn();
    let value = force_alloc(24);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        defer_frees(|| {
            let held = value;
            black_box(&held);
            std::panic::resume_unwind(Box::new(1_u8));
        });
    }));
    assert!(outcome.is_err());
    drop(outcome);
    assert!(reclaim(Amount::ALL).bytes >= 24);
    alloc_and_free(24);
    assert_eq!(deferred().waiting, Amount::NONE);
}

#[test]
fn a_deferred_free_counts_as_a_deallocation_once() {
    let _turn = turn();
    let value = force_alloc(100);
    let (counts, ()) = count_alloc(|| {
        defer_frees(|| drop(value));
        assert_eq!(reclaim(Amount::ALL), amount(1, 100));
    });
    if counts.is_measured() {
        assert_eq!((counts.deallocs().get(), counts.net_bytes().get()), (Some(1), Some(-100)));
    }
}

#[test]
fn reclaiming_is_no_violation_and_works_inside_a_deferring_region() {
    let _turn = turn();
    let value = force_alloc(100);
    defer_frees(|| drop(value));
    let given = assert_no_alloc(|| defer_frees(|| reclaim(Amount::ALL)));
    assert_eq!(given, amount(1, 100));
    // What the region itself has freed, too.
    let value = force_alloc(100);
    let given = defer_frees(|| {
        drop(value);
        reclaim(Amount::ALL)
    });
    assert_eq!(given, amount(1, 100));
    assert_eq!(deferred().waiting, Amount::NONE);
}

#[test]
fn a_thread_gives_back_what_other_threads_defer() {
    let _turn = turn();
    let rounds = if cfg!(miri) { 2 } else { 200 };
    let reclaimer = Reclaimer::spawn().expect("a thread");
    let freed = FREED.load(Ordering::Relaxed);
    thread::scope(|scope| {
        for seed in 0..4_usize {
            scope.spawn(move || {
                for round in 0..rounds {
                    let values: Vec<_> =
                        (0..20).map(|n| force_alloc(1 + (seed + n * round) % 5000)).collect();
                    STRICT.run(|| defer_frees(|| drop(values)));
                }
            });
        }
    });
    drop(reclaimer);
    assert_eq!(deferred().waiting, Amount::NONE);
    assert!(FREED.load(Ordering::Relaxed) >= freed + 4 * rounds as u64 * 21);
}

/// The pages of a large block that was never written to: its drop must not make the system bring one.
#[test]
#[cfg(all(target_os = "linux", not(miri)))]
#[expect(unsafe_code, reason = "over-aligned blocks come from the allocator's own functions only")]
fn no_page_is_brought_in_for_a_block_that_waits() {
    if cfg!(feature = "sanitizer") {
        println!("not run: AddressSanitizer brings in pages of its own for each block");
        return;
    }
    let _turn = turn();
    // What the allocator writes before a block then lies on another page.
    let layout = Layout::from_size_align(200_000, 4096).expect("a layout");
    // SAFETY: the size is not 0.
    let blocks = std::array::from_fn::<_, 500, _>(|_| black_box(unsafe { alloc(layout) }));
    defer_frees(|| alloc_and_free(8));
    let before = page_faults();
    // SAFETY: the blocks were allocated with this layout.
    defer_frees(|| blocks.into_iter().for_each(|block| unsafe { dealloc(block, layout) }));
    let brought = page_faults() - before;
    assert!(brought < 100, "{brought} pages for 500 blocks");
    assert_eq!(reclaim(Amount::ALL).blocks, 501);
}

/// How often the system brought this thread a page.
#[cfg(all(target_os = "linux", not(miri)))]
#[expect(unsafe_code, reason = "std does not tell")]
fn page_faults() -> i64 {
    // SAFETY: all zero is a value of the type.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place.
    assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) }, 0);
    usage.ru_minflt
}

/// Blocks over 64 threads, or 8 under Miri, freed by one more. The variable `DEFERRED_BLOCKS` asks for another number of them.
#[test]
fn none_of_many_blocks_is_lost() {
    const THREADS: u64 = if cfg!(miri) { 8 } else { 64 };
    const SLICE: usize = 100;
    let few = if cfg!(miri) { 800 } else { 1_000_000 };
    let blocks = std::env::var("DEFERRED_BLOCKS").map_or(few, |text| text.parse().expect("a number"));
    let each: u64 = blocks / THREADS / SLICE as u64 * SLICE as u64;
    let _turn = turn();
    let reclaimer = Reclaimer::every(std::time::Duration::from_micros(100)).expect("a thread");
    let freed = FREED.load(Ordering::Relaxed);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for slice in 0..each / SLICE as u64 {
                    let mut values: [_; SLICE] = std::array::from_fn(|_| Some(Box::new([slice; 4])));
                    defer_frees(|| values.iter_mut().for_each(|value| drop(value.take())));
                    while deferred().waiting.blocks > 1_000_000 {
                        thread::yield_now();
                    }
                }
            });
        }
    });
    drop(reclaimer);
    assert_eq!(deferred().waiting, Amount::NONE);
    assert!(FREED.load(Ordering::Relaxed) - freed >= THREADS * each);
    println!("{:?}", deferred());
}

/// Only the first that defers does.
#[test]
#[expect(unsafe_code, reason = "an allocator of its own")]
fn a_second_deferring_allocator_frees_at_once() {
    let _turn = turn();
    defer_frees(|| alloc_and_free(8));
    let other = Deferring::new(System);
    let layout = Layout::from_size_align(64, 8).expect("a layout");
    // SAFETY: the size is not 0.
    let block = unsafe { other.alloc(layout) };
    // SAFETY: the block is that allocator's, with this layout.
    defer_frees(|| unsafe { other.dealloc(block, layout) });
    assert_eq!(reclaim(Amount::ALL), amount(1, 8));
}
