//! What a trace costs the program: figures for `docs/audit.md`, which nothing asserts.

use std::path::Path;
use std::process::Command;

use crate::command::{Run, folder, qadapt, target_directory};

const RUNS: usize = 5;

/// Seconds of processor time of one run of `pace KIND`, as bash counts them. The kernel knows their sum; what of it was the
/// user's it only samples.
fn seconds(program: &Path, kind: &str, traces: Option<&Path>) -> f64 {
    let mut command = Command::new("bash");
    command
        .args(["-c", "TIMEFORMAT='%3U %3S'; time \"$0\" \"$1\" >/dev/null"])
        .arg(program)
        .arg(kind)
        .env("LC_ALL", "C")
        .env("QADAPT_MODE", "count")
        .env_remove("QADAPT_TRACE");
    if let Some(folder) = traces {
        command.env("QADAPT_TRACE", folder);
    }
    if kind == "boxes" {
        command.env("QADAPT_WHOLE_PROGRAM", "1");
    }
    let output = command.output().expect("bash");
    let text = String::from_utf8_lossy(&output.stderr);
    let numbers = text.split_whitespace().map(str::parse::<f64>);
    numbers.sum::<Result<f64, _>>().unwrap_or_else(|_| panic!("{output:?}"))
}

/// What a program runs under: its name, the command before the program's, the environment.
type Way<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

/// A program by itself, traced as a whole, with live memory, and under two others that follow each block. Prints processor time and the
/// most memory. Debian: `time`, `heaptrack`, `valgrind`.
#[test]
#[ignore = "measures: cargo test -p cargo-qadapt --test audit -- --ignored --nocapture pace"]
fn pace_of_live_memory_beside_others() {
    let target = target_directory().with_file_name("pace-unwinder");
    let audit =
        qadapt(&["audit", "-p", "pace", "--profile", "release", "--whole-program", "--format", "json"])
            .args(["--", "mixed"])
            .env("CARGO_TARGET_DIR", &target)
            .output()
            .expect("the command starts");
    let report = Run::of(audit).report();
    let program = target.join("qadapt/release/pace");
    let folder = folder("pace-live");
    let whole = [("QADAPT_WHOLE_PROGRAM", "1")];
    let live = [("QADAPT_WHOLE_PROGRAM", "1"), ("QADAPT_TRACE_LIVE", "1")];
    let dhat = format!("--dhat-out-file={}", folder.join("dhat.out").display());
    let heaptrack = folder.join("heaptrack").display().to_string();
    let ways: [Way<'_>; 5] = [
        ("by itself", &[], &[]),
        ("a trace of the whole program", &[], &whole),
        ("the same with live memory", &[], &live),
        ("heaptrack", &["heaptrack", "-o", &heaptrack], &[]),
        ("valgrind --tool=dhat", &["valgrind", "--tool=dhat", &dhat], &[]),
    ];
    println!("mixed: {} events", report.profiles[0].events);
    for (name, under, environment) in ways {
        if under.first().is_some_and(|tool| Command::new(tool).arg("--version").output().is_err()) {
            println!("{name}: not installed");
            continue;
        }
        let runs: Vec<[f64; 2]> =
            (0..RUNS).map(|_| used_under(under, &program, environment, &folder)).collect();
        let least = |figure: usize| runs.iter().map(|run| run[figure]).fold(f64::MAX, f64::min);
        println!("{name}: {:.2} s, {:.1} MB", least(0), least(1));
    }
}

/// What `pace mixed` takes, under another program or not: processor time in seconds with that of what it starts, and the most memory of
/// one process, in megabytes.
fn used_under(under: &[&str], program: &Path, environment: &[(&str, &str)], folder: &Path) -> [f64; 2] {
    let mut command = Command::new("time");
    command
        .args(["--format", "used %U %S %M", "--"])
        .args(under)
        .arg(program)
        .arg("mixed")
        .envs(environment.iter().copied())
        .env("QADAPT_MODE", "count")
        .env_remove("QADAPT_TRACE");
    if !environment.is_empty() {
        command.env("QADAPT_TRACE", folder);
    }
    let output = command.output().expect("GNU time");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| line.strip_prefix("used ")).expect("what was used");
    let figures: Vec<f64> = line.split(' ').map(|figure| figure.parse().expect("a number")).collect();
    let [user, system, kilobytes] = figures[..] else { panic!("{line}") };
    [user + system, kilobytes / 1000.0]
}

/// Prints for each kind of work the ratio of a traced run's processor time to a plain one's, of the program as an audit
/// builds it, best of some interleaved runs.
#[test]
#[ignore = "measures: cargo test -p cargo-qadapt --test audit -- --ignored --nocapture pace"]
fn pace_with_and_without_a_trace() {
    let kinds = ["clean", "rare", "unprotected", "heavy", "boxes"];
    for (profile, walk, flags) in [
        ("debug", "unwinder", ""),
        ("release", "unwinder", ""),
        ("release", "frame pointers", "-Cforce-frame-pointers=yes"),
    ] {
        let target = target_directory().with_file_name(format!("pace-{}", walk.replace(' ', "-")));
        let audit = qadapt(&["audit", "-p", "pace", "--profile", profile, "--", "clean"])
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTFLAGS", flags)
            .output()
            .expect("the command starts");
        assert_eq!(audit.status.code(), Some(0), "{audit:?}");
        let program = target.join("qadapt").join(profile).join("pace");
        for kind in kinds {
            let (mut plain, mut traced) = (f64::MAX, f64::MAX);
            for _ in 0..RUNS {
                plain = plain.min(seconds(&program, kind, None));
                traced = traced.min(seconds(&program, kind, Some(&folder("pace"))));
            }
            println!("{kind} ({profile}, {walk}): {:.2} ({plain:.3} s, {traced:.3} s)", traced / plain);
        }
    }
}
