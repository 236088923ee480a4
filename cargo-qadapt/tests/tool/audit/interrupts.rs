//! Ctrl-C while a program runs, and what else ends it.

use std::io::{Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::audit::command::{Run, folder, qadapt};

/// An audit of a program that runs until it is interrupted.
fn endless(arguments: &[&str]) -> Command {
    qadapt(&[&["audit", "-p", "odd", "--bin", "endless"], arguments].concat())
}

/// Reads until `is_enough` says so, and returns what was read.
pub(crate) fn read_until(source: &mut impl Read, is_enough: impl Fn(&str) -> bool) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    loop {
        let read = String::from_utf8_lossy(&text).into_owned();
        if is_enough(&read) {
            return read;
        }
        assert_eq!(source.read(&mut byte).expect("it can be read"), 1, "it ended: {read}");
        text.push(byte[0]);
    }
}

/// Starts an audit, and waits until its program runs; with the rest of what it says, and what it has said.
fn running(mut audit: Command) -> (Child, ChildStderr, String) {
    let mut child = audit.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let mut stderr = child.stderr.take().expect("it is a pipe");
    let said = read_until(&mut stderr, |text| text.contains("running\n"));
    (child, stderr, said)
}

fn interrupt(child: &Child) {
    send(&[child.id().to_string()], "-INT");
}

pub(crate) fn send(processes: &[String], signal: &str) {
    let status = Command::new("kill").arg(signal).args(processes).status();
    assert!(status.expect("there is `kill`").success());
}

/// Another command that starts this one, whose line is among its arguments.
pub(crate) fn within(
    command: &Command,
    program: &str,
    arguments: impl FnOnce(&str) -> Vec<String>,
) -> Command {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let words: Vec<String> = words.iter().map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let mut other = Command::new(program);
    other.args(arguments(&words.join(" ")));
    other.current_dir(command.get_current_dir().expect("it is set"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    other
}

#[test]
fn an_interrupt_ends_the_program_and_the_report_follows() {
    let (child, _stderr, _) = running(endless(&["--profile", "debug"]));
    interrupt(&child);
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    assert!(run.stdout.contains("odd/src/bin/endless.rs:7"), "{}", run.stdout);
    assert!(run.stdout.contains("once, 8 bytes"), "{}", run.stdout);
}

#[test]
fn profiles_that_an_interrupt_leaves_out_are_named() {
    let (child, mut stderr, _) = running(endless(&[]));
    interrupt(&child);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("it is UTF-8");
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(2), "not all of it was audited");
    assert!(rest.contains("was interrupted, and not run in profile release"), "{rest}");
    assert!(run.stdout.contains("odd/src/bin/endless.rs:7"), "{}", run.stdout);
}

/// Starts a command with a terminal, which `script` of util-linux gives it; with what can be typed and what is shown. `exec`: a
/// shell that waits for it would take the interrupt for its own, and dash ends with 130 then.
pub(crate) fn on_a_terminal(command: &Command) -> (Child, ChildStdin, ChildStdout) {
    let mut script = within(command, "script", |command| {
        ["-qec", &format!("exec {command}"), "/dev/null"].map(str::to_owned).to_vec()
    });
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("there is `script`");
    let (keys, screen) =
        (child.stdin.take().expect("it is a pipe"), child.stdout.take().expect("it is a pipe"));
    (child, keys, screen)
}

#[test]
fn on_a_terminal_a_line_moves_while_the_program_runs() {
    let (mut child, mut keys, mut screen) =
        on_a_terminal(&endless(&["--profile", "debug", "--color", "never"]));
    read_until(&mut screen, |text| text.contains("running\r\n"));
    // Three different pictures of the line, each drawn over the one before.
    let moved = read_until(&mut screen, |text| {
        let mut pictures: Vec<&str> =
            text.split("\r\x1b[K").filter(|line| line.contains("(Ctrl-C ends it)")).collect();
        pictures.sort_unstable();
        pictures.dedup();
        pictures.len() > 3
    });
    assert!(moved.contains("running the binary `endless` in profile debug"), "{moved}");
    keys.write_all(b"\x03").expect("it can be typed");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).expect("it is UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{rest}");
    assert!(rest.contains("odd/src/bin/endless.rs:7") && rest.contains("once, 8 bytes"), "{rest}");
}

/// What `timeout`, a cancelled job and a terminal that is closed send, the first one twice.
#[test]
fn what_asks_for_an_end_ends_the_program_and_the_report_follows() {
    for (signal, times) in [("-TERM", 1), ("-TERM", 2), ("-HUP", 1)] {
        let (child, _stderr, said) = running(of_a_terminal(&endless(&["--profile", "debug"]), ""));
        send(&vec![child.id().to_string(); times], signal);
        let run = Run::of(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, Some(1), "{signal}: {}", run.stdout);
        assert!(run.stdout.contains("odd/src/bin/endless.rs:7"), "{signal}: {}", run.stdout);
        assert!(run.stdout.contains("once, 8 bytes"), "{signal}: {}", run.stdout);
        let process = process(&said).expect("it says it");
        assert!(!lives(process), "{signal}: {process} lives on");
    }
}

/// A command to which SIGHUP is what it is in a terminal, also where the tests run under `nohup`; for which a shell does this before.
fn of_a_terminal(command: &Command, before: &str) -> Command {
    let shell = |command: &str| format!("{before}exec {command}");
    let line =
        |command: &str| ["--default-signal=HUP", "sh", "-c", &shell(command)].map(str::to_owned).to_vec();
    within(command, "env", line)
}

/// The number of a process that a program has said.
pub(crate) fn process(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("process ")).map(str::trim)
}

pub(crate) fn lives(process: &str) -> bool {
    let status = Command::new("kill").args(["-0", process]).stderr(Stdio::null()).status();
    status.expect("there is `kill`").success()
}

/// With `nohup` a terminal that is closed ends nothing.
#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_is_ignored_stays_so() {
    for (ignored, expected) in [("trap '' HUP; ", true), ("", false)] {
        let command = endless(&["--profile", "debug", "--color", "never"]);
        let (child, _stderr, _) = running(of_a_terminal(&command, ignored));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("it is listed");
        let mask = u64::from_str_radix(mask.trim(), 16).expect("it is a number");
        send(&[child.id().to_string()], "-TERM");
        assert_eq!(Run::of(child.wait_with_output().expect("it ends")).code, Some(1));
        // SIGHUP is the first.
        assert_eq!(mask & 1 == 1, expected, "{mask:x}");
    }
}

/// A job that is cancelled while cargo builds leaves no build behind.
#[test]
fn what_ends_the_command_ends_the_build_too() {
    for (signal, code) in [("-TERM", 143), ("-HUP", 129), ("-INT", 130)] {
        let folder = folder(&format!("build{signal}"));
        let cargo = folder.join("cargo");
        let real = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        // Where it would build it says its number, and takes its time.
        let script = format!(
            "#!/bin/sh\nif [ \"$1\" = build ]; then echo \"process $$\" >number.new; mv number.new number; exec sleep 100; fi\nexec '{real}' \"$@\"\n"
        )
        .replace("number", &folder.join("number").to_string_lossy());
        std::fs::write(&cargo, script).expect("a script");
        std::fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("it can be run");
        let mut audit = endless(&["--profile", "debug"]);
        audit.env("CARGO", &cargo);
        let child = of_a_terminal(&audit, "")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let until = Instant::now() + Duration::from_secs(60);
        let said = loop {
            match std::fs::read_to_string(folder.join("number")) {
                Ok(said) => break said,
                Err(_) => assert!(Instant::now() < until, "nothing is built"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let build = process(&said).expect("it says it");
        send(&[child.id().to_string()], signal);
        let run = Run::of(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, Some(code), "{signal}: {}", run.stderr);
        while lives(build) {
            assert!(Instant::now() < until, "{signal}: the build lives on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
