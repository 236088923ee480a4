//! Programs in Rust that mislead the prover.

use std::process::Command;

use qadapt_prove::Answer;

use crate::programs::{answers, folder, run};

/// Makes a Rust program that prints its counts, and holds the verdicts on its regions against them.
fn rust(name: &str, text: &str, flags: &[&str]) -> Vec<String> {
    let folder = folder("rust");
    let file = folder.join(format!("{name}.rs"));
    std::fs::write(&file, text).expect("the source is written");
    let binary = folder.join(format!("{name}{}", flags.join("").replace(['=', '/'], "_")));
    run(Command::new("rustc")
        .args(["--edition=2024", "-Awarnings"])
        .args(flags)
        .arg("-o")
        .args([&binary, &file]));
    let counts = run(&mut Command::new(&binary));
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (region, answer) in answers(&binary, "::r_[a-z_]+$", "") {
        let short = region.rsplit("::").next().unwrap_or("");
        let counted = counts.lines().filter_map(|l| l.split_once(' ')).find(|(n, _)| *n == short);
        let Some((_, count)) = counted else { continue };
        seen += 1;
        if answer == Answer::Proven && count != "0" {
            wrong.push(format!("{name} {flags:?}: {region} is proven, and counted {count}"));
        }
    }
    assert!(seen > 0, "{name} {flags:?}: no region is in the binary");
    wrong
}

const COUNTING: &str = r#"
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
static COUNT: AtomicU64 = AtomicU64::new(0);
struct Counting;
// SAFETY: each method forwards to the same method of `System`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(l) }
    }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(p, l) }
    }
}
#[global_allocator] static GLOBAL: Counting = Counting;
fn count(name: &str, f: impl Fn()) {
    let before = COUNT.load(Ordering::Relaxed);
    f();
    let counted = COUNT.load(Ordering::Relaxed) - before;
    println!("{name} {counted}");
}
#[inline(never)] fn loud(n: usize) -> usize { black_box(vec![n; (n & 7) + 1]).len() }
"#;

const THREADED: &str = r#"
struct Machine { code: [u8; 16], at: usize, value: usize }
type Step = fn(&mut Machine) -> usize;
static FOUR: [Step; 4] = [r_self_first, add, grow, stop];
static THREE: [Step; 3] = [r_checked, grow_checked, stop];
impl Machine {
    fn next(&mut self) -> usize { self.at += 1; self.code[self.at & 15] as usize }
}
#[inline(never)] fn r_self_first(m: &mut Machine) -> usize { m.value ^= 1; let n = m.next(); FOUR[n & 3](m) }
#[inline(never)] fn add(m: &mut Machine) -> usize { m.value += 3; let n = m.next(); FOUR[n & 3](m) }
#[inline(never)] fn grow(m: &mut Machine) -> usize { m.value += loud(m.value); let n = m.next(); FOUR[n & 3](m) }
#[inline(never)] fn stop(m: &mut Machine) -> usize { m.value }
#[inline(never)] fn r_checked(m: &mut Machine) -> usize { let n = m.next(); if n < 3 { THREE[n](m) } else { m.value } }
#[inline(never)] fn grow_checked(m: &mut Machine) -> usize { m.value += loud(m.value); let n = m.next(); if n < 3 { THREE[n](m) } else { 0 } }
#[inline(never)] fn r_matched(m: &mut Machine) -> usize {
    let step: Step = match m.next() { 0 => r_matched, 1 => add, 2 => grow, 4 => r_checked, _ => stop };
    step(m)
}
fn main() {
    let machine = |code: u8| Machine { code: [code, 1, 2, 2, 0, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3], at: 0, value: 5 };
    count("r_self_first", || { black_box(r_self_first(black_box(&mut machine(0)))); });
    let with = |code: [u8; 4]| { let mut m = machine(0); m.code[..4].copy_from_slice(&code); m };
    count("r_checked", || { black_box(r_checked(black_box(&mut with([0, 1, 2, 2])))); });
    count("r_matched", || { black_box(r_matched(black_box(&mut with([0, 2, 2, 3])))); });
}
"#;

const ARENA: &str = r#"
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
#[repr(align(4096))] struct Memory(#[allow(dead_code)] [u8; 1 << 20]);
static mut MEMORY: Memory = Memory([0; 1 << 20]);
static USED: AtomicUsize = AtomicUsize::new(0);
struct Arena;
// SAFETY: blocks lie between two values of `USED`, which only grows; what does not fit is `System`'s, and stays for ever.
unsafe impl GlobalAlloc for Arena {
    #[inline] unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        let at = USED.fetch_add(l.size() + l.align(), Ordering::Relaxed);
        if at + l.size() + l.align() > 1 << 20 {
            FULL
        }
        // SAFETY: the block ends within `at + l.size() + l.align()` bytes.
        unsafe { (&raw mut MEMORY).cast::<u8>().add((at + l.align() - 1) & !(l.align() - 1)) }
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator] static GLOBAL: Arena = Arena;
#[inline(never)] fn r_box(n: usize) -> usize { *black_box(Box::new(n)) + 1 }
#[inline(never)] fn r_push(v: &mut Vec<usize>) -> usize { v.push(1); v.len() }
#[inline(never)] fn r_nothing(n: usize) -> usize { black_box(n) + 1 }
fn count(name: &str, f: impl FnOnce()) {
    let before = USED.load(Ordering::Relaxed);
    f();
    let used = USED.load(Ordering::Relaxed) - before;
    println!("{name} {used}");
}
fn main() {
    count("r_box", || { black_box(r_box(black_box(1))); });
    let mut v = Vec::new();
    count("r_push", || { black_box(r_push(black_box(&mut v))); });
    count("r_nothing", || { black_box(r_nothing(black_box(1))); });
}
"#;

#[test]
fn safe_rust_through_a_table_of_functions_is_not_proven() {
    let text = format!("{COUNTING}{THREADED}");
    let mut wrong = Vec::new();
    for flags in [
        &["-Copt-level=1"][..],
        &["-Copt-level=2"],
        &["-Copt-level=3"],
        &["-Copt-level=s"],
        &["-Copt-level=z"],
        &["-Copt-level=3", "-Crelocation-model=static"],
        &["-Copt-level=3", "-Clto=thin", "-g"],
        &["-Copt-level=3", "-Clto=fat", "-Ccodegen-units=1", "-Cpanic=abort"],
    ] {
        wrong.extend(rust("threaded", &text, flags));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_allocator_of_which_no_entry_is_left_proves_nothing() {
    let fallback = "// SAFETY: the caller keeps the contract.\nreturn unsafe { System.alloc(l) };";
    let mut wrong = Vec::new();
    for (name, full) in [("arena", "return std::ptr::null_mut();"), ("fallback", fallback)] {
        let text = ARENA.replace("FULL", full);
        for flags in [
            &["-Copt-level=3"][..],
            &["-Copt-level=3", "-Clto=thin"],
            &["-Copt-level=3", "-Clto=fat", "-Ccodegen-units=1"],
            &["-Copt-level=3", "-Clto=fat", "-Ccodegen-units=1", "-g"],
            &["-Copt-level=s", "-Clto=fat", "-Cpanic=abort", "-Cdebuginfo=line-tables-only"],
        ] {
            wrong.extend(rust(name, &text, flags));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_systems_allocator_is_known_where_no_entry_is_left() {
    let folder = folder("system");
    let file = folder.join("system.rs");
    std::fs::write(
        &file,
        "#[inline(never)] fn r_box(n: usize) -> usize { *std::hint::black_box(Box::new(n)) + 1 }\n\
         #[inline(never)] fn r_nothing(n: usize) -> usize { std::hint::black_box(n) + 1 }\n\
         fn main() { let n = std::env::args().count(); println!(\"{}\", r_box(n) + r_nothing(n)); }\n",
    )
    .expect("the source is written");
    let binary = folder.join("system");
    run(Command::new("rustc")
        .args(["--edition=2024", "-Copt-level=3", "-Clto=fat", "-Ccodegen-units=1", "-g", "-o"])
        .args([&binary, &file]));
    let expected = [("system::r_box", Answer::Allocates), ("system::r_nothing", Answer::Proven)];
    assert_eq!(answers(&binary, "::r_", ""), expected.map(|(n, a)| (n.to_owned(), a)));
    // Without local names and debug information there is nothing that tells.
    run(Command::new("strip").args(["--strip-debug", "--discard-all"]).arg(&binary));
    let left = answers(&binary, "^main$", "");
    assert!(left.iter().all(|(_, answer)| *answer != Answer::Proven), "{left:?}");
}
