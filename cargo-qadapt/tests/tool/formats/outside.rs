//! Real consumers, which are programs: run by `.ci/run`, which installs them.
//!
//! `cargo test -p cargo-qadapt --test tool -- --ignored formats::outside::`

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_qadapt::format::name::Format;

use crate::formats::sample::{Sample, checked, hostile, hostile_checked, root, small};

/// Runs a program that must succeed; returns what it printed.
#[track_caller]
fn run(program: &str, args: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(args).arg(file).output();
    let output = output.unwrap_or_else(|e| panic!("{program} does not start ({e}): is it installed?"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn written(sample: &Sample, format: Format, name: &str) -> PathBuf {
    let file = root(name).join("report");
    std::fs::write(&file, sample.render(format)).expect("the file can be written");
    file
}

/// Debian: `golang-go`.
#[test]
#[ignore = "needs go"]
fn pprof_reads_profiles() {
    let audit = written(&small("outside-pprof"), Format::Pprof, "outside-pprof-file");
    let top = run("go", &["tool", "pprof", "-top", "-cum", "-lines"], &audit);
    assert!(top.contains("Type: alloc_objects"), "{top}");
    assert!(
        top.lines().any(|line| line.contains("radio::tune src/main.rs:5") && line.contains(" 3 ")),
        "{top}"
    );
    let by_profile = run("go", &["tool", "pprof", "-top", "-tagfocus=profile=release"], &audit);
    assert!(by_profile.contains(" of 13 total"), "{by_profile}");
    let freed = run("go", &["tool", "pprof", "-top", "-sample_index=free_objects"], &audit);
    assert!(freed.contains(" of 48 total"), "{freed}");
    let live = run(
        "go",
        &["tool", "pprof", "-top", "-sample_index=inuse_space"],
        &crate::formats::heap::joined("outside-heap-live"),
    );
    assert!(
        live.lines().any(|line| line.contains("1100B") && line.contains("a_station_that_keeps_memory")),
        "{live}"
    );
    let hostile = written(&hostile("outside-pprof-hostile"), Format::Pprof, "outside-pprof-hostile-file");
    run("go", &["tool", "pprof", "-raw"], &hostile);
    run("go", &["tool", "pprof", "-traces"], &hostile);
}

/// Debian: `libxml2-utils`; from Python's index: `junitparser`.
#[test]
#[ignore = "needs xmllint and Python's junitparser"]
fn parsers_read_junit() {
    const READ: &str = "
import sys, junitparser
cases = [case for suite in junitparser.JUnitXml.fromfile(sys.argv[1]) for case in suite]
print(len(cases), sum(1 for case in cases if case.is_failure))
";
    for (name, sample, expected) in [
        ("audit", small("outside-junit-1"), Some("6 4\n")),
        ("check", checked("outside-junit-2"), Some("7 3\n")),
        ("hostile", hostile("outside-junit-3"), None),
        ("hostile-check", hostile_checked("outside-junit-4"), None),
    ] {
        let file = written(&sample, Format::Junit, &format!("outside-junit-{name}-file"));
        run("xmllint", &["--noout"], &file);
        let read = run("python3", &["-c", READ], &file);
        assert!(expected.is_none_or(|expected| read == expected), "{name}: {read}");
    }
}

/// Debian: `valgrind`, for the viewer, and `nodejs`.
#[test]
#[ignore = "needs node and Valgrind's viewer"]
fn the_viewer_of_dhat_builds_its_tree() {
    const VIEWER: &str = "/usr/libexec/valgrind/dh_view.js";
    // The viewer's own code, without a page: reading a file is all that is asked of it.
    const READ: &str = "
const [viewer, file] = process.argv.slice(-2), fs = require('fs'), vm = require('vm');
const read = `
  gData = JSON.parse(text);
  gSelect = { childNodes: gSelectData.map(() => ({})), selectedIndex: 0 };
  buildTree();
  gRoot._totalBlocks + ' ' + gRoot._totalBytes + ' ' + gRoot._kids.length;`;
const context = vm.createContext({ text: fs.readFileSync(file, 'utf8'), Intl, document: {}, window: {} });
console.log(vm.runInContext(fs.readFileSync(viewer, 'utf8') + read, context));
";
    let audit = written(&small("outside-dhat"), Format::Dhat, "outside-dhat-file");
    assert_eq!(run("node", &["-e", READ, VIEWER], &audit), "61 488 2\n");
    let hostile = written(&hostile("outside-dhat-hostile"), Format::Dhat, "outside-dhat-hostile-file");
    run("node", &["-e", READ, VIEWER], &hostile);
}

/// Debian: `bsdutils`, which is always there.
#[test]
#[ignore = "needs script"]
fn binary_output_goes_to_pipes_and_not_to_terminals() {
    let report = root("outside-terminal").join("report.json");
    std::fs::write(&report, small("outside-terminal-sources").render(Format::Json))
        .expect("it can be written");
    let program = env!("CARGO_BIN_EXE_cargo-qadapt");
    let arguments = format!("qadapt merge {} --format pprof", report.display());
    let terminal = Command::new("script")
        .args(["-qec", &format!("{program} {arguments}"), "/dev/null"])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("script starts");
    assert_eq!(terminal.status.code(), Some(2));
    let said = String::from_utf8_lossy(&terminal.stdout);
    assert!(said.contains("--output PATH"), "{said}");
    let pipe = Command::new(program).args(arguments.split(' ')).output().expect("it starts");
    assert_eq!((pipe.status.code(), &pipe.stdout[..2]), (Some(1), &b"\x1F\x8B"[..]));
}
