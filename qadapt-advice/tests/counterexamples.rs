//! For each rule what looks like its habit and is not: it gets another rule's advice, or none.

use std::collections::BTreeMap;

use qadapt_advice::{Event, Frame, Op, Rule, advise, rules};

/// A recorded stack of `tests/stacks`.
struct Recorded<'a> {
    rule: &'a str,
    op: Op,
    size: usize,
    old_size: usize,
    frames: Vec<Frame<'a>>,
    /// The first of the user's own.
    own: usize,
}

fn recorded(text: &str) -> impl Iterator<Item = Recorded<'_>> {
    text.split("\n\n").filter(|stack| !stack.trim().is_empty()).map(|stack| {
        let (head, lines) = stack.trim_start().split_once('\n').expect("frames");
        let [rule, op, size, old] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
        let op = match op {
            "alloc" => Op::Alloc,
            "zeroed" => Op::AllocZeroed,
            "realloc" => Op::Realloc,
            "wait" => Op::SystemCall,
            _ => Op::Dealloc,
        };
        let lines: Vec<(&str, &str)> = lines.lines().filter_map(|line| line.split_once('\t')).collect();
        let is_own = |function: &str| function.starts_with("* ");
        let own = lines.iter().position(|(function, _)| is_own(function)).unwrap_or(lines.len());
        let frames = lines.iter().map(|&(function, file)| match function.strip_prefix("* ") {
            Some(function) => Frame::own(function, file),
            None => Frame::foreign(function, file),
        });
        let bytes = |text: &str| text.parse().expect("bytes");
        Recorded { rule, op, size: bytes(size), old_size: bytes(old), frames: frames.collect(), own }
    })
}

fn all() -> Vec<Recorded<'static>> {
    let texts = [include_str!("stacks/debug.txt"), include_str!("stacks/release.txt")];
    texts.into_iter().flat_map(recorded).collect()
}

fn id(recorded: &Recorded<'_>, op: Op, frames: &[Frame<'_>]) -> Option<&'static str> {
    let event = Event { op, size: recorded.size, old_size: recorded.old_size, frames };
    advise(&event).map(|advice| advice.id())
}

/// Asserts that a changed stack of each rule was tried.
fn assert_each_rule(tried: &BTreeMap<&str, usize>) {
    for rule in rules().map(Rule::id) {
        assert!(tried.contains_key(rule), "{rule} has no counter-example");
    }
}

/// A dependency does it on its own account.
#[test]
fn what_a_dependency_calls_is_not_the_users_habit() {
    let theirs = Frame::foreign("theirs::load", "/u/.cargo/registry/src/index-1/theirs-1.0.0/src/lib.rs");
    let nameless = Frame::foreign("theirs::load", "");
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for stack in all() {
        for between in [theirs, nameless] {
            let mut frames = stack.frames.clone();
            frames.insert(stack.own, between);
            // Below the dependency a rule may still know what the user's own code does further out.
            frames.truncate(stack.own + 2);
            assert_ne!(id(&stack, stack.op, &frames), Some(stack.rule), "{frames:#?}");
            *tried.entry(stack.rule).or_default() += 1;
        }
    }
    assert_each_rule(&tried);
}

/// Functions of the same names, which the user has written.
#[test]
fn the_users_own_functions_of_these_names_are_no_habit() {
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for stack in all() {
        // The stacks' names, which only a test may take out of their frames.
        let texts = [include_str!("stacks/debug.txt"), include_str!("stacks/release.txt")];
        let names = texts.iter().flat_map(|text| text.lines()).filter_map(|line| line.split_once('\t'));
        let of = |frame: &Frame<'_>| {
            let is_it = |(function, file): &(&str, &str)| *frame == Frame::foreign(function, file);
            names.clone().find(is_it).map(|(function, _)| function)
        };
        let mut frames: Vec<Frame<'_>> = Vec::new();
        frames.extend(
            stack.frames[..stack.own].iter().filter_map(of).map(|name| Frame::own(name, "src/vec.rs")),
        );
        assert!(!frames.is_empty(), "{}", stack.rule);
        assert_eq!(id(&stack, stack.op, &frames), None, "{}", stack.rule);
        *tried.entry(stack.rule).or_default() += 1;
    }
    assert_each_rule(&tried);
}

/// What `std::process::exit` frees and writes is no process that starts, no lazy value and no text that the user prints there.
#[test]
fn who_ends_the_process_starts_none() {
    let std = "/rustc/0/library/std/src";
    let file = |path: &str| format!("{std}/{path}");
    let [once, rt, process] = ["sync/once.rs", "rt.rs", "process.rs"].map(file);
    let [overflow, stdio] = ["sys/pal/unix/stack_overflow.rs", "io/stdio.rs"].map(file);
    let boxes = "/rustc/0/library/core/src/ptr/mod.rs";
    let freed = [
        Frame::foreign("core::ptr::drop_in_place::<alloc::boxed::Box<str>>", boxes),
        Frame::foreign("std::sys::pal::unix::stack_overflow::imp::cleanup", &overflow),
    ];
    let written = [Frame::foreign("std::io::stdio::cleanup", &stdio)];
    let by_once = [
        Frame::foreign("<std::sync::once::Once>::call_once::<std::rt::cleanup::{closure#0}>", &once),
        Frame::foreign("std::rt::cleanup", &rt),
    ];
    let mine = Frame::own("mine::stop", "src/stop.rs");
    for name in ["std::process::exit", "exit"] {
        let end = [Frame::foreign(name, &process), mine];
        for (op, inner) in [(Op::Dealloc, &freed[..]), (Op::SystemCall, &written), (Op::Dealloc, &written)] {
            let frames = [inner, &by_once, &end].concat();
            let event = Event { op, size: 4, old_size: 0, frames: &frames };
            assert_eq!(advise(&event).map(|advice| advice.id()), None, "{name} {op:?}");
        }
        // What the user's own code does at the end is the user's.
        let own = [
            Frame::foreign("alloc::boxed::Box<T>::new", ""),
            Frame::own("mine::at_exit", "src/stop.rs"),
            Frame::foreign(name, &process),
            mine,
        ];
        let event = Event { op: Op::Alloc, size: 4, old_size: 0, frames: &own };
        assert_eq!(advise(&event).map(|advice| advice.id()), Some("box-new"), "{name}");
    }
}

/// The same after `main` has returned, where only a region that is never closed sees it.
#[test]
fn what_is_freed_after_main_is_no_lazy_value() {
    let std = "/rustc/0/library/std/src";
    let file = |path: &str| format!("{std}/{path}");
    let [once, rt, overflow] = ["sync/once.rs", "rt.rs", "sys/pal/unix/stack_overflow.rs"].map(file);
    let unwinding = file("panicking.rs");
    // As release builds with and without debug information call them.
    for (cleanup, rt, lang_start) in [
        ("std::rt::cleanup", "", "std::rt::lang_start_internal"),
        ("cleanup", rt.as_str(), "lang_start_internal"),
    ] {
        let frames = [
            Frame::foreign("core::ptr::drop_in_place::<alloc::boxed::Box<str>>", ""),
            Frame::foreign("std::sys::pal::unix::stack_overflow::imp::cleanup", &overflow),
            Frame::foreign("<std::sync::once::Once>::call_once::<std::rt::cleanup::{closure#0}>", &once),
            Frame::foreign(cleanup, rt),
            Frame::foreign("std::panicking::catch_unwind::<isize>", &unwinding),
            Frame::foreign(lang_start, rt),
            Frame::foreign("main", ""),
        ];
        let event = Event { op: Op::Dealloc, size: 4, old_size: 0, frames: &frames };
        assert_eq!(advise(&event).map(|advice| advice.id()), None, "{cleanup}");
    }
    // A function of that name that is not std's ends nothing.
    let theirs = [
        Frame::foreign("core::ptr::drop_in_place::<alloc::boxed::Box<str>>", ""),
        Frame::own("mine::rt::cleanup", "src/rt.rs"),
    ];
    let event = Event { op: Op::Dealloc, size: 4, old_size: 0, frames: &theirs };
    assert_eq!(advise(&event).map(|advice| advice.id()), Some("drop-box"));
}
