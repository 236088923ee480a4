//! What it costs to follow each block, beside others that do: work by itself, traced as a whole, with live memory, and under
//! other profilers. Prints processor time, the most memory, and how many times the program's own time it is, in rounds of one
//! run each of every kind and way. What is missing is installed, or said.
//!
//! `cargo bench -p cargo-qadapt --bench live`; figures are in `docs/audit.md`.

use std::path::Path;
use std::process::Command;

use command::{Run, folder, qadapt, target_directory};

#[path = "../tests/tool/audit/command.rs"]
#[allow(dead_code, reason = "the tests of audits need more of it")]
mod command;

const RUNS: usize = 5;

/// One way to run some work.
struct Way {
    name: &'static str,
    /// The program and its arguments, behind what it runs under.
    command: Vec<String>,
    environment: &'static [(&'static str, &'static str)],
    /// In one round alone: it takes long.
    is_slow: bool,
    /// Processor time and memory of each run.
    runs: Vec<[f64; 2]>,
}

impl Way {
    fn new(name: &'static str, command: &[&str]) -> Self {
        let command = command.iter().map(|&word| word.to_owned()).collect();
        Self { name, command, environment: &[], is_slow: false, runs: Vec::new() }
    }

    fn least(&self, figure: usize) -> f64 {
        self.runs.iter().map(|run| run[figure]).fold(f64::MAX, f64::min)
    }
}

fn main() {
    let folder = folder("live");
    let programs = Programs::build();
    installed("time").expect("GNU time is Debian's package `time`");
    let mut work = ["mixed", "sparse", "dense"]
        .map(|kind| (kind, traced("unwinder", "", kind).1, programs.ways(kind, &folder)));
    for round in 0..RUNS {
        for way in work.iter_mut().flat_map(|(_, _, ways)| ways).filter(|way| round == 0 || !way.is_slow) {
            way.runs.push(used(way, &folder));
        }
    }
    for (kind, events, ways) in &work {
        let own = &ways[0].runs;
        let rate = f64::from(u32::try_from(*events).expect("it fits")) / ways[0].least(0);
        println!("{kind}: {events} events, {rate:.0} a second of the program by itself");
        println!("the least of {RUNS} rounds, and the median of their ratios");
        for way in ways {
            let mut ratios: Vec<f64> = way.runs.iter().zip(own).map(|(run, own)| run[0] / own[0]).collect();
            ratios.sort_by(f64::total_cmp);
            let ratio = ratios[ratios.len() / 2];
            println!("{}: {:.2} s, {ratio:.2} times, {:.1} MB", way.name, way.least(0), way.least(1));
        }
    }
}

/// What the works run in.
struct Programs {
    unwinder: String,
    frame_pointers: String,
    /// The reason where one is not to be had.
    heapscope: Result<String, String>,
    dhat: Result<String, String>,
    tools: [(&'static str, Result<(), String>); 2],
}

impl Programs {
    fn build() -> Self {
        let (unwinder, _) = traced("unwinder", "", "mixed");
        let (frame_pointers, _) = traced("frame-pointers", "-Cforce-frame-pointers=yes", "mixed");
        let programs = Self {
            unwinder,
            frame_pointers,
            heapscope: peer(
                "nightly",
                &["+nightly", "build", "--features", "heapscope"],
                "-Cforce-frame-pointers=yes",
                "heapscope_work",
            ),
            dhat: peer("", &["build", "--no-default-features"], "", "dhat_work"),
            tools: ["heaptrack", "valgrind"].map(|tool| (tool, installed(tool))),
        };
        let peers = [("heapscope", &programs.heapscope), ("the crate dhat", &programs.dhat)];
        let peers = peers.into_iter().filter_map(|(name, program)| Some((name, program.as_ref().err()?)));
        let tools = programs.tools.iter().filter_map(|(name, tool)| Some((*name, tool.as_ref().err()?)));
        for (name, reason) in peers.chain(tools) {
            println!("{name} is left out: {reason}");
        }
        programs
    }

    fn ways(&self, kind: &str, folder: &Path) -> Vec<Way> {
        let whole: &[_] = &[("QADAPT_WHOLE_PROGRAM", "1")];
        let live: &[_] = &[("QADAPT_WHOLE_PROGRAM", "1"), ("QADAPT_TRACE_LIVE", "1")];
        let within = |name: &str| folder.join(name).display().to_string();
        let (unwinder, pointers) = (&self.unwinder, &self.frame_pointers);
        let mut ways = vec![
            Way::new("the program by itself", &[unwinder, kind]),
            Way { environment: whole, ..Way::new("a trace of the whole program", &[unwinder, kind]) },
            Way { environment: live, ..Way::new("the same with live memory", &[unwinder, kind]) },
            Way { environment: live, ..Way::new("the same with frame pointers", &[pointers, kind]) },
        ];
        if let Ok(program) = &self.heapscope {
            let command = [program, &within("heapscope.out"), kind];
            ways.push(Way::new("heapscope, which needs frame pointers", &command));
        }
        if let Ok(program) = &self.dhat {
            ways.push(Way::new("the crate dhat", &[program, kind]));
        }
        let dhat = format!("--dhat-out-file={}", within("dhat.out"));
        let heaptrack = Way::new("heaptrack", &["heaptrack", "-o", &within("heaptrack"), unwinder, kind]);
        let dhat = Way::new("Valgrind's DHAT", &["valgrind", "--tool=dhat", &dhat, unwinder, kind]);
        let tools = [heaptrack, Way { is_slow: true, ..dhat }];
        ways.extend(self.tools.iter().zip(tools).filter(|((_, tool), _)| tool.is_ok()).map(|(_, way)| way));
        ways
    }
}

/// The program `pace`, as an audit builds it with these flags of the compiler, and how many events this work has.
fn traced(walk: &str, flags: &str, kind: &str) -> (String, u64) {
    let target = target_directory().with_file_name(format!("pace-{walk}"));
    let audit =
        qadapt(&["audit", "-p", "pace", "--profile", "release", "--whole-program", "--format", "json"])
            .args(["--", kind])
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTFLAGS", flags)
            .output()
            .expect("the command starts");
    let report = Run::of(audit).report();
    (target.join("qadapt/release/pace").display().to_string(), report.profiles[0].events)
}

/// A program of `benches/peers` with the same works; the reason where it is not to be had.
fn peer(package: &str, build: &[&str], flags: &str, name: &str) -> Result<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/peers").join(package);
    let target = target_directory().with_file_name(format!("pace-{}", name.trim_end_matches("_work")));
    let output = Command::new("cargo")
        .args(build)
        .args(["--quiet", "--release", "--locked", "--bin", name])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(folder)
        .env("RUSTFLAGS", flags)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let program = target.join("release").join(name).display().to_string();
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
