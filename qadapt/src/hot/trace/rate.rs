//! How many stacks are recorded: all of them as long as there are few, a sample where there are many.
//!
//! Walking a stack costs microseconds, so that a program that violates often would be slowed down many times. Of the
//! disallowed events in each second of the process's processor time the first [`ALL_RECORDED`] get their stacks recorded; of those
//! beyond, one in [`one_in`] does, and stands for as many. Deep stacks are fewer. Only stacks are sampled: each event is
//! counted.
//!
//! Processor time, because that is what the stacks cost: on a busy machine a second of the clock holds less of it.

use core::sync::atomic::{AtomicU64, Ordering};

use qadapt_trace::ALL_RECORDED;

use super::super::mix::{STEP, mix};
use crate::sys;

/// Frames of an ordinary stack: of deeper ones fewer are recorded.
const ORDINARY: u64 = 32;

/// Events between two looks at the clock, which is a system call. Before the first [`ALL_RECORDED`] none is needed.
const LOOK: u64 = 256;

const SECOND: u64 = 1_000_000_000;

/// The processor time, in nanoseconds, at which the second began that is counted, the process's total of disallowed events
/// then, and the frames that were walked since. Relaxed: of two threads that see a new second at once one may count a few
/// events to the wrong one.
static START: AtomicU64 = AtomicU64::new(0);
static BEFORE: AtomicU64 = AtomicU64::new(0);
static WALKED: AtomicU64 = AtomicU64::new(0);

/// How many events the latest disallowed one stands for, if its stack is to be recorded; `total` counts them from the
/// process's beginning.
pub(super) fn weight(total: u64) -> Option<u64> {
    let number = total.saturating_sub(BEFORE.load(Ordering::Relaxed));
    let done = number.max(WALKED.load(Ordering::Relaxed) / ORDINARY);
    if done < ALL_RECORDED {
        return Some(1);
    }
    if (number == ALL_RECORDED || total % LOOK == 0) && is_new_second() {
        BEFORE.store(total, Ordering::Relaxed);
        WALKED.store(0, Ordering::Relaxed);
        return Some(1);
    }
    let step = one_in(done);
    is_chosen(total, START.load(Ordering::Relaxed), step).then_some(step)
}

/// Takes note of a walk over so many frames.
pub(super) fn walked(frames: usize) {
    WALKED.fetch_add(frames as u64, Ordering::Relaxed);
}

/// True for the first who sees that a second of processor time has passed.
fn is_new_second() -> bool {
    let (now, start) = (sys::processor_time(), START.load(Ordering::Relaxed));
    now.saturating_sub(start) >= SECOND
        && START.compare_exchange(start, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// Of the events around the `before`th of a second one in this many has its stack recorded: 1 up to [`ALL_RECORDED`], then
/// more and more, so that a second never records more than a few times [`ALL_RECORDED`].
const fn one_in(before: u64) -> u64 {
    if before < ALL_RECORDED {
        return 1;
    }
    // The power of two at or below the excess, times 16.
    16 << (before / ALL_RECORDED).ilog2()
}

/// True for one in `step` of all numbers, where `step` is a power of two, so that no division is needed; which ones, looks
/// random, so that no pattern in what the program does is favoured.
const fn is_chosen(number: u64, seed: u64, step: u64) -> bool {
    mix(number.wrapping_mul(STEP).wrapping_add(seed)) & (step - 1) == 0
}

#[cfg(test)]
mod tests {
    use super::{ALL_RECORDED, is_chosen, one_in};

    /// Whatever the period of a pattern: each of its events is estimated within five standard errors.
    #[test]
    fn no_period_is_favoured() {
        for step in [16_u64, 64, 1024] {
            for period in (2..70).chain([128, 256, 1000, 1024, 4096]) {
                let (each, seed) = (200_000_u64, 12_345_678_901);
                for event in [0, 1, period - 1] {
                    let chosen = (0..each).filter(|n| is_chosen(n * period + event, seed, step)).count();
                    let (estimate, variance) = (chosen as u64 * step, each * (step - 1));
                    let error = estimate.abs_diff(each);
                    assert!(error * error < 25 * variance, "{event} of {period}, 1 in {step}: {estimate}");
                }
            }
        }
    }

    #[test]
    fn stacks_thin_out() {
        let table = [
            (0, 1),
            (ALL_RECORDED - 1, 1),
            (ALL_RECORDED, 16),
            (2 * ALL_RECORDED - 1, 16),
            (2 * ALL_RECORDED, 32),
            (4 * ALL_RECORDED, 64),
            (1000 * ALL_RECORDED, 16 * 512),
        ];
        for (before, expected) in table {
            assert_eq!(one_in(before), expected, "{before}");
        }
    }

    #[test]
    fn what_is_recorded_stands_for_all_and_is_bounded() {
        let (mut recorded, mut stand_for, all) = (0, 0, 3_000_000);
        for before in 0..all {
            if is_chosen(before, 1, one_in(before)) {
                recorded += 1;
                stand_for += one_in(before);
            }
        }
        assert!(recorded < 2 * ALL_RECORDED, "{recorded}");
        assert!(stand_for.abs_diff(all) < all / 20, "{stand_for}");
    }
}
