//! Code that waits where it must not.

use crate::child::run;

/// Whether the programs see calls that wait: they are built as this one is.
fn watched() -> bool {
    qadapt::is_blocking_watched()
}

#[test]
fn a_callback_that_waits_is_told_where() {
    let outcome = run("no_waiting", &["audio"]);
    if !watched() {
        assert_eq!(outcome.code, Some(0), "{outcome:#?}");
        return;
    }
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    for said in [
        "qadapt: blocking call of openat (file) in the protected region `callback`",
        "qadapt: blocking call of futex (lock)",
        "qadapt: blocking call of write (socket, pipe 1) in the protected region `callback`",
        "examples/no_waiting.rs",
    ] {
        assert!(outcome.err.contains(said), "{said}: {outcome:#?}");
    }
}

#[test]
fn a_handler_that_waits_is_told_where() {
    let outcome = run("no_waiting", &["service"]);
    if watched() {
        assert_eq!(outcome.code, Some(1), "{outcome:#?}");
        let said = "qadapt: blocking call of clock_nanosleep (sleep, 1 ms) in poll 1 of the protected future `handler`";
        assert!(outcome.err.contains(said), "{outcome:#?}");
    }
    assert_eq!(outcome.value("answers:"), "10");
}

#[test]
fn what_is_fixed_does_not_wait() {
    for what in ["audio", "service"] {
        let outcome = run("no_waiting", &[what, "--fixed"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:#?}");
    }
}
