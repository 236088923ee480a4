//! Every time or once: how events spread over entries.

use cargo_qadapt::report::figures::{Counts, RegionKind, Report};

use crate::audit::command::{audit, run};

/// The line of a fixture that has this text.
fn line_of(text: &str) -> u32 {
    let source = include_str!("../../packages/audited/odd/src/bin/spread.rs");
    let line = source.lines().position(|line| line.contains(text)).expect("the text is there");
    u32::try_from(line + 1).expect("it is short")
}

fn counts(report: &Report, line: u32) -> Counts {
    let region = report.regions.iter().find(|region| region.place.line == line);
    region.and_then(|region| region.counts[0]).unwrap_or_else(|| panic!("no region {line} in {report:#?}"))
}

/// Entries, those with events, events in the first, in the middle one and in the worst.
fn told(counts: &Counts) -> [u64; 5] {
    let spread = &counts.spread;
    assert!(!spread.is_partial);
    [spread.all(), spread.with_events(), spread.first, spread.median(spread.all()), spread.worst]
}

#[test]
fn warming_up_is_told_from_every_time() {
    let run = audit("spread", &[]);
    run.assert(1, "");
    let report = run.report();
    let at = |text: &str, more: u32| counts(&report, line_of(text) + more);
    assert_eq!(told(&at("// Once", 1)), [10, 1, 1, 0, 1]);
    assert_eq!(told(&at("|| drop(black_box(Box::new(round)))", 0)), [10, 10, 2, 2, 2]);
    assert_eq!(told(&at("for round in 0..5_u64", 1)), [5, 4, 0, 4, 8]);
    let nested = at("fn nested", 1);
    assert_eq!(
        (nested.calls, told(&nested)),
        (3, [1, 1, 6, 6, 6]),
        "an entry inside itself is none of its own"
    );
}

#[test]
fn sites_say_it_too() {
    let text = run(&["audit", "-p", "odd", "--bin", "spread", "--profile", "debug,release"]);
    text.assert(1, "");
    for expected in [
        "events in 1 of 10 entries: 1 in the first, median 0, worst 1",
        "10 times, 80 bytes, the largest request 8 bytes; in 10 of 10 entries: 1 in the first, median 1, worst 1",
        "10 times, 80 bytes, the largest request 8 bytes; in 4 of 5 entries: 0 in the first, median 2, worst 4",
        // Of copies of one line the entries are the same or not.
        "30 times, 240 bytes, the largest request 8 bytes; in 10 of 10 entries: 3 in the first, worst 3",
    ] {
        assert!(text.stdout.matches(expected).count() >= 2, "in both: {expected}\n{}", text.stdout);
    }
}

/// A region that only counts disallows nothing, and is none that events belong to.
#[test]
fn what_counts_is_listed() {
    let run = audit("spread", &["--region", "*greeting"]);
    let report = run.report();
    let [region] = &report.regions[..] else { panic!("one region is called so: {report:#?}") };
    let counts = region.counts[0].expect("it was entered");
    assert_eq!(
        (region.place.kind, counts.calls, counts.allocs, counts.disallowed),
        (RegionKind::Counting, 4, 4, 0)
    );
    assert_eq!(told(&counts), [4, 4, 1, 1, 1]);
    // Each poll of a counted future is an entry.
    let answer = audit("spread", &["--region", "*answer"]).report();
    let [region] = &answer.regions[..] else { panic!("one region is called so: {answer:#?}") };
    let counts = region.counts[0].expect("it was polled");
    assert_eq!((region.place.kind, counts.allocs, counts.disallowed), (RegionKind::Counting, 6, 0));
    assert_eq!(told(&counts), [6, 6, 1, 1, 1]);
    let all = audit("spread", &[]).report();
    let counting: Vec<_> =
        all.regions.iter().filter(|region| region.place.kind == RegionKind::Counting).collect();
    let mut allocs: Vec<u64> = counting.iter().filter_map(|region| Some(region.counts[0]?.allocs)).collect();
    allocs.sort_unstable();
    assert_eq!(allocs, [1, 1, 4, 6], "in a permit too, and not where it is left out: {counting:#?}");
    let is_counting = |region: usize| all.regions[region].place.kind == RegionKind::Counting;
    assert!(!all.sites.iter().any(|site| is_counting(site.region)));
}
