//! Names and weights that the formats with whole stacks share.

use std::borrow::Cow;

use super::source::cut;
use super::text::region_name;
use super::view::View;
use crate::report::figures::{Frame, Op, Site};
use crate::report::guards::Guards;
use crate::report::live::Live;
use crate::report::op;

/// Characters of a function's name: generic ones are long, and what tells them apart is often at their end.
const NAME: usize = 1000;

/// What one stack did in one profile.
#[derive(Debug)]
pub struct Sample<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// The site's region in words.
    pub region: &'a str,
    /// The site.
    pub site: &'a Site,
    /// Its frames, innermost first, without the guard's own below the allocator's entry.
    pub stack: &'a [u32],
    /// Events, with those that sampling left out.
    pub events: u64,
    /// Bytes of all these events.
    pub bytes: u64,
    /// What became of the blocks, where they were followed.
    pub live: Option<Live>,
}

/// Names, made once for each frame, region and profile.
#[derive(Debug)]
pub struct Names {
    profiles: Vec<String>,
    regions: Vec<String>,
    guards: Guards,
    /// Functions, by the frames' places in the report.
    pub functions: Vec<String>,
}

impl Names {
    /// The names of a report.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        let report = view.report;
        Self {
            profiles: report.profiles.iter().map(|profile| cut(profile.name.trim(), NAME, " ")).collect(),
            regions: report.regions.iter().map(|region| region_name(&region.place)).collect(),
            functions: report.frames.iter().map(function).collect(),
            guards: Guards::of(report),
        }
    }

    /// All samples, profile by profile.
    pub fn samples<'a>(&'a self, view: &'a View<'_>) -> impl Iterator<Item = Sample<'a>> {
        self.profiles.iter().enumerate().flat_map(move |(index, profile)| {
            view.report.sites.iter().filter_map(move |site| {
                let counts = site.counts.get(index)?.as_ref()?;
                Some(Sample {
                    profile,
                    region: self.regions.get(site.region)?,
                    site,
                    stack: users(&self.guards, &site.stack),
                    events: counts.estimate,
                    bytes: counts.bytes,
                    live: counts.live,
                })
            })
        })
    }
}

/// A stack without the guard's own frames that are innermost; all of it if it has no others.
fn users<'a>(guards: &Guards, stack: &'a [u32]) -> &'a [u32] {
    match guards.innermost(stack) {
        all if all == stack.len() => stack,
        first => &stack[first..],
    }
}

fn function(frame: &Frame) -> String {
    let name = cut(frame.function.trim(), NAME, " ");
    if name.is_empty() { "(no name)".to_owned() } else { name }
}

/// The frame that stands for an operation.
#[must_use]
pub fn op_frame(op: Op) -> Cow<'static, str> {
    match op {
        Op::Alloc => "[allocation]".into(),
        Op::AllocZeroed => "[zeroed allocation]".into(),
        Op::Realloc => "[reallocation]".into(),
        Op::Dealloc => "[deallocation]".into(),
        Op::SystemCall(_) => format!("[{}]", op::noun(op)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_begins_with_what_called_the_allocator() {
        let guards = Guards::from(vec![true, true, false, true]);
        assert_eq!(users(&guards, &[0, 1, 2, 3, 2]), [2, 3, 2]);
        assert_eq!(users(&guards, &[2, 0]), [2, 0]);
        // There is nothing else to show.
        assert_eq!(users(&guards, &[0, 1]), [0, 1]);
        assert_eq!(users(&guards, &[]), [0_u32; 0]);
    }
}
