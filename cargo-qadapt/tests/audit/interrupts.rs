//! Ctrl-C while a program runs.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use crate::command::{Run, qadapt};

/// An audit of a program that runs until it is interrupted.
fn endless(arguments: &[&str]) -> Command {
    qadapt(&[&["audit", "-p", "odd", "--bin", "endless"], arguments].concat())
}

/// Reads until `is_enough` says so, and returns what was read.
fn read_until(source: &mut impl Read, is_enough: impl Fn(&str) -> bool) -> String {
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

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("there is `kill`").success());
}

#[test]
fn an_interrupt_ends_the_program_and_the_report_follows() {
    let mut child = endless(&["--profile", "debug"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stderr = child.stderr.take().expect("it is a pipe");
    read_until(&mut stderr, |text| text.contains("running\n"));
    interrupt(&child);
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    assert!(run.stdout.contains("odd/src/bin/endless.rs:7"), "{}", run.stdout);
    assert!(run.stdout.contains("once, 8 bytes"), "{}", run.stdout);
}

#[test]
fn profiles_that_an_interrupt_leaves_out_are_named() {
    let mut child =
        endless(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let mut stderr = child.stderr.take().expect("it is a pipe");
    read_until(&mut stderr, |text| text.contains("running\n"));
    interrupt(&child);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("it is UTF-8");
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(2), "not all of it was audited");
    assert!(rest.contains("was interrupted, and not run in profile release"), "{rest}");
    assert!(run.stdout.contains("odd/src/bin/endless.rs:7"), "{}", run.stdout);
}

/// `script` of util-linux gives the command a terminal. `exec`: a shell that waits for it would take the interrupt for its own,
/// and dash ends with 130 then.
#[test]
fn on_a_terminal_a_line_moves_while_the_program_runs() {
    let command = endless(&["--profile", "debug", "--color", "never"]);
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let words: Vec<String> = words.iter().map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let mut script = Command::new("script");
    script
        .args(["-qec", &format!("exec {}", words.join(" ")), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    script.current_dir(command.get_current_dir().expect("it is set"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let mut child = script.spawn().expect("there is `script`");
    let (mut keys, mut screen) =
        (child.stdin.take().expect("it is a pipe"), child.stdout.take().expect("it is a pipe"));
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
