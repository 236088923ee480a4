//! How many stacks are recorded: all of them as long as there are few, a sample where there are many.
//!
//! Walking a stack costs microseconds, so that a program that violates often would be slowed down many times. Of each
//! second's disallowed events the first [`ALL`] get their stacks recorded; of those beyond, one in [`one_in`] does, and
//! stands for as many. Only stacks are sampled: each event is counted.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, Ordering};

/// Stacks of one second that are all recorded.
const ALL: u64 = 10_000;

/// Events between two looks at the clock.
const LOOK: u64 = 32;

/// The second that is counted, by the system's monotonic clock, and the process's total of disallowed events at its
/// beginning. Relaxed: of two threads that see a new second at once one may count a few events to the wrong one.
static SECOND: AtomicU64 = AtomicU64::new(0);
static BEFORE: AtomicU64 = AtomicU64::new(0);

/// How many events the latest disallowed one stands for, if its stack is to be recorded; `total` counts them from the
/// process's beginning.
pub(super) fn weight(total: u64) -> Option<u64> {
    if total % LOOK == 1 {
        let now = second();
        if SECOND.load(Ordering::Relaxed) != now && SECOND.swap(now, Ordering::Relaxed) != now {
            BEFORE.store(total, Ordering::Relaxed);
        }
    }
    let number = total.saturating_sub(BEFORE.load(Ordering::Relaxed));
    let step = one_in(number);
    is_chosen(number, step).then_some(step)
}

/// Of the events around the `before`th of a second one in this many has its stack recorded: 1 up to [`ALL`], then
/// more and more, so that a second never records more than a few times [`ALL`].
const fn one_in(before: u64) -> u64 {
    if before < ALL {
        return 1;
    }
    // The power of two at or below the excess, times 16.
    16 << (before / ALL).ilog2()
}

/// True for one in `step` of consecutive numbers, where `step` is a power of two, so that no division is needed. The
/// numbers are spread before (by Knuth's multiplicative hashing), so that a program that allocates and frees in turn has
/// both recorded.
const fn is_chosen(number: u64, step: u64) -> bool {
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) & (step - 1) == 0
}

/// Seconds of the coarse clock, which needs no system call.
#[expect(unsafe_code, reason = "std's clock is the fine one")]
#[expect(clippy::cast_sign_loss, reason = "the clock starts at 0")]
fn second() -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: there is room for the answer; where the clock is missing it stays zero.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, time.as_mut_ptr()) };
    // SAFETY: zeroed at first, which is a valid time.
    let time = unsafe { time.assume_init() };
    time.tv_sec as u64
}

#[cfg(test)]
mod tests {
    use super::{ALL, is_chosen, one_in};

    #[test]
    fn even_and_odd_events_are_chosen_alike() {
        let even = (0..100_000).filter(|n| n % 2 == 0 && is_chosen(*n, 16)).count();
        let odd = (0..100_000).filter(|n| n % 2 == 1 && is_chosen(*n, 16)).count();
        assert!(even.abs_diff(odd) < 100, "{even} {odd}");
    }

    #[test]
    fn stacks_thin_out() {
        let table = [
            (0, 1),
            (ALL - 1, 1),
            (ALL, 16),
            (2 * ALL - 1, 16),
            (2 * ALL, 32),
            (4 * ALL, 64),
            (1000 * ALL, 16 * 512),
        ];
        for (before, expected) in table {
            assert_eq!(one_in(before), expected, "{before}");
        }
    }

    #[test]
    fn what_is_recorded_stands_for_all_and_is_bounded() {
        let (mut recorded, mut stand_for, all) = (0, 0, 3_000_000);
        for before in 0..all {
            if is_chosen(before, one_in(before)) {
                recorded += 1;
                stand_for += one_in(before);
            }
        }
        assert!(recorded < 2 * ALL, "{recorded}");
        assert!(stand_for.abs_diff(all) < all / 100, "{stand_for}");
    }
}
