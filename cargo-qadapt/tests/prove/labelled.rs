//! Programs with regions and permits that have the guard's labels, of which each region's allocations are counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, Which, prove_file};

use crate::programs::{folder, run};

/// Regions and permits with the guard's labels, and an allocator that counts.
const COMMON: &str = r#"
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

macro_rules! label {
    ($kind:literal) => {
        // SAFETY: it emits no instruction.
        unsafe {
            core::arch::asm!("77:", ".pushsection .qadapt.marks,\"\",@progbits", ".quad 77b",
                concat!(".quad ", $kind), ".popsection", options(nomem, nostack, preserves_flags))
        }
    };
}
#[inline(always)]
fn __qadapt_region<R>(body: impl FnOnce() -> R) -> R { label!(1); body() }
#[inline(always)]
fn __qadapt_permit<R>(body: impl FnOnce() -> R) -> R { label!(8); let made = body(); label!(9); made }

struct Counting;
static CALLS: AtomicUsize = AtomicUsize::new(0);
// SAFETY: it forwards.
unsafe impl GlobalAlloc for Counting {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.alloc(layout) }
    }
    #[inline(never)]
    // SAFETY: as the caller has it.
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) { unsafe { System.dealloc(p, layout) } }
}
#[global_allocator]
static ALLOC: Counting = Counting;

#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn boxes(a: u64, b: u64, c: u64) -> *mut u64 { Box::into_raw(Box::new(black_box(a ^ b ^ c))) }
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn halves(x: u64) -> u64 { x ^ (x >> 1) }
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn thirds(x: u64) -> u64 { x ^ (x / 3) }

fn report(name: &str, region: fn(u64) -> u64) {
    let before = CALLS.load(Relaxed);
    let _ = std::panic::catch_unwind(|| black_box(black_box(region)(black_box(20))));
    let after = CALLS.load(Relaxed);
    println!("{name} {}", after - before);
}
"#;

/// A program that runs `regions`, functions by name and body, and prints what each has allocated.
pub(crate) fn program(name: &str, rest: &str, regions: &[(String, String)], flags: &[&str]) -> PathBuf {
    let mut text = format!("{COMMON}{rest}");
    for (region, body) in regions {
        writeln!(text, "fn {region}(x: u64) -> u64 {{ {body} }}").expect("a text takes all");
    }
    let calls: Vec<String> = regions.iter().map(|(name, _)| format!("report(\"{name}\", {name});")).collect();
    writeln!(text, "fn main() {{ {} }}", calls.join(" ")).expect("a text takes all");
    let folder = folder(name);
    let (source, binary) = (folder.join(format!("{name}.rs")), folder.join(name));
    std::fs::write(&source, text).expect("the source is written");
    run(Command::new("rustc")
        .args(["--edition=2024", "-Awarnings", "-Cpanic=abort", "-Cdebuginfo=line-tables-only"])
        .args(flags)
        .arg("-o")
        .args([&binary, &source]));
    binary
}

/// The answers on the regions of a file, by their functions.
pub(crate) fn answers(file: &Path) -> BTreeMap<String, Answer> {
    let rules = Rules { allow_frees: true, gaps: 3 };
    let proof = prove_file(file, Which::Marked, rules, &Settings::default(), None).expect("a proof");
    let name = |region: &str| region.rsplit("::").next().unwrap_or_default().to_owned();
    proof.verdicts.iter().map(|verdict| (name(&verdict.region), verdict.answer)).collect()
}

/// None that allocates is proven; of the others the first is.
pub(crate) fn assert_sound(file: &Path, quiet: &str) {
    let answers = answers(file);
    let counts = run(&mut Command::new(file));
    let mut allocating = 0;
    for (region, count) in counts.lines().filter_map(|line| line.split_once(' ')).filter(|one| one.1 != "0") {
        allocating += 1;
        assert_ne!(answers[region], Answer::Proven, "{region} made {count} allocations: {answers:#?}");
    }
    assert!(allocating > 0, "{counts}");
    assert_eq!(answers[quiet], Answer::Proven, "{answers:#?}");
}

/// A region that allocates nothing.
pub(crate) fn quiet() -> (String, String) {
    ("quiet".to_owned(), "__qadapt_region(|| x + black_box(1))".to_owned())
}
