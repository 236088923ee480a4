//! A test program that forgot to install the allocator is told so, although nothing in its environment asks and its
//! harness hides what tests print.
//!
//! Alone because its global allocator is not QADAPT.

use std::env;
use std::fs;
use std::hint::black_box;
use std::process::Command;

use qadapt_tests::child::{self, Outcome};

/// Without checks there is nothing to install.
const CHECKS: bool = cfg!(any(debug_assertions, feature = "enforce"));

/// What the other tests run in a process of its own.
#[test]
fn a_region() {
    for _ in 0..2 {
        qadapt::assert_no_alloc(|| drop(black_box(Box::new(black_box(1)))));
    }
    std::thread::spawn(|| qadapt::assert_no_alloc(|| ())).join().expect("nothing is watched");
    assert!(!qadapt::is_active());
    assert_eq!(qadapt::violations(), 0);
}

/// This program, told to run the test above and no other.
fn alone() -> Command {
    let mut command = child::command(env::current_exe().expect("a test knows its own file"));
    command.args(["--exact", "a_region"]);
    command
}

#[track_caller]
fn assert_told(outcome: &Outcome, times: usize) {
    assert!(outcome.status.success(), "{outcome:?}");
    let told = outcome.stderr.matches("is not watched").count();
    assert_eq!(told, times, "{outcome:?}");
    if times > 0 {
        let line = outcome.stderr.lines().position(|line| line.trim() == "#[global_allocator]");
        let next = line.and_then(|line| outcome.stderr.lines().nth(line + 1));
        assert_eq!(
            next.map(str::trim),
            Some("static ALLOC: qadapt::QADAPT = qadapt::QADAPT;"),
            "{outcome:?}"
        );
        assert!(outcome.stderr.contains("tests/missing_allocator.rs:"), "{outcome:?}");
    }
}

#[test]
fn a_test_program_is_told_once_past_the_capture() {
    assert_told(&child::run(&mut alone()), usize::from(CHECKS));
    assert_told(&child::run(alone().arg("--nocapture")), usize::from(CHECKS));
}

#[test]
fn who_only_counts_is_not_told() {
    assert_told(&child::run(alone().env("QADAPT_MODE", "count")), 0);
    assert_told(&child::run(alone().env("QADAPT_MODE", "log")), usize::from(CHECKS));
}

#[test]
fn the_note_comes_after_the_harness_s_table() {
    let path = env::temp_dir().join(format!("qadapt-missing-{}", std::process::id()));
    let file = fs::File::create(&path).expect("a file");
    let both = file.try_clone().expect("the same file");
    let status = alone().arg("--test-threads=1").stdout(file).stderr(both).status().expect("it runs");
    let text = fs::read_to_string(&path).expect("what it wrote");
    fs::remove_file(&path).expect("it is there");
    assert!(status.success(), "{text}");
    assert!(text.contains("test a_region ... ok\n"), "{text}");
    let note = text.find("is not watched");
    assert_eq!(note.is_some(), CHECKS, "{text}");
    assert!(note.is_none_or(|note| text.find("test result: ok").is_some_and(|end| end < note)), "{text}");
}

#[test]
fn a_program_is_told_where_its_build_asks_for_the_checks() {
    // A variable that is empty asks for nothing.
    for empty in [&[][..], &["QADAPT_TRACE", "QADAPT_BACKTRACE"]] {
        let mut command = child::command(child::program("missing"));
        let outcome = child::run(command.arg("regions").envs(empty.iter().map(|&name| (name, ""))));
        assert!(outcome.status.success(), "{outcome:?}");
        let told = outcome.stderr.matches("is not watched").count();
        assert_eq!(told, usize::from(cfg!(feature = "enforce")), "{outcome:?}");
    }
    let outcome =
        child::run(child::command(child::program("missing")).arg("regions").env("QADAPT_MODE", "count"));
    assert!(!outcome.stderr.contains("qadapt"), "{outcome:?}");
}
