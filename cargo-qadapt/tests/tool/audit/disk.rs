//! Disks that are full, and limits on files: the program runs on, and what is missing is said.

use std::process::Command;

use cargo_qadapt::report::figures::SiteCounts;

use crate::audit::command::{Run, audit, counts, folder, qadapt, run, target_directory};

const AUDIT: [&str; 8] = ["audit", "-p", "odd", "--bin", "full", "--profile", "debug", "--format"];

fn with_room_for(requests: usize, arguments: &[&str]) -> Run {
    let mut command = qadapt(&AUDIT);
    command.arg("json").args(arguments).env("ROOM_FOR", requests.to_string());
    Run::of(command.output().expect("the command starts"))
}

#[test]
fn without_any_room_there_is_no_trace() {
    let run = with_room_for(0, &[]);
    run.assert(2, "nothing was audited: there is no trace");
    assert!(run.stderr.contains("qadapt: no trace in ") && run.stderr.contains("no room on its disk"));
    assert!(run.stderr.contains("ran to its end"), "{}", run.stderr);
    assert!(!run.stderr.contains("left no trace in profile"), "{}", run.stderr);
    // An empty one tells of the process.
    let traces = target_directory().join("qadapt/traces/odd-bin-full");
    let files = cargo_qadapt::audit::read::files(&traces).expect("the folder is there");
    let sizes: Vec<u64> = files.iter().map(|path| path.metadata().expect("it is there").len()).collect();
    assert_eq!(sizes, [0]);
    let traces = traces.to_str().expect("the path is UTF-8");
    for said in [run, crate::audit::command::run(&["merge", traces])] {
        said.assert(2, "it is empty: there was no room for what this process did");
    }
}

#[test]
fn a_process_that_leaves_no_trace_is_missed() {
    // Enough for the parent alone, and for a growing part of what a child has.
    for room in 4..9 {
        let run = with_room_for(room, &["--", "forks"]);
        run.assert(2, if room == 4 { "it is empty: there was no room" } else { "got no more room" });
    }
    let run = with_room_for(1000, &["--", "forks"]);
    run.assert(1, "");
    assert_eq!(run.report().profiles[0].processes, 3);
}

#[test]
fn without_room_for_regions_nobody_says_that_there_are_none() {
    let run = with_room_for(3, &[]);
    run.assert(2, "nothing was audited: the traces had no room for the regions that were entered");
    assert!(!run.stderr.contains("entered no protected region"), "{}", run.stderr);
}

/// Enough for the header, the strings, the modules and the first regions, but not for stacks.
#[test]
fn when_the_room_ends_counts_stay_exact_and_the_rest_is_lost() {
    let run = with_room_for(4, &[]);
    run.assert(2, "gets no more room (is its disk full?)");
    assert!(run.stderr.contains("got no more room, from a full disk"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("gets no more room").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("ran to its end"), "{}", run.stderr);
    let report = run.report();
    let region = counts(&report, "full.rs:");
    assert_eq!((region.allocs, region.deallocs, region.disallowed), (100, 100, 200));
    assert_eq!(counts(&report, "later").allocs, 1);
    assert_eq!((report.sites.len(), report.profiles[0].disallowed), (0, 202));
    assert!(report.profiles[0].lost > 0);
    assert_eq!(report.profiles[0].unsampled, 0, "nothing was sampled");
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
