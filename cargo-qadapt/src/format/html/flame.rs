//! Flame graphs, laid out by `inferno`.
//!
//! Only numbers go into the graph, and only numbers are taken out of it: names never pass through its SVG.

use std::collections::HashMap;
use std::fmt::Write as _;

use inferno::flamegraph::{Direction, Options, from_lines};
use qadapt_code::origin::{Origin, is_guards};
use serde::Serialize;

use super::compared::Compared;
use super::stacks::Stacks;
use crate::error::{Error, Result};
use crate::report::figures::{Op, Report, Site, SiteCounts};

/// The narrowest frame that is drawn, in percent of the graph.
const NARROWEST: f64 = 0.1;

/// Stacks are cut where less than this part of the whole goes on: what is cut is too narrow to be drawn anyway, unless
/// ten lines of one function have that much each.
const SMALLEST: u64 = 10_000;

/// The most that a graph is wide: what a script can count exactly.
const MOST: u128 = 1 << 53;

/// One graph.
#[derive(Debug, Serialize)]
pub(super) struct Flame {
    /// The profile's place.
    profile: usize,
    /// In a graph of what differs the place of the profile that this one is held against: a frame is then as wide as both together.
    base: Option<usize>,
    /// What a frame's width says.
    weight: Weight,
    /// What one unit of the graph stands for: more than 1 only where a sum would overflow.
    unit: u64,
    frames: Vec<Drawn>,
}

/// A frame where it is drawn: its name, from the top, from the left, width; the last two in units of the graph.
///
/// The name is `r` with the region's place, or `f` with a frame's, or `all`. Where profiles are compared, what each has there
/// follows, the base first: `f7:20:3`.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Drawn(String, u64, u64, u64);

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Weight {
    Events,
    Bytes,
}

impl Weight {
    fn of(self, op: Op, counts: &SiteCounts) -> u64 {
        match self {
            Self::Events => counts.estimate,
            Self::Bytes if op == Op::Dealloc => 0,
            Self::Bytes => counts.bytes,
        }
    }
}

/// The graphs of each profile in which something was disallowed, and of what differs between the first and the last.
pub(super) fn flames(report: &Report, stacks: &Stacks, ends: &[u32]) -> Result<Vec<Flame>> {
    let functions = functions(report);
    let mut flames = Vec::new();
    let profiles = report.profiles.len();
    let compared = (profiles > 1).then(|| (profiles - 1, Some(0)));
    for (profile, base) in (0..profiles).map(|profile| (profile, None)).chain(compared) {
        for weight in [Weight::Events, Weight::Bytes] {
            let of = |site: &Site, profile: usize| {
                site.counts[profile].as_ref().map_or(0, |counts| weight.of(site.op, counts))
            };
            let both = |site| [base.map_or(0, |base| of(site, base)), of(site, profile)];
            let all: u128 = report.sites.iter().flat_map(both).map(u128::from).sum();
            let unit = u64::try_from(all / MOST + 1).unwrap_or(u64::MAX);
            let mut own = vec![[0_u64; 2]; stacks.nodes.len()];
            for (site, &end) in report.sites.iter().zip(ends) {
                for (own, more) in own[end as usize].iter_mut().zip(both(site)) {
                    *own += more / unit;
                }
            }
            let graph = Graph { report, stacks, functions: &functions };
            let folded = graph.folded(own, base.is_some());
            if !folded.is_empty() {
                flames.push(Flame { profile, base, weight, unit, frames: drawn(&folded)? });
            }
        }
    }
    Ok(flames)
}

/// For each frame the first one of the same function; none for the guard's own, which are in every stack.
fn functions(report: &Report) -> Vec<Option<usize>> {
    let mut first = HashMap::new();
    let frames = report.frames.iter().enumerate();
    frames
        .map(|(index, frame)| {
            let file = frame.file.as_deref().unwrap_or_default();
            let is_shown = !is_guards(file, &frame.function);
            is_shown.then(|| *first.entry((&frame.function, frame.origin)).or_insert(index))
        })
        .collect()
}

/// What frames a graph can have.
struct Graph<'a> {
    report: &'a Report,
    stacks: &'a Stacks,
    functions: &'a [Option<usize>],
}

impl Graph<'_> {
    /// Folded stacks. `own` is what each node has for itself, in the base and in the profile.
    ///
    /// A report may have millions of nodes. So names are made for those alone that are wide enough to be drawn; what the others have is
    /// their parent's.
    fn folded(&self, own: Vec<[u64; 2]>, is_compared: bool) -> String {
        let nodes = &self.stacks.nodes;
        let mut totals = own;
        for (index, node) in nodes.iter().enumerate().rev() {
            if let Some(parent) = node.0 {
                let [base, own] = totals[index];
                let sum = &mut totals[parent as usize];
                *sum = [sum[0] + base, sum[1] + own];
            }
        }
        let roots = nodes.iter().zip(&totals).filter(|(node, _)| node.0.is_none());
        let smallest = roots.map(|(_, [base, own])| base + own).sum::<u64>() / SMALLEST;
        let mut shown = Vec::new();
        // From here on a total is what a node keeps for itself, once those below it that are shown have taken theirs. A node comes after
        // its parent, and before its own.
        for (index, node) in nodes.iter().enumerate() {
            let [base, own] = totals[index];
            if base + own > smallest {
                shown.push(index);
                if let Some(parent) = node.0 {
                    let rest = &mut totals[parent as usize];
                    *rest = [rest[0] - base, rest[1] - own];
                }
            }
        }
        shown.retain(|&index| totals[index] != [0; 2]);
        let mut compared = is_compared.then(Compared::default);
        if let Some(compared) = &mut compared {
            for &index in &shown {
                compared.add(&self.path(index), totals[index]);
            }
        }
        let mut lines = String::new();
        for index in shown {
            let path = self.path(index);
            let both = compared.as_ref().map(|compared| compared.along(&path));
            for (depth, (kind, place)) in path.iter().enumerate() {
                let _ = write!(lines, "{}{kind}{place}", if depth == 0 { "" } else { ";" });
                if let Some([base, own]) = both.as_ref().and_then(|both| both.get(depth)) {
                    let _ = write!(lines, ":{base}:{own}");
                }
            }
            let _ = writeln!(lines, " {}", totals[index].iter().sum::<u64>());
        }
        lines
    }

    /// The frames that lead to a node, outermost first.
    fn path(&self, index: usize) -> Vec<(char, usize)> {
        let mut frames = Vec::new();
        let mut node = self.stacks.nodes[index];
        while let Some(parent) = node.0 {
            frames.push(node.1 as usize);
            node = self.stacks.nodes[parent as usize];
        }
        // What starts a thread is the same everywhere.
        let outermost =
            frames.iter().rposition(|&frame| self.report.frames[frame].origin != Origin::Internal);
        frames.truncate(outermost.map_or(frames.len(), |last| last + 1));
        let functions = frames.iter().rev().filter_map(|&frame| self.functions[frame]);
        [('r', node.1 as usize)].into_iter().chain(functions.map(|function| ('f', function))).collect()
    }
}

/// The frames of folded stacks.
fn drawn(folded: &str) -> Result<Vec<Drawn>> {
    let mut options = Options::default();
    options.direction = Direction::Inverted;
    options.deterministic = true;
    options.min_width = NARROWEST;
    options.no_javascript = true;
    let mut svg = Vec::new();
    from_lines(&mut options, folded.lines(), &mut svg).map_err(Error::write("draw a flame graph"))?;
    let svg = String::from_utf8_lossy(&svg);
    let frames: Option<Vec<Drawn>> = svg.split("<g><title>").skip(1).map(frame).collect();
    frames
        .filter(|frames| !frames.is_empty())
        .ok_or_else(|| Error::write("draw a flame graph")("its frames are not found"))
}

/// A frame from its element in the graph.
fn frame(element: &str) -> Option<Drawn> {
    let (name, _) = element.split_once(' ')?;
    let number = |attribute: &str| element.split_once(attribute)?.1.split('"').next()?.parse().ok();
    Some(Drawn(name.to_owned(), number(" y=\"")?, number(" fg:x=\"")?, number(" fg:w=\"")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_is_names_and_numbers() {
        let frames = drawn("r0;f1:3:4 7\nr0;f2:0:1 1\n").expect("it can be drawn");
        let mut frames: Vec<_> =
            frames.iter().map(|Drawn(name, _, start, width)| (name.as_str(), *start, *width)).collect();
        frames.sort_unstable();
        assert_eq!(frames, [("all", 0, 8), ("f1:3:4", 0, 7), ("f2:0:1", 7, 1), ("r0", 0, 8)]);
    }
}
