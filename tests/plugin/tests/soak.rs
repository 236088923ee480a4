//! Sixty-four threads that load plug-ins, allocate from Rust and from C in regions of the program's and of theirs, unload them, fork and end:
//! no event is lost, none is counted twice.
//!
//! Alone because it loads and unloads without end. `SOAK_SECONDS` says for how long; the default is one second.
#![cfg(all(target_os = "linux", any(debug_assertions, feature = "enforce")))]

use std::env;
use std::fs;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use qadapt::{Mode, Policy, QADAPT, count_alloc, permit_alloc};
#[cfg(feature = "c")]
use qadapt_malloc as _;

mod loaded;
use loaded::Plugin;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const THREADS: usize = 64;
/// How many events there are of one of C's.
const OF_C: u64 = if cfg!(feature = "c") { 1 } else { 0 };
const WATCHED: Policy = Policy::new().mode(Mode::Count);

static ROUNDS: AtomicU64 = AtomicU64::new(0);
static CHILDREN: AtomicU64 = AtomicU64::new(0);

extern "C" fn allocate() {
    drop(black_box(Box::new(1)));
}

#[expect(unsafe_code, reason = "calls C")]
extern "C" fn allocate_in_c() {
    // SAFETY: a string of C's.
    let copy = black_box(unsafe { libc::strdup(black_box(c"in C").as_ptr()) });
    // SAFETY: the line above made it.
    unsafe { libc::free(copy.cast()) };
}

extern "C" fn allocate_in_a_region_and_a_permit() {
    WATCHED.run(|| allocate());
    permit_alloc(|| allocate());
}

/// One turn with a plug-in: each region sees what either of the two allocates, once.
fn turn(plugin: &Plugin) {
    // What a thread does once in each file is done.
    plugin.allocate(1);
    plugin.watch(allocate);
    let seen = qadapt::violations();
    WATCHED.run(|| plugin.allocate(4));
    plugin.watch(allocate);
    assert_eq!(qadapt::violations() - seen, 10);
    // A region in a region counts an event once.
    plugin.watch(allocate_in_a_region_and_a_permit);
    WATCHED.run(|| plugin.watch(allocate));
    WATCHED.run(|| plugin.permit(allocate));
    assert_eq!(plugin.violations() - seen, 14);
    plugin.allocate(1);
    allocate();
    assert_eq!(qadapt::violations() - seen, 14);
    assert_eq!(qadapt::protection_level(), 0);
    // C's events are the program's, whoever calls C.
    let seen = qadapt::violations();
    WATCHED.run(|| plugin.allocate_in_c(3));
    plugin.watch(allocate_in_c);
    WATCHED.run(|| plugin.permit(allocate_in_c));
    assert_eq!(qadapt::violations() - seen, 8 * OF_C);
    let (counts, ()) = count_alloc(|| {
        plugin.allocate(2);
        plugin.allocate_in_c(2);
        allocate_in_c();
    });
    assert_eq!(counts.allocs(), 2 + 3 * OF_C);
    assert_eq!(counts.deallocs(), 2 + 3 * OF_C);
}

/// A child that ends at once.
#[expect(unsafe_code, reason = "std does not fork")]
fn fork() {
    // SAFETY: the child makes a region, which is made to work there, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let seen = qadapt::violations();
        WATCHED.run(|| allocate());
        WATCHED.run(|| allocate_in_c());
        let status = i32::from(qadapt::violations() - seen != 2 + 2 * OF_C);
        // SAFETY: it ends the child at once.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: there is room for the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    CHILDREN.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn nothing_is_lost_or_counted_twice() {
    assert_eq!(qadapt::c_is_active(), cfg!(feature = "c"));
    let seconds = env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let files: Vec<_> = (0..8).map(|number| loaded::another(&format!("soak{number}"))).collect();
    let files = &files;
    thread::scope(|scope| {
        for number in 0..THREADS {
            scope.spawn(move || {
                let mut round = number;
                while Instant::now() < end {
                    // A thread of its own, which ends: so its plug-in can be unloaded.
                    thread::scope(|scope| {
                        scope.spawn(|| {
                            let plugin = Plugin::load(&files[round % files.len()]);
                            for _ in 0..20 {
                                turn(&plugin);
                            }
                        });
                    });
                    if round % 7 == 0 {
                        fork();
                    }
                    round += 1;
                    ROUNDS.fetch_add(20, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} rounds, {} children", ROUNDS.load(Ordering::Relaxed), CHILDREN.load(Ordering::Relaxed));
    for file in files {
        let _ = fs::remove_file(file);
    }
}
