//! What is shown, and what comes first.

use qadapt_code::origin::Origin;

use crate::audit::command::{audit, folder, run};

const WHOLE: [&str; 8] = ["audit", "-p", "odd", "--bin", "counted", "--profile", "debug", "--whole-program"];

/// The program's own code, the heaviest line first, and what the runtime does by itself at the end.
#[test]
fn a_whole_program_begins_at_its_main() {
    let text = run(&WHOLE);
    text.assert(1, "");
    let apart = text.stdout.find("by the standard library itself, before and after the program's code");
    let last = text.stdout.rfind("odd/src/bin/counted.rs:").expect("lines of the program are there");
    assert!(apart.is_some_and(|apart| last < apart), "{}", text.stdout);
    assert!(!text.stdout[apart.unwrap_or(0)..].contains("help:"), "nobody can change it:\n{}", text.stdout);

    let report = audit("counted", &["--whole-program"]).report();
    let runtime = report.frames.iter().find(|frame| frame.function.contains("__rust_begin_short_backtrace"));
    assert_eq!(runtime, None);
    let mut is_main = false;
    for site in &report.sites {
        let frames = site.stack.iter().map(|&frame| &report.frames[frame as usize]);
        let outermost = frames.clone().next_back();
        let is_own = frames.clone().any(|frame| frame.origin == Origin::Own);
        assert!(
            !is_own || outermost.is_some_and(|frame| frame.origin == Origin::Own),
            "{:#?}",
            frames.collect::<Vec<_>>()
        );
        is_main |=
            outermost.is_some_and(|frame| frame.function.ends_with("main") && frame.origin == Origin::Own);
    }
    assert!(is_main, "there are stacks that begin at main");
}

#[test]
fn the_heaviest_are_chosen_in_every_format() {
    let one = |more: &[&str]| audit("counted", &[&["--whole-program"], more].concat());
    let events = one(&["--top", "1"]).report();
    assert_eq!((events.sites.is_empty(), events.left_out.lines > 5), (false, true));
    // Own lines come before those of the library, whatever these weigh.
    let heaviest = one(&["--top", "1", "--sort", "bytes"]).report();
    let bytes = |report: &cargo_qadapt::report::figures::Report| -> u64 {
        report.sites.iter().filter_map(|site| Some(site.counts[0]?.bytes)).sum()
    };
    assert!(bytes(&heaviest) >= bytes(&events));
    let as_format = |format, more: &[&str]| run(&[&WHOLE, more, &["--format", format]].concat());
    for format in ["text", "markdown", "html", "sarif"] {
        let shown = as_format(format, &["--top", "1"]);
        shown.assert(1, "");
        assert!(shown.stdout.contains("lines not shown: others were chosen"), "{format}:\n{}", shown.stdout);
    }
    let folded = as_format("folded", &["--top", "1"]);
    let all = as_format("folded", &[]);
    assert!(folded.stdout.lines().count() < all.stdout.lines().count());
}

#[test]
fn a_crate_is_chosen_by_its_name_and_another_one_is_not_there() {
    let own = audit("counted", &["--whole-program", "--crate", "odd"]).report();
    let all = audit("counted", &["--whole-program"]).report();
    assert!(!own.sites.is_empty() && own.sites.len() < all.sites.len());
    let none = audit("counted", &["--whole-program", "--crate", "serde"]);
    none.assert(1, "no line is of a crate `serde`, nor inside of it: there are ");
    assert!(none.stderr.contains("alloc") && none.stderr.contains("odd"), "{}", none.stderr);
    assert!(none.report().sites.is_empty());
}

#[test]
fn a_part_of_a_report_says_so_when_it_is_merged() {
    let folder = folder("part");
    let path = folder.join("part.json");
    let path = path.to_str().expect("the path is UTF-8");
    audit("counted", &["--whole-program", "--top", "2", "--output", path]).assert(1, "");
    let merged = run(&["merge", path]);
    merged.assert(1, "");
    assert!(merged.stdout.contains("lines not shown"), "{}", merged.stdout);
}
