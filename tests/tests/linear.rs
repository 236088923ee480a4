//! What is open costs no more a level where much is open: instructions counted by callgrind.
//!
//! Alone because it only watches other processes; its own allocator tells whether this build has checks.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use qadapt::QADAPT;
use qadapt_tests::child;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// The instructions of a program's `counted_from_here`.
fn instructions(case: &str, depth: u64, trace: Option<&Path>) -> u64 {
    let file = env::temp_dir().join(format!("qadapt-linear-{}-{case}-{depth}", std::process::id()));
    let mut command = child::command("valgrind");
    command
        .args(["--tool=callgrind", "--quiet", "--toggle-collect=*counted_from_here*"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(child::program("deep"))
        .args([case, &depth.to_string()]);
    if let Some(trace) = trace {
        command.env("QADAPT_TRACE", trace);
    }
    let outcome = child::run(&mut command);
    assert!(outcome.status.success(), "{case} {depth}: {outcome:?}");
    let text = fs::read_to_string(&file).expect("callgrind's file");
    let _ = fs::remove_file(&file);
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")).expect("a total");
    total.trim().parse().expect("a number")
}

#[test]
#[ignore = "needs valgrind; `.ci/run instructions` runs it"]
fn eight_times_as_deep_costs_about_eight_times_as_much() {
    if !qadapt_tests::watching("what depth costs") {
        return;
    }
    assert!(Command::new("valgrind").arg("--version").output().is_ok(), "valgrind is not installed");
    let folder = env::temp_dir().join(format!("qadapt-linear-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for traces");
    // A traced event takes a million instructions in a build without optimisation. Its walk ends after 4,096 frames, of
    // which a level has about five: most of both depths lies beyond that.
    for (case, shallow, times, trace) in [
        ("budgets", 1_000, 8, None),
        ("ends", 1_000, 8, None),
        ("budgets", 2_000, 2, Some(folder.as_path())),
        ("ends", 1_000, 8, Some(folder.as_path())),
    ] {
        let deep = instructions(case, times * shallow, trace);
        let shallow = instructions(case, shallow, trace);
        println!("{case}, traced {}: {shallow} and {deep} instructions", trace.is_some());
        // Linear is so many times as much, and quadratic the square of it.
        assert!(deep < times * shallow * 3 / 2, "{case}: {shallow} and {deep} instructions");
    }
    let _ = fs::remove_dir_all(&folder);
}
