//! `--c`: what C allocates in a program that links QADAPT and not `qadapt-malloc`.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use crate::audit::command::{Run, audit, qadapt, run};

const AUDIT: [&str; 7] = ["audit", "-p", "odd", "--bin", "asks_c", "--profile", "debug"];

#[test]
fn what_c_allocates_is_seen_by_request() {
    audit("asks_c", &[]).assert(0, "");
    let report = audit("asks_c", &["--c"]).report();
    let counts = report.regions[0].counts[0].expect("it was entered");
    assert_eq!((counts.allocs, counts.deallocs), (1, 1));

    let run = run(&[&AUDIT[..], &["--c"]].concat());
    run.assert(1, "");
    assert!(run.stdout.contains("let copy = unsafe { strdup("), "{}", run.stdout);
}

#[test]
fn a_library_that_is_not_there_is_an_error() {
    let mut command = qadapt(&[&AUDIT[..], &["--c"]].concat());
    let output = command.env("QADAPT_PRELOAD", "/nothing/here.so").output().expect("it starts");
    Run::of(output).assert(2, "QADAPT_PRELOAD names `/nothing/here.so`, which is no file");
}
