//! DHAT's JSON, checked as the viewer checks it (`buildTree` in `dh_view.js`).

use std::collections::HashSet;

use cargo_qadapt::format::name::Format;
use serde_json::Value;

use crate::formats::sample::{Sample, hostile, small};

fn load(sample: &Sample) -> Value {
    let data: Value = serde_json::from_slice(&sample.render(Format::Dhat)).expect("it is JSON");
    for field in ["mode", "verb", "bklt", "bkacc", "tu", "Mtu", "cmd", "pid", "te", "pps", "ftbl"] {
        assert!(data.get(field).is_some(), "data file is missing a field: {field}");
    }
    assert_eq!(data["dhatFileVersion"], 2);
    let frames = data["ftbl"].as_array().expect("it is a list");
    assert_eq!(frames[0], "[root]");
    for frame in frames {
        let frame = frame.as_str().expect("it is a text");
        assert!(!frame.chars().any(char::is_control), "{frame}");
    }
    let mut seen = HashSet::new();
    for point in data["pps"].as_array().expect("it is a list") {
        for field in ["tb", "tbk"] {
            assert!(point[field].as_u64().is_some_and(|figure| figure < 1 << 53), "{point}");
        }
        let stack: Vec<u64> =
            point["fs"].as_array().expect("it is a list").iter().filter_map(Value::as_u64).collect();
        assert!(stack.iter().all(|&frame| frame > 0 && frame < frames.len() as u64), "{point}");
        assert!(seen.insert(stack), "data file contains a repeated location: {point}");
    }
    data
}

#[test]
fn totals_are_the_reports() {
    let data = load(&small("dhat-audit"));
    let points = data["pps"].as_array().expect("it is a list");
    let sum = |field: &str| points.iter().filter_map(|point| point[field].as_u64()).sum::<u64>();
    // 2 + 1 + 48 + 3 + 5 + 1 events in debug and one in release, of 8 bytes each.
    assert_eq!((sum("tbk"), sum("tb")), (61, 8 * 61));
}

#[test]
fn hostile_names_stay_names() {
    load(&hostile("dhat-hostile"));
}
