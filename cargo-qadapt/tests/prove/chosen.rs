//! Calls through a static whose function the program chooses at run time: what such a proof rests on, and where there is none.

use std::path::PathBuf;
use std::process::Command;

use object::Object as _;
use qadapt_prove::{Answer, Rules, Settings, Verdict, prove_functions};
use regex::Regex;

use crate::programs;

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

/// Statics of another crate, whose addresses code reads from the global offset table.
const STATICS: &str = r"
use std::sync::atomic::AtomicPtr;
pub type Chosen = AtomicPtr<()>;
#[inline(never)]
pub fn doubles(x: u64) -> u64 { std::hint::black_box(x) * 2 }
#[inline(never)]
pub fn boxes(x: u64) -> u64 { *std::hint::black_box(Box::new(x)) }
macro_rules! statics { ($($name:ident)*) => { $(pub static $name: Chosen = AtomicPtr::new(doubles as *mut ());)* } }
statics! { QUIET LOOPED LOUD GIVEN KEPT SWAPPED LISTED COPIED }
pub static LIST: [&Chosen; 2] = [&LISTED, &QUIETER];
pub static QUIETER: Chosen = AtomicPtr::new(doubles as *mut ());
";

const USES: &str = r#"
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
extern crate statics;
use statics::*;

#[inline(never)]
fn squares(x: u64) -> u64 { std::hint::black_box(x) * x }
#[inline(never)]
fn cubes(x: u64) -> u64 { std::hint::black_box(x) * x * x }
#[inline(never)]
fn cubes_boxed(x: u64) -> u64 { *std::hint::black_box(Box::new(x)) * x }

fn get(place: &Chosen) -> fn(u64) -> u64 {
    // SAFETY: it holds functions of this type.
    unsafe { std::mem::transmute(place.load(Relaxed)) }
}

macro_rules! through { ($($name:ident $place:ident;)*) => { $(
    #[inline(never)]
    fn $name(x: u64) -> u64 { get(&$place)(x) + 1 }
)* } }

through! {
    through_quiet QUIET;
    through_loud LOUD;
    through_given GIVEN;
    through_kept KEPT;
    through_swapped SWAPPED;
    through_listed LISTED;
    through_copied COPIED;
}

#[inline(never)]
fn through_looped(x: u64) -> u64 {
    (0..x).map(|n| get(&LOOPED)(n)).sum()
}

macro_rules! choose { ($($name:ident $place:ident $other:ident;)*) => { $(
    #[inline(never)]
    fn $name(n: u64) -> u64 {
        let f: fn(u64) -> u64 = if n > 3 { squares } else { $other };
        $place.store(f as *mut (), Relaxed);
        f(n)
    }
)* } }

choose! {
    choose_quiet QUIET cubes;
    choose_looped LOOPED cubes;
    choose_loud LOUD cubes_boxed;
}

static PLACE: AtomicPtr<Chosen> = AtomicPtr::new(std::ptr::null_mut());

#[inline(never)]
fn stores_at(place: &Chosen) { place.store(boxes as *mut (), Relaxed); }
#[inline(never)]
fn keeps(place: &'static Chosen) { PLACE.store((&raw const *place).cast_mut(), Relaxed); }
#[inline(never)]
fn chosen_of(n: usize) -> &'static Chosen { if n > 9 { &QUIETER } else { &COPIED } }

fn main() {
    let n = std::env::args().count();
    let chosen = choose_quiet(n as u64) + choose_looped(n as u64) + choose_loud(n as u64);
    stores_at(&GIVEN);
    keeps(&KEPT);
    // SAFETY: `keeps` has put the address of a static there.
    stores_at(unsafe { &*PLACE.load(Relaxed) });
    SWAPPED.swap(boxes as *mut (), Relaxed);
    stores_at(LIST[n - 1]);
    stores_at(chosen_of(n));
    let quiet = through_quiet(3) + through_looped(3);
    let loud = [through_loud, through_given, through_kept, through_swapped, through_listed, through_copied];
    println!("{chosen} {quiet} {}", loud.iter().map(|f| f(3)).sum::<u64>());
}
"#;

#[test]
fn an_address_from_the_offset_table_is_followed() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("chosen-elsewhere");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text, kind) in [("statics", STATICS, "rlib"), ("uses", USES, "bin")] {
        let source = folder.join(format!("{name}.rs"));
        std::fs::write(&source, text).expect("the source is written");
        let status = Command::new("rustc")
            .args(["--edition=2024", "-Copt-level=3", "-Ccodegen-units=1", "--crate-type", kind, "-L"])
            .args([&folder, &PathBuf::from("--out-dir"), &folder, &source])
            .status()
            .expect("rustc starts");
        assert!(status.success(), "{name} compiles");
    }
    let data = std::fs::read(folder.join("uses")).expect("the program is there");
    let pattern = Regex::new("^uses::through_").expect("a valid pattern");
    let rules = Rules { allow_frees: true, gaps: 2 };
    let found = prove_functions(&data, &pattern, rules, &Settings::default()).expect("verdicts");
    let answers: Vec<(&str, Answer)> =
        found.iter().map(|v| (v.region.trim_start_matches("uses::through_"), v.answer)).collect();
    // `quiet` and `looped` are all that is known of; elsewhere a store of a function that allocates is seen, or the address may be anywhere.
    let expected = [
        ("copied", Answer::Unknown),
        ("given", Answer::Allocates),
        ("kept", Answer::Unknown),
        ("listed", Answer::Unknown),
        ("looped", Answer::Proven),
        ("loud", Answer::Allocates),
        ("quiet", Answer::Proven),
        ("swapped", Answer::Unknown),
    ];
    assert_eq!(answers, expected, "{found:#?}");
    let quiet = found.iter().find(|v| v.region.ends_with("quiet")).expect("a verdict");
    let is_said = |words: &String| words.contains("written by its static's own address");
    assert!(quiet.assumes.iter().any(is_said), "{quiet:#?}");
}

/// The loader adds what lies there already (`-z rel`): the static is not empty before the first store.
#[test]
fn what_a_static_holds_at_first_counts_wherever_the_linker_keeps_it() {
    let folder = programs::folder("kept-addends");
    let source = folder.join("hook.c");
    std::fs::write(
        &source,
        "#include <stdlib.h>\n\
         __attribute__((noinline)) static void loud(void) { char *volatile p = malloc(8); free(p); }\n\
         __attribute__((noinline)) static void quiet(void) { __asm__ volatile(\"\"); }\n\
         static void (*hook)(void) = loud;\n\
         __attribute__((noinline)) void hush(void) { hook = quiet; }\n\
         __attribute__((noinline)) int r_hook(void) { hook(); return 1; }\n\
         int main(int c, char **v) { int r = r_hook(); if (c > 9) hush(); return r; }\n",
    )
    .expect("the source is written");
    for how in ["rela", "rel"] {
        let linked = format!("-Wl,-z,{how}");
        let flags = ["-O2", "-w", "-fPIE", "-pie", "-fuse-ld=lld", &linked];
        if !programs::has("clang", &flags) {
            continue;
        }
        let program = folder.join(how);
        programs::run(Command::new("clang").args(flags).arg("-o").args([&program, &source]));
        let data = std::fs::read(&program).expect("the program is there");
        let file = object::File::parse(&*data).expect("it is linked");
        let is_rel = file.dynamic_relocations().into_iter().flatten().any(|(_, r)| r.has_implicit_addend());
        assert_eq!(is_rel, how == "rel");
        let answer = programs::answers(&program, "^r_hook$", "").remove(0).1;
        assert_ne!(answer, Answer::Proven, "{how}");
    }
}
