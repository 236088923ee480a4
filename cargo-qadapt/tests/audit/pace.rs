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

/// One way to run the work of `pace mixed`.
struct Way {
    name: &'static str,
    /// The program and its arguments, behind what it runs under.
    command: Vec<String>,
    environment: &'static [(&'static str, &'static str)],
    /// In one round alone: it takes long.
    is_slow: bool,
}

impl Way {
    fn new(name: &'static str, command: &[&str]) -> Self {
        let command = command.iter().map(|&word| word.to_owned()).collect();
        Self { name, command, environment: &[], is_slow: false }
    }
}

/// The work by itself, traced as a whole, with live memory, and under others that follow each block. Prints processor time, the most memory,
/// and how many times the program's own time it is, in rounds of one run each. What is missing is installed, or said.
#[test]
#[ignore = "measures: cargo test -p cargo-qadapt --test audit -- --ignored --nocapture pace"]
fn pace_of_live_memory_beside_others() {
    let whole: &[_] = &[("QADAPT_WHOLE_PROGRAM", "1")];
    let live: &[_] = &[("QADAPT_WHOLE_PROGRAM", "1"), ("QADAPT_TRACE_LIVE", "1")];
    let folder = folder("pace-live");
    let within = |name: &str| folder.join(name).display().to_string();
    let [(unwinder, events), (pointers, _)] =
        [("unwinder", ""), ("frame-pointers", "-Cforce-frame-pointers=yes")].map(mixed_program);
    let mut ways = vec![
        Way::new("the program by itself", &[&unwinder, "mixed"]),
        Way { environment: whole, ..Way::new("a trace of the whole program", &[&unwinder, "mixed"]) },
        Way { environment: live, ..Way::new("the same with live memory", &[&unwinder, "mixed"]) },
        Way { environment: live, ..Way::new("the same with frame pointers", &[&pointers, "mixed"]) },
    ];
    match heapscope() {
        Ok(program) => ways
            .push(Way::new("heapscope, which needs frame pointers", &[&program, &within("heapscope.out")])),
        Err(reason) => println!("heapscope is left out: {reason}"),
    }
    let dhat = format!("--dhat-out-file={}", within("dhat.out"));
    let heaptrack = Way::new("heaptrack", &["heaptrack", "-o", &within("heaptrack"), &unwinder, "mixed"]);
    let dhat = Way::new("Valgrind's DHAT", &["valgrind", "--tool=dhat", &dhat, &unwinder, "mixed"]);
    for (tool, way) in [("heaptrack", heaptrack), ("valgrind", Way { is_slow: true, ..dhat })] {
        match installed(tool) {
            Ok(()) => ways.push(way),
            Err(reason) => println!("{tool} is left out: {reason}"),
        }
    }
    installed("time").expect("GNU time is Debian's package `time`");
    let mut runs = vec![Vec::new(); ways.len()];
    for round in 0..RUNS {
        for (way, runs) in ways.iter().zip(&mut runs).filter(|(way, _)| round == 0 || !way.is_slow) {
            runs.push(used(way, &folder));
        }
    }
    println!("mixed: {events} events; the least of {RUNS} rounds, and the median of their ratios");
    let own = runs[0].clone();
    for (way, runs) in ways.iter().zip(&runs) {
        let least = |figure: usize| runs.iter().map(|run| run[figure]).fold(f64::MAX, f64::min);
        let mut ratios: Vec<f64> = runs.iter().zip(&own).map(|(run, own)| run[0] / own[0]).collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        println!("{}: {:.2} s, {ratio:.1} times, {:.1} MB", way.name, least(0), least(1));
    }
}

/// The program `pace`, as an audit builds it with these flags of the compiler, and how many events its work has.
fn mixed_program((walk, flags): (&str, &str)) -> (String, u64) {
    let target = target_directory().with_file_name(format!("pace-{walk}"));
    let audit =
        qadapt(&["audit", "-p", "pace", "--profile", "release", "--whole-program", "--format", "json"])
            .args(["--", "mixed"])
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTFLAGS", flags)
            .output()
            .expect("the command starts");
    let report = Run::of(audit).report();
    (target.join("qadapt/release/pace").display().to_string(), report.profiles[0].events)
}

/// The same work under heapscope; the reason where it is not to be had.
fn heapscope() -> Result<String, String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/peers/nightly/Cargo.toml");
    let target = target_directory().with_file_name("pace-heapscope");
    let output = Command::new("cargo")
        .args(["+nightly", "build", "--quiet", "--release", "--locked", "--features", "heapscope"])
        .args(["--bin", "heapscope_mixed", "--manifest-path"])
        .arg(package)
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", "-Cforce-frame-pointers=yes")
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let program = target.join("release/heapscope_mixed").display().to_string();
    if output.status.success() { Ok(program) } else { Err(said) }
}

/// Installs a program from Debian's package of that name if it is not there.
fn installed(tool: &str) -> Result<(), String> {
    if Command::new(tool).arg("--version").output().is_ok() {
        return Ok(());
    }
    let output = Command::new("apt-get")
        .args(["install", "--yes", "--quiet", "--no-install-recommends", tool])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .map_err(|error| format!("not installed, and apt-get does not start ({error})"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("apt-get could not install it: {said}")) }
}

/// What a run takes: processor time in seconds with that of what it starts, and the most memory of one process, in megabytes.
fn used(way: &Way, folder: &Path) -> [f64; 2] {
    let mut command = Command::new("time");
    command
        .args(["--format", "used %U %S %M", "--"])
        .args(&way.command)
        .envs(way.environment.iter().copied())
        .env("QADAPT_MODE", "count")
        .env_remove("QADAPT_TRACE");
    if !way.environment.is_empty() {
        command.env("QADAPT_TRACE", folder);
    }
    let output = command.output().expect("GNU time");
    assert!(output.status.success(), "{}: {output:?}", way.name);
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
