//! Damaged and foreign files: an error or verdicts, never a crash, a hang, or a proof of what was not proven.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use fastrand::Rng;
use qadapt_prove::{Answer, Problem, Rules, Settings, Verdict, Which, prove};
use regex::Regex;

use crate::programs::settled;
const PROGRAM: &str = r#"
#![no_std]
#![no_main]
use core::alloc::Layout;
unsafe extern "C" { fn malloc(n: usize) -> *mut u8; fn free(p: *mut u8); fn memcpy(d: *mut u8, s: *const u8, n: usize) -> *mut u8; }
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[unsafe(no_mangle)] #[inline(never)] pub unsafe fn loud(n: usize) -> *mut u8 { unsafe { malloc(Layout::array::<u32>(n & 255).unwrap().size()) } }
#[unsafe(no_mangle)] #[inline(never)] pub unsafe fn quiet(a: *mut u8, b: *const u8, n: usize) { unsafe { memcpy(a, b, n & 63); } }
#[unsafe(no_mangle)] #[inline(never)] pub unsafe fn frees(p: *mut u8) { unsafe { free(p) } }
#[unsafe(no_mangle)] #[inline(never)] pub unsafe fn calls(f: fn(usize) -> usize, n: usize) -> usize { f(n) + 1 }
#[unsafe(no_mangle)] #[inline(never)] pub unsafe fn table(n: usize, p: *mut u32) -> u32 { unsafe {
    match n { 0 => *p = 7, 1 => *p ^= 3, 2 => loud(n).cast::<u32>().write(1), 3 => *p = (*p).rotate_left(5), 4 => *p |= 9, 5 => *p *= 11, 6 => *p = !*p, _ => {} } *p } }
#[unsafe(no_mangle)] #[inline(never)] pub fn index(a: &[u32; 8], n: usize) -> u32 { a[n] }
"#;

/// A small shared library with symbols, a jump table, imports and a panic.
fn library() -> &'static [u8] {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    LIBRARY.get_or_init(|| compile("small", "-Cstrip=debuginfo"))
}

/// The same with debug information, that of the runtime library included: larger.
fn library_with_lines() -> &'static [u8] {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    LIBRARY.get_or_init(|| compile("lines", "-Cdebuginfo=line-tables-only"))
}

fn compile(name: &str, flag: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join(format!("{name}.rs"));
    let output = folder.join(format!("lib{name}.so"));
    std::fs::write(&source, PROGRAM).expect("the source is written");
    let status = Command::new("rustc")
        .args(["--edition=2024", "--crate-type=cdylib", "-Copt-level=2", "-Cpanic=abort", flag])
        // Linked with the C library, whose names then have their versions, and so that nobody overrides its own.
        .args(["-Clink-arg=-lc", "-Clink-arg=-Wl,-Bsymbolic"])
        .args(["-Clink-arg=-nostartfiles", "-Clink-arg=-Wl,-z,max-page-size=4096", "-o"])
        .args([&output, &source])
        .status()
        .expect("rustc starts");
    assert!(status.success(), "the program compiles");
    std::fs::read(&output).expect("the library is there")
}

fn verdicts(data: &[u8]) -> Result<Vec<Verdict>, Problem> {
    let all = Regex::new("^(loud|quiet|frees|calls|table|index)$").expect("a valid pattern");
    prove(data, Which::Functions(&all), Rules { allow_frees: false, gaps: 2 }, &Settings::default())
        .map(|p| p.0)
}

/// One damaged copy.
fn mutate(original: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut data = original.to_vec();
    for _ in 0..=random.usize(..4) {
        if data.is_empty() {
            break;
        }
        // Half of the damage goes to the headers, which steer everything else.
        let at = if random.usize(..2) == 0 {
            random.usize(..data.len().min(1024))
        } else {
            random.usize(..data.len())
        };
        match random.usize(..7) {
            0 => data[at] ^= 1 << random.usize(..8),
            1 => data[at] = [0, 1, 0x7f, 0x80, 0xff][random.usize(..5)],
            2 => data.truncate(at),
            3 => {
                let value = [0u64, 1, u64::MAX, 1 << 63, 0x7fff_ffff, random.u64(..)][random.usize(..6)];
                let end = (at + 8).min(data.len());
                data[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
            }
            4 => {
                let from = random.usize(..data.len());
                let len = random.usize(..64).min(data.len() - from).min(data.len() - at);
                data.copy_within(from..from + len, at);
            }
            5 => {
                let end = (at + random.usize(..256)).min(data.len());
                data[at..end].fill(0);
            }
            _ => {
                let value = u32::try_from(random.u64(..) >> 32).unwrap_or(0);
                let end = (at + 4).min(data.len());
                data[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
            }
        }
    }
    data
}

fn mutations(original: &[u8], count: usize, seed: u64) {
    let started = Instant::now();
    let analysed = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let analysed = &analysed;
            scope.spawn(move || {
                for i in (thread..count).step_by(threads) {
                    let mut random = Rng::with_seed(seed.wrapping_add(i as u64));
                    let data = mutate(original, &mut random);
                    let began = Instant::now();
                    if verdicts(&data).is_ok_and(|verdicts| !verdicts.is_empty()) {
                        analysed.fetch_add(1, Ordering::Relaxed);
                    }
                    assert!(began.elapsed().as_secs() < 20, "mutation {i} of seed {seed} hangs");
                }
            });
        }
    });
    let analysed = analysed.into_inner();
    println!(
        "{count} mutations of {} bytes, {analysed} of them analysed, in {:.1} s",
        original.len(),
        started.elapsed().as_secs_f64()
    );
    assert!(analysed * 5 > count, "most mutations never got past the headers: {analysed} of {count}");
}

#[test]
fn the_undamaged_library_is_understood() {
    let answers = |library: &[u8]| -> Vec<(String, Answer)> {
        verdicts(library).expect("verdicts").into_iter().map(|v| (v.region, v.answer)).collect()
    };
    let expected = [
        ("calls", Answer::Unknown),
        ("frees", Answer::Allocates),
        ("index", Answer::Proven),
        ("loud", Answer::Allocates),
        ("quiet", Answer::Proven),
        ("table", Answer::Allocates),
    ];
    assert_eq!(answers(library_with_lines()), expected.map(|(n, a)| (n.to_owned(), a)));
    // Without debug information nothing tells that no allocator is inlined.
    let unsure = expected.map(|(n, a)| (n.to_owned(), if a == Answer::Proven { Answer::Unknown } else { a }));
    assert_eq!(answers(library()), unsure);
}

#[test]
fn an_assumption_settles_an_unresolved_call_and_is_printed() {
    let text = "[[prove.assume]]\ncalls-in = \"calls\"\nreason = \"only ever given `quiet`\"";
    let settings = settled(text);
    let pattern = Regex::new("^calls$").expect("a valid pattern");
    let rules = Rules { allow_frees: false, gaps: 2 };
    let (verdicts, _) =
        prove(library_with_lines(), Which::Functions(&pattern), rules, &settings).expect("verdicts");
    assert_eq!(verdicts[0].answer, Answer::Proven);
    assert_eq!(
        verdicts[0].assumes,
        ["calls through pointers in `calls` do not allocate: only ever given `quiet`"]
    );
}

#[test]
fn ten_thousand_damaged_files() {
    mutations(library(), 10_000, 1);
}

#[test]
fn a_thousand_damaged_files_with_debug_information() {
    mutations(library_with_lines(), 1_000, 3);
}

#[test]
#[ignore = "a minute or more: run by .ci/run"]
fn a_hundred_thousand_damaged_files() {
    assert!(library().len() <= 64 << 10, "{} bytes", library().len());
    mutations(library(), 100_000, 2);
}

#[test]
fn cut_files_are_errors_or_verdicts() {
    let original = library();
    for len in (0..original.len()).step_by(97) {
        let _ = verdicts(&original[..len]);
    }
}

#[test]
fn without_symbols_nothing_is_proven() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("libstripped.so");
    std::fs::write(&path, library()).expect("the copy is written");
    if !Command::new("strip").arg("--strip-all").arg(&path).status().is_ok_and(|s| s.success()) {
        eprintln!("no `strip` here: nothing tested");
        return;
    }
    let error = verdicts(&std::fs::read(&path).expect("the copy is there")).expect_err("no symbols");
    assert!(matches!(error, Problem::NoSymbols), "{error}");
}

#[test]
fn other_files_are_refused_in_words() {
    for (bytes, phrase) in [
        (&b""[..], "not an ELF file"),
        (&b"\x7fEL"[..], "not an ELF file"),
        (&b"MZ\x90\x00"[..], "not an ELF file"),
        (&b"#!/bin/sh\nexit 0\n"[..], "not an ELF file"),
        (&b"\x7fELF\x02\x01\x01\x00"[..], "damaged"),
    ] {
        let error = verdicts(bytes).expect_err("refused");
        assert!(error.to_string().contains(phrase), "{error}");
    }
    let object = Path::new(env!("CARGO_TARGET_TMPDIR")).join("object.o");
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("object.rs");
    std::fs::write(&source, "#[unsafe(no_mangle)] pub fn quiet() {}").expect("the source is written");
    let status = Command::new("rustc")
        .args(["--edition=2024", "--crate-type=lib", "--emit=obj", "-o"])
        .args([&object, &source])
        .status()
        .expect("rustc starts");
    assert!(status.success());
    let error = verdicts(&std::fs::read(&object).expect("the object")).expect_err("refused");
    assert!(matches!(error, Problem::NotLinked), "{error}");
}
