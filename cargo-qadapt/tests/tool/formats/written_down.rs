//! Each format as it is written down.

use cargo_qadapt::format::name::Format;
use cargo_qadapt::format::view::View;
use cargo_qadapt::report::outcome::{Finding, Outcome, Rule};

use crate::formats::sample::{checked, small};
use crate::golden;

const FORMATS: [(Format, &str); 8] = [
    (Format::Text, "txt"),
    (Format::Sarif, "sarif"),
    (Format::Junit, "xml"),
    (Format::Github, "github"),
    (Format::Markdown, "md"),
    (Format::Dhat, "dhat.json"),
    (Format::Folded, "folded"),
    (Format::Pprof, "pprof.txt"),
];

#[test]
fn every_format_is_as_written_down() {
    for (name, sample) in [("audit", small("golden-audit")), ("check", checked("golden-check"))] {
        for (format, extension) in FORMATS {
            // Stacks do not know checks.
            if name == "check" && matches!(format, Format::Dhat | Format::Folded | Format::Pprof) {
                continue;
            }
            let shown = readable(format, &sample.render(format));
            golden::assert(&format!("formats/{name}.{extension}"), &shown);
        }
    }
}

/// The command ends with 2 then; whoever reads the file alone must not take it for a pass.
#[test]
fn figures_that_are_not_whole_are_no_success() {
    let sample = small("not-whole");
    let text = |format: Format, is_whole: bool| {
        let view = View { is_whole, ..sample.view() };
        String::from_utf8(format.render(&view).expect("it can be written")).expect("it is UTF-8")
    };
    for is_whole in [true, false] {
        let sarif: serde_json::Value =
            serde_json::from_str(&text(Format::Sarif, is_whole)).expect("it is JSON");
        assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], is_whole);
        let junit = text(Format::Junit, is_whole);
        assert_eq!(junit.contains("errors=\"1\""), !is_whole, "{junit}");
        assert_eq!(junit.contains("something is missing in these figures"), !is_whole, "{junit}");
    }
}

/// A region can do the same in two profiles, and be as it was in a third.
#[test]
fn a_finding_is_of_its_profiles_and_no_other() {
    let mut sample = small("three-profiles");
    sample.report.profile("bench");
    let finding = Finding {
        rule: Rule::OverBudget,
        region: Some(1),
        profiles: vec![0, 1],
        message: "src/main.rs:10 in debug and release: 3 allocations, and the budget is 0.".into(),
        lines: Vec::new(),
    };
    sample.outcome = Some(Outcome { findings: vec![finding] });
    let junit = sample.text(Format::Junit);
    let (two, third) = junit.split_once("name=\"bench\"").expect("it has a suite");
    assert_eq!((two.matches("<failure").count(), third.matches("<failure").count()), (2, 0), "{junit}");
    let json: serde_json::Value = serde_json::from_str(&sample.text(Format::Json)).expect("it is JSON");
    assert_eq!(json["findings"][0]["profiles"], serde_json::json!([0, 1]));
}

/// The format in lines that a person can compare.
fn readable(format: Format, rendered: &[u8]) -> String {
    match format {
        Format::Text => {
            anstream::adapter::strip_str(std::str::from_utf8(rendered).expect("it is UTF-8")).to_string()
        }
        Format::Sarif | Format::Dhat => {
            let json: serde_json::Value = serde_json::from_slice(rendered).expect("it is JSON");
            format!("{json:#}\n").replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\"")
        }
        Format::Pprof => crate::formats::pprof::readable(rendered),
        _ => String::from_utf8(rendered.to_vec()).expect("it is UTF-8"),
    }
}
