//! The order book on the shipped feed, and on feeds with faults.

use std::path::PathBuf;

use crate::child::{Outcome, run};

/// What both books must say of the shipped feed.
const EXPECTED: [(&str, &str); 6] = [
    ("events", "8000: 3153 adds, 2356 cancels, 2491 trades"),
    ("traded", "523360 shares for 52312462.32"),
    ("last trade", "99.96"),
    ("best bid", "99.94 for 400 shares"),
    ("best ask", "99.96 for 350 shares"),
    ("resting", "79 orders at 23 prices"),
];

fn check_summary(outcome: &Outcome) {
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    for (label, expected) in EXPECTED {
        assert_eq!(outcome.value(label), expected);
    }
}

#[test]
fn the_preallocated_book_allocates_nothing() {
    let outcome = run("order_book", &[]);
    check_summary(&outcome);
    let hot_path = outcome.value("hot path");
    if qadapt::is_active() {
        assert!(hot_path.starts_with("0 allocs, 0 reallocs, 0 deallocs, "), "{hot_path}");
    } else {
        assert!(hot_path.starts_with("unmeasured: "), "{hot_path}");
    }
}

#[test]
fn the_naive_book_says_the_same_and_allocates_for_each_event() {
    let outcome = run("order_book", &["--naive"]);
    check_summary(&outcome);
    let hot_path = outcome.value("hot path");
    if qadapt::is_active() {
        let allocs = hot_path.split(' ').next().and_then(|count| count.parse::<u64>().ok());
        // At least the line's fields and the order's number, for each of the 8,000 events.
        assert!(allocs.is_some_and(|allocs| allocs >= 16_000), "{hot_path}");
    } else {
        assert!(hot_path.starts_with("unmeasured: "), "{hot_path}");
    }
}

#[test]
fn a_bad_line_is_named_by_file_and_number() {
    const HEADER: &str = "time,event,order,side,price,quantity\n1,add,7,bid,99.90,100\n";
    let table = [
        ("number", "2,cancel,7,bid,99.90,many\n", r#"3: quantity "many" is not a whole number above 0"#),
        ("short", "2,cancel,7\n", "3: there is no side"),
        ("unknown", "2,execute,8,bid,99.90,1\n", "3: order 8 is not in the book"),
    ];
    for (name, line, expected) in table {
        let path = scratch_file(name);
        std::fs::write(&path, format!("{HEADER}{line}")).expect("cargo gives tests a folder to write to");
        let file = path.to_str().expect("it is UTF-8");
        for arguments in [&[file][..], &["--naive", file]] {
            let outcome = run("order_book", arguments);
            assert_eq!(outcome.code, Some(2));
            let message = format!("order_book: {file}: line {expected}");
            assert!(outcome.err.starts_with(&message), "{message} {}", outcome.err);
        }
    }
    let outcome = run("order_book", &["examples/data/no_such_file.csv"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.starts_with("order_book: examples/data/no_such_file.csv: "), "{}", outcome.err);
}

fn scratch_file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("order_book_{name}.csv"))
}
