//! Counts equal those of a plain counting allocator, event by event and byte by byte.
//!
//! Alone because its inner allocator keeps a ledger of every event, written without a look at the guard.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::cell::Cell;
use std::collections::HashMap;
use std::hint::black_box;
use std::panic::{catch_unwind, panic_any, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use fastrand::Rng;
use qadapt::{
    Counts, Mode, Qadapt, assert_no_alloc, count_alloc, permit_alloc, set_mode, take_violations, uncounted,
};
use qadapt_tests::force::{alloc_and_free, force_alloc, leak};
use qadapt_tests::reference::{Counting, Ledger};
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: Qadapt<Counting> = Qadapt::new(Counting);

/// Runs a body and gives what the guard and what the ledger saw of it.
fn both<R>(body: impl FnOnce() -> R) -> (Option<Ledger>, Ledger, R) {
    // The first call asks whether the guard is live, which allocates once.
    let _ = qadapt::is_active();
    let before = Ledger::now();
    Ledger::clear();
    let (counts, result) = count_alloc(body);
    let seen = Ledger::now();
    // An outer ledger is whole again.
    Ledger::restore(before.followed_by(seen));
    (Ledger::of(&counts), seen, result)
}

/// Asserts that both saw the same, and gives it.
#[track_caller]
fn exact<R>(body: impl FnOnce() -> R) -> (Ledger, R) {
    let (counted, seen, result) = both(body);
    if qadapt::is_active() {
        assert_eq!(counted, Some(seen));
    } else {
        assert_eq!(counted, None, "a build without checks gives figures");
    }
    (seen, result)
}

/// What a random program keeps.
#[derive(Default)]
struct Kept {
    #[expect(clippy::vec_box, reason = "each box is an allocation of its own")]
    boxes: Vec<Box<[u64; 9]>>,
    vectors: Vec<Vec<u16>>,
    strings: Vec<String>,
    map: HashMap<u64, String>,
    blocks: Vec<(*mut u8, Layout)>,
}

impl Kept {
    /// One operation, chosen at random.
    fn step(&mut self, random: &mut Rng) {
        let size = 1 + random.usize(..700);
        match random.usize(..12) {
            0 => self.boxes.push(Box::new(black_box([random.u64(..); 9]))),
            1 => drop(self.boxes.pop()),
            2 => self.vectors.push(black_box(Vec::with_capacity(size))),
            3 => {
                if let Some(vector) = self.vectors.last_mut() {
                    vector.extend((0..size).map(|_| 7_u16));
                    vector.truncate(size / 2);
                }
            }
            4 => {
                if let Some(mut vector) = self.vectors.pop() {
                    vector.shrink_to_fit();
                    drop(black_box(vector));
                }
            }
            5 => self.strings.push(format!("{} and {size}", random.u64(..))),
            6 => {
                if let Some(string) = self.strings.last_mut() {
                    string.push_str(&"x".repeat(size));
                }
            }
            7 => drop(self.map.insert(random.u64(..) % 97, size.to_string())),
            8 => drop(self.map.remove(&(random.u64(..) % 97))),
            9 => self.vectors.push(black_box(vec![0; size])),
            10 => self.block(random, size),
            _ => self.free_or_grow(random, size),
        }
    }

    #[expect(unsafe_code, reason = "over-aligned and zeroed blocks, straight from the allocator")]
    fn block(&mut self, random: &mut Rng, size: usize) {
        let layout = Layout::from_size_align(size, 1 << random.usize(..13)).expect("a layout");
        let block = if random.usize(..2) == 0 {
            // SAFETY: the layout's size is not 0.
            black_box(unsafe { alloc(layout) })
        } else {
            // SAFETY: the layout's size is not 0.
            black_box(unsafe { alloc_zeroed(layout) })
        };
        assert!(!block.is_null());
        self.blocks.push((block, layout));
    }

    #[expect(unsafe_code, reason = "blocks straight from the allocator")]
    fn free_or_grow(&mut self, random: &mut Rng, size: usize) {
        let Some((block, layout)) = self.blocks.pop() else { return };
        if random.usize(..2) == 0 {
            // SAFETY: the block is the allocator's, with this layout.
            return unsafe { dealloc(block, layout) };
        }
        // SAFETY: the block is the allocator's, with this layout, and the new size is not 0.
        let block = black_box(unsafe { realloc(block, layout, size) });
        assert!(!block.is_null());
        self.blocks.push((block, Layout::from_size_align(size, layout.align()).expect("a layout")));
    }
}

impl Drop for Kept {
    #[expect(unsafe_code, reason = "blocks straight from the allocator")]
    fn drop(&mut self) {
        for (block, layout) in self.blocks.drain(..) {
            // SAFETY: the block is the allocator's, with this layout.
            unsafe { dealloc(block, layout) };
        }
    }
}

#[test]
fn random_programs_are_counted_as_the_reference_counts_them() {
    for seed in 0..20 {
        let mut random = Rng::with_seed(seed);
        let mut kept = Kept::default();
        // Some of the memory is older than the count, and some outlives it.
        for _ in 0..50 {
            kept.step(&mut random);
        }
        let (total, kept) = exact(|| {
            for _ in 0..200 {
                // Event by event: each operation has a count of its own inside the whole program's.
                exact(|| kept.step(&mut random));
            }
            kept
        });
        assert!(total.allocs > 50 && total.reallocs > 10 && total.deallocs > 10, "seed {seed}: {total:?}");
        exact(|| drop(kept));
    }
}

#[test]
fn single_operations_have_known_counts() {
    if !watching("the counts of single operations") {
        return;
    }
    let (counts, vector) = count_alloc(|| force_alloc(100));
    assert_eq!((counts.allocs().get(), counts.bytes().get()), (Some(1), Some(100)));
    assert_eq!((counts.net_bytes().get(), counts.peak_bytes().get()), (Some(100), Some(100)));
    let (counts, mut vector) = count_alloc(|| {
        let mut vector = vector;
        vector.reserve_exact(250);
        vector
    });
    // By its new size, and the old one as freed.
    assert_eq!((counts.reallocs().get(), counts.allocs().get()), (Some(1), Some(0)));
    assert_eq!((counts.bytes().get(), counts.freed_bytes().get()), (Some(250), Some(100)));
    assert_eq!((counts.net_bytes().get(), counts.peak_bytes().get()), (Some(150), Some(150)));
    vector.clear();
    let (counts, ()) = count_alloc(|| drop(vector));
    assert_eq!((counts.deallocs().get(), counts.freed_bytes().get()), (Some(1), Some(250)));
    assert_eq!((counts.net_bytes().get(), counts.peak_bytes().get()), (Some(-250), Some(0)));
    let (counts, ()) = count_alloc(|| {
        alloc_and_free(300);
        alloc_and_free(200);
    });
    assert_eq!((counts.net_bytes().get(), counts.peak_bytes().get()), (Some(0), Some(300)));
    assert_eq!(count_alloc(|| black_box(Vec::<u64>::new())).0.allocs(), 0);
}

#[test]
fn outer_counts_include_inner_ones() {
    let mut inner = None;
    let (outer, ()) = exact(|| {
        alloc_and_free(500);
        inner = Some(exact(|| leak(40)).0);
        let (_, boxed) = exact(|| Box::new(black_box(1_u8)));
        exact(|| drop(boxed));
    });
    assert_eq!(inner.map(|inner| (inner.allocs, inner.high)), Some((1, 40)));
    assert_eq!((outer.allocs, outer.deallocs, outer.high), (3, 2, 500));
}

#[test]
fn permits_regions_and_threads_change_no_counts() {
    let (seen, ()) = exact(|| {
        alloc_and_free(10);
        permit_alloc(|| leak(20));
        assert_no_alloc(|| permit_alloc(|| leak(30)));
        permit_alloc(|| exact(|| assert_no_alloc(|| permit_alloc(|| alloc_and_free(40)))));
    });
    assert_eq!((seen.allocs, seen.deallocs, seen.allocated), (4, 2, 100));
}

#[test]
fn a_count_ends_where_its_body_unwinds() {
    let (seen, ()) = exact(|| {
        let caught = catch_unwind(|| {
            count_alloc(|| {
                leak(11);
                panic_any("out of a count");
            })
        });
        drop(caught);
        leak(12);
    });
    // The machinery of the panic is counted too; how much that is is the standard library's affair.
    assert!(seen.allocs >= 3 && seen.live >= 23, "{seen:?}");
    let before = Ledger::now();
    let (counted, ()) = count_alloc(|| ());
    assert!(!counted.is_measured() || counted.allocs() == 0);
    assert_eq!(Ledger::now(), before);
}

#[test]
fn other_threads_are_never_counted() {
    const OTHERS: usize = 3;
    let stop = Arc::new(AtomicBool::new(false));
    let ready = Arc::new(Barrier::new(OTHERS + 1));
    let others: Vec<_> = (0..OTHERS)
        .map(|id| {
            let (stop, ready) = (Arc::clone(&stop), Arc::clone(&ready));
            thread::spawn(move || {
                let mut random = Rng::with_seed(1000 + id as u64);
                let mut kept = Kept::default();
                kept.step(&mut random);
                ready.wait();
                while !stop.load(Ordering::Relaxed) {
                    kept.step(&mut random);
                    if random.usize(..500) == 0 {
                        kept = Kept::default();
                    }
                }
            })
        })
        .collect();
    ready.wait();
    let mut random = Rng::with_seed(42);
    let mut kept = Kept::default();
    for _ in 0..20 {
        exact(|| {
            for _ in 0..50 {
                kept.step(&mut random);
            }
        });
    }
    // Not even a thread that the counting thread starts and joins.
    let (_, sum) = exact(|| {
        thread::scope(|scope| {
            scope
                .spawn(|| (0..100).map(|n| black_box(vec![n; 10]).len()).sum::<usize>())
                .join()
                .expect("ended well")
        })
    });
    assert_eq!(sum, 1000);
    stop.store(true, Ordering::Relaxed);
    for other in others {
        other.join().expect("ended well");
    }
}

#[test]
fn what_the_panic_machinery_asks_for_is_counted_but_no_violation() {
    struct Allocating;
    impl Drop for Allocating {
        fn drop(&mut self) {
            alloc_and_free(64);
        }
    }

    let _ = take_violations();
    let (seen, caught) = exact(|| {
        let caught = catch_unwind(|| assert_no_alloc(|| panic!("{} things", black_box(3))));
        caught.expect_err("the user's own panic")
    });
    assert_eq!(caught.downcast_ref::<String>().map(String::as_str), Some("3 things"));
    assert!(seen.allocs > 0, "the machinery allocates");
    assert_eq!(take_violations(), 0);

    // Neither is what a drop does meanwhile.
    let (seen, caught) = exact(|| {
        catch_unwind(|| {
            assert_no_alloc(|| {
                let _allocating = Allocating;
                panic_any(5);
            })
        })
    });
    assert!(seen.allocs > 0 && seen.deallocs > 0 && seen.high >= 64);
    assert_eq!(caught.expect_err("the user's own panic").downcast_ref(), Some(&5));
    assert_eq!(take_violations(), 0);
}

/// The guard's own work, resolving and printing above all, is never counted.
#[test]
fn reports_are_not_counted() {
    if !watching("what reports ask of the allocator") {
        return;
    }
    let loud = take_hook();
    set_hook(Box::new(move |panic| {
        if !QUIET.get() {
            loud(panic);
        }
    }));
    // The mode is the process's: the other tests of this file violate nothing that the mode would change.
    set_mode(Mode::Log);
    let counts: Vec<Counts> = (0..3)
        .map(|size| {
            let (counts, ()) = count_alloc(|| {
                // Each round at another stack, so that each resolves and prints.
                match size {
                    0 => assert_no_alloc(|| alloc_and_free(70)),
                    1 => assert_no_alloc(|| alloc_and_free(70)),
                    _ => assert_no_alloc(|| assert_no_alloc(|| alloc_and_free(70))),
                }
            });
            counts
        })
        .collect();
    set_mode(Mode::Panic);
    for counts in counts {
        assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(1), Some(1)), "{counts}");
        assert_eq!((counts.bytes().get(), counts.peak_bytes().get()), (Some(70), Some(70)));
    }
    assert_eq!(take_violations(), 6);

    // A region's panic is the guard's own work, its machinery included.
    QUIET.set(true);
    let (counts, _) = count_alloc(|| catch_unwind(|| assert_no_alloc(|| leak(71))).map_err(std::mem::forget));
    QUIET.set(false);
    assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(1), Some(0)), "{counts}");
    assert_eq!(take_violations(), 1);
}

thread_local! {
    /// Panics on this thread print nothing: a backtrace would be counted as the panic's.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

#[test]
fn what_is_uncounted_is_left_out() {
    if !watching("what is left out of a count") {
        return;
    }
    let (counts, kept) = count_alloc(|| {
        let first = force_alloc(70);
        // Of what is made here nothing is counted, but for what counts for itself.
        let (inner, made) = uncounted(|| {
            alloc_and_free(500);
            count_alloc(|| permit_alloc(|| force_alloc(30)))
        });
        assert_eq!((inner.allocs().get(), inner.peak_bytes().get()), (Some(1), Some(30)));
        drop(first);
        drop(made);
        force_alloc(10)
    });
    assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(2), Some(2)), "{counts}");
    assert_eq!((counts.bytes().get(), counts.freed_bytes().get()), (Some(80), Some(100)));
    assert_eq!((counts.net_bytes().get(), counts.peak_bytes().get()), (Some(-20), Some(70)));
    assert_eq!((counts.net_blocks().get(), counts.peak_blocks().get()), (Some(0), Some(1)));
    drop(kept);

    // It ends where it unwinds, and protects nothing and permits nothing.
    let before = qadapt::violations();
    let count = qadapt::Policy::new().mode(Mode::Count);
    let (counts, ()) = count_alloc(|| {
        let unwound = catch_unwind(|| uncounted(|| panic_any(force_alloc(9))));
        count.run(|| uncounted(|| alloc_and_free(9)));
        uncounted(|| drop(unwound));
        alloc_and_free(9);
    });
    // The panic's own memory is given back outside.
    assert_eq!((counts.allocs().get(), counts.bytes().get()), (Some(1), Some(9)), "{counts}");
    assert_eq!(qadapt::violations() - before, 2);

    // An assertion does not see it either, nor does what is lent inside.
    let token = qadapt::assert_allocs!(
        {
            uncounted(|| alloc_and_free(9));
            uncounted(qadapt::Policy::current)
        },
        events == 0
    );
    let (counts, ()) = count_alloc(|| uncounted(|| token.run(|| alloc_and_free(9))));
    assert_eq!(counts.events(), 0, "{counts}");
}
