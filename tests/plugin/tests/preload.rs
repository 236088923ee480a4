//! A program that links QADAPT and nothing else is watched in C, too, with the library for `LD_PRELOAD`.
//!
//! Alone because it only runs other programs.
#![cfg(all(target_os = "linux", target_env = "gnu", any(debug_assertions, feature = "enforce")))]

use std::env;
use std::process::{Command, Output};

fn run(argument: &str, preloads: bool) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_asks_c"));
    program.arg(argument).env_remove("LD_PRELOAD");
    if preloads {
        let test = env::current_exe().expect("the test's own path");
        program.env("LD_PRELOAD", test.with_file_name("libqadapt_preload.so"));
    }
    program.output().expect("the program can be started")
}

#[test]
fn what_c_allocates_is_an_event_of_the_program_s_guard() {
    let told = |preloads| String::from_utf8(run("", preloads).stdout).expect("text");
    let seen = "active: true true\n\
        strdup: 1 0 1\n\
        calloc and realloc: 1 1 1\n\
        a box: 1 0 1\n\
        aligned: 1 0 1\n\
        refused: true true\n\
        another thread: 1 0 1\n";
    assert_eq!(told(true), seen);
    let unseen = "active: true false\n\
        strdup: 0 0 0\n\
        calloc and realloc: 0 0 0\n\
        a box: 1 0 1\n\
        aligned: 0 0 0\n\
        refused: false false\n\
        another thread: 0 0 0\n";
    assert_eq!(told(false), unseen);
}

#[test]
fn a_report_names_c_s_function_and_the_line_that_called_it() {
    let output = run("panic", true);
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{report}");
    assert!(report.contains("qadapt: C allocation of 5 bytes (align 16) in a protected region"), "{report}");
    assert!(report.contains("asks_c.rs:"), "{report}");
    assert_eq!(run("panic", false).status.code(), Some(0));
}

#[test]
fn a_program_without_a_guard_does_not_notice() {
    let test = env::current_exe().expect("the test's own path");
    let library = test.with_file_name("libqadapt_preload.so");
    let output =
        Command::new("sh").args(["-c", "echo there $(echo is) nothing"]).env("LD_PRELOAD", library).output();
    let output = output.expect("a shell");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"there is nothing\n"[..], &b""[..]));
}
