//! A line of a report.

use qadapt_code::advice::Advice;
use qadapt_code::origin::Origin;

use super::figures::{Op, PerProfile, SiteCounts};
use super::spread::Entries;

/// A line of code and what it asked of the allocator inside one region, over all stacks that lead there.
#[derive(Clone, Debug)]
pub struct Line {
    /// The region's place in the report.
    pub region: usize,
    /// Whose code it is: of a stack without any of the user's, that of a library.
    pub origin: Origin,
    /// The file and line; none where no stack or no debug information is there.
    pub at: Option<(String, u32)>,
    /// The function that the line is in.
    pub function: String,
    /// What was asked.
    pub op: Op,
    /// What the line calls that asks for it.
    pub called: Vec<String>,
    /// Where in a dependency or a wrapper it is asked for: the innermost such place, `memchr-2.7.0/src/a.rs:3`.
    pub inside: Vec<String>,
    /// What to do instead, for the two most frequent habits that the stacks show.
    pub advice: Vec<Advice>,
    /// For each profile; none where it did not happen.
    pub counts: PerProfile<SiteCounts>,
    /// In how many entries of the region, for each profile; none where that is not known.
    pub entries: PerProfile<Entries>,
    /// What differs between profiles, in words.
    pub mark: String,
    /// Whether that is a difference.
    pub is_different: bool,
    /// The stacks that lead there, as places in the report's sites.
    pub sites: Vec<usize>,
}

impl Line {
    /// Events, in the profile that has the most.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.counts.iter().flatten().map(|counts| counts.estimate).max().unwrap_or(0)
    }
}
