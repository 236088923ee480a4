//! SARIF, validated by the standard's schema and by what GitHub documents.

use std::sync::OnceLock;

use cargo_qadapt::format::name::Format;
use cargo_qadapt::report::figures::Report;
use jsonschema::Validator;
use serde_json::Value;

use crate::formats::sample::{Sample, checked, hostile, hostile_checked, large, root, small};

/// The log, after everything that holds for every log was checked.
fn log(sample: &Sample) -> Value {
    let log: Value = serde_json::from_slice(&sample.render(Format::Sarif)).expect("it is JSON");
    let errors: Vec<String> =
        validator().iter_errors(&log).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let rules = list(&log, "/runs/0/tool/driver/rules");
    let results = list(&log, "/runs/0/results");
    assert!(results.len() <= 5000);
    for result in results {
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("it is a number")).expect("it is small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(place["uriBaseId"], "%SRCROOT%", "the primary location is in the repository: {result:#}");
        for uri in values(result, "uri") {
            let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~%:".contains(c);
            assert!(uri.chars().all(plain) && !uri.contains(".."), "{uri}");
        }
        for flow in list(result, "/codeFlows") {
            assert!(list(flow, "/threadFlows/0/locations").len() <= 1000);
        }
    }
    log
}

/// The standard's schema, formats of texts included.
fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        // One pattern has a bracket too many, which the standard's errata 01 corrects.
        let text = include_str!("../../schemas/sarif-2.1.0.json");
        let corrected =
            text.replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
        assert_ne!(text, corrected);
        let schema: Value = serde_json::from_str(&corrected).expect("the schema is JSON");
        jsonschema::draft7::options().should_validate_formats(true).build(&schema).expect("the schema is one")
    })
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// All texts with this name, wherever they are.
fn values<'a>(value: &'a Value, wanted: &str) -> Vec<&'a str> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name == wanted => vec![text.as_str()],
                value => values(value, wanted),
            })
            .collect(),
        Value::Array(list) => list.iter().flat_map(|value| values(value, wanted)).collect(),
        _ => Vec::new(),
    }
}

fn fingerprints(log: &Value) -> Vec<String> {
    let results = list(log, "/runs/0/results").iter();
    results
        .map(|result| {
            result["partialFingerprints"]["qadaptSite/v1"].as_str().expect("there is one").to_owned()
        })
        .collect()
}

#[test]
fn logs_are_valid() {
    let audit = log(&small("sarif-audit"));
    assert_eq!(list(&audit, "/runs/0/results").len(), 4);
    // Two sites of the whole program have no line, and so no place.
    assert_eq!(list(&audit, "/runs/0/invocations/0/toolExecutionNotifications").len(), 2);
    let check = log(&checked("sarif-check"));
    let rules: Vec<&str> =
        list(&check, "/runs/0/results").iter().filter_map(|result| result["ruleId"].as_str()).collect();
    assert_eq!(rules, ["more-than-baseline", "more-than-baseline", "over-budget", "varies"]);
}

#[test]
fn hostile_names_stay_names() {
    for sample in [hostile("sarif-hostile"), hostile_checked("sarif-hostile-check")] {
        let log = log(&sample);
        assert!(list(&log, "/runs/0/results").len() > 10);
        for text in values(&log, "text") {
            let harmful = |c: char| c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c);
            assert!(!text.contains("](") && !text.chars().any(harmful), "{text}");
        }
    }
}

#[test]
fn a_stack_ends_at_the_allocator() {
    let log = log(&small("sarif-flows"));
    let flow = list(&log, "/runs/0/results/0/codeFlows/0/threadFlows/0/locations");
    let functions: Vec<&str> =
        flow.iter().filter_map(|step| step["location"]["message"]["text"].as_str()).collect();
    assert_eq!(functions, ["radio::main", "radio::tune", "alloc::vec::Vec<T,A>::push"]);
}

/// A line is the same when it moves, and another one when it changes.
#[test]
fn fingerprints_follow_the_source() {
    let moved = |by: u32| {
        let mut sample = small(&format!("sarif-moved-{by}"));
        let path = sample.root.join("src/main.rs");
        let source = std::fs::read_to_string(&path).expect("the file can be read");
        std::fs::write(&path, "\n".repeat(by as usize) + &source).expect("the file can be written");
        let shift = |report: &mut Report| {
            report.regions.iter_mut().filter(|r| r.place.line > 0).for_each(|r| r.place.line += by);
            let own = |file: Option<&str>| file == Some("src/main.rs");
            report.frames.iter_mut().filter(|f| own(f.file.as_deref())).for_each(|f| f.line += by);
        };
        shift(&mut sample.report);
        sample
    };
    let before = fingerprints(&log(&moved(0)));
    assert_eq!(before, fingerprints(&log(&moved(7))));
    let mut unique = before.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), before.len());

    let changed = moved(0);
    let path = changed.root.join("src/main.rs");
    let source = std::fs::read_to_string(&path).expect("the file can be read");
    std::fs::write(&path, source.replace("push(1)", "push(2)")).expect("the file can be written");
    let after = fingerprints(&log(&changed));
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1..], after[1..]);
}

/// A workspace in a folder of its repository: paths start at the repository.
#[test]
fn paths_start_at_the_repository() {
    let mut sample = small("sarif-folder");
    let repository = root("sarif repository");
    let inside = repository.join("tools/my radio");
    std::fs::create_dir_all(&inside).expect("the folder can be made");
    sample.root = inside;
    let log = log(&sample);
    let uri = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "tools/my%20radio/src/main.rs");
}

/// GitHub shows 5,000 results and takes 10 MB.
#[test]
fn what_is_left_out_is_said() {
    let sample = large(6000);
    let log = log(&sample);
    assert_eq!(list(&log, "/runs/0/results").len(), 5000);
    let said: Vec<&str> = list(&log, "/runs/0/invocations/0/toolExecutionNotifications")
        .iter()
        .filter_map(|notification| notification["message"]["text"].as_str())
        .collect();
    assert_eq!(said, ["1000 results are left out: GitHub shows 5000, and takes 10 MB"]);
}
