//! The Python program as its users run it, with the module in Rust.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the module is built with, this test is built with, too.
#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace's folder")
}

/// The module's file, as Cargo has built it for this test.
fn module() -> PathBuf {
    let name = format!("{}rolling{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    std::env::current_exe().expect("the test's own path").with_file_name(name)
}

/// `None` where there is no Python.
fn run(arguments: &[&str]) -> Option<Output> {
    let output = Command::new("python3")
        .arg("examples/python/median.py")
        .arg(module())
        .args(arguments)
        .current_dir(workspace())
        .env_remove("QADAPT_BACKTRACE")
        .env_remove("QADAPT_MODE")
        .env_remove("RUST_BACKTRACE")
        .output();
    if output.is_err() {
        eprintln!("not run: there is no python3 here");
    }
    output.ok()
}

/// What a program printed that found so many violations.
fn printed(violations: &str) -> String {
    let violations = if qadapt::is_active() { violations } else { "unmeasured: the module has no checks" };
    format!("trades      2491\nmedians     99.88 to 100.05\nviolations  {violations}\n")
}

#[test]
fn a_window_that_keeps_its_memory_is_clean() {
    let Some(output) = run(&[]) else { return };
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*report), (Some(0), ""));
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed("0"));
}

#[test]
fn a_careless_one_is_reported_with_the_module_s_name() {
    let Some(output) = run(&["--careless"]) else { return };
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed("4982"), "{report}");
    if qadapt::is_active() {
        assert_eq!(output.status.code(), Some(1), "{report}");
        assert!(
            report.starts_with(
                "qadapt: allocation of 120 bytes (align 8) in the protected region `rolling::Window::push`\n"
            ),
            "{report}"
        );
        assert!(report.contains("qadapt: deallocation of 120 bytes"), "{report}");
        assert!(report.contains("self.prices.clone()"), "{report}");
        assert!(report.contains("region entered at examples/python/src/lib.rs:"), "{report}");
        assert!(report.contains("  (librolling.so)\n"), "{report}");
    } else {
        assert_eq!((output.status.code(), &*report), (Some(0), ""));
    }
    in_the_guide(&report);
}

/// The guide shows lines of the report of a debug build, but for what it leaves out.
fn in_the_guide(report: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let guide = std::fs::read_to_string(workspace().join("guide/src/plugins.md")).expect("the chapter");
    let block = guide.split("```text\n").find(|block| block.contains("(librolling.so)")).expect("the report");
    let shown = block.split("```").next().expect("it ends").lines().filter(|line| *line != "..");
    for line in shown {
        assert!(
            report.lines().any(|said| said == line),
            "the guide shows {line:?}, which is not in:\n{report}"
        );
    }
}
