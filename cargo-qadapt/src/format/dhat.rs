//! The JSON of DHAT, version 2, which Valgrind's `dh_view.html` opens.
//!
//! Its fields are described in <https://sourceware.org/git/?p=valgrind.git;a=blob;f=dhat/dh_main.c>, at `dh_fini`.

use std::collections::HashMap;

use serde::Serialize;

use super::source::printable;
use super::stacks::{Names, op_frame};
use super::view::View;
use crate::error::{Error, Result};
use crate::report::figures::Frame;
use crate::report::live::{Live, LiveTotal};

/// The largest number that JavaScript keeps exactly.
const EXACT: u64 = (1 << 53) - 1;

/// Steps of the clock for which a short-lived block lives.
const SHORT: u64 = 100;

#[derive(Serialize)]
struct Dhat<'a> {
    #[serde(rename = "dhatFileVersion")]
    version: u32,
    mode: &'static str,
    verb: &'static str,
    /// Whether lifetimes of blocks are known. When they were read and written is not.
    bklt: bool,
    bkacc: bool,
    /// The units of bytes and blocks.
    bu: &'static str,
    bsu: &'static str,
    bksu: &'static str,
    /// The units of time: events, because clocks are not recorded.
    tu: &'static str,
    /// Blocks that live for less are called short-lived.
    #[serde(skip_serializing_if = "Option::is_none")]
    tuth: Option<u64>,
    #[serde(rename = "Mtu")]
    mtu: &'static str,
    cmd: &'static str,
    pid: u32,
    /// When the program ended.
    te: u64,
    /// When the most bytes were alive.
    #[serde(skip_serializing_if = "Option::is_none")]
    tg: Option<u64>,
    pps: Vec<Point>,
    ftbl: &'a [String],
}

/// A program point: a stack and its totals.
#[derive(Serialize)]
struct Point {
    tb: u64,
    tbk: u64,
    #[serde(flatten)]
    live: Option<PointLive>,
    fs: Vec<usize>,
}

/// What became of its blocks, in the words of the format.
#[derive(Clone, Copy, Default, Serialize)]
struct PointLive {
    /// How long they lived, together.
    tl: u64,
    /// The most bytes that were alive at once, and the blocks then.
    mb: u64,
    mbk: u64,
    /// What was alive when the program had the most bytes.
    gb: u64,
    gbk: u64,
    /// What was alive at the end.
    eb: u64,
    ebk: u64,
}

impl PointLive {
    fn add(&mut self, live: &Live) {
        for (own, other) in [
            (&mut self.tl, live.lifetime),
            (&mut self.mb, live.most_bytes),
            (&mut self.mbk, live.most_blocks),
            (&mut self.gb, live.peak_bytes),
            (&mut self.gbk, live.peak_blocks),
            (&mut self.eb, live.bytes),
            (&mut self.ebk, live.blocks),
        ] {
            *own = own.saturating_add(other).min(EXACT);
        }
    }
}

/// The report as DHAT's JSON. Blocks are events; under the root stand the profiles, under these the operations, and then
/// the frames from the innermost one to the region.
///
/// # Errors
/// If the JSON cannot be written.
pub fn dhat(view: &View<'_>) -> Result<Vec<u8>> {
    let names = Names::of(view);
    let mut table = Table::default();
    let frames: Vec<usize> = view
        .report
        .frames
        .iter()
        .zip(&names.functions)
        .map(|(frame, function)| table.number(with_place(frame, function)))
        .collect();
    // The viewer refuses a file with the same stack twice, which names that were cut can make.
    let mut points: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut pps: Vec<Point> = Vec::new();
    // The format has no way to say that a figure is an estimate.
    let totals: Vec<LiveTotal> = view.report.profiles.iter().filter_map(|profile| profile.live).collect();
    let is_live = !totals.is_empty() && !totals.iter().any(LiveTotal::is_sampled);
    for sample in names.samples(view) {
        let mut fs = vec![
            table.number(format!("[profile {}]", sample.profile)),
            table.number(op_frame(sample.site.op).into_owned()),
        ];
        fs.extend(sample.stack.iter().filter_map(|&frame| frames.get(frame as usize)));
        fs.push(table.number(format!("[region {}]", sample.region)));
        let index = *points.entry(fs.clone()).or_insert_with(|| {
            pps.push(Point { tb: 0, tbk: 0, live: is_live.then(PointLive::default), fs });
            pps.len() - 1
        });
        let point = &mut pps[index];
        point.tb = point.tb.saturating_add(sample.bytes).min(EXACT);
        point.tbk = point.tbk.saturating_add(sample.events).min(EXACT);
        if let (Some(point), Some(live)) = (&mut point.live, &sample.live) {
            point.add(live);
        }
    }
    let events = pps.iter().fold(0, |sum: u64, point| sum.saturating_add(point.tbk));
    let totals = if is_live { totals } else { Vec::new() };
    let end = totals.iter().map(|total| total.clock).max().unwrap_or(events);
    let dhat = Dhat {
        version: 2,
        mode: "qadapt",
        verb: "Disallowed",
        bklt: is_live,
        bkacc: false,
        bu: "byte",
        bsu: "bytes",
        bksu: "events",
        tu: "events",
        mtu: "Mevents",
        tuth: is_live.then_some(SHORT),
        cmd: "cargo qadapt",
        pid: 0,
        te: end.min(EXACT),
        tg: totals.iter().map(|total| total.peak_at.min(EXACT)).max(),
        pps,
        ftbl: &table.frames,
    };
    let mut json = serde_json::to_vec(&dhat).map_err(Error::write("write DHAT's JSON"))?;
    json.push(b'\n');
    Ok(json)
}

/// A frame as DHAT prints it: the function and its file and line.
fn with_place(frame: &Frame, function: &str) -> String {
    match &frame.file {
        Some(file) if frame.line > 0 => {
            format!("{function} ({}:{}:{})", printable(file), frame.line, frame.column)
        }
        _ => function.to_owned(),
    }
}

/// The frames' texts, each once. The first one is the viewer's root.
struct Table {
    frames: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Default for Table {
    fn default() -> Self {
        Self { frames: vec!["[root]".to_owned()], numbers: HashMap::new() }
    }
}

impl Table {
    fn number(&mut self, frame: String) -> usize {
        if let Some(&number) = self.numbers.get(&frame) {
            return number;
        }
        let number = self.frames.len();
        self.frames.push(frame.clone());
        self.numbers.insert(frame, number);
        number
    }
}
