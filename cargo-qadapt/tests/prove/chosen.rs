//! Calls through a static whose function the program chooses at run time: what such a proof rests on, and where there is none.

use std::path::PathBuf;
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, Verdict, prove_functions};
use regex::Regex;

/// Writes to `SECOND` by a number that is counted from two places before it, where a program lies at fixed addresses.
const PROGRAM: &str = r#"
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

static FIRST: AtomicPtr<()> = AtomicPtr::new(doubles as *mut ());
static SECOND: AtomicPtr<()> = AtomicPtr::new(doubles as *mut ());

#[inline(never)]
fn doubles(x: u64) -> u64 { std::hint::black_box(x) * 2 }
#[inline(never)]
fn squares(x: u64) -> u64 { std::hint::black_box(x) * x }
#[inline(never)]
fn boxes(x: u64) -> u64 { *std::hint::black_box(Box::new(x)) }

#[inline(never)]
fn through_first(x: u64) -> u64 {
    // SAFETY: it holds functions of this type.
    let f: fn(u64) -> u64 = unsafe { std::mem::transmute(FIRST.load(Relaxed)) };
    f(x) + 1
}

#[inline(never)]
fn through_second(x: u64) -> u64 {
    // SAFETY: it holds functions of this type.
    let f: fn(u64) -> u64 = unsafe { std::mem::transmute(SECOND.load(Relaxed)) };
    f(x) + 2
}

#[inline(never)]
fn choose(n: usize) {
    FIRST.store(if n > 3 { doubles as *mut () } else { squares as *mut () }, Relaxed);
}

#[inline(never)]
fn choose_at(n: usize) {
    let first = (&raw const SECOND).cast_mut().cast::<*mut ()>().wrapping_sub(2);
    // SAFETY: whoever calls says 2.
    unsafe { first.wrapping_add(n).write_volatile(boxes as *mut ()) };
}

fn main() {
    let n = std::env::args().count();
    choose(n);
    choose_at(n + 1);
    println!("{} {}", through_first(3), through_second(3));
}
"#;

fn verdicts(model: &str) -> Vec<Verdict> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join(format!("chosen-{model}.rs"));
    let output = folder.join(format!("chosen-{model}"));
    std::fs::write(&source, PROGRAM).expect("the source is written");
    let status = Command::new("rustc")
        .args(["--edition=2024", "-Copt-level=3", "-Ccodegen-units=1", "-o"])
        .args([&output, &source])
        .arg(format!("-Crelocation-model={model}"))
        .status()
        .expect("rustc starts");
    assert!(status.success(), "the program compiles");
    let data = std::fs::read(&output).expect("the program is there");
    let pattern = Regex::new("::through_(first|second)$").expect("a valid pattern");
    let rules = Rules { allow_frees: false, gaps: 2 };
    prove_functions(&data, &pattern, rules, &Settings::default()).expect("verdicts")
}

#[test]
fn a_proof_says_that_a_static_is_written_by_its_own_address() {
    let found = verdicts("pie");
    let through_first = found.iter().find(|v| v.region.ends_with("first")).expect("a verdict");
    assert_eq!(through_first.answer, Answer::Proven, "{through_first:#?}");
    let is_said = |words: &String| words.contains("written by its static's own address");
    assert!(through_first.assumes.iter().any(is_said), "{through_first:#?}");
}

#[test]
fn a_program_at_fixed_addresses_may_write_to_any_place() {
    for verdict in verdicts("static") {
        assert_eq!(verdict.answer, Answer::Unknown, "{verdict:#?}");
    }
}
