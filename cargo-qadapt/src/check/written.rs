//! The form of the file that keeps the baseline, as it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

use serde::Deserialize;

use super::baseline::{Figures, Often, Region, Run};
use super::key::{RegionKey, SiteKey};
use super::range::Range;
use crate::report::op::{self, Op};

/// What stands for a number of times that is not known.
pub(super) const SAMPLED: &str = "sampled";

/// Why a run cannot be what is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum InvalidRun {
    /// A number is negative, or too large.
    NoFigure(f64),
    /// A decimal stands where whole events or bytes are meant, as an editor or a merge may leave one.
    Decimal(f64),
    /// The least is more than the most.
    Backwards(Range),
    /// A word stands where a number should.
    NoNumber(String),
    /// The region of this title is there twice.
    RegionTwice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    #[expect(dead_code, reason = "read before, and a field like any other")]
    version: u32,
    #[serde(default)]
    pub(super) run: Vec<WrittenRun>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRun {
    pub(super) command: String,
    profiles: BTreeSet<String>,
    per: Option<Per>,
    #[serde(default)]
    failed: BTreeSet<String>,
    #[serde(default)]
    suppressed: BTreeMap<String, BTreeSet<String>>,
    #[serde(default)]
    region: Vec<WrittenRegion>,
}

/// What figures are of, if not of the whole run.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Per {
    Entry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRegion {
    name: Option<String>,
    file: String,
    function: Option<String>,
    test: Option<String>,
    #[serde(default = "first")]
    nth: u32,
    counts: BTreeMap<String, WrittenFigures>,
    #[serde(default)]
    sites: Vec<WrittenSite>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFigures {
    allocs: Written,
    reallocs: Written,
    deallocs: Written,
    bytes: Written,
    peak_bytes: Written,
    blocking_calls: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSite {
    file: Option<String>,
    function: String,
    #[serde(deserialize_with = "op::deserialize")]
    op: Op,
    code: String,
    times: BTreeMap<String, Written>,
}

/// A figure, the least and the most, or a word.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number, or the least and the most as [3, 5]")]
enum Written {
    Figure(u64),
    Range([u64; 2]),
    Decimal(f64),
    Decimals([f64; 2]),
    Word(String),
}

const fn first() -> u32 {
    1
}

/// The figures of one entry.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was tested to fit")]
fn decimals(min: f64, max: f64) -> Result<Range, InvalidRun> {
    let hundredths = |figure: f64| {
        let all = (figure * 100.0).round();
        ((0.0..9e15).contains(&all)).then_some(all as u64).ok_or(InvalidRun::NoFigure(figure))
    };
    let range = Range { min: hundredths(min)?, max: hundredths(max)?, per_entry: true };
    if range.min > range.max { Err(InvalidRun::Backwards(range)) } else { Ok(range) }
}

impl Written {
    /// The figure in the unit of its run: a whole run has no decimals, and `2` for each entry is `2.00`.
    fn range(&self, per_entry: bool) -> Result<Range, InvalidRun> {
        match *self {
            Self::Figure(figure) => Self::Range([figure, figure]).range(per_entry),
            Self::Range([min, max]) if min <= max => {
                let unit = Range { per_entry, ..Range::default() };
                Ok(Range { min: unit.limit(min), max: unit.limit(max), per_entry })
            }
            Self::Decimal(figure) => Self::Decimals([figure, figure]).range(per_entry),
            Self::Decimals([min, max]) if per_entry => decimals(min, max),
            Self::Decimals([min, max]) => {
                // A negative number is one even without a fraction.
                decimals(min, max)?;
                Err(InvalidRun::Decimal(max))
            }
            Self::Range([min, max]) => Err(InvalidRun::Backwards(Range { min, max, per_entry: false })),
            Self::Word(ref word) => Err(InvalidRun::NoNumber(word.clone())),
        }
    }

    fn often(&self, per_entry: bool) -> Result<Often, InvalidRun> {
        match self {
            Self::Word(word) if word == SAMPLED => Ok(Often::Sampled),
            figure => figure.range(per_entry).map(Often::Times),
        }
    }
}

impl WrittenRun {
    /// The run that is meant.
    pub(super) fn read(self) -> Result<Run, InvalidRun> {
        let mut run = Run {
            per_entry: self.per.is_some(),
            profiles: self.profiles,
            failed: self.failed,
            suppressed: self.suppressed,
            ..Run::default()
        };
        for written in self.region {
            let key = RegionKey {
                file: written.file,
                function: written.function,
                name: written.name,
                test: written.test,
                nth: written.nth,
            };
            let mut region = Region::default();
            for (profile, figures) in written.counts {
                region.counts.insert(profile, figures.read(run.per_entry)?);
            }
            for site in written.sites {
                let file = site.file.unwrap_or_else(|| key.file.clone());
                let of = SiteKey { file, function: site.function, code: site.code, op: site.op };
                for (profile, times) in site.times {
                    region.sites.entry(of.clone()).or_default().insert(profile, times.often(run.per_entry)?);
                }
            }
            let title = key.title();
            if run.regions.insert(key, region).is_some() {
                return Err(InvalidRun::RegionTwice(title));
            }
        }
        Ok(run)
    }
}

impl WrittenFigures {
    fn read(&self, per_entry: bool) -> Result<Figures, InvalidRun> {
        let none = Written::Figure(0);
        Ok(Figures {
            allocs: self.allocs.range(per_entry)?,
            reallocs: self.reallocs.range(per_entry)?,
            deallocs: self.deallocs.range(per_entry)?,
            bytes: self.bytes.range(per_entry)?,
            // A peak is always that of one entry, and never an average.
            peak_bytes: self.peak_bytes.range(false)?,
            blocking_calls: self.blocking_calls.as_ref().unwrap_or(&none).range(per_entry)?,
        })
    }
}

impl fmt::Display for InvalidRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFigure(figure) => write!(f, "{figure} is no figure"),
            Self::Decimal(figure) => write!(
                f,
                "the baseline is damaged: {figure:?} is no figure of a whole run, which is counted in whole events and \
                 bytes; take it from version control again, or write it anew with --bless"
            ),
            Self::Backwards(range) => write!(f, "the range {} runs backwards", range.pair()),
            Self::NoNumber(word) => write!(f, "`{word}` is no number"),
            Self::RegionTwice(title) => {
                write!(f, "the region `{title}` is there twice: keep one, and write it with `--bless`")
            }
        }
    }
}

impl Error for InvalidRun {}
