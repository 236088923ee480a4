//! The program that plays a recording through the plug-in, as its users run it.

use std::path::Path;
use std::process::{Command, Output};

/// What the program is built with, this test is built with, too.
#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace's folder")
}

fn run(arguments: &[&str]) -> Output {
    let plugin = format!("{}echo_plugin{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Command::new(env!("CARGO_BIN_EXE_plugin_host"))
        .arg(std::env::current_exe().expect("the test's own path").with_file_name(plugin))
        .args(arguments)
        .current_dir(workspace())
        .env_remove("QADAPT_BACKTRACE")
        .env_remove("QADAPT_MODE")
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("the program starts")
}

/// Whether the program sees what C allocates.
fn watches_c() -> bool {
    qadapt::is_active() && cfg!(all(target_os = "linux", target_env = "gnu"))
}

/// What a program printed that found so many violations.
fn printed(violations: &str) -> String {
    let c = if watches_c() { "watched" } else { "not watched" };
    let violations = if qadapt::is_active() {
        violations
    } else {
        "unmeasured: this build has no checks; build it with QADAPT_ENFORCE=1"
    };
    format!("peak in     -2.5 dB\npeak out    -2.0 dB\nC           {c}\nviolations  {violations}\n")
}

#[test]
fn an_echo_that_keeps_its_memory_is_clean() {
    let output = run(&[]);
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*report), (Some(0), ""));
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed("0"));
}

#[test]
fn a_careless_one_is_reported_in_rust_and_in_c_with_the_plugin_s_name() {
    let output = run(&["--careless"]);
    let report = String::from_utf8_lossy(&output.stderr);
    // In each of 188 blocks a copy of Rust's and one of C's is made and given back.
    let violations = if watches_c() { "752" } else { "376" };
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed(violations), "{report}");
    if !qadapt::is_active() {
        assert_eq!((output.status.code(), &*report), (Some(0), ""));
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(
        report.contains("qadapt: allocation of 2048 bytes (align 4) in a protected region\n"),
        "{report}"
    );
    assert!(report.contains("examples/plugin/src/lib.rs:"), "{report}");
    assert!(report.contains("  (libecho_plugin.so)\n"), "{report}");
    if watches_c() {
        let c = report.split("\n\n").find(|report| report.contains("qadapt: C allocation of 2048 bytes"));
        let c = c.expect("the one in C");
        assert!(c.contains("--> examples/plugin/native/smooth.c:"), "{c}");
        // Optimised, the call of C stands in the place of the plug-in's function.
        assert!(c.contains("called from Rust at examples/plugin/src/"), "{c}");
        assert!(c.contains("  (libecho_plugin.so)\n"), "{c}");
        in_the_guide(&report);
    }
}

/// The guide shows lines of the reports of a debug build, but for what it leaves out.
fn in_the_guide(report: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let guide = std::fs::read_to_string(workspace().join("guide/src/plugins.md")).expect("the chapter");
    let blocks: Vec<_> =
        guide.split("```text\n").filter(|block| block.contains("(libecho_plugin.so)")).collect();
    assert_eq!(blocks.len(), 1, "Rust's and C's report");
    let shown = blocks.iter().flat_map(|block| block.split("```").next().expect("it ends").lines());
    for line in shown.filter(|line| *line != "..") {
        assert!(
            report.lines().any(|said| said == line),
            "the guide shows {line:?}, which is not in:\n{report}"
        );
    }
}
