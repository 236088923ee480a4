//! `JUnit` XML, read by a strict XML parser and by a reader of such reports.

use cargo_qadapt::format::name::Format;
use junit_parser::TestSuites;

use crate::formats::sample::{Sample, checked, hostile, hostile_checked, small};

fn suites(sample: &Sample) -> TestSuites {
    let xml = sample.text(Format::Junit);
    let document = roxmltree::Document::parse(&xml).expect("it is XML");
    let known = ["testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"];
    for element in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(known.contains(&element.tag_name().name()), "{element:?}");
    }
    junit_parser::from_reader(xml.as_bytes()).expect("it is JUnit's")
}

#[test]
fn a_suite_is_a_profile_and_a_case_a_region() {
    let read = suites(&small("junit-audit"));
    let cases: Vec<Vec<(&str, bool, bool)>> = read
        .suites
        .iter()
        .map(|suite| {
            let cases = suite.cases.iter();
            cases
                .map(|case| (case.original_name.as_str(), case.status.is_failure(), case.status.is_skipped()))
                .collect()
        })
        .collect();
    let expected = [
        vec![
            ("tune (src/main.rs:3)", true, false),
            ("src/main.rs:10", true, false),
            ("the whole program", true, false),
        ],
        vec![
            ("tune (src/main.rs:3)", true, false),
            ("src/main.rs:10", false, true),
            ("the whole program", false, false),
        ],
    ];
    assert_eq!(cases, expected);
    let failure = read.suites[0].cases[0].status.failure_as_ref();
    assert!(failure.text.contains("at src/main.rs:5: allocation by vec::push: 2 times"), "{}", failure.text);
}

#[test]
fn findings_are_failures_of_their_region_and_profile() {
    let read = suites(&checked("junit-check"));
    let failures: Vec<Vec<&str>> = read
        .suites
        .iter()
        .map(|suite| {
            let failed = suite.cases.iter().filter(|case| case.status.is_failure());
            failed.map(|case| case.status.failure_as_ref().failure_type.as_str()).collect()
        })
        .collect();
    assert_eq!(failures, [vec!["more-than-baseline", "over-budget"], vec!["over-budget"], vec![]]);
    assert_eq!(read.suites[2].cases[0].original_name, "unmatched");
    assert!(read.suites[0].cases[0].status.failure_as_ref().text.contains("at src/main.rs:5: "));
}

#[test]
fn hostile_names_stay_names() {
    for (sample, names) in [(hostile("junit-hostile"), 2), (hostile_checked("junit-hostile-check"), 3)] {
        let read = suites(&sample);
        assert_eq!(read.suites.len(), names);
        for suite in &read.suites[..2] {
            assert_eq!(suite.cases.len(), sample.report.regions.len());
            let mut cases: Vec<&str> = suite.cases.iter().map(|case| case.name.as_str()).collect();
            cases.sort_unstable();
            cases.dedup();
            assert_eq!(cases.len(), suite.cases.len(), "each has a name of its own");
        }
    }
}
