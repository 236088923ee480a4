//! What the page's script reads: the report as JSON that cannot end the element it is in.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};

use qadapt_code::origin::Origin;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::super::source::printable;
use super::super::view::View;
use super::excerpt::excerpts;
use super::flame::{Flame, flames};
use super::stacks::Stacks;
use super::strings::Strings;
use crate::error::{Error, Result};
use crate::report::diff::{Presence, presence};
use crate::report::figures::{By, Counts, PerProfile, Profile, Region, RegionKind, Report, SiteCounts};
use crate::report::line::Line;
use crate::report::live::{Live, LiveTotal};
use crate::report::op;
use crate::report::outcome::Finding;

/// Everything that is shown. Texts are numbers, which are places in `strings`.
///
/// Lines and files are made one by one as they are written: of all that a report may have 100,000 of, the page's own bytes are there once.
#[derive(Serialize)]
struct Data<L, F, S> {
    root: usize,
    profiles: Vec<ProfileData>,
    regions: Vec<RegionData>,
    /// Function, file, line, whose code.
    frames: Vec<(usize, Option<usize>, u32, Origin)>,
    stacks: Stacks,
    lines: L,
    files: F,
    flames: Vec<Flame>,
    /// None in an audit.
    findings: Option<Vec<FindingData>>,
    /// What `qadapt.toml` took out: what, why, events in each profile.
    suppressed: Vec<(usize, usize, Vec<u64>)>,
    /// What the command was told not to show.
    left_out: Option<usize>,
    /// The last, since all others have numbers of it.
    strings: S,
}

/// A list whose items are made as it is written, once.
struct Made<I>(RefCell<Option<I>>);

impl<I> Made<I> {
    fn by(items: I) -> Self {
        Self(RefCell::new(Some(items)))
    }
}

impl<I: Iterator<Item: Serialize>> Serialize for Made<I> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.take().into_iter().flatten())
    }
}

/// The texts that there are when they are written.
struct Texts<'a>(&'a RefCell<Strings>);

impl Serialize for Texts<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.borrow().texts().serialize(serializer)
    }
}

#[derive(Debug, Serialize)]
struct RegionData {
    name: Option<usize>,
    file: usize,
    line: u32,
    kind: RegionKind,
    /// Whose entries these are: `test` or `thread`, and its name.
    by: Option<(&'static str, usize)>,
    mark: Mark,
    counts: PerProfile<Counts>,
    /// What is known of blocking calls, in words.
    waits: PerProfile<usize>,
}

/// In which profiles something happens: how it is marked, and whether that is a difference.
#[derive(Debug, Serialize)]
struct Mark(usize, bool);

#[derive(Debug, Serialize)]
struct LineData {
    region: usize,
    file: Option<usize>,
    line: u32,
    function: usize,
    op: Cow<'static, str>,
    /// Which call, where the operation is one.
    call: Option<usize>,
    called: Vec<usize>,
    /// The rule's name and its text.
    advice: Vec<(usize, usize)>,
    mark: Mark,
    counts: PerProfile<Figures>,
    /// In how many entries of the region, in words.
    entries: PerProfile<usize>,
    /// Where each stack ends in the tree, and its figures.
    stacks: Vec<(u32, PerProfile<Figures>)>,
}

/// Events, events that were recorded, bytes of those, the most bytes of one, what became of the blocks.
#[derive(Debug, Serialize)]
struct Figures(u64, u64, u64, u64, Option<LiveData>);

#[derive(Debug, Serialize)]
struct LiveData {
    #[serde(flatten)]
    live: Live,
    /// In words what is alive at the end, what was at the peak, and what became of the rest, where these are estimates.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimates: Option<[String; 3]>,
}

/// A profile, and in words what was alive at the peak and at the end, where these are estimates.
#[derive(Serialize)]
struct ProfileData {
    #[serde(flatten)]
    profile: Profile,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimates: Option<String>,
}

#[derive(Debug, Serialize)]
struct FindingData {
    rule: crate::report::outcome::Rule,
    is_failure: bool,
    region: Option<usize>,
    message: usize,
    lines: Vec<usize>,
}

/// Writes the data of a report.
///
/// # Errors
/// If a graph cannot be drawn, or the data cannot be written.
pub(super) fn write_data(view: &View<'_>, out: &mut Vec<u8>) -> Result<()> {
    let report = view.report;
    let texts = RefCell::new(Strings::default());
    let mut made = texts.borrow_mut();
    let strings = &mut *made;
    let root = view.root.file_name().unwrap_or_default().to_string_lossy();
    let root = strings.number(&root);
    let (stacks, ends) = Stacks::of(report);
    let graphs = flames(report, &stacks, &ends)?;
    let frames = report
        .frames
        .iter()
        .map(|frame| {
            let file = frame.file.as_ref().map(|file| strings.number(file));
            (strings.number(&frame.function), file, frame.line, frame.origin)
        })
        .collect();
    let profiles: Vec<&str> = report.profiles.iter().map(|profile| profile.name.as_str()).collect();
    let regions = report.regions.iter().map(|region| region_data(&profiles, region, strings)).collect();
    let findings = view.outcome.as_ref().map(|outcome| {
        let data = |finding: &Finding| FindingData {
            rule: finding.rule,
            is_failure: finding.rule.is_failure(),
            region: finding.region.filter(|&region| region < report.regions.len()),
            message: strings.number(&finding.message),
            lines: finding.lines.iter().copied().filter(|&line| line < view.lines.len()).collect(),
        };
        outcome.findings.iter().map(data).collect()
    });
    let suppressed = view
        .suppressed
        .iter()
        .map(|entry| (strings.number(&entry.what), strings.number(&entry.reason), entry.events.clone()))
        .collect();
    let left_out = report.left_out.words().map(|words| strings.number(&words));
    // Lines and files have texts of their own, when they are written.
    drop(made);
    let lines = view.lines.iter().map(|line| line_data(view, line, &ends, &mut texts.borrow_mut()));
    let data = Data {
        root,
        profiles: report
            .profiles
            .iter()
            .map(|profile| ProfileData {
                profile: Profile { name: printable(&profile.name), ..profile.clone() },
                estimates: profile.live.filter(LiveTotal::is_sampled).map(|live| live.words()),
            })
            .collect(),
        regions,
        frames,
        stacks,
        lines: Made::by(lines),
        files: Made::by(excerpts(view, &texts)),
        flames: graphs,
        findings,
        suppressed,
        left_out,
        strings: Texts(&texts),
    };
    write_json(&data, out).map_err(Error::write("write the report's data"))
}

fn region_data(profiles: &[&str], region: &Region, strings: &mut Strings) -> RegionData {
    let figure = |of: fn(&Counts) -> u64| {
        region.counts.iter().map(|counts| counts.as_ref().map_or(0, of)).collect::<Vec<u64>>()
    };
    let mark = match presence(profiles, &figure(Counts::requests)) {
        Presence::Nothing => match presence(profiles, &figure(|counts| counts.calls)) {
            Presence::Only(profiles) => {
                Mark(strings.number(&format!("entered only in {}", profiles.join(", "))), true)
            }
            _ => Mark(strings.number(""), false),
        },
        found => mark(&found, strings),
    };
    let place = &region.place;
    RegionData {
        name: place.name.as_ref().map(|name| strings.number(name)),
        file: strings.number(&place.file),
        line: place.line,
        kind: place.kind,
        by: place.by.as_ref().map(|by| match by {
            By::Test(name) => ("test", strings.number(name)),
            By::Thread(name) if name.is_empty() => ("thread", strings.number("(without a name)")),
            By::Thread(name) => ("thread", strings.number(name)),
        }),
        mark,
        counts: region.counts.clone(),
        waits: region
            .counts
            .iter()
            .map(|counts| Some(strings.number(&counts.as_ref()?.waits_in_words()?)))
            .collect(),
    }
}

fn mark(presence: &Presence, strings: &mut Strings) -> Mark {
    Mark(strings.number(&presence.mark()), presence.is_difference())
}

fn line_data(view: &View<'_>, line: &Line, ends: &[u32], strings: &mut Strings) -> LineData {
    LineData {
        region: line.region,
        file: line.at.as_ref().map(|(file, _)| strings.number(file)),
        line: line.at.as_ref().map_or(0, |&(_, number)| number),
        function: strings.number(&line.function),
        op: if line.op.is_call() { "call".into() } else { op::name(line.op) },
        call: line.op.is_call().then(|| strings.number(&op::name(line.op))),
        called: line.called.iter().map(|name| strings.number(name)).collect(),
        advice: line
            .advice
            .iter()
            .map(|advice| (strings.number(advice.id), strings.number(advice.text)))
            .collect(),
        mark: Mark(strings.number(&line.mark), line.is_different),
        counts: figures(view.report, &line.counts),
        entries: line
            .entries
            .iter()
            .map(|entries| Some(strings.number(&entries.as_ref()?.words()?)))
            .collect(),
        stacks: line
            .sites
            .iter()
            .map(|&site| (ends[site], figures(view.report, &view.report.sites[site].counts)))
            .collect(),
    }
}

fn figures(report: &Report, counts: &PerProfile<SiteCounts>) -> PerProfile<Figures> {
    let profiles = report.profiles.iter();
    counts
        .iter()
        .zip(profiles)
        .map(|(counts, profile)| {
            let total = profile.live.filter(LiveTotal::is_sampled);
            counts.map(|counts| {
                let live = counts.live.map(|live| LiveData {
                    live,
                    estimates: total.and_then(|total| live.estimates(total.unseen)),
                });
                Figures(counts.estimate, counts.count, counts.bytes, counts.largest, live)
            })
        })
        .collect()
}

/// Writes JSON in which no text can end or begin anything in HTML: `<`, `>`, `&` and the line separators of Unicode,
/// which only strings can have, are written as escapes.
fn write_json(data: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    data.serialize(&mut Serializer::with_formatter(out, InHtml))
}

struct InHtml;

impl Formatter for InHtml {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            if let Some(c) = chars.next() {
                write!(writer, "\\u{:04x}", u32::from(c))?;
            }
            rest = chars.as_str();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_end_its_element() {
        let hostile = "</script><!--<script>&amp;\u{2028}\u{2029}]]>\"\\\n";
        let mut json = Vec::new();
        write_json(&hostile, &mut json).expect("it can be written");
        let text = String::from_utf8(json).expect("UTF-8");
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).expect("JSON"), hostile);
    }
}
