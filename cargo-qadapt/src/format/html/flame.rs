//! Flame graphs, laid out by `inferno`.
//!
//! Only numbers go into the graph, and the page's script takes only numbers out of it: names never pass through its SVG.

use std::collections::HashMap;
use std::fmt::Write as _;

use inferno::flamegraph::{Direction, Options, from_lines};
use serde::Serialize;

use super::stacks::Stacks;
use crate::error::{Error, Result};
use crate::report::figures::{Op, Origin, Report, Site, SiteCounts};
use crate::report::origin::is_guards;

/// The narrowest frame that is drawn, in percent of the graph.
const NARROWEST: f64 = 0.1;

/// Stacks are cut where less than this part of the whole goes on: what is cut is too narrow to be drawn anyway, unless
/// ten lines of one function have that much each.
const SMALLEST: u64 = 10_000;

/// The most that a graph is wide: what a script can count exactly.
const MOST: u128 = 1 << 53;

/// What the frames of a graph begin with.
const FRAMES: &str = r#"<svg id="frames""#;

/// One graph.
#[derive(Debug, Serialize)]
pub(super) struct Flame {
    /// The profile's place.
    profile: usize,
    /// What a frame's width says.
    weight: Weight,
    /// What one unit of the graph stands for: more than 1 only where a sum would overflow.
    unit: u64,
    /// The graph; frames are called `r` with the region's place, or `f` with a frame's.
    svg: String,
}

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

/// The graphs of each profile in which something was disallowed.
pub(super) fn flames(report: &Report, stacks: &Stacks, ends: &[u32]) -> Result<Vec<Flame>> {
    let functions = functions(report);
    let mut flames = Vec::new();
    for profile in 0..report.profiles.len() {
        for weight in [Weight::Events, Weight::Bytes] {
            let of =
                |site: &Site| site.counts[profile].as_ref().map_or(0, |counts| weight.of(site.op, counts));
            let all: u128 = report.sites.iter().map(|site| u128::from(of(site))).sum();
            let unit = u64::try_from(all / MOST + 1).unwrap_or(u64::MAX);
            let mut totals = vec![0_u64; stacks.nodes.len()];
            for (site, &end) in report.sites.iter().zip(ends) {
                totals[end as usize] += of(site) / unit;
            }
            let folded = folded(report, stacks, totals, &functions);
            if !folded.is_empty() {
                flames.push(Flame { profile, weight, unit, svg: svg(&folded)? });
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

/// Folded stacks. `own` is what each node has for itself.
fn folded(report: &Report, stacks: &Stacks, own: Vec<u64>, functions: &[Option<usize>]) -> String {
    let mut totals = own;
    for (index, node) in stacks.nodes.iter().enumerate().rev() {
        if let Some(parent) = node.0 {
            totals[parent as usize] += totals[index];
        }
    }
    let roots = stacks.nodes.iter().zip(&totals).filter(|(node, _)| node.0.is_none());
    let smallest = roots.map(|(_, &total)| total).sum::<u64>() / SMALLEST;
    let is_shown = |index: usize| totals[index] > smallest;
    // What a node keeps for itself, once those that are shown have taken theirs.
    let mut rest = totals.clone();
    for (index, node) in stacks.nodes.iter().enumerate() {
        if let Some(parent) = node.0.filter(|_| is_shown(index)) {
            rest[parent as usize] -= totals[index];
        }
    }
    let mut lines = String::new();
    for index in (0..stacks.nodes.len()).filter(|&index| is_shown(index) && rest[index] > 0) {
        let mut frames = Vec::new();
        let mut node = stacks.nodes[index];
        while let Some(parent) = node.0 {
            frames.push(node.1 as usize);
            node = stacks.nodes[parent as usize];
        }
        // What starts a thread is the same everywhere.
        let outermost = frames.iter().rposition(|&frame| report.frames[frame].origin != Origin::Internal);
        frames.truncate(outermost.map_or(frames.len(), |last| last + 1));
        let _ = write!(lines, "r{}", node.1);
        for function in frames.iter().rev().filter_map(|&frame| functions[frame]) {
            let _ = write!(lines, ";f{function}");
        }
        let _ = writeln!(lines, " {}", rest[index]);
    }
    lines
}

fn svg(folded: &str) -> Result<String> {
    let mut options = Options::default();
    options.direction = Direction::Inverted;
    options.deterministic = true;
    options.min_width = NARROWEST;
    options.no_javascript = true;
    let mut svg = Vec::new();
    from_lines(&mut options, folded.lines(), &mut svg)
        .map_err(|e| Error::Usage(format!("could not draw a flame graph: {e}")))?;
    let svg = String::from_utf8_lossy(&svg);
    // Without title, style and script, which have no use here and which the page's policy would complain about.
    let frames = svg.find(FRAMES).and_then(|at| svg[at..].strip_suffix("</svg>"));
    let frames = frames.and_then(|frames| frames.strip_prefix(FRAMES));
    frames
        .map(|frames| format!("<svg xmlns:fg=\"http://github.com/jonhoo/inferno\"{frames}"))
        .ok_or_else(|| Error::Usage("could not find the frames of a flame graph".to_owned()))
}
