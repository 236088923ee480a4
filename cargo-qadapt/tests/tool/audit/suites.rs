//! Tests, of one package and of all, under both runners.

use cargo_qadapt::report::figures::{By, Report};

use crate::audit::command::{Run, counts, qadapt, run};

#[test]
fn cargo_test_runs_each_target_in_a_process() {
    let run = run(&["audit", "-p", "suite", "--profile", "debug", "--format", "json"]);
    // The library's own unit tests have no allocator, and enter no region.
    run.assert(1, "");
    assert_eq!(run.report().profiles[0].processes, 3);
    let label = counts(&run.report(), "suite/src/lib.rs:5");
    assert_eq!((label.calls, label.allocs, label.deallocs, label.bytes), (4, 4, 4, 2 * 707));
}

#[test]
fn one_test_target() {
    let run = run(&[
        "audit",
        "-p",
        "suite",
        "--test",
        "one",
        "--profile",
        "debug",
        "--format",
        "json",
        "--",
        "long",
    ]);
    run.assert(1, "");
    let report = run.report();
    assert_eq!(report.profiles[0].processes, 1);
    assert_eq!(counts(&report, "suite/src/lib.rs:5").bytes, 700);
}

/// What a run of one test target under nextest reports.
fn under_nextest(more: &[&str]) -> Report {
    let target = ["audit", "-p", "suite", "--nextest", "--test", "two"];
    let run = run(&[&target[..], &["--profile", "debug", "--format", "json"], more].concat());
    run.assert(1, "");
    run.report()
}

#[test]
#[ignore = "needs cargo-nextest: cargo test -p cargo-qadapt --test tool -- --ignored nextest"]
fn nextest_runs_each_test_in_a_process() {
    let report = under_nextest(&[]);
    let label = counts(&report, "suite/src/lib.rs:5");
    assert_eq!((label.calls, label.bytes), (2, 707));
}

/// In an audit a test that expects a region's panic fails each time.
#[test]
#[ignore = "needs cargo-nextest: cargo test -p cargo-qadapt --test tool -- --ignored nextest"]
fn nextest_tries_nothing_again() {
    let target =
        ["audit", "-p", "odd", "--nextest", "--test", "expects", "--profile", "debug", "--format", "json"];
    let tried = qadapt(&target).env("NEXTEST_RETRIES", "2").output().expect("the command starts");
    assert_eq!(Run::of(tried).report().profiles[0].disallowed, 2);
}

/// Entries of a region by test: how often, and with how many bytes.
fn by_test(report: &Report) -> Vec<(String, u64, u64)> {
    let regions = report.regions.iter().filter_map(|region| {
        let counts = region.counts[0]?;
        match &region.place.by {
            Some(By::Test(test)) => Some((test.clone(), counts.calls, counts.bytes)),
            other => panic!("whose is {other:?}?"),
        }
    });
    let mut tests: Vec<_> = regions.collect();
    tests.sort();
    tests
}

fn tests(list: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
    list.iter().map(|&(test, calls, bytes)| (test.to_owned(), calls, bytes)).collect()
}

#[test]
fn each_test_has_its_own_figures() {
    let arguments = ["audit", "-p", "suite", "--profile", "debug"];
    let json = run(&[&arguments[..], &["--by", "test", "--format", "json"]].concat());
    json.assert(1, "");
    let expected = [("one::long", 1, 700), ("one::short", 1, 7), ("two::long", 1, 700), ("two::short", 1, 7)];
    assert_eq!(by_test(&json.report()), tests(&expected));
    let text = run(&[&arguments[..], &["--by", "test", "--sort", "bytes"]].concat());
    for test in ["one::long", "two::short"] {
        assert!(text.stdout.contains(&format!("suite/src/lib.rs:5 in test {test}")), "{}", text.stdout);
    }
    let threads = run(&[&arguments[..], &["--by", "thread", "--format", "json"]].concat()).report();
    let names: Vec<_> = threads.regions.iter().map(|region| region.place.by.clone()).collect();
    assert_eq!(names, [Some(By::Thread("long".into())), Some(By::Thread("short".into()))]);
    let together = run(&[&arguments[..], &["--format", "json"]].concat()).report();
    assert_eq!(together.regions.len(), 1);
}

#[test]
#[ignore = "needs cargo-nextest: cargo test -p cargo-qadapt --test tool -- --ignored nextest"]
fn nextest_says_which_test_it_is() {
    let report = under_nextest(&["--by", "test"]);
    assert_eq!(by_test(&report), tests(&[("two::long", 1, 700), ("two::short", 1, 7)]));
}
