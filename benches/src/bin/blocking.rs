//! What regions cost that must not wait, in nanoseconds: the least and the median of many rounds.
//!
//! `cargo run --release -p qadapt-bench --features enforce --bin blocking`

use std::hint::black_box;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use qadapt::{Calls, Mode, Policy, QADAPT, assert_no_alloc, no_blocking};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const ROUNDS: usize = 200;
/// Calls of one region that are recorded.
const RECORDED: u32 = 100;
/// A policy of its own, which has a record while it is open.
const RULED: Policy = Policy::no_blocking().mode(Mode::Count).allow_calls(Calls::CLOCK);

/// A system call that does nothing, and a region does not mind.
#[cfg(unix)]
fn call() {
    black_box(std::os::unix::process::parent_id());
}

#[cfg(not(unix))]
fn call() {}

/// Prints what one of `times` runs of a body takes.
fn measure(what: &str, times: u32, mut body: impl FnMut()) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..times {
                body();
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let [least, median] = [0, ROUNDS / 2].map(|place| rounds.get(place).copied().unwrap_or_default());
    println!("{what:<52} {least:>9.1} {median:>9.1}");
}

fn main() -> ExitCode {
    if !qadapt::is_active() {
        eprintln!("the guard is not on: build with `--features enforce`");
        return ExitCode::FAILURE;
    }
    qadapt::set_mode(Mode::Count);
    println!("{:<52} {:>9} {:>9}", "nanoseconds", "least", "median");
    measure("a system call, no such region on the thread", 1000, call);
    measure("assert_no_alloc", 10_000, || assert_no_alloc(|| black_box(())));
    if !qadapt::is_blocking_watched() {
        println!("blocking calls are not watched here");
        return ExitCode::SUCCESS;
    }
    measure("no_blocking", 10_000, || no_blocking(|| black_box(())));
    measure("a region under Policy::no_blocking", 10_000, || RULED.run(|| black_box(())));
    measure("a system call outside, after such a region", 1000, call);
    measure("a system call inside that cannot wait", 100, || no_blocking(call));
    measure("a sched_yield that is allowed inside", 100, || {
        Policy::no_blocking().allow_calls(Calls::YIELD).run(thread::yield_now);
    });
    measure("a sched_yield that is a violation, counted", 100, || no_blocking(thread::yield_now));
    measure("the same with its stack, in mode log", 1, || {
        let region = Policy::no_blocking().mode(Mode::Log).enter();
        for _ in 0..RECORDED {
            thread::yield_now();
        }
        drop(region);
    });
    ExitCode::SUCCESS
}
