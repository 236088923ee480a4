//! Tests, of one package and of all, under both runners.

use crate::command::{counts, run};

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

#[test]
#[ignore = "needs cargo-nextest: cargo test -p cargo-qadapt --test audit -- --ignored nextest"]
fn nextest_runs_each_test_in_a_process() {
    let run = run(&[
        "audit",
        "-p",
        "suite",
        "--nextest",
        "--test",
        "two",
        "--profile",
        "debug",
        "--format",
        "json",
    ]);
    run.assert(1, "");
    let report = run.report();
    let label = counts(&report, "suite/src/lib.rs:5");
    assert_eq!((label.calls, label.bytes), (2, 707));
}
