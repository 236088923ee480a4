//! Blocking calls, and what could not be measured of them, in each format.

use cargo_qadapt::format::name::Format;
use cargo_qadapt::report::figures::{
    Counts, Frame, Op, Region, RegionKind, RegionPlace, Report, Site, SiteCounts, VERSION,
};
use cargo_qadapt::report::op::Call;
use qadapt_code::origin::Origin;

use crate::formats::sample::{Sample, root};

/// `futex`, in which a thread waits for a lock.
const FUTEX: Op = Op::SystemCall(Call { number: 202, class: 1 });

/// Debug makes three calls in the callback, two of them for a lock; in release nothing could be watched.
fn sample(name: &str) -> Sample {
    let root = root(name);
    std::fs::create_dir_all(root.join("src")).expect("the folder can be made");
    std::fs::write(root.join("src/main.rs"), "fn callback() {\n    gain.lock();\n    sleep(pause);\n}\n")
        .expect("the file can be written");
    let mut report = Report { version: VERSION, ..Report::default() };
    for (profile, events) in [("debug", 3), ("release", 0)] {
        let index = report.profile(profile);
        report.profiles[index].processes = 1;
        report.profiles[index].events = events;
        report.profiles[index].disallowed = events;
    }
    let frame = |function: &str, line: u32, origin: Origin| Frame {
        function: function.into(),
        file: Some(
            if origin == Origin::Own { "src/main.rs" } else { "/rustc/abc/library/std/src/x.rs" }.into(),
        ),
        line,
        column: 5,
        origin,
    };
    report.frames = vec![
        frame("std::sync::poison::mutex::Mutex<T>::lock", 9, Origin::Internal),
        frame("radio::callback", 2, Origin::Own),
        frame("std::thread::sleep", 9, Origin::Internal),
        frame("radio::callback", 3, Origin::Own),
    ];
    let place = RegionPlace {
        file: "src/main.rs".into(),
        line: 1,
        column: 1,
        name: Some("callback".into()),
        kind: RegionKind::Policy,
        by: None,
    };
    let seen = Counts { calls: 4, disallowed: 3, blocking_calls: 3, ..Counts::default() };
    let unseen = Counts { calls: 4, unwatched: 4, ..Counts::default() };
    report.regions = vec![Region { place, counts: vec![Some(seen), Some(unseen)] }];
    let site = |op: Op, stack: [u32; 2], count: u64| Site {
        region: 0,
        op,
        stack: stack.to_vec(),
        counts: vec![Some(SiteCounts { count, estimate: count, ..SiteCounts::default() }), None],
    };
    report.sites =
        vec![site(FUTEX, [0, 1], 2), site(Op::SystemCall(Call { number: 230, class: 0 }), [2, 3], 1)];
    Sample { report, root, outcome: None, suppressed: Vec::new() }
}

#[test]
fn each_format_has_the_calls_and_what_is_unmeasured() {
    let unmeasured = "blocking calls unmeasured in 4 of 4 entries";
    let table: [(Format, &[&str]); 8] = [
        (
            Format::Text,
            &[
                "  debug: 3 blocking calls\n",
                &format!("  release: {unmeasured}\n"),
                "  src/main.rs:2  [seen in debug; not compared: blocking calls are unmeasured]\n      | gain.lock();\n      blocking call of futex (lock) by \
                 x::lock\n      debug: 2 times\n",
                "blocking call of clock_nanosleep (sleep) by x::sleep\n      debug: once\n",
            ],
        ),
        (Format::Json, &["\"blocking_calls\": 3", "\"unwatched\": 4", "\"op\": \"futex (lock)\""]),
        (Format::Markdown, &["**3**, 3 blocking calls", &format!("0, {unmeasured}"), "futex (lock)"]),
        (Format::Junit, &["<failure message=\"4 calls, ", unmeasured, "type=\"unmeasured\"", "futex (lock)"]),
        (Format::Github, &["blocking call of futex (lock) by x::lock in region callback"]),
        (Format::Sarif, &["\"ruleId\":\"blocking-call\"", "blocking call of futex (lock)"]),
        (Format::Folded, &["[blocking call of futex (lock)] 2"]),
        (Format::Html, &["\"op\":\"call\"", "futex (lock)", unmeasured, "<td>blocking call of futex (lock)"]),
    ];
    let sample = sample("waits");
    for (format, phrases) in table {
        let shown = sample.text(format);
        let shown = anstream::adapter::strip_str(&shown).to_string();
        for phrase in phrases {
            assert!(shown.contains(phrase), "no `{phrase}` in:\n{shown}");
        }
        assert!(!shown.contains("0 bytes") || format == Format::Junit, "a call has no bytes:\n{shown}");
    }
}

#[test]
fn a_profile_has_calls_apart_from_memory() {
    let shown = crate::formats::pprof::readable(&sample("waits-pprof").render(Format::Pprof));
    assert!(shown.contains("blocking_calls/count"), "{shown}");
    assert!(shown.contains("[0, 0, 0, 0, 2] profile=debug, region=callback (src/main.rs:1)"), "{shown}");
}

#[test]
fn a_written_report_is_read_as_it_was() {
    let sample = sample("waits-json");
    let read: Report = serde_json::from_slice(&sample.render(Format::Json)).expect("it is a report");
    assert_eq!(read, sample.report);
}
