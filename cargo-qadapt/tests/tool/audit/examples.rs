//! The repository's own examples: what differs between debug and release, and what does not.

use std::fs;

use cargo_qadapt::report::figures::{Op, Report};
use cargo_qadapt::report::line::Line;
use cargo_qadapt::report::lines::lines;

use crate::audit::command::{Run, here, repository};
use crate::turn;

fn example(name: &str, more: &[&str]) -> Run {
    let _turn = turn::with_examples();
    here(&[&["audit", "-p", "qadapt-examples", "--example", name], more].concat())
}

/// The number of the line of an example that contains this text, which only one does.
fn number(file: &str, text: &str) -> u32 {
    let source = fs::read_to_string(repository().join(file)).expect("the source can be read");
    let mut found = source.lines().zip(1..).filter(|(line, _)| line.contains(text)).map(|(_, number)| number);
    let number = found.next().unwrap_or_else(|| panic!("no `{text}` in {file}"));
    assert_eq!(found.next(), None, "`{text}` is there more than once");
    number
}

/// What a line of an example asked for in debug and in release, and how the report marks it.
struct Asked {
    debug: u64,
    release: u64,
    mark: String,
}

impl Asked {
    #[track_caller]
    fn of(report: &Report, file: &str, text: &str, op: Op) -> Self {
        let at = Some((file.to_owned(), number(file, text)));
        let all = lines(report);
        let line: &Line = all
            .iter()
            .find(|line| line.at == at && line.op == op)
            .unwrap_or_else(|| panic!("no {op:?} at {at:?} in {all:#?}"));
        let often = |profile: usize| line.counts[profile].map_or(0, |counts| counts.count);
        Self { debug: often(0), release: often(1), mark: line.mark.clone() }
    }

    #[track_caller]
    fn assert(&self, debug: u64, release: u64, mark: &str) {
        assert_eq!((self.debug, self.release, self.mark.as_str()), (debug, release, mark));
    }
}

fn report(run: &Run, code: i32) -> Report {
    run.assert(code, "");
    let report = run.report();
    assert_eq!(
        report.profiles.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>(),
        ["debug", "release"]
    );
    report
}

/// Asserts that a region was entered so often in both profiles, and that nothing happened in it.
#[track_caller]
fn assert_clean(report: &Report, function: &str, calls: u64) {
    let is_it = |name: &Option<String>| name.as_deref().is_some_and(|name| name.ends_with(function));
    let region = report.regions.iter().find(|region| is_it(&region.place.name)).expect("it was entered");
    for counts in &region.counts {
        let counts = counts.expect("it was entered in both");
        assert_eq!((counts.calls, counts.events(), counts.disallowed), (calls, 0, 0));
    }
}

#[test]
fn the_audio_callback_allocates_in_neither_and_its_setup_zeroes_in_release() {
    assert_clean(
        &report(&example("audio_callback", &["--format", "json"]), 0),
        "callback::Callback::process",
        188,
    );

    let whole = report(&example("audio_callback", &["--whole-program", "--format", "json"]), 1);
    assert_clean(&whole, "callback::Callback::process", 188);
    // A vector of zeros of a type that std does not know: only the optimiser finds out.
    let (file, text) = ("examples/src/audio/gate.rs", "spectrum: vec![Complex::default(); FRAME]");
    Asked::of(&whole, file, text, Op::Alloc).assert(1, 0, "in release: zeroed");
    Asked::of(&whole, file, text, Op::AllocZeroed).assert(0, 1, "in debug: not zeroed");
    // A vector of zeros of a type that std knows is zeroed in both.
    Asked::of(&whole, file, "tail: vec![0.0; Self::HOP]", Op::AllocZeroed).assert(1, 1, "both");
}

#[test]
fn with_the_hidden_allocation_the_audio_callback_allocates_in_both() {
    let found = report(&example("audio_callback", &["--format", "json", "--", "--hidden-allocation"]), 1);
    let (file, text) = ("examples/src/audio/gate.rs", "self.forward.process(&mut self.spectrum)");
    for op in [Op::Alloc, Op::Dealloc] {
        Asked::of(&found, file, text, op).assert(188, 188, "both");
    }
}

#[test]
fn the_order_book_does_the_same_in_both() {
    assert_clean(
        &report(&example("order_book", &["--format", "json"]), 0),
        "preallocated::OrderBook::on_line",
        8000,
    );

    let whole = report(&example("order_book", &["--whole-program", "--format", "json"]), 1);
    let counts = |profile: usize| whole.regions[0].counts[profile].expect("it ran");
    let (debug, release) = (counts(0), counts(1));
    assert!(debug.allocs > 10, "the book is set up: {debug:?}");
    assert_eq!(
        (debug.allocs, debug.reallocs, debug.deallocs, debug.peak_bytes),
        (release.allocs, release.reallocs, release.deallocs, release.peak_bytes)
    );
    // The program's arguments begin with its name, and not with its path, which has the profile's name in it.
    assert_eq!(release.bytes, debug.bytes);
}

/// A box that nobody keeps is optimised away; a first push is not, since std keeps the growth of vectors out of line.
#[test]
fn the_answers_to_the_trivia_depend_on_the_profile() {
    let whole = report(&example("trivia", &["--whole-program", "--format", "json"]), 1);
    let file = "examples/src/trivia.rs";
    Asked::of(&whole, file, "    Box::new(Vec::new())", Op::Alloc).assert(2, 1, "both, not equally often");
    Asked::of(&whole, file, "dropped: counts(|| boxed().len())", Op::Dealloc).assert(
        1,
        0,
        "only in debug: optimised away",
    );
    Asked::of(&whole, file, "vec.push(0);", Op::Alloc).assert(2, 2, "both");
    let new = number(file, "    Vec::new()");
    assert!(lines(&whole).iter().all(|line| line.at != Some((file.to_owned(), new))), "an empty Vec is free");

    let text = example("trivia", &["--whole-program"]).stdout;
    assert!(text.contains("[only in debug: optimised away]"), "{text}");
}
