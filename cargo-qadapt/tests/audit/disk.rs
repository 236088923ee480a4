//! Disks that are full, and limits on files: the program runs on, and what is missing is said.

use std::path::PathBuf;
use std::process::Command;

use cargo_qadapt::report::figures::SiteCounts;

use crate::command::{Run, audit, counts, folder, qadapt, run, target_directory};

const AUDIT: [&str; 8] = ["audit", "-p", "odd", "--bin", "full", "--profile", "debug", "--format"];

fn with_room_for(requests: &str) -> Run {
    let mut command = qadapt(&AUDIT);
    Run::of(command.arg("json").env("ROOM_FOR", requests).output().expect("the command starts"))
}

#[test]
fn without_any_room_there_is_no_trace() {
    let run = with_room_for("0");
    run.assert(2, "nothing was audited");
    assert!(run.stderr.contains("qadapt: no trace in ") && run.stderr.contains("no room on its disk"));
    assert!(run.stderr.contains("ran to its end"), "{}", run.stderr);
    let traces = target_directory().join("qadapt/traces/odd-bin-full");
    assert_eq!(
        cargo_qadapt::audit::collect::files(&traces).expect("the folder is there"),
        [] as [PathBuf; 0]
    );
}

/// Enough for the header, the strings, the modules and the first regions, but not for stacks.
#[test]
fn when_the_room_ends_counts_stay_exact_and_the_rest_is_lost() {
    let run = with_room_for("4");
    run.assert(1, "gets no more room (is its disk full?)");
    assert_eq!(run.stderr.matches("gets no more room").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("ran to its end"), "{}", run.stderr);
    let report = run.report();
    let region = counts(&report, "full.rs:");
    assert_eq!((region.allocs, region.deallocs, region.disallowed), (100, 100, 200));
    assert_eq!(counts(&report, "later").allocs, 1);
    assert_eq!((report.sites.len(), report.profiles[0].disallowed), (0, 202));
    assert!(report.profiles[0].lost > 0);
}

/// As by a program that gives up its user's rights, or has another root from then on.
#[test]
fn a_trace_that_cannot_be_opened_is_no_full_disk() {
    let run = audit("taken_away", &[]);
    run.assert(2, "cannot be opened any more (has the program another user or root now?)");
    assert!(!run.stderr.contains("is its disk full?"), "{}", run.stderr);
}

#[test]
fn with_room_nothing_is_lost() {
    let run = run(&[&AUDIT[..], &["json"]].concat());
    run.assert(1, "ran to its end");
    let report = run.report();
    let sites = report.sites.iter().filter_map(|site| site.counts[0]);
    let sum = sites.fold(SiteCounts::default(), |mut sum, counts| {
        sum.add(&counts);
        sum
    });
    assert_eq!((sum.count, report.profiles[0].lost), (202, 0));
}

/// Beyond the limit the kernel would end the program.
#[test]
fn a_limit_on_the_size_of_files_is_kept() {
    run(&[&AUDIT[..], &["json"]].concat()).assert(1, "");
    let program = target_directory().join("qadapt/debug/full");
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 1000; exec \"$0\"", program.to_str().expect("the path is UTF-8")])
        .env("QADAPT_TRACE", folder("limited"))
        .env("QADAPT_MODE", "count")
        .output()
        .expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{output:?}");
    assert!(stderr.contains("the limit on the size of files (ulimit -f)"), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ran to its end\n");
}
