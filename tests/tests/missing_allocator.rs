//! A test program that forgot to install the allocator is told so, although nothing in its environment asks.
//!
//! Alone because its global allocator is not QADAPT.

use std::env;
use std::hint::black_box;

use qadapt_tests::child;

/// What the other test runs in a process of its own.
#[test]
fn a_region() {
    for _ in 0..2 {
        qadapt::assert_no_alloc(|| drop(black_box(Box::new(black_box(1)))));
    }
    assert!(!qadapt::is_active());
    assert_eq!(qadapt::violations(), 0);
}

#[test]
fn a_test_program_is_told_once() {
    let program = env::current_exe().expect("a test knows its own file");
    let outcome = child::run(child::command(program).args(["--exact", "a_region", "--nocapture"]));
    assert!(outcome.status.success(), "{outcome:?}");
    let times = outcome.stderr.matches("is not watched").count();
    // Without checks there is nothing to install.
    let checks = cfg!(any(debug_assertions, feature = "enforce"));
    assert_eq!(times, usize::from(checks), "{outcome:?}");
    if checks {
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
