//! An audit's result: plain data, which every format prints and JSON keeps.

use std::collections::BTreeMap;

use qadapt_code::origin::Origin;
use serde::{Deserialize, Serialize};

pub use super::left_out::LeftOut;
use super::live::{Live, LiveTotal, joined};
pub use super::op::Op;
use super::spread::Spread;

/// The version of the JSON form; it changes when a reader of the old one would misread the new one.
pub const VERSION: u32 = 2;

/// What some runs asked of the allocator and of the kernel, region by region and stack by stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The profiles; `counts` everywhere below have one entry for each, in this order.
    pub profiles: Vec<Profile>,
    /// The regions, in the order of their places.
    pub regions: Vec<Region>,
    /// The frames that `sites` refer to.
    pub frames: Vec<Frame>,
    /// What was disallowed, by region, stack and operation.
    pub sites: Vec<Site>,
    /// The packages that the frames' files belong to, where they are known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<String, String>,
    /// What the command was told not to show.
    #[serde(default, skip_serializing_if = "LeftOut::is_nothing")]
    pub left_out: LeftOut,
    /// What should be in these figures and is not, in words: where there is some, the command ends with exit code 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One entry for each profile of a report; none where it did not happen.
pub type PerProfile<T> = Vec<Option<T>>;

/// The runs in one profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Traces, one for each process.
    pub processes: u64,
    /// Processes that ended before their exit handlers ran: killed, aborted, `_exit`ed, or another program by `exec`.
    pub cut_short: u64,
    /// Processes that entered regions without qadapt as their allocator.
    pub without_allocator: u64,
    /// Events inside regions.
    pub events: u64,
    /// Events that a region disallowed.
    pub disallowed: u64,
    /// Disallowed events whose stack was left out, because there were too many a second.
    pub unsampled: u64,
    /// Regions, stacks and sites that the traces had no room for.
    pub lost: u64,
    /// All blocks together, where they were followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveTotal>,
}

impl Profile {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.processes = self.processes.saturating_add(other.processes);
        self.cut_short = self.cut_short.saturating_add(other.cut_short);
        self.without_allocator = self.without_allocator.saturating_add(other.without_allocator);
        self.events = self.events.saturating_add(other.events);
        self.disallowed = self.disallowed.saturating_add(other.disallowed);
        self.unsampled = self.unsampled.saturating_add(other.unsampled);
        self.lost = self.lost.saturating_add(other.lost);
        joined(&mut self.live, other.live.as_ref(), LiveTotal::add);
    }

    /// Takes each figure of another run that is larger.
    pub fn raise(&mut self, other: &Self) {
        self.processes = self.processes.max(other.processes);
        self.cut_short = self.cut_short.max(other.cut_short);
        self.without_allocator = self.without_allocator.max(other.without_allocator);
        self.events = self.events.max(other.events);
        self.disallowed = self.disallowed.max(other.disallowed);
        self.unsampled = self.unsampled.max(other.unsampled);
        self.lost = self.lost.max(other.lost);
        joined(&mut self.live, other.live.as_ref(), LiveTotal::raise);
    }
}

/// A region, by its place in the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RegionPlace {
    /// The file, relative to the workspace where it lies there.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The name, if it has one.
    pub name: Option<String>,
    /// How the region is opened.
    pub kind: RegionKind,
    /// Whose entries these are; none where those of all are together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

/// Whose entries of a region are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Those of a test, `program::module::test`; `package/program::module::test` where several packages have such a
    /// program, and `package/kind/program::module::test` where one package has several.
    Test(String),
    /// Those of threads with this name.
    Thread(String),
}

/// How a region is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegionKind {
    /// `assert_no_alloc` and the attributes.
    Plain,
    /// `Policy::run`.
    Policy,
    /// `Policy::enter`.
    Guard,
    /// `enter_protected`.
    Manual,
    /// All of the process.
    WholeProgram,
    /// `count_alloc`, `assert_allocs!` and the like, which disallow nothing.
    Counting,
}

/// A region and its counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Where it is.
    #[serde(flatten)]
    pub place: RegionPlace,
    /// For each profile; none where it was not entered.
    pub counts: PerProfile<Counts>,
}

/// What happened in a region, over all entries, threads and processes. Inner regions are included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Entries.
    pub calls: u64,
    /// Successful allocations.
    pub allocs: u64,
    /// Successful reallocations.
    pub reallocs: u64,
    /// Deallocations.
    pub deallocs: u64,
    /// Requests that got no memory.
    pub failed: u64,
    /// Bytes asked for.
    pub bytes: u64,
    /// Bytes given back.
    pub freed_bytes: u64,
    /// The most bytes live at once in one entry.
    pub peak_bytes: u64,
    /// Events that a region disallowed.
    pub disallowed: u64,
    /// Events inside permits, which the other figures leave out.
    pub permitted: u64,
    /// Bytes asked for inside permits.
    pub permitted_bytes: u64,
    /// System calls that a region disallowed: the thread may have waited in each.
    #[serde(default, skip_serializing_if = "is_none")]
    pub blocking_calls: u64,
    /// Entries that disallow system calls and in which none could be seen: then `blocking_calls` is unmeasured.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unwatched: u64,
    /// How the events spread over the entries.
    #[serde(default, skip_serializing_if = "Spread::is_nothing")]
    pub spread: Spread,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(figure: &u64) -> bool {
    *figure == 0
}

impl Counts {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.allocs = self.allocs.saturating_add(other.allocs);
        self.reallocs = self.reallocs.saturating_add(other.reallocs);
        self.deallocs = self.deallocs.saturating_add(other.deallocs);
        self.failed = self.failed.saturating_add(other.failed);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.freed_bytes = self.freed_bytes.saturating_add(other.freed_bytes);
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
        self.disallowed = self.disallowed.saturating_add(other.disallowed);
        self.permitted = self.permitted.saturating_add(other.permitted);
        self.permitted_bytes = self.permitted_bytes.saturating_add(other.permitted_bytes);
        self.blocking_calls = self.blocking_calls.saturating_add(other.blocking_calls);
        self.unwatched = self.unwatched.saturating_add(other.unwatched);
        self.spread.add(&other.spread);
    }

    /// Takes each figure of another run that is larger.
    pub fn raise(&mut self, other: &Self) {
        self.calls = self.calls.max(other.calls);
        self.allocs = self.allocs.max(other.allocs);
        self.reallocs = self.reallocs.max(other.reallocs);
        self.deallocs = self.deallocs.max(other.deallocs);
        self.failed = self.failed.max(other.failed);
        self.bytes = self.bytes.max(other.bytes);
        self.freed_bytes = self.freed_bytes.max(other.freed_bytes);
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
        self.disallowed = self.disallowed.max(other.disallowed);
        self.permitted = self.permitted.max(other.permitted);
        self.permitted_bytes = self.permitted_bytes.max(other.permitted_bytes);
        self.blocking_calls = self.blocking_calls.max(other.blocking_calls);
        self.unwatched = self.unwatched.max(other.unwatched);
        self.spread.raise(&other.spread);
    }

    /// What is known of blocking calls, in words; none where there were none, or the region does not disallow them. Where some
    /// entry could not be watched, their number is not known.
    #[must_use]
    pub fn waits_in_words(&self) -> Option<String> {
        let seen = match self.blocking_calls {
            0 => None,
            1 => Some("1 blocking call".to_owned()),
            many => Some(format!("{many} blocking calls")),
        };
        if self.unwatched == 0 {
            return seen;
        }
        let seen = seen.map_or_else(String::new, |seen| format!("; {seen} in the others"));
        Some(format!("blocking calls unmeasured in {} of {} entries{seen}", self.unwatched, self.calls))
    }

    /// All events but those in permits.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.requests().saturating_add(self.blocking_calls)
    }

    /// The same without system calls.
    #[must_use]
    pub fn requests(&self) -> u64 {
        [self.allocs, self.reallocs, self.deallocs, self.failed].into_iter().fold(0, u64::saturating_add)
    }
}

/// A function on a call stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// Its name; where there is none, `module+offset`.
    pub function: String,
    /// The file, relative to the workspace where it lies there; none without debug information.
    pub file: Option<String>,
    /// The line of the call, from 1; 0 where it is not known.
    pub line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
    /// Whose code it is.
    pub origin: Origin,
}

impl Frame {
    /// What stands in a stack in place of frames that were left out, because there were too many.
    #[must_use]
    pub fn gap(frames: u32) -> Self {
        Self {
            function: format!("({frames} frames left out)"),
            file: None,
            line: 0,
            column: 0,
            origin: Origin::Internal,
        }
    }

    /// True for [`gap`](Self::gap)s.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.file.is_none() && self.function.ends_with(" frames left out)")
    }
}

/// What one stack asked of the allocator or of the kernel in one region, the innermost one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// The region's place in `regions`.
    pub region: usize,
    /// What was asked.
    #[serde(with = "super::op")]
    pub op: Op,
    /// The frames, innermost first, as places in `frames`; empty where the stack was lost.
    pub stack: Vec<u32>,
    /// For each profile; none where it did not happen.
    pub counts: PerProfile<SiteCounts>,
}

/// How often a site was passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteCounts {
    /// Events recorded.
    pub count: u64,
    /// Events that those stand for: more where stacks were sampled.
    pub estimate: u64,
    /// Bytes of all these events, likewise.
    pub bytes: u64,
    /// The most bytes of one event.
    pub largest: u64,
    /// The largest alignment.
    pub align: u32,
    /// The variance of `estimate`; 0 where it is exact.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub variance: f64,
    /// The variance of `bytes`; 0 where they are exact.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes_variance: f64,
    /// How the events spread over the region's entries.
    #[serde(default, skip_serializing_if = "Spread::is_nothing")]
    pub spread: Spread,
    /// What became of the blocks, where they were followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(variance: &f64) -> bool {
    *variance <= 0.0
}

impl SiteCounts {
    /// True if some events were not recorded, so that the figures are estimates.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.estimate != self.count
    }

    /// What 19 of 20 estimates of the events are off by at most, in percent, rounded up: two standard errors.
    #[must_use]
    pub fn error(&self) -> u64 {
        percent(self.variance, self.estimate)
    }

    /// The same for the bytes.
    #[must_use]
    pub fn bytes_error(&self) -> u64 {
        percent(self.bytes_variance, self.bytes)
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.estimate = self.estimate.saturating_add(other.estimate);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.largest = self.largest.max(other.largest);
        self.align = self.align.max(other.align);
        self.variance += other.variance;
        self.bytes_variance += other.bytes_variance;
        self.spread.add(&other.spread);
        joined(&mut self.live, other.live.as_ref(), Live::add);
    }

    /// Takes each figure of another run that is larger.
    pub fn raise(&mut self, other: &Self) {
        self.count = self.count.max(other.count);
        self.estimate = self.estimate.max(other.estimate);
        self.bytes = self.bytes.max(other.bytes);
        self.largest = self.largest.max(other.largest);
        self.align = self.align.max(other.align);
        self.variance = self.variance.max(other.variance);
        self.bytes_variance = self.bytes_variance.max(other.bytes_variance);
        self.spread.raise(&other.spread);
        joined(&mut self.live, other.live.as_ref(), Live::raise);
    }
}

/// Two standard errors, in percent of the figure, rounded up.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an error needs few digits, and a conversion ends at the bounds"
)]
fn percent(variance: f64, figure: u64) -> u64 {
    if figure == 0 { 0 } else { (200.0 * variance.sqrt() / figure as f64).ceil() as u64 }
}

impl Report {
    /// The place of the profile with this name, which is added if it is new.
    pub fn profile(&mut self, name: &str) -> usize {
        if let Some(index) = self.profiles.iter().position(|profile| profile.name == name) {
            return index;
        }
        self.profiles.push(Profile { name: name.to_owned(), ..Profile::default() });
        self.profiles.len() - 1
    }

    /// Events that a region disallowed, in all profiles.
    #[must_use]
    pub fn disallowed(&self) -> u64 {
        self.profiles.iter().fold(0, |sum, profile| sum.saturating_add(profile.disallowed))
    }

    /// True if everything that is referred to is there, as in a report that this command wrote.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let profiles = self.profiles.len();
        self.regions.iter().all(|region| region.counts.len() == profiles)
            && self.sites.iter().all(|site| {
                site.counts.len() == profiles
                    && site.region < self.regions.len()
                    && site.stack.iter().all(|&frame| (frame as usize) < self.frames.len())
            })
    }

    /// Takes frames out that no site refers to.
    pub fn drop_unused_frames(&mut self) {
        let mut is_used = vec![false; self.frames.len()];
        for &frame in self.sites.iter().flat_map(|site| &site.stack) {
            if let Some(used) = is_used.get_mut(frame as usize) {
                *used = true;
            }
        }
        let mut next = 0_u32;
        let numbers: Vec<u32> = is_used
            .iter()
            .map(|&used| {
                let number = next;
                next += u32::from(used);
                number
            })
            .collect();
        let mut used = is_used.iter();
        self.frames.retain(|_| used.next().copied().unwrap_or(false));
        for frame in self.sites.iter_mut().flat_map(|site| &mut site.stack) {
            *frame = numbers.get(*frame as usize).copied().unwrap_or(u32::MAX);
        }
        let files: std::collections::HashSet<&str> =
            self.frames.iter().filter_map(|frame| frame.file.as_deref()).collect();
        self.packages.retain(|file, _| files.contains(file.as_str()));
    }

    /// Gives every list of counts one entry for each profile.
    pub fn pad(&mut self) {
        let profiles = self.profiles.len();
        for region in &mut self.regions {
            region.counts.resize(profiles, None);
        }
        for site in &mut self.sites {
            site.counts.resize(profiles, None);
        }
    }
}

/// The entry for a profile, made if it is missing.
pub fn counts_of<T: Copy + Default>(counts: &mut Vec<Option<T>>, profile: usize) -> &mut T {
    if counts.len() <= profile {
        counts.resize(profile + 1, None);
    }
    counts[profile].get_or_insert_with(T::default)
}
