//! Live memory: what is alive, what was at the peak, and how long blocks live.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::sample::{Estimate, Sampled, unseen};

/// What became of the blocks that a site's events made. A block belongs to the event that made it, also after a
/// reallocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Bytes alive at the end.
    pub bytes: u64,
    /// Blocks alive at the end: never given back.
    pub blocks: u64,
    /// Bytes alive when the process had the most.
    pub peak_bytes: u64,
    /// Blocks alive then.
    pub peak_blocks: u64,
    /// The most bytes of this site that were alive at once.
    pub most_bytes: u64,
    /// Blocks of this site that were alive then.
    pub most_blocks: u64,
    /// Blocks that the region's entry which asked for them gave back before it ended.
    pub inside: u64,
    /// Blocks that were given back after that, or by another thread.
    pub later: u64,
    /// How long all blocks have lived, together: each until it was given back or the process ended. In steps of the
    /// process's clock, which goes on when a block is made, resized or given back; where blocks were sampled, at each
    /// disallowed event.
    pub lifetime: u64,
    /// What is behind these figures where blocks were sampled.
    #[serde(default, skip_serializing_if = "Sampled::is_nothing")]
    pub sampled: Sampled,
}

/// All blocks of a profile's processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveTotal {
    /// What the clock showed at the end, in the process in which it showed the most.
    pub clock: u64,
    /// Bytes alive at the end.
    pub bytes: u64,
    /// Blocks alive at the end.
    pub blocks: u64,
    /// The most bytes that were alive at once.
    pub peak_bytes: u64,
    /// Blocks alive then.
    pub peak_blocks: u64,
    /// What the clock showed then, for the last time.
    pub peak_at: u64,
    /// Blocks that could not be followed.
    pub lost: u64,
    /// The variance of bytes that are alive without any sample of them; 0 where each block was followed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unseen: u64,
    /// What is behind these figures where blocks were sampled.
    #[serde(default, skip_serializing_if = "Sampled::is_nothing")]
    pub sampled: Sampled,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(variance: &u64) -> bool {
    *variance == 0
}

impl Live {
    /// What a trace says whose clock showed `end` at the end.
    #[must_use]
    pub fn of(live: &qadapt_trace::Live, end: u64) -> Self {
        Self {
            bytes: live.bytes,
            blocks: live.blocks,
            peak_bytes: live.peak_bytes,
            peak_blocks: live.peak_blocks,
            most_bytes: live.most_bytes,
            most_blocks: live.most_blocks,
            inside: live.inside,
            later: live.later,
            lifetime: live
                .lifetime
                .saturating_add(live.blocks.saturating_mul(end).saturating_sub(live.births)),
            sampled: Sampled::of(&live.sampled),
        }
    }

    /// Blocks that were made.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.inside.saturating_add(self.later).saturating_add(self.blocks)
    }

    /// Adds another process's, whose peak was another moment, or another stack's.
    pub fn add(&mut self, other: &Self) {
        self.each(other, u64::saturating_add);
    }

    /// Takes each figure of another run that is larger.
    pub fn raise(&mut self, other: &Self) {
        self.each(other, u64::max);
    }

    fn each(&mut self, other: &Self, join: fn(u64, u64) -> u64) {
        for (own, other) in [
            (&mut self.bytes, other.bytes),
            (&mut self.blocks, other.blocks),
            (&mut self.peak_bytes, other.peak_bytes),
            (&mut self.peak_blocks, other.peak_blocks),
            (&mut self.most_bytes, other.most_bytes),
            (&mut self.most_blocks, other.most_blocks),
            (&mut self.inside, other.inside),
            (&mut self.later, other.later),
            (&mut self.lifetime, other.lifetime),
        ] {
            *own = join(*own, other);
        }
        self.sampled.each(&other.sampled, join);
    }

    /// True if a countdown of bytes told which blocks were followed, be it all.
    #[must_use]
    pub fn was_drawn(&self) -> bool {
        !self.sampled.is_nothing()
    }

    /// What is known of the bytes that are alive at the end; `unseen` is that of [`LiveTotal`].
    #[must_use]
    pub const fn at_end(&self, unseen: u64) -> Estimate {
        self.sampled.at_end(self.blocks, self.bytes, unseen)
    }

    /// The same of the peak.
    #[must_use]
    pub const fn at_peak(&self, unseen: u64) -> Estimate {
        self.sampled.at_peak(self.peak_blocks, self.peak_bytes, unseen)
    }

    /// In words: what is alive, and what became of the rest. Where blocks were sampled `unseen` says what samples cannot show.
    #[must_use]
    pub fn words(&self, unseen: u64) -> String {
        if let Some([end, peak, freed]) = self.estimates(unseen) {
            return format!("{end} alive at the end; {peak} at the peak; freed: {freed}");
        }
        let mut words = vec![if self.blocks == 0 {
            "none alive at the end".to_owned()
        } else {
            format!("{} alive at the end", memory(self.blocks, self.bytes))
        }];
        if self.peak_blocks > 0 {
            words.push(format!("{} at the peak", memory(self.peak_blocks, self.peak_bytes)));
        }
        let mut freed = Vec::new();
        if self.inside > 0 {
            freed.push(format!("{} in the entry that made them", self.inside));
        }
        if self.later > 0 {
            freed.push(format!("{} later", self.later));
        }
        if !freed.is_empty() {
            words.push(format!("freed: {}", freed.join(", ")));
        }
        words.join("; ")
    }

    /// In words what is alive at the end, what was at the peak, and what became of the rest, of a sample; none where each block was
    /// followed, as in one of several runs.
    #[must_use]
    pub fn estimates(&self, unseen: u64) -> Option<[String; 3]> {
        let is_known = unseen == 0 || !self.was_drawn() && *self != Self::default();
        (!is_known).then(|| {
            [
                self.at_end(unseen).words(),
                self.at_peak(unseen).words(),
                self.sampled.freed_words(self.inside, self.later),
            ]
        })
    }
}

impl LiveTotal {
    /// What a trace says.
    #[must_use]
    pub const fn of(total: &qadapt_trace::Total) -> Self {
        Self {
            clock: total.clock,
            bytes: total.bytes,
            blocks: total.blocks,
            peak_bytes: total.peak_bytes,
            peak_blocks: total.peak_blocks,
            peak_at: total.peak_at,
            lost: total.lost,
            unseen: unseen(total.interval),
            sampled: Sampled::of(&total.sampled),
        }
    }

    /// Adds another process's.
    pub fn add(&mut self, other: &Self) {
        self.each(other, u64::saturating_add);
    }

    /// Takes each figure of another run that is larger.
    pub fn raise(&mut self, other: &Self) {
        self.each(other, u64::max);
    }

    fn each(&mut self, other: &Self, join: fn(u64, u64) -> u64) {
        self.clock = self.clock.max(other.clock);
        self.peak_at = self.peak_at.max(other.peak_at);
        for (own, other) in [
            (&mut self.bytes, other.bytes),
            (&mut self.blocks, other.blocks),
            (&mut self.peak_bytes, other.peak_bytes),
            (&mut self.peak_blocks, other.peak_blocks),
            (&mut self.lost, other.lost),
            (&mut self.unseen, other.unseen),
        ] {
            *own = join(*own, other);
        }
        self.sampled.each(&other.sampled, join);
    }

    /// What is known of the bytes that are alive at the end.
    #[must_use]
    pub const fn at_end(&self) -> Estimate {
        self.sampled.at_end(self.blocks, self.bytes, self.unseen)
    }

    /// The same of the peak.
    #[must_use]
    pub const fn at_peak(&self) -> Estimate {
        self.sampled.at_peak(self.peak_blocks, self.peak_bytes, self.unseen)
    }

    /// True if not all blocks were followed.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.unseen > 0
    }

    /// True if a countdown of bytes told which blocks were followed, be it all.
    #[must_use]
    pub fn was_drawn(&self) -> bool {
        !self.sampled.is_nothing()
    }

    /// In words; none where none is alive at the end, blocks were drawn or there was none, and not `all` is to be said.
    #[must_use]
    pub fn words_if(&self, all: bool) -> Option<String> {
        let is_nothing = self.peak_blocks == 0 && self.lost == 0;
        if (self.was_drawn() || is_nothing) && self.blocks == 0 && !all {
            return None;
        }
        let what = if self.is_sampled() {
            "blocks, of which a sample was followed"
        } else {
            "blocks that were followed"
        };
        Some(format!("{what}: {}", self.words()))
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let (peak, end) = if self.is_sampled() {
            (self.at_peak().words(), self.at_end().words())
        } else {
            (memory(self.peak_blocks, self.peak_bytes), memory(self.blocks, self.bytes))
        };
        let mut words = format!("at the peak {peak} alive, at the end {end}");
        if self.lost > 0 {
            let _ = write!(words, "; {} blocks could not be followed, and count as freed", self.lost);
        }
        words
    }
}

/// Joins what is known of two: of one that is not known nothing is.
pub(super) fn joined<T: Copy>(own: &mut Option<T>, other: Option<&T>, join: impl FnOnce(&mut T, &T)) {
    match (own.as_mut(), other) {
        (Some(own), Some(other)) => join(own, other),
        (None, Some(other)) => *own = Some(*other),
        _ => {}
    }
}

/// Blocks and bytes in words.
pub(super) fn memory(blocks: u64, bytes: u64) -> String {
    let of = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    format!("{} of {}", of(blocks, "block"), of(bytes, "byte"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_end_with_the_process() {
        // Made at 3 and at 5, one of two that are alive when the clock shows 10; one has lived for 4.
        let live = qadapt_trace::Live {
            blocks: 2,
            births: 8,
            lifetime: 4,
            inside: 1,
            ..qadapt_trace::Live::default()
        };
        let live = Live::of(&live, 10);
        assert_eq!((live.lifetime, live.made()), (4 + 7 + 5, 3));
    }

    #[test]
    fn what_is_alive_is_said_in_words() {
        let live = Live {
            bytes: 8,
            blocks: 1,
            peak_bytes: 24,
            peak_blocks: 3,
            inside: 4,
            later: 1,
            ..Live::default()
        };
        assert_eq!(
            live.words(0),
            "1 block of 8 bytes alive at the end; 3 blocks of 24 bytes at the peak; freed: 4 in the entry that made them, 1 later"
        );
        assert_eq!(Live::default().words(0), "none alive at the end");
    }

    /// `unseen` is that of all runs together.
    #[test]
    fn what_one_run_followed_whole_is_no_estimate_beside_a_sample() {
        let whole = Live { bytes: 64, blocks: 1, peak_bytes: 64, peak_blocks: 1, ..Live::default() };
        assert_eq!(whole.words(9), whole.words(0));
        assert!(whole.estimates(9).is_none());
        assert!(Live::default().words(9).contains("no sampled block"), "nothing is known of the others");
    }

    #[test]
    fn where_no_block_was_followed_nothing_is_said() {
        let nothing = LiveTotal::default();
        assert_eq!(nothing.words_if(false), None);
        assert!(nothing.words_if(true).is_some(), "it was asked for");
        for known in [
            LiveTotal { peak_bytes: 8, peak_blocks: 1, ..LiveTotal::default() },
            LiveTotal { lost: 1, ..LiveTotal::default() },
        ] {
            assert!(known.words_if(false).is_some(), "{known:?}");
        }
    }
}
