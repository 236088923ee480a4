//! Audits at the same time.

use std::io::Read as _;
use std::process::{Child, ChildStderr, Stdio};

use crate::audit::command::{Run, qadapt, target_directory};
use crate::audit::interrupts::read_until;

const AUDIT: [&str; 7] = ["audit", "-p", "odd", "--bin", "rebuilt", "--profile", "debug"];

/// An audit whose program waits for the end of its input.
fn running() -> (Child, ChildStderr) {
    let mut audit = qadapt(&AUDIT);
    audit.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = audit.spawn().expect("the command starts");
    let mut stderr = child.stderr.take().expect("it is a pipe");
    read_until(&mut stderr, |text| text.contains("running\n"));
    (child, stderr)
}

/// What another audit builds has the same place, and what it builds is a matter of its own settings. The same audit waits, and
/// builds nothing before.
#[test]
fn a_program_that_is_built_anew_while_it_runs_keeps_its_names() {
    let (mut first, mut said) = running();
    let mut same = qadapt(&AUDIT);
    same.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut second = same.spawn().expect("the command starts");
    let mut stderr = second.stderr.take().expect("it is a pipe");
    let before = read_until(&mut stderr, |text| text.contains("waiting for another run in "));
    assert!(!before.contains("building"), "{before}");

    let program = target_directory().join("qadapt/debug/rebuilt");
    std::fs::remove_file(&program).expect("it is there");
    std::fs::write(&program, "another program").expect("it can be written");
    drop(first.stdin.take());
    let first = Run::of(first.wait_with_output().expect("it ends"));
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("it is UTF-8");
    assert_eq!(first.code, Some(1), "{}{rest}", first.stdout);
    assert!(first.stdout.contains("odd/src/bin/rebuilt.rs:9"), "{}", first.stdout);

    // Cargo puts its own program there again.
    stderr.read_to_string(&mut rest).expect("it is UTF-8");
    assert_eq!(second.wait().expect("it ends").code(), Some(1), "{rest}");
    let kept = target_directory().join("qadapt/traces/odd-bin-rebuilt/debug.programs");
    assert!(!kept.exists(), "nothing is left of it");
}
