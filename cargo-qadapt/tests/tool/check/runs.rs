//! Figures that vary from run to run.

use crate::check::copy::Copy;

#[test]
fn a_range_is_kept_and_accepted() {
    let copy = Copy::new("runs");
    let counter = copy.root.join("starts");
    let counter = counter.to_str().expect("the path is UTF-8").to_owned();
    let line = copy.line("meter/src/lib.rs", "    assert_no_alloc(|| {");
    let check = |more: &[&str], starts: usize| {
        copy.write("starts", &".".repeat(starts));
        copy.check(&[more, &["--", &counter]].concat())
    };
    let varies = format!("warning[varies]: meter/src/lib.rs:{line} in debug: 3 to 5 allocations");
    check(&["--bless", "--runs", "3"], 2).assert(0, &[&varies, "not the same in each run", "1 note"]);
    let lock = copy.read("qadapt.lock");
    assert!(
        lock.contains("allocs = [3, 5], reallocs = 0, deallocs = [3, 5], bytes = [24, 40], peak_bytes = 8"),
        "{lock}"
    );
    for (starts, code, said) in [
        (2, 0, "0 notes"),
        (4, 0, "0 notes"),
        (5, 1, "6 allocations instead of 3 to 5"),
        (1, 0, "note[less-than-baseline]"),
    ] {
        check(&[], starts).assert(code, &[said]);
    }
    check(&["--runs", "2"], 4).assert(1, &["5 to 6 allocations instead of 3 to 5"]);
    check(&["--runs", "2"], 3).assert(0, &["0 notes"]);
}

/// The first one does not take it all.
#[test]
fn each_run_reads_the_same() {
    let copy = Copy::new("inputs");
    copy.write("stdin", "one\ntwo\n");
    copy.edit("meter/src/main.rs", "fill(times)", "fill(std::io::stdin().lines().count() as u64)");
    copy.check(&["--runs", "2", "--bless"]).assert(0, &["check passed: 0 failures, 0 notes"]);
    assert!(copy.read("qadapt.lock").contains("allocs = 2, reallocs = 0, deallocs = 2, bytes = 16"));
}

/// By request.
#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn what_c_allocates_is_held_against_the_baseline() {
    let copy = Copy::new("in-c");
    copy.write("meter/src/main.rs", include_str!("../../packages/audited/odd/src/bin/asks_c.rs"));
    copy.bless(&["--c"]);
    copy.check(&["--c"]).assert(0, &["0 failures", "0 notes"]);
    copy.edit(
        "meter/src/main.rs",
        "qadapt::assert_no_alloc(copy)",
        "qadapt::assert_no_alloc(|| [(); 2].map(|()| copy()))",
    );
    copy.check(&["--c"]).assert(1, &["2 allocations instead of 1"]);
}
