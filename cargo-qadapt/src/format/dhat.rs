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

/// The largest number that JavaScript keeps exactly.
const EXACT: u64 = (1 << 53) - 1;

#[derive(Serialize)]
struct Dhat<'a> {
    #[serde(rename = "dhatFileVersion")]
    version: u32,
    mode: &'static str,
    verb: &'static str,
    /// Lifetimes of blocks are not known, nor when they were read and written.
    bklt: bool,
    bkacc: bool,
    /// The units of bytes and blocks.
    bu: &'static str,
    bsu: &'static str,
    bksu: &'static str,
    /// The units of time: events, because clocks are not recorded.
    tu: &'static str,
    #[serde(rename = "Mtu")]
    mtu: &'static str,
    cmd: &'static str,
    pid: u32,
    /// When the program ended.
    te: u64,
    pps: Vec<Point>,
    ftbl: &'a [String],
}

/// A program point: a stack and its totals.
#[derive(Serialize)]
struct Point {
    tb: u64,
    tbk: u64,
    fs: Vec<usize>,
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
    for sample in names.samples(view) {
        let mut fs = vec![
            table.number(format!("[profile {}]", sample.profile)),
            table.number(op_frame(sample.site.op).to_owned()),
        ];
        fs.extend(sample.site.stack.iter().filter_map(|&frame| frames.get(frame as usize)));
        fs.push(table.number(format!("[region {}]", sample.region)));
        let index = *points.entry(fs.clone()).or_insert_with(|| {
            pps.push(Point { tb: 0, tbk: 0, fs });
            pps.len() - 1
        });
        let point = &mut pps[index];
        point.tb = point.tb.saturating_add(sample.bytes).min(EXACT);
        point.tbk = point.tbk.saturating_add(sample.events).min(EXACT);
    }
    let dhat = Dhat {
        version: 2,
        mode: "qadapt",
        verb: "Disallowed",
        bklt: false,
        bkacc: false,
        bu: "byte",
        bsu: "bytes",
        bksu: "events",
        tu: "events",
        mtu: "Mevents",
        cmd: "cargo qadapt",
        pid: 0,
        te: pps.iter().fold(0, |sum: u64, point| sum.saturating_add(point.tbk)).min(EXACT),
        pps,
        ftbl: &table.frames,
    };
    let mut json =
        serde_json::to_vec(&dhat).map_err(|e| Error::Usage(format!("could not write DHAT's JSON: {e}")))?;
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
