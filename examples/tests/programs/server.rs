//! The web server.

use crate::child::{Outcome, run, site};

/// Requests, watched ones and violations of a route.
fn figures(outcome: &Outcome, route: &str) -> [u64; 3] {
    let figures: Vec<u64> =
        outcome.value(route).split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
    figures.try_into().unwrap_or_else(|other| panic!("three figures: {other:?} in {outcome:#?}"))
}

/// The averages were computed by a separate program in another language.
#[test]
fn each_request_is_answered() {
    let outcome = run("server", &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    for (path, answer) in [
        ("/average/0/2491:", "99.9550"),
        ("/average/100/200:", "99.9429"),
        ("/average/64/128:", "99.9376"),
        ("/trades/7/9:", "110 shares at 99.98, 240 shares at 99.98"),
        ("/health:", "well"),
    ] {
        assert_eq!(outcome.value(path), answer, "{outcome:#?}");
    }
}

#[test]
fn one_request_in_ten_is_watched_under_the_name_of_its_route() {
    let outcome = run("server", &[]);
    let [average, trades, health] = ["/average/{first}/{last} ", "/trades/{first}/{last} ", "/health "];
    // The hot route needs memory only where it has a permit, the last one has a budget.
    assert_eq!(figures(&outcome, average), [800, 80, 0]);
    assert_eq!(figures(&outcome, health), [200, 20, 0]);
    let [answers, watched, violations] = figures(&outcome, trades);
    assert_eq!([answers, watched], [200, 20]);
    if !qadapt::is_active() {
        assert_eq!((violations, outcome.err.as_str()), (0, ""));
        return;
    }
    // Each list is one text and one answer, and so as many as any other.
    assert_eq!(violations % watched, 0, "{outcome:#?}");
    assert!(violations / watched >= 5, "a text that grows, and its answer: {outcome:#?}");
    assert!(
        outcome.err.contains("in poll 1 of the protected future `/trades/{first}/{last}`"),
        "{outcome:#?}"
    );
    let line = site("examples/server.rs", "let _ = writeln!(text, \"{quantity} shares");
    assert!(outcome.err.contains(&line), "{outcome:#?}");
    assert!(!outcome.err.contains("`/average") && !outcome.err.contains("`/health"), "{outcome:#?}");
}
