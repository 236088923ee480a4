//! A region in which another program takes the process over has no end that would report it.
//!
//! Alone because it only watches other processes; its own allocator tells whether this build has checks.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use qadapt::QADAPT;
use qadapt_tests::child::{self, Outcome};
use qadapt_tests::watching_calls;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// What a case of the program does in a mode.
fn run(case: &str, mode: &str) -> Outcome {
    let program = child::program("blocking_exec");
    child::run(child::command(&program).arg(case).env("QADAPT_MODE", mode))
}

const TOLD: &str = "qadapt: blocking call of execve (process) in the protected region entered at tests/src/bin/blocking_exec.rs:";
const ENDS: &str = "; the program ends with it\n";

#[test]
fn it_is_told_before_the_program_ends() {
    if !watching_calls() {
        return;
    }
    for mode in ["log", "fail"] {
        let outcome = run("here", mode);
        assert_eq!(
            (outcome.status.code(), outcome.stdout.as_str()),
            (Some(0), "another program\n"),
            "{mode}"
        );
        let (first, stack) = outcome.stderr.split_once('\n').expect("a line and a stack");
        assert!(first.starts_with(TOLD) && first.ends_with(ENDS.trim_end()), "{first}");
        assert!(stack.contains("blocking_exec+0x"), "{stack}");
    }
}

#[test]
fn a_panic_that_is_due_is_not_lost_with_the_program() {
    if !watching_calls() {
        return;
    }
    let outcome = run("here", "panic");
    assert_eq!((outcome.status.code(), outcome.stdout.as_str()), (Some(101), ""));
    assert!(outcome.stderr.contains("qadapt: blocking call of execve (process)"), "{}", outcome.stderr);
    // A child has no end of the region either.
    let outcome = run("child", "panic");
    let refused = format!("the child ended with {}\n", libc::EPERM);
    assert_eq!((outcome.status.code(), outcome.stdout.as_str()), (Some(101), refused.as_str()));
    let outcome = run("child", "log");
    assert!(outcome.stdout.starts_with("another program\nthe child ended with 0\n"), "{}", outcome.stdout);
    assert_eq!(outcome.stderr.matches(ENDS).count(), 1, "{}", outcome.stderr);
}

#[test]
fn nothing_is_told_of_what_is_allowed_or_counted() {
    if !watching_calls() {
        return;
    }
    for (case, mode) in [("allowed", "panic"), ("here", "count")] {
        let outcome = run(case, mode);
        let told = (outcome.stdout.as_str(), outcome.stderr.as_str());
        assert_eq!(told, ("another program\n", ""), "{case}");
    }
}

#[test]
fn where_it_fails_the_region_ends_as_any_other() {
    if !watching_calls() {
        return;
    }
    let outcome = run("missing", "log");
    assert_eq!((outcome.status.code(), outcome.stdout.as_str()), (Some(0), "the first program\n"));
    let (told, reported) = outcome.stderr.split_once(ENDS).expect("it is told at once");
    assert!(told.starts_with(TOLD), "{told}");
    assert!(reported.contains("qadapt: blocking call of execve (process) in"), "{reported}");
}
