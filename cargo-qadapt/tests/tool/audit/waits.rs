//! Blocking calls are events like requests to the allocator, and where none can be seen nothing is said to be clean.

use cargo_qadapt::report::figures::{Op, Report};
use cargo_qadapt::report::lines::lines;
use cargo_qadapt::report::op;

use crate::audit::command::{audit, counts, fixtures, run};

/// The lines at which calls were made: line, call and how often.
fn calls(report: &Report) -> Vec<(u32, String, u64)> {
    let lines = lines(report);
    let calls = lines.iter().filter(|line| line.op.is_call()).map(|line| {
        let (_, number) = line.at.clone().expect("the stack goes to the program's own line");
        (number, op::name(line.op).into_owned(), line.counts[0].expect("there is one profile").count)
    });
    calls.collect()
}

#[test]
fn calls_have_their_sites_and_modes_do_not_end_the_run() {
    let run = audit("waits", &[]);
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        run.assert(2, "unmeasured");
        return;
    }
    run.assert(1, "");
    let report = run.report();
    let callback = counts(&report, "callback");
    assert_eq!((callback.calls, callback.blocking_calls, callback.unwatched), (5, 5, 0));
    assert_eq!((callback.allocs, callback.disallowed), (5, 5), "allocation is allowed");
    assert_eq!(callback.permitted, 5, "what a permit allows is told as such");
    // A region inside that allows calls is the innermost one all the same, and both have the call in their figures.
    let at_26 = report.regions.iter().filter(|region| region.place.line == 26);
    let seen: Vec<u64> = at_26.filter_map(|region| Some(region.counts[0]?.blocking_calls)).collect();
    assert_eq!(seen, [1, 1]);
    assert_eq!(
        calls(&report),
        [(30, "clock_nanosleep (sleep)".to_owned(), 5), (26, "sched_yield (yield)".to_owned(), 1)]
    );
    assert_eq!(report.profiles[0].disallowed, 6);
    assert!(report.profiles[0].events >= 6);
    assert!(report.sites.iter().all(|site| site.op != Op::Dealloc), "a call is no deallocation");
}

#[test]
fn what_cannot_be_seen_is_unmeasured() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let arguments = ["-p", "odd", "--bin", "waits", "--profile", "debug", "--", "forbidden"];
    let audited = run(&[&["audit"], &arguments[..]].concat());
    audited.assert(2, "in profile debug the blocking calls of callback (odd/src/bin/waits.rs:");
    assert!(
        audited.stdout.contains("debug: blocking calls unmeasured in 5 of 5 entries"),
        "{}",
        audited.stdout
    );
    // A baseline cannot be made of it, and it does not pass against one.
    let lock = fixtures().join("qadapt.lock");
    assert!(!lock.exists(), "the fixtures have no baseline");
    run(&[&["check", "--bless"], &arguments[..]].concat())
        .assert(2, "was not written: the figures are not whole");
    assert!(!lock.exists(), "nothing was settled");
}
