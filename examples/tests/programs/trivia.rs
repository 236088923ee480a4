//! The three questions.

use crate::child::run;

/// The row's two answers, of which the first depends on the optimiser.
fn answers(row: &str) -> (String, String) {
    let outcome = run("trivia", &[]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    // The columns are 16 characters wide, with a space between them.
    let (dropped, kept) = outcome.out.lines().find_map(|line| line.strip_prefix(row)).map_or_else(
        || panic!("no line starts with {row}: {outcome:#?}"),
        |line| line.trim_start().split_at_checked(16).expect("two columns"),
    );
    (dropped.trim().to_owned(), kept.trim().to_owned())
}

#[test]
fn the_build_is_named() {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let measured = if qadapt::is_active() { "measured" } else { "unmeasured: " };
    let outcome = run("trivia", &[]);
    assert!(outcome.value("build:").starts_with(&format!("{profile}, {measured}")), "{outcome:#?}");
    assert_eq!(outcome.out.contains("QADAPT_ENFORCE=1"), !qadapt::is_active(), "{outcome:#?}");
}

#[test]
fn what_is_kept_is_allocated() {
    let table = [
        ("Vec::<i32>::new() ", "no"),
        ("Box::new(Vec::<i32>::new())", "yes, 24 bytes"),
        ("Vec::<i32>::new(), then push(0)", "yes, 16 bytes"),
    ];
    for (row, expected) in table {
        let expected = if qadapt::is_active() { expected } else { "unmeasured" };
        assert_eq!(answers(row).1, expected, "{row}");
    }
}

#[test]
fn what_is_dropped_at_once_is_allocated_where_nothing_is_optimised() {
    if !qadapt::is_active() {
        assert_eq!(answers("Box::new(Vec::<i32>::new())").0, "unmeasured");
        return;
    }
    assert_eq!(answers("Vec::<i32>::new() ").0, "no");
    for row in ["Box::new(Vec::<i32>::new())", "Vec::<i32>::new(), then push(0)"] {
        let answer = answers(row).0;
        // An optimised build may leave the allocation out; no build may say anything else.
        let left_out = !cfg!(debug_assertions) && answer == "no";
        assert!(left_out || answer.starts_with("yes, "), "{row} {answer}");
    }
}
