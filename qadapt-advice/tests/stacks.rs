//! Recorded call stacks, with the names that debug and release builds gave them.

use qadapt_advice::{Event, Frame, Op, advise, rules};

/// One of `tests/stacks`: a line `rule op size old_size`, then a line `function<TAB>file` for each frame, the user's
/// own marked by `*`, then an empty line.
fn check(text: &str) {
    let mut shown = Vec::new();
    for stack in text.split("\n\n").filter(|stack| !stack.trim().is_empty()) {
        let (head, lines) = stack.trim_start().split_once('\n').expect("frames");
        let [rule, op, size, old] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
        let op = match op {
            "alloc" => Op::Alloc,
            "zeroed" => Op::AllocZeroed,
            "realloc" => Op::Realloc,
            "dealloc" => Op::Dealloc,
            "wait" => Op::SystemCall,
            other => panic!("no operation {other}"),
        };
        let frames: Vec<Frame<'_>> = lines.lines().map(frame).collect();
        let number = |text: &str| text.parse().expect("bytes");
        let event = Event { op, size: number(size), old_size: number(old), frames: &frames };
        assert_eq!(advise(&event).map(|advice| advice.id()), Some(rule), "{stack}");
        shown.push(rule);
    }
    for rule in rules() {
        assert!(shown.contains(&rule.id()), "{} has no stack", rule.id());
    }
}

fn frame(line: &str) -> Frame<'_> {
    let (function, file) = line.split_once('\t').expect("a file, or nothing after the tab");
    match function.strip_prefix("* ") {
        Some(function) => Frame::own(function, file),
        None => Frame::foreign(function, file),
    }
}

#[test]
fn of_a_debug_build() {
    check(include_str!("stacks/debug.txt"));
}

#[test]
fn of_a_release_build() {
    check(include_str!("stacks/release.txt"));
}
