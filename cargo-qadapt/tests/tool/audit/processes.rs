//! Each process leaves a trace of its own.

use crate::audit::command::{audit, counts};

#[test]
fn a_forked_child_goes_on_in_the_open_region() {
    let run = audit("forks", &[]);
    run.assert(1, "");
    let report = run.report();
    assert_eq!((report.profiles[0].processes, report.profiles[0].cut_short), (2, 0));
    let own = counts(&report, "child's own");
    assert_eq!((own.calls, own.allocs, own.bytes), (1, 1, 1));
    // One before the fork, five in the child, the child's own inner one, and nothing twice.
    let outer = counts(&report, "forks.rs:7");
    assert_eq!((outer.calls, outer.allocs, outer.permitted), (1, 7, 1));
}

#[test]
fn a_program_that_starts_others() {
    let report = audit("spawns", &[]).report();
    assert_eq!(report.profiles[0].processes, 3);
    let region = counts(&report, "spawns.rs:14");
    assert_eq!((region.calls, region.allocs, region.deallocs), (3, 3, 3));
}
