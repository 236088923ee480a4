//! Profiles, decoded. `outside.rs` has the real `pprof` read them.

use std::fmt::Write as _;
use std::io::Read as _;

use cargo_qadapt::format::name::Format;
use flate2::read::GzDecoder;
use prost::Message;

use crate::sample::{hostile, small};

/// The fields of `profile.proto` that are looked at here.
#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<Pair>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
}

/// A type and its unit, or a label's key and text.
#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(int64, tag = "1")]
    first: i64,
    #[prost(int64, tag = "2")]
    second: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

fn decode(rendered: &[u8]) -> Profile {
    let mut bytes = Vec::new();
    GzDecoder::new(rendered).read_to_end(&mut bytes).expect("it is gzip");
    Profile::decode(bytes.as_slice()).expect("it is a profile")
}

impl Profile {
    fn text(&self, index: i64) -> &str {
        &self.string_table[usize::try_from(index).expect("it is no place in a list")]
    }

    fn frame(&self, id: u64) -> String {
        let location = self.location.iter().find(|location| location.id == id).expect("it is there");
        let Some(line) = location.line.first() else { return String::from("(no name)") };
        let function =
            self.function.iter().find(|function| function.id == line.function_id).expect("it is there");
        format!("{} {}:{}", self.text(function.name), self.text(function.filename), line.line)
    }
}

/// The profile in lines: types, then samples with their labels and stacks.
pub(crate) fn readable(rendered: &[u8]) -> String {
    let profile = decode(rendered);
    let mut out = String::new();
    for kind in &profile.sample_type {
        let _ = write!(out, "{}/{} ", profile.text(kind.first), profile.text(kind.second));
    }
    out.push('\n');
    for sample in &profile.sample {
        let labels: Vec<String> = sample
            .label
            .iter()
            .map(|label| format!("{}={}", profile.text(label.first), profile.text(label.second)))
            .collect();
        let _ = writeln!(out, "{:?} {}", sample.value, labels.join(", "));
        for &id in &sample.location_id {
            let _ = writeln!(out, "    {}", profile.frame(id));
        }
    }
    out
}

#[test]
fn everything_that_is_referred_to_is_there() {
    for sample in [small("pprof-audit"), hostile("pprof-hostile")] {
        let rendered = sample.render(Format::Pprof);
        let profile = decode(&rendered);
        assert_eq!(profile.string_table[0], "");
        assert!(profile.time_nanos > 0);
        let stacks: usize = sample.report.sites.iter().map(|site| site.counts.iter().flatten().count()).sum();
        assert_eq!(profile.sample.len(), stacks);
        for sample in &profile.sample {
            assert_eq!(sample.value.len(), profile.sample_type.len());
            assert!(sample.value.iter().all(|&value| value >= 0));
        }
        // pprof takes a name that is the system's too for C++'s, and leaves out what stands in angle brackets.
        for function in &profile.function {
            assert_ne!(profile.text(function.system_name), profile.text(function.name));
        }
        // Looks every number up.
        assert!(!readable(&rendered).is_empty());
        assert!(profile.string_table.iter().all(|text| !text.chars().any(char::is_control)));
    }
}
