//! The asynchronous programs.

use crate::child::{Outcome, run, site};

/// The words of the line that starts with a label.
fn figures<'a>(outcome: &'a Outcome, label: &str) -> Vec<&'a str> {
    outcome.value(label).split_whitespace().collect()
}

#[test]
fn each_way_through_dyn_takes_what_the_table_says() {
    let outcome = run("dyn_async", &[]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    for (way, first, later) in [
        ("boxed per call", "1", "1"),
        ("one box, reused (ReusableBoxFuture)", "1", "0"),
        ("inline slot (StackFuture)", "0", "0"),
        ("enum, without dyn", "0", "0"),
    ] {
        let expected = if qadapt::is_active() { [first, later] } else { ["unmeasured"; 2] };
        assert_eq!(figures(&outcome, way), expected, "{way}: {outcome:#?}");
    }
}

#[test]
fn a_box_is_an_allocation_and_the_stack_is_none() {
    let outcome = run("pinned", &[]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let expected = if qadapt::is_active() { ["1", "0"] } else { ["unmeasured"; 2] };
    for (way, expected) in ["Box::pin(future)", "std::pin::pin!(future)"].into_iter().zip(expected) {
        assert_eq!(figures(&outcome, way)[0], expected, "{way}: {outcome:#?}");
    }
}

/// The last of the averages, computed by a separate program in another language.
#[test]
fn the_hot_path_follows_the_feed_and_allocates_nothing() {
    let outcome = run("async_pipeline", &[]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:#?}");
    assert_eq!(outcome.value("trades "), "2491 parsed, 2491 followed");
    assert_eq!(outcome.value("average "), "99.9550");
    assert_eq!(outcome.out.lines().filter(|line| line.starts_with("after ")).count(), 38);
    if !qadapt::is_active() {
        return;
    }
    assert_eq!(outcome.value("hot path"), "0 allocations, 0 deallocations");
    for (neighbour, least) in [("parser", 7 * 8000), ("reporter", 1)] {
        let allocations: u32 = figures(&outcome, neighbour)[0].parse().expect("a number");
        assert!(allocations >= least, "{neighbour}: {outcome:#?}");
    }
}

#[test]
fn a_careless_hot_path_is_stopped_and_its_neighbours_go_on() {
    let outcome = run("async_pipeline", &["--careless"]);
    assert_eq!(outcome.code, Some(i32::from(qadapt::is_active())), "{outcome:#?}");
    if !qadapt::is_active() {
        assert_eq!(outcome.value("trades "), "2491 parsed, 2491 followed");
        return;
    }
    assert_eq!(outcome.value("hot path"), "stopped");
    // Both neighbours came to their end and were counted.
    assert_ne!(outcome.value("parser"), "");
    assert_ne!(outcome.value("reporter"), "");
    let line = site("examples/async_pipeline.rs", "format!(\"big trade");
    assert!(outcome.err.contains(&format!("--> {line}")), "{outcome:#?}");
    assert!(outcome.err.contains("of the protected future `hot path`"), "{outcome:#?}");
}
