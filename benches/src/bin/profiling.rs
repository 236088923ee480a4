//! What sampling the heap costs in time, on one thread and on two, beside the inner allocator alone:
//! `cargo run --release -p qadapt-bench --features profile --bin profiling`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use qadapt::QADAPT;

/// Its methods are called here, so that the program's own allocator is the system's.
static SAMPLED: QADAPT = QADAPT;
static PLAIN: System = System;

/// Pairs of an allocation and a deallocation in one slice, and slices.
const PAIRS: u32 = 200_000;
const SLICES: usize = 60;

/// The blocks' size in bytes, of which one in 8,192 is sampled.
const SIZE: usize = 64;

fn main() {
    println!("nanoseconds a pair of {SIZE} bytes, the least and the median of {SLICES} slices");
    for threads in [1, 2] {
        // One slice of each in turn, so that all have the machine at the same times.
        let mut plain = Vec::new();
        let mut sampled = Vec::new();
        for _ in 0..SLICES {
            plain.push(slice(&PLAIN, threads));
            sampled.push(slice(&SAMPLED, threads));
        }
        for (name, mut slices) in [("System", plain), ("sampled", sampled)] {
            slices.sort_unstable();
            let [least, median] = [0, SLICES / 2].map(|at| slices.get(at).map_or(0.0, nanoseconds));
            println!("{threads} threads, {name}: {least:.2}, {median:.2}");
        }
    }
}

fn nanoseconds(slice: &Duration) -> f64 {
    slice.as_secs_f64() * 1e9 / f64::from(PAIRS)
}

/// How long so many threads take for a slice each.
fn slice(allocator: &'static (impl GlobalAlloc + Sync), threads: usize) -> Duration {
    let begin = Barrier::new(threads);
    thread::scope(|scope| {
        let work = || {
            begin.wait();
            let start = Instant::now();
            pairs(allocator);
            start.elapsed()
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_default()).max().unwrap_or_default()
    })
}

#[inline(never)]
#[expect(unsafe_code, reason = "calls an allocator")]
fn pairs(allocator: &impl GlobalAlloc) {
    let layout = Layout::new::<[u8; SIZE]>();
    for _ in 0..PAIRS {
        // SAFETY: the layout has a size.
        let block = black_box(unsafe { allocator.alloc(layout) });
        if !block.is_null() {
            // SAFETY: it was allocated with this layout, just now.
            unsafe { allocator.dealloc(block, layout) };
        }
    }
}
