//! Profiles, decoded. `outside.rs` has the real `pprof` read them.

use std::fmt::Write as _;
use std::io::Read as _;

use cargo_qadapt::format::name::Format;
use flate2::read::GzDecoder;
use prost::Message;

use crate::formats::message::{Line, Profile};
use crate::formats::sample::{hostile, small};

fn decode(rendered: &[u8]) -> Profile {
    let mut bytes = Vec::new();
    GzDecoder::new(rendered).read_to_end(&mut bytes).expect("it is gzip");
    Profile::decode(bytes.as_slice()).expect("it is a profile")
}

impl Profile {
    fn text(&self, index: i64) -> &str {
        &self.string_table[usize::try_from(index).expect("it is no place in a list")]
    }

    /// The frames of one address: what was inlined first, then what it was inlined into.
    fn frames(&self, id: u64) -> Vec<String> {
        let location = self.location.iter().find(|location| location.id == id).expect("it is there");
        if location.line.is_empty() {
            return vec![String::from("(no name)")];
        }
        let frame = |line: &Line| {
            let mut functions = self.function.iter();
            let function = functions.find(|function| function.id == line.function_id).expect("it is there");
            format!("{} {}:{}", self.text(function.name), self.text(function.filename), line.line)
        };
        location.line.iter().map(frame).collect()
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
            for frame in profile.frames(id) {
                let _ = writeln!(out, "    {frame}");
            }
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
