//! What is printed, and where.

use std::path::Path;
use std::process::Command;

use crate::audit::command::{counts, folder, qadapt, run};
use crate::golden;

/// The report on every kind of region, as it is printed.
#[test]
fn the_text_is_as_written_down() {
    let run = run(&["audit", "--bin", "shapes"]);
    run.assert(1, "");
    let said =
        ["debug", "release"].map(|profile| format!("building the binary `shapes` in profile {profile}\n"));
    assert_eq!(run.stderr, said.concat(), "there is no terminal, and a build may take long");
    golden::assert("shapes.txt", &run.stdout);
}

/// Stacks that are walked by frame pointers lead to the same lines.
#[test]
#[ignore = "builds everything again: cargo test -p cargo-qadapt --test tool -- --ignored frame_pointers"]
fn with_frame_pointers_the_text_is_the_same() {
    let target = crate::audit::command::target_directory().with_file_name("fixtures-with-frame-pointers");
    let output = qadapt(&["audit", "--bin", "shapes"])
        .env("RUSTFLAGS", "-Cforce-frame-pointers=yes")
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .expect("the command starts");
    golden::assert("shapes.txt", &String::from_utf8_lossy(&output.stdout));
    let traces = cargo_qadapt::audit::read::files(&target.join("qadapt/traces")).expect("there are traces");
    for path in traces {
        let trace = cargo_qadapt::audit::read::Trace::read(&path).expect("it is a trace");
        assert!(trace.header.has(qadapt_trace::flags::FRAME_POINTERS));
    }
    // And so do the program's own reports.
    run(&["audit", "--bin", "shapes", "--profile", "debug"]).assert(1, "");
    let logged = |target: &Path| {
        let mut shapes = Command::new(target.join("qadapt/debug/shapes"));
        let output = shapes.env("QADAPT_MODE", "log").output().expect("the program starts");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let (walked, unwound) = (logged(&target), logged(&crate::audit::command::target_directory()));
    assert!(walked.contains("shapes/src/lib.rs:21"), "{walked}");
    assert_eq!(walked, unwound);
}

#[test]
fn json_goes_to_a_file_and_merges_with_its_like() {
    let folder = folder("json");
    let [path, again] = ["report.json", "again.json"].map(|name| folder.join(name));
    let [path, again] = [&path, &again].map(|path| path.to_str().expect("the path is UTF-8"));
    let audit = run(&["audit", "-p", "shapes", "--format", "json", "--output", path]);
    audit.assert(1, "");
    assert_eq!(audit.stdout, "");

    std::fs::copy(path, again).expect("it can be copied");
    let merged = run(&["merge", path, again, "--format", "json"]);
    merged.assert(1, "");
    let report = merged.report();
    assert_eq!(report.profiles.iter().map(|profile| profile.processes).collect::<Vec<_>>(), [2, 2]);
    let grow = counts(&report, "shapes/src/lib.rs:9");
    assert_eq!(
        (grow.calls, grow.allocs, grow.reallocs, grow.deallocs, grow.bytes, grow.peak_bytes),
        (6, 6, 6, 6, 624, 72)
    );
}

/// For readers that are no `merge`: sites by line, each with the names of the rules that advise on it.
#[test]
fn json_has_lines_with_advice() {
    let audit = run(&["audit", "-p", "shapes", "--bin", "shapes", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&audit.stdout).expect("it is JSON");
    let lines = json["lines"].as_array().expect("there are lines");
    let collect = lines.iter().find(|line| line["line"] == 21).expect("there is the line");
    assert_eq!((&collect["file"], &collect["op"]), (&"shapes/src/lib.rs".into(), &"alloc".into()));
    assert_eq!(collect["called"], serde_json::json!(["iter::collect"]));
    assert_eq!(collect["advice"][0]["id"], "collect-vec");
    assert_eq!(
        (&collect["counts"][0]["count"], &collect["counts"][1]),
        (&1.into(), &serde_json::Value::Null)
    );
}

/// With the type that they belong to, also where they are inlined.
#[test]
fn methods_of_one_name_are_told_apart() {
    for profile in ["debug", "release"] {
        let folded =
            run(&["audit", "-p", "odd", "--bin", "stages", "--profile", profile, "--format", "folded"])
                .stdout;
        for method in
            ["<stages::Echo as stages::Stage>::process", "<stages::Meter as stages::Stage>::process"]
        {
            assert!(folded.contains(method), "no `{method}` in {profile}:\n{folded}");
        }
    }
}

/// What is in the page is tested in a browser (`tests/tool/page`).
#[test]
fn a_page_is_written_whole_and_the_same_each_time() {
    let folder = folder("html");
    let pages = ["one.html", "two.html"].map(|name| {
        let path = folder.join(name);
        let path = path.to_str().expect("the path is UTF-8");
        run(&["audit", "--bin", "shapes", "--format", "html", "--output", path]).assert(1, "");
        std::fs::read_to_string(path).expect("it is UTF-8")
    });
    assert_eq!(pages[0], pages[1]);
    let [page, _] = pages;
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    let (_, data) = page.split_once(r#"<script id="data" type="application/json">"#).expect("it has data");
    let (data, _) = data.split_once("</script>").expect("it ends");
    let data: serde_json::Value = serde_json::from_str(data).expect("it is JSON");
    assert_eq!(data["lines"].as_array().map(Vec::len), Some(13));
    let code = data["files"][0]["parts"][0]["lines"].to_string();
    assert!(code.contains("list.reserve_exact(8);"), "{code}");
}

#[test]
fn traces_merge_to_the_report_that_the_audit_made() {
    let audit = run(&["audit", "-p", "shapes", "--bin", "shapes", "--format", "json"]);
    audit.assert(1, "");
    let traces = crate::audit::command::target_directory().join("qadapt/traces/shapes-bin-shapes");
    let merged = run(&["merge", traces.to_str().expect("the path is UTF-8"), "--format", "json"]);
    merged.assert(1, "");
    assert_eq!(merged.report(), audit.report());

    let named = format!("thin={}", traces.join("release").display());
    let renamed = run(&["merge", &named, "--format", "json"]).report();
    assert_eq!(renamed.profiles[0].name, "thin");
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let with = |color: &str, no_color: bool| {
        let mut command = qadapt(&["audit", "--bin", "clean", "--profile", "debug", "--color", color]);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().expect("the command starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout.contains(&0x1B)
    };
    assert!(!with("auto", false) && !with("never", false) && !with("auto", true));
    assert!(with("always", false));
}

#[test]
fn a_clean_program_ends_with_0() {
    let run = crate::audit::command::audit("clean", &[]);
    run.assert(0, "");
    let report = run.report();
    assert_eq!((report.regions.len(), report.sites.len(), report.profiles[0].events), (1, 0, 0));
}

#[test]
fn help_and_completions_are_printed() {
    let help = run(&["audit", "--help"]);
    help.assert(0, "");
    for word in ["--whole-program", "--timeout", "--profile", "Exit codes", "--nextest"] {
        assert!(help.stdout.contains(word), "no {word} in:\n{}", help.stdout);
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]);
        script.assert(0, "");
        assert!(script.stdout.contains("whole-program"), "{shell}");
    }
}
