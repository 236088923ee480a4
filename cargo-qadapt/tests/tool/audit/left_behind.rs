//! What a program leaves behind: a daemon with the guard is waited for, and other helpers are not.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use crate::audit::command::{Run, counts, qadapt};
use crate::audit::interrupts::{lives, on_a_terminal, process, read_until, send};

const WAITING: &str = "which the program has left behind";

/// An audit of a program that leaves something behind.
fn leaving(options: &[&str], kind: &[&str]) -> Command {
    let options = [&["audit", "-p", "odd", "--bin", "leaves", "--profile", "debug"], options].concat();
    qadapt(&[&options[..], &["--"], kind].concat())
}

/// Starts such an audit, which waits for what was left behind; with the rest of what it says, and what it has said.
fn waiting(mut audit: Command) -> (Child, ChildStderr, String) {
    audit.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = audit.spawn().expect("the command starts");
    let mut stderr = child.stderr.take().expect("it is a pipe");
    let said = read_until(&mut stderr, |text| text.contains(WAITING));
    (child, stderr, said)
}

/// Whether a process ends that was killed, which may take its time.
fn has_ended(process: &str) -> bool {
    let end = Instant::now() + Duration::from_secs(60);
    let runs = || {
        let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    while runs() {
        if Instant::now() >= end {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn a_daemon_is_waited_for() {
    let (mut child, mut stderr, said) = waiting(leaving(&["--format", "json"], &["daemon"]));
    let daemon = process(&said).expect("it says it");
    assert!(said.contains(&format!("waiting for the process {daemon},")), "{said}");
    // The daemon reads it to its end.
    drop(child.stdin.take());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("it is UTF-8");
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(1), "{}{rest}", run.stdout);
    let report = run.report();
    assert_eq!((report.profiles[0].processes, report.profiles[0].cut_short), (2, 0));
    assert_eq!(counts(&report, "leaves.rs:").allocs, 3, "{rest}");
}

#[test]
fn what_asks_for_an_end_ends_the_wait_and_the_report_follows() {
    for (kind, signals) in
        [("daemon", ["-INT"].as_slice()), ("daemon", &["-TERM"]), ("deaf", &["-INT", "-INT"])]
    {
        let (mut child, _stderr, said) = waiting(leaving(&["--format", "json"], &[kind]));
        // Otherwise waiting for the audit would end the daemon's input.
        let _input = child.stdin.take();
        for signal in signals {
            send(&[child.id().to_string()], signal);
        }
        let run = Run::of(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, Some(1), "{kind} {signals:?}: {}", run.stdout);
        assert_eq!(counts(&run.report(), "leaves.rs:").allocs, 1, "{kind} {signals:?}");
        let daemon = process(&said).expect("it says it");
        assert!(has_ended(daemon), "{kind} {signals:?}: {daemon} lives on");
    }
}

#[test]
fn what_was_started_is_killed_when_the_time_is_over() {
    for kind in [&["deaf"][..], &["helper", "quiet", "stays"]] {
        let mut audit = leaving(&["--timeout", "3"], kind);
        audit.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = audit.spawn().expect("the command starts");
        let _input = child.stdin.take();
        let run = Run::of(child.wait_with_output().expect("it ends"));
        run.assert(2, "took longer than 3 s in profile debug and was killed");
        // Where the machine is busy the program may not have come to it.
        if let Some(started) = process(&run.stderr) {
            assert!(has_ended(started), "{kind:?}: {started} lives on");
        }
    }
}

/// On a terminal and without one, and whatever it holds open.
#[test]
fn a_helper_without_the_guard_is_not_waited_for() {
    let run = Run::of(leaving(&[], &["helper", "quiet"]).output().expect("the command starts"));
    run.assert(1, "");
    let helper = process(&run.stderr).expect("the program says it");
    assert!(lives(helper) && !run.stderr.contains(WAITING), "{}", run.stderr);
    send(&[helper.to_owned()], "-KILL");

    let (mut child, _keys, mut screen) = on_a_terminal(&leaving(&["--color", "never"], &["helper"]));
    let mut shown = String::new();
    screen.read_to_string(&mut shown).expect("it is UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{shown}");
    let helper = shown.rsplit("process ").next().and_then(|rest| rest.lines().next()).expect("it says it");
    assert!(lives(helper.trim()), "the audit has waited for {helper}: {shown}");
    send(&[helper.trim().to_owned()], "-KILL");
}

/// It has a session of its own, so that no terminal tells it.
#[test]
fn an_interrupt_that_is_typed_reaches_a_daemon() {
    let (mut child, mut keys, mut screen) = on_a_terminal(&leaving(&["--color", "never"], &["daemon"]));
    let said = read_until(&mut screen, |text| text.contains(WAITING));
    keys.write_all(b"\x03").expect("it can be typed");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).expect("it is UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{said}{rest}");
    assert!(rest.contains("once, 8 bytes"), "{rest}");
}
