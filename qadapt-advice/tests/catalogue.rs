//! The catalogue as a whole: complete, its names unique, its lines of one style.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use qadapt_advice::{Event, Frame, Op, advise, rules};

/// What lines of advice start with.
const VERBS: [&str; 28] = [
    "borrow", "build", "call", "capture", "change", "check", "clear", "extend", "keep", "list", "look",
    "make", "mark", "pin", "push", "read", "replace", "reserve", "return", "reuse", "sort", "spawn", "start",
    "take", "touch", "use", "wait", "write",
];

#[test]
fn each_file_is_a_rule_of_its_name_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let files = fs::read_dir(folder).expect("the catalogue").map(|file| file.expect("a file").path());
    let names: BTreeSet<String> = files
        .map(|path| path.file_stem().expect("a name").to_string_lossy().replace('_', "-"))
        .filter(|name| name != "mod")
        .collect();
    let ids: Vec<&str> = rules().map(qadapt_advice::Rule::id).collect();
    assert!(ids.len() >= 25);
    assert!(ids.is_sorted(), "in the order of their names");
    assert_eq!(ids, names.iter().map(String::as_str).collect::<Vec<_>>(), "each once, and none left out");
}

#[test]
fn ids_are_lower_case_words_with_hyphens() {
    for rule in rules() {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(rule.id().split('-').all(word), "{}", rule.id());
    }
}

#[test]
fn lines_of_advice_have_one_style() {
    let mut lines = BTreeSet::new();
    for rule in rules() {
        let (id, line) = (rule.id(), rule.advice());
        let printed = line.replace("{size}", "1000000").replace("{old}", "1000000");
        assert!(printed.len() < 120, "{id}: {} characters", printed.len());
        assert!(!printed.contains(['{', '}']), "{id}: no other fields: {line}");
        let verb = line.split(' ').next().unwrap_or_default();
        assert!(VERBS.contains(&verb), "{id} starts with a verb: {line}");
        assert!(line.is_ascii() && !line.ends_with(['.', ' ', ':']), "{id}: {line}");
        assert!(!rule.habit().is_empty() && !rule.habit().ends_with('.'), "{id}: {}", rule.habit());
        assert!(lines.insert(line), "{id} says what another rule says: {line}");
    }
}

#[test]
fn a_remedy_is_the_line_up_to_the_clause_with_bytes() {
    for rule in rules() {
        let (id, line, remedy) = (rule.id(), rule.advice(), rule.remedy());
        assert!(!remedy.contains(['{', '}']) && remedy.contains(' '), "{id}: {remedy}");
        let Some(clause) = line.strip_prefix(remedy) else { panic!("{id}: {remedy}") };
        assert_eq!(clause.is_empty(), !line.contains('{'), "{id}: {line}");
        assert!(
            clause.is_empty() || clause.starts_with(": "),
            "{id}: the bytes are in a clause of their own: {line}"
        );
    }
}

fn id(op: Op, size: usize, old_size: usize, frames: &[Frame<'_>]) -> Option<&'static str> {
    advise(&Event { op, size, old_size, frames }).map(|advice| advice.id())
}

#[test]
fn what_is_no_habit_gets_no_advice() {
    let own = Frame::own("mine::run", "src/main.rs");
    let table: [&[Frame<'_>]; 6] = [
        &[],
        &[own],
        &[Frame::foreign("alloc::alloc::alloc", "/rustc/0/library/alloc/src/alloc.rs"), own],
        // The user's own code below the library's: what the library was asked for is not the habit.
        &[own, Frame::foreign("alloc::slice::<impl [T]>::sort", ""), own],
        &[Frame::own("alloc::slice::<impl [T]>::sort", "/rustc/0/library/alloc/src/slice.rs")],
        // The same names in another crate.
        &[Frame::foreign("sort<u8>", "/u/registry/src/i/sorts-1.0.0/src/slice.rs"), own],
    ];
    for frames in table {
        for op in [Op::Alloc, Op::AllocZeroed, Op::Realloc, Op::Dealloc] {
            assert_eq!(id(op, 64, 32, frames), None, "{frames:?}");
        }
    }
}

#[test]
fn the_operation_and_its_sizes_decide_between_rules() {
    let push = [Frame::foreign("alloc::vec::Vec<T,A>::push", ""), Frame::own("run", "")];
    assert_eq!(id(Op::Alloc, 16, 0, &push), Some("vec-first-push"));
    assert_eq!(id(Op::Realloc, 32, 16, &push), Some("vec-growth"));
    assert_eq!(id(Op::Realloc, 16, 32, &push), None);
    assert_eq!(id(Op::Dealloc, 16, 0, &push), None);
}

/// Std's one function for channels of all kinds has the code of unbounded ones: a proof finds it below `SyncSender::send` too.
#[test]
fn who_has_a_bounded_channel_is_told_more_than_to_use_one() {
    let std = |function, file| Frame::foreign(function, file);
    let (mpsc, many, list) = (
        "/rustc/0/library/std/src/sync/mpsc.rs",
        "/rustc/0/library/std/src/sync/mpmc/mod.rs",
        "/rustc/0/library/std/src/sync/mpmc/list.rs",
    );
    let named = [
        std("std::sync::mpmc::list::Channel<T>::send", list),
        std("std::sync::mpmc::Sender<T>::send", many),
        std("std::sync::mpsc::SyncSender<T>::send", mpsc),
        Frame::own("app::step", "src/main.rs"),
    ];
    let inlined = [
        std("send<u32>", list),
        std("send<u32>", many),
        std("send<u32>", mpsc),
        Frame::own("{closure#0}", "src/main.rs"),
    ];
    for frames in [named, inlined] {
        let event = Event { op: Op::AllocZeroed, size: 1, old_size: 0, frames: &frames };
        let line = advise(&event).expect("a habit").to_string();
        assert!(line.contains("ArrayQueue"), "{line}");
    }
}

#[test]
fn one_byte_is_one_byte() {
    let frames = [Frame::foreign("alloc::vec::Vec<T,A>::push", ""), Frame::own("run", "")];
    let line = |size, old_size| {
        advise(&Event { op: Op::Realloc, size, old_size, frames: &frames }).expect("a habit").to_string()
    };
    assert!(line(10, 1).ends_with("grew from 1 to 10 bytes"), "{}", line(10, 1));
    let dropped =
        [Frame::foreign("core::ptr::drop_in_place<alloc::vec::Vec<u8>>", ""), Frame::own("run", "")];
    let freed = advise(&Event { op: Op::Dealloc, size: 1, old_size: 0, frames: &dropped }).expect("a habit");
    assert!(freed.to_string().ends_with(": it frees 1 byte"), "{freed}");
}

#[test]
fn the_call_nearest_to_the_users_code_decides() {
    let frames = [
        Frame::foreign("alloc::vec::Vec<T,A>::push", ""),
        Frame::foreign("<alloc::vec::Vec<T> as core::iter::traits::collect::FromIterator<T>>::from_iter", ""),
        Frame::foreign("core::iter::traits::iterator::Iterator::collect", ""),
        Frame::own("run", ""),
        Frame::foreign("alloc::slice::<impl [T]>::sort_by", ""),
    ];
    assert_eq!(id(Op::Alloc, 16, 0, &frames), Some("collect-vec"));
    assert_eq!(id(Op::Alloc, 16, 0, &frames[..2]), Some("vec-first-push"));
}

#[test]
fn more_exact_rules_win() {
    let table = [
        ("core::ptr::drop_in_place<alloc::boxed::Box<u8>>", "drop-box"),
        ("core::ptr::drop_in_place<alloc::boxed::Box<dyn core::fmt::Debug>>", "drop-trait-object"),
        (
            "core::ptr::drop_in_place<alloc::boxed::Box<dyn core::any::Any+core::marker::Send>>",
            "panic-payload",
        ),
    ];
    for (name, expected) in table {
        assert_eq!(id(Op::Dealloc, 8, 0, &[Frame::foreign(name, "")]), Some(expected), "{name}");
    }
}

#[test]
fn some_rules_look_past_the_users_code() {
    let own = Frame::own("run", "src/main.rs");
    let grow = Frame::foreign("alloc::vec::Vec<T,A>::reserve", "");
    let write = Frame::foreign("<alloc::string::String as core::fmt::Write>::write_str", "");
    let format = Frame::foreign("alloc::fmt::format", "");
    let force = Frame::foreign("std::sync::lazy_lock::LazyLock<T,F>::force", "");
    // The text of a value that prints itself, and memory that it takes for something else.
    assert_eq!(id(Op::Realloc, 16, 8, &[grow, write, own, format, own]), Some("format"));
    assert_eq!(id(Op::Realloc, 16, 8, &[grow, own, format, own]), Some("vec-growth"));
    assert_eq!(id(Op::Realloc, 16, 8, &[grow, own, force, own]), Some("lazy-init"));
    assert_eq!(id(Op::Alloc, 16, 0, &[own, force, own]), Some("lazy-init"));
}
