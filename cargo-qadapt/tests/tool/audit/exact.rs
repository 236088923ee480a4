//! Counts are exact, whatever happens.

use cargo_qadapt::report::figures::{Op, Report};

use crate::audit::command::{self, audit, counts};

/// The sums of a report's sites in the first profile: recorded and estimated events.
fn site_sums(report: &Report, op: Op) -> (u64, u64) {
    let found = report.sites.iter().filter(|site| site.op == op).filter_map(|site| site.counts[0]);
    found.fold((0, 0), |(count, estimate), site| (count + site.count, estimate + site.estimate))
}

#[test]
fn modes_do_not_end_an_audited_run() {
    let run = audit("modes", &[]);
    run.assert(1, "");
    let report = run.report();
    assert_eq!(report.profiles[0].disallowed, 10);
    assert_eq!(counts(&report, "modes.rs:10").calls, 4);
}

#[test]
fn a_process_that_is_killed_leaves_what_it_did() {
    let run = audit("killed", &[]);
    run.assert(1, "warning: the binary `killed` failed in profile debug (signal: 9 (SIGKILL)");
    let report = run.report();
    assert_eq!(report.profiles[0].cut_short, 1);
    let region = counts(&report, "killed.rs:7");
    assert_eq!((region.calls, region.allocs, region.deallocs, region.bytes), (1, 1000, 1000, 8000));
    assert_eq!(
        (site_sums(&report, Op::Alloc), site_sums(&report, Op::Dealloc)),
        ((1000, 1000), (1000, 1000))
    );
    let text = command::run(&["audit", "-p", "odd", "--bin", "killed", "--profile", "debug"]);
    let expected = "1 of the processes ended without exit handlers, as by `_exit`, `exec`, an abort or a signal; \
                    what they did until then is counted";
    assert!(text.stdout.contains(expected), "{}", text.stdout);
}

/// Far more than 10,000 disallowed events a second: stacks are sampled, counts are not.
#[test]
fn stacks_are_sampled_and_counts_are_exact() {
    let run = audit("busy", &[]);
    run.assert(1, "");
    let report = run.report();
    let region = counts(&report, "busy.rs:15");
    assert_eq!((region.calls, region.allocs, region.deallocs, region.peak_bytes), (2, 120_000, 120_000, 8));
    assert_eq!(region.disallowed, 240_000);
    let (allocs, deallocs) = (site_sums(&report, Op::Alloc), site_sums(&report, Op::Dealloc));
    assert_eq!(allocs.0 + deallocs.0 + report.profiles[0].unsampled, 240_000);
    assert!(report.profiles[0].unsampled > 0, "the run took {} stacks", allocs.0 + deallocs.0);
    for (_, estimate) in [allocs, deallocs] {
        // Six standard errors of a sample of one in 256.
        assert!(estimate.abs_diff(120_000) < 34_000, "{estimate}");
    }
    assert!(
        command::run(&["audit", "-p", "odd", "--bin", "busy", "--profile", "debug"])
            .stdout
            .contains("Region counts are exact; site counts are estimates")
    );
}

/// A program whose own allocator, below the guard, counts too.
#[test]
fn the_whole_program_is_what_a_counting_allocator_counts() {
    let run = audit("counted", &["--whole-program"]);
    run.assert(1, "");
    let printed = totals(&run.stderr);
    let [counted] = &printed[..] else { panic!("one line of totals is printed:\n{}", run.stderr) };
    let whole = counts(&run.report(), "the whole program");
    assert_eq!([whole.allocs, whole.reallocs, whole.deallocs, whole.bytes, whole.freed_bytes], counted[..]);
    assert!(whole.allocs > 3000, "the program allocates");
}

/// Published crates' own test suites, to which a fixture adds nothing but the allocator.
#[test]
#[ignore = "downloads crates: cargo test -p cargo-qadapt --test tool -- --ignored published"]
fn published_suites_are_what_a_counting_allocator_counts() {
    for suite in ["arrayvec", "bytes", "indexmap", "itoa", "rtrb", "slab"] {
        let folder = command::fixtures().join("../published");
        let output = command::qadapt(&["audit", "--test", suite, "--whole-program", "--format", "json"])
            .current_dir(folder)
            .output()
            .expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        let report: Report = serde_json::from_slice(&output.stdout).expect("it is a report");
        let printed = totals(&stderr);
        assert_eq!(printed.len(), 2, "one run in each profile:\n{stderr}");
        for (counted, counts) in printed.iter().zip(&report.regions[0].counts) {
            let whole = counts.expect("it ran");
            println!("{suite}: {counted:?}");
            assert_eq!(
                [whole.allocs, whole.reallocs, whole.deallocs, whole.bytes, whole.freed_bytes],
                counted[..]
            );
        }
    }
}

/// The lines of totals that a counting allocator has printed.
fn totals(stderr: &str) -> Vec<Vec<u64>> {
    let lines = stderr.lines().map(|line| line.split_whitespace().map(str::parse::<u64>));
    lines
        .filter_map(|numbers| numbers.collect::<Result<Vec<u64>, _>>().ok())
        .filter(|numbers| numbers.len() == 5)
        .collect()
}

/// Allocations and entries of regions that nest, recurse, unwind and end out of order.
#[test]
fn every_open_region_counts_an_event_once() {
    let run = audit("knots", &[]);
    run.assert(1, "");
    let report = run.report();
    let of = |region: &str| {
        let counts = counts(&report, region);
        (counts.calls, counts.allocs, counts.permitted)
    };
    assert_eq!(of("recursion"), (1, 3, 0));
    // The closure inside the recursion: its first entry contains all but the first allocation.
    assert_eq!(of("knots.rs:81"), (3, 2, 0));
    assert_eq!(
        of("permit"),
        (1, 2, 4),
        "what happens in the permit, its inner region included, is permitted"
    );
    assert_eq!(of("in permit"), (1, 1, 0));
    let unwound = counts(&report, "unwound");
    assert_eq!(
        (unwound.calls, unwound.disallowed),
        (1, 2),
        "what the panic itself allocates is not disallowed"
    );
    assert_eq!(counts(&report, "unwinding").disallowed, 4);
    assert_eq!(of("manual"), (1, 3, 0));
    assert_eq!(of("knots.rs:34"), (1, 1, 0), "a manual region ends under the guard that is inside it");
    assert_eq!(of("guard in manual"), (1, 2, 0));
    assert_eq!(of("outer guard"), (1, 1, 0));
    assert_eq!(of("inner guard"), (1, 2, 0), "it goes on after the outer one");
    assert_eq!(of("out of order").1, 2);
    assert_eq!(of("forgotten guard"), (1, 1, 0));
    assert_eq!(of("after"), (1, 1, 0), "nothing of the region before is left open");
    assert_eq!(of("threads"), (3, 3, 0));
    let peak = counts(&report, "peak");
    assert_eq!((peak.allocs, peak.bytes, peak.freed_bytes, peak.peak_bytes), (3, 220, 220, 120));
    assert_eq!(of("forbidding"), (1, 2, 0), "a permit inside is void");
    assert_eq!(of("escaped guard"), (1, 0, 0), "it ended with the permit in which it was entered");
}

#[test]
fn what_is_left_out_has_no_part_in_a_peak() {
    let report = audit("left_out", &[]).report();
    let permits = counts(&report, "permits");
    assert_eq!((permits.calls, permits.bytes, permits.peak_bytes), (2, 30, 20), "none of what is permitted");
    let counted = counts(&report, "left_out.rs:29");
    assert_eq!((counted.bytes, counted.peak_bytes), (7, 7), "none of what is not counted");
}
