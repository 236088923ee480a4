//! Which blocks of a line of bytes are sampled.
//!
//! The bytes of a thread's blocks are one long line, cut into stretches of the interval's length. In each stretch one byte, any with
//! the same probability, is a point. A block with points in it is sampled, and stands for as many intervals of bytes as it has points.
//!
//! ```text
//! blocks  |--64--|------------4096-------------|-24-|------900------|--64--| ..
//! points              ^                    ^                   ^
//! stretches |------------interval------------|------------interval-------------| ..
//! ```
//!
//! A byte is a point once in an interval, whatever lies before it. So what samples stand for is right on average, for every stack by
//! itself and for whatever part of its blocks is alive; and since no stretch is without a point, the sum over all blocks is right but
//! for a stretch at each end. To count bytes down to a random next point is tcmalloc's idea (<https://google.github.io/tcmalloc/sampling.html>),
//! which jemalloc and Go have taken up: there the distances are geometric, so that the number of points varies, by the square root of
//! their number. One point at random in each of many equal parts is known as stratified sampling (Cochran, Sampling Techniques, 5).

use core::sync::atomic::{AtomicU64, Ordering};

use super::mix::{STEP, mix};
use super::word;

/// Mixed into each thread's random numbers, so that none has another's. Relaxed: only the number matters.
static THREADS: AtomicU64 = AtomicU64::new(1);

/// Bytes until a thread that samples nothing looks again.
const UNTIL_ASKED: i64 = 1 << 16;

/// Where a thread is in its stretch.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    /// 0 where there is none.
    length: u64,
    /// Where the next point lies in it.
    point: u64,
    /// What the next random number is made of; 0 until the first.
    random: u64,
}

impl Stretch {
    /// In none yet: the first block begins one.
    pub(super) const fn new() -> Self {
        Self { length: 0, point: 0, random: 0 }
    }

    /// True while it is in none.
    #[cfg(feature = "profile")]
    pub(super) const fn is_none(&self) -> bool {
        self.length == 0
    }

    /// Of how many blocks of `size` bytes these `bytes` are, as a whole number that is right on average.
    pub(super) fn rounded(&mut self, bytes: u64, size: u64) -> u64 {
        let more = self.draw().checked_rem(size).unwrap_or(0);
        bytes.saturating_add(more).checked_div(size).unwrap_or(0)
    }

    /// Goes past a block of `size` bytes, at whose end `left` says how far the next point is. Returns that, as it is now, and what the
    /// block stands for. `interval` is the length of stretches that begin.
    pub(super) fn pass(&mut self, mut left: i64, size: u64, interval: u64) -> (i64, u64) {
        if self.length == 0 {
            // The block is the first of a stretch.
            if !self.begin(interval) {
                return (UNTIL_ASKED, 0);
            }
            left = signed(self.point).saturating_sub(signed(size));
        }
        let mut bytes: u64 = 0;
        while left < 0 {
            bytes = bytes.saturating_add(self.length);
            // How much of the block lies beyond the point, and how much of the stretch.
            let beyond = left.unsigned_abs() - 1;
            let rest = self.length - 1 - self.point;
            if !self.begin(interval) {
                return (UNTIL_ASKED, bytes);
            }
            let Some(further) = beyond.checked_sub(rest) else {
                left = signed(rest - beyond).saturating_add(signed(self.point));
                break;
            };
            // Each stretch that the block covers as a whole has a point, wherever that is.
            bytes = bytes.saturating_add(further / interval * interval);
            left = signed(self.point) - signed(further % interval);
        }
        (left, bytes)
    }

    /// A new stretch; false if there is none to be.
    fn begin(&mut self, length: u64) -> bool {
        self.length = length;
        self.point = self.draw().checked_rem(length).unwrap_or(0);
        length > 0
    }

    fn draw(&mut self) -> u64 {
        if self.random == 0 {
            // Where the system places things at random, processes differ, too.
            let place = word::place().map_or(0, <*const i64>::addr);
            self.random = THREADS.fetch_add(STEP, Ordering::Relaxed) ^ (place as u64) << 20;
        }
        self.random = self.random.wrapping_add(STEP);
        mix(self.random)
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each of these blocks stands for.
    fn sampled(sizes: impl IntoIterator<Item = u64>, interval: u64, seed: u64) -> Vec<u64> {
        let mut stretch = Stretch { length: 0, point: 0, random: seed };
        let mut left = 0;
        sizes
            .into_iter()
            .map(|size| {
                left -= signed(size);
                if left >= 0 {
                    return 0;
                }
                let (now, bytes) = stretch.pass(left, size, interval);
                assert!(now >= 0, "{size} bytes: {now}");
                left = now;
                bytes
            })
            .collect()
    }

    #[test]
    fn the_sum_is_right_but_for_a_stretch_at_each_end() {
        for (size, count) in [(1, 100_000), (64, 10_000), (1_000, 3_000), (4_097, 500), (1 << 30, 10)] {
            for seed in 1..20 {
                let sum: u64 = sampled((0..count).map(|_| size), 1_000, seed).iter().sum();
                assert!(sum.abs_diff(size * count) <= 1_000, "{sum} of {count} blocks of {size} bytes");
            }
        }
    }

    #[test]
    fn each_block_stands_for_what_it_is_on_average() {
        // A long period that blocks of two sizes share, and one block a turn that is looked at.
        for (small, large) in [(24, 976), (1, 3), (700, 4_000)] {
            let (mut sum, mut exact) = (0, 0);
            for seed in 1..200 {
                let stands =
                    sampled((0..1_000).map(|turn| if turn % 2 == 0 { small } else { large }), 1_000, seed);
                sum += stands.iter().step_by(2).sum::<u64>();
                exact += 500 * small;
            }
            let error = sum.abs_diff(exact) * 100 / exact;
            assert!(error < 5, "{small} beside {large}: {sum}, not {exact}");
        }
    }

    #[test]
    fn where_nothing_is_sampled_a_thread_asks_again() {
        let mut stretch = Stretch { length: 0, point: 0, random: 0 };
        assert_eq!(stretch.pass(-5, 5, 0), (UNTIL_ASKED, 0));
        let (left, bytes) = stretch.pass(-100_000, 100_000, 10);
        assert!((0..10).contains(&left) && bytes.abs_diff(100_000) <= 10);
        assert_eq!(stretch.pass(-1, 1, 0), (UNTIL_ASKED, 10), "the last point counts");
    }
}
