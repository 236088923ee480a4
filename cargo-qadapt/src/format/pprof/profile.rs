//! From a report to a profile.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;

use super::proto::{Function, Label, Line, Location, Mapping, Profile, Sample, ValueType};
use super::strings::Strings;
use crate::error::{Error, Result};
use crate::format::source::cut;
use crate::format::stacks::{Names, op_frame};
use crate::format::view::View;
use crate::report::figures::Op;

/// The report as a compressed profile.
///
/// # Errors
/// If it cannot be compressed.
pub fn pprof(view: &View<'_>) -> Result<Vec<u8>> {
    compressed(&profile(view))
}

/// A profile as it is kept.
///
/// # Errors
/// If it cannot be compressed.
pub(crate) fn compressed(profile: &Profile) -> Result<Vec<u8>> {
    let bytes = profile.encode_to_vec();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&bytes).and_then(|()| encoder.finish()).map_err(Error::write("compress the profile"))
}

fn profile(view: &View<'_>) -> Profile {
    let names = Names::of(view);
    let mut strings = Strings::default();
    let count = strings.number("count");
    let space = strings.number("bytes");
    let mut kind = |name: &str, unit| ValueType { r#type: strings.number(name), unit };
    // The names that Go's heap profiles have; frees stand apart, so that allocations are not overstated.
    let sample_type = vec![
        kind("alloc_objects", count),
        kind("alloc_space", space),
        kind("free_objects", count),
        kind("free_space", space),
        kind("blocking_calls", count),
    ];
    let (function, location) = functions(view, &names, &mut strings);
    let keys = ["profile", "region", "operation"].map(|key| strings.number(key));
    let samples = names.samples(view).map(|sample| {
        let (events, bytes) = (figure(sample.events), figure(sample.bytes));
        let stack = sample.stack.iter().map(|&frame| u64::from(frame) + LOST + 1);
        let operation = op_frame(sample.site.op);
        let texts = [sample.profile, sample.region, operation.trim_matches(['[', ']'])];
        Sample {
            location_id: if sample.stack.is_empty() { vec![LOST] } else { stack.collect() },
            value: match sample.site.op {
                Op::Dealloc => vec![0, 0, events, bytes, 0],
                Op::Alloc | Op::AllocZeroed | Op::Realloc => vec![events, bytes, 0, 0, 0],
                Op::SystemCall(_) => vec![0, 0, 0, 0, events],
            },
            label: keys
                .iter()
                .zip(texts)
                .map(|(&key, text)| Label { key, str: strings.number(text), ..Label::default() })
                .collect(),
        }
    });
    let sample: Vec<Sample> = samples.collect();
    let mapping = Mapping {
        id: 1,
        filename: strings.number("cargo-qadapt"),
        has_functions: true,
        has_filenames: true,
        has_line_numbers: true,
        has_inline_frames: true,
        ..Mapping::default()
    };
    let default_sample_type = strings.number("alloc_objects");
    let comment = vec![strings.number("disallowed events, by cargo qadapt")];
    Profile {
        period_type: sample_type.first().copied(),
        sample_type,
        sample,
        mapping: vec![mapping],
        location,
        function,
        string_table: strings.list,
        time_nanos: now(),
        period: 1,
        comment,
        default_sample_type,
        ..Profile::default()
    }
}

/// The number of the location that stands for a stack that was lost; those of the frames follow. 0 means none.
const LOST: u64 = 1;

/// A location for each frame, after that of lost stacks, and their functions.
fn functions(view: &View<'_>, names: &Names, strings: &mut Strings) -> (Vec<Function>, Vec<Location>) {
    let mut functions: Vec<Function> = Vec::new();
    let mut known: HashMap<(i64, i64), u64> = HashMap::new();
    let mut location = |id: u64, text: &str, file: &str, line: u32, column: u32| {
        let name = strings.number(text);
        let filename = strings.number(&cut(file, 4096, " "));
        let system_name = strings.number(&format!("rust:{text}"));
        let function_id = *known.entry((name, filename)).or_insert_with(|| {
            let id = functions.len() as u64 + 1;
            functions.push(Function { id, name, system_name, filename, start_line: 0 });
            id
        });
        let line = Line { function_id, line: line.into(), column: column.into() };
        Location { id, mapping_id: 1, line: vec![line], ..Location::default() }
    };
    let mut locations = vec![location(LOST, "(its stack was lost)", "", 0, 0)];
    for ((frame, name), id) in view.report.frames.iter().zip(&names.functions).zip(LOST + 1..) {
        locations.push(location(
            id,
            name,
            frame.file.as_deref().unwrap_or_default(),
            frame.line,
            frame.column,
        ));
    }
    (functions, locations)
}

fn figure(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Now, or what `SOURCE_DATE_EPOCH` says it is; servers sort profiles by it.
fn now() -> i64 {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse::<i64>().ok());
    if let Some(seconds) = fixed {
        return seconds.saturating_mul(1_000_000_000);
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
