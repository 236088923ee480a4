//! Processor time of slices of work.
#![expect(unsafe_code, reason = "std does not tell a thread's processor time")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::contestants::Contestant;

/// Pairs in a slice: short, so that few slices are interrupted.
const PAIRS: u64 = 4_000;

/// On a machine with other work two threads seldom run at once.
const ATTEMPTS: usize = 5;

/// Of all rounds.
pub(crate) struct Summary {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) rounds: usize,
}

pub(crate) fn least_and_median(rounds: &mut [f64]) -> Summary {
    rounds.sort_by(f64::total_cmp);
    let at = |index: usize| rounds.get(index).copied().unwrap_or(f64::NAN);
    Summary { least: at(0), median: at(rounds.len() / 2), rounds: rounds.len() }
}

/// Nanoseconds a pair, of one slice.
pub(crate) fn one_thread(contestant: &Contestant) -> f64 {
    let before = thread_time();
    (contestant.work)(PAIRS);
    per_pair(thread_time() - before)
}

/// Nanoseconds a pair on the slower of two threads, if both ran all the time in one of some attempts.
pub(crate) fn two_threads(contestant: &Contestant) -> Option<f64> {
    (0..ATTEMPTS).find_map(|_| try_two_threads(contestant))
}

fn try_two_threads(contestant: &Contestant) -> Option<f64> {
    let ready = AtomicUsize::new(0);
    let slice = || {
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < 2 {
            std::hint::spin_loop();
        }
        let (begin, before) = (Instant::now(), thread_time());
        (contestant.work)(PAIRS);
        let spent = thread_time() - before;
        (begin, begin.elapsed().as_secs_f64() * 1e9, spent)
    };
    let [first, second] = thread::scope(|scope| {
        let threads = [scope.spawn(slice), scope.spawn(slice)];
        threads.map(|thread| thread.join().expect("no panic"))
    });
    let apart = if first.0 > second.0 { first.0 - second.0 } else { second.0 - first.0 }.as_secs_f64() * 1e9;
    let ran_through = |(_, wall, spent): (Instant, f64, f64)| wall < spent * 1.05;
    let is_parallel = ran_through(first) && ran_through(second) && apart < first.2.min(second.2) * 0.1;
    is_parallel.then(|| per_pair(first.2.max(second.2)))
}

#[expect(clippy::cast_precision_loss, reason = "a small number")]
fn per_pair(nanoseconds: f64) -> f64 {
    nanoseconds / PAIRS as f64
}

/// The processor time of this thread, in nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "less than 2^53 nanoseconds")]
fn thread_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place, and the clock is one that each thread has.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
