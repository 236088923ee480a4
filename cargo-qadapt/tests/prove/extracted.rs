//! Code that compilers take out of functions, and functions that linkers fold: a call of either has the place of something else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object as _, ObjectSymbol as _};
use qadapt_prove::{Answer, Rules, Settings, Which, prove_file};

use crate::programs::{folder, has, run};

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
    black_box(black_box(region)(black_box(20)));
    let after = CALLS.load(Relaxed);
    println!("{name} {}", after - before);
}
"#;

/// A program that runs `regions`, functions by name and body, and prints what each has allocated.
fn program(name: &str, rest: &str, regions: &[(String, String)], flags: &[&str]) -> PathBuf {
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
fn answers(file: &Path) -> BTreeMap<String, Answer> {
    let rules = Rules { allow_frees: true, gaps: 3 };
    let proof = prove_file(file, Which::Marked, rules, &Settings::default(), None).expect("a proof");
    let name = |region: &str| region.rsplit("::").next().unwrap_or_default().to_owned();
    proof.verdicts.iter().map(|verdict| (name(&verdict.region), verdict.answer)).collect()
}

/// None that allocates is proven; of the others the first is.
fn assert_sound(file: &Path, quiet: &str) {
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

fn named(names: &str, body: impl Fn(usize) -> String) -> Vec<(String, String)> {
    (0..6).map(|n| (format!("{names}_{n}"), body(n))).collect()
}

fn quiet() -> (String, String) {
    ("quiet".to_owned(), "__qadapt_region(|| x + black_box(1))".to_owned())
}

/// Whether a file has a function whose name has this in it.
fn has_function(file: &Path, part: &str) -> bool {
    let data = std::fs::read(file).expect("the program can be read");
    let file = object::File::parse(&*data).expect("an ELF file");
    file.symbols().any(|symbol| symbol.name().is_ok_and(|name| name.contains(part)))
}

/// The call of the cold part has the place of the product, which is outside of the region and was moved into that part.
#[test]
fn cold_code_that_was_taken_out_of_a_region_is_part_of_it() {
    let mut regions = named("cold", |n| {
        format!(
            "let a = x.wrapping_mul({n}7777) ^ x.rotate_left(7); let b = a.wrapping_mul({n}5555) ^ a.rotate_left(9);
             let mut t = x / 3;
             __qadapt_region(|| {{
                 // SAFETY: it is a box.
                 if x > 9 {{ let p = boxes(a, b, x); t ^= unsafe {{ *p }}; }}
                 t += 1;
             }});
             t"
        )
    });
    regions.push(quiet());
    let flags =
        ["-Copt-level=3", "-Ccodegen-units=1", "-Cllvm-args=-hot-cold-split=true -hotcoldsplit-threshold=0"];
    let file = program("cold", "", &regions, &flags);
    assert!(has_function(&file, ".cold"), "nothing was taken out");
    assert_sound(&file, "quiet");
}

fn outlined() -> Vec<(String, String)> {
    let mut regions = named("outlined", |n| {
        format!(
            "let y = (x * x) ^ (120 * ({n} + 1));
             let p = __qadapt_region(|| boxes(halves(thirds(halves(thirds(y)))), 1, 2));
             // SAFETY: it is a box.
             unsafe {{ *p + {n} }}"
        )
    });
    regions.extend(named("permitted", |n| {
        format!(
            "let p = __qadapt_region(|| {{
                 let y = x * x;
                 let z = __qadapt_permit(|| y ^ (120 * ({n} + 1)));
                 boxes(halves(thirds(halves(thirds(z)))), 1, 2)
             }});
             // SAFETY: it is a box.
             unsafe {{ *p + {n} }}"
        )
    }));
    regions.push(quiet());
    regions
}

/// LLVM does so by itself for size: the calls have the place of the sum before the region, or of the permit before them.
#[test]
#[ignore = "needs a linker and the std of aarch64: run by .ci/run"]
fn outlined_code_is_part_of_a_region_on_aarch64() {
    let regions = outlined();
    let flags =
        ["-Copt-level=z", "--target", "aarch64-unknown-linux-gnu", "-Clinker=aarch64-linux-gnu-gcc", KEPT];
    let file = program("outlined", "", &regions, &flags);
    assert!(has_function(&file, "OUTLINED_FUNCTION_"), "nothing was taken out");
    let answers = answers(&file);
    for (region, _) in regions {
        assert_eq!(answers[&region] == Answer::Proven, region == "quiet", "{region}: {answers:#?}");
    }
}

/// GNU ld takes the labels for unused.
const KEPT: &str = "-Clink-arg=-Wl,--no-gc-sections";

#[test]
fn outlined_code_is_part_of_a_region() {
    let flags = ["-Copt-level=z", "-Cllvm-args=-enable-machine-outliner=always"];
    assert_sound(&program("outlined-here", "", &outlined(), &flags), "quiet");
}

/// gold leaves the folded function no name, so that the permit of the one that is left seems to be its own.
#[test]
fn a_folded_function_has_no_permit_of_another() {
    if !has("ld.gold", &[]) {
        return;
    }
    let inner = r"
        #[inline(never)]
        // SAFETY: it is a box.
        fn with(x: u64) -> u64 { let r = __qadapt_permit(|| boxes(x, 4, 5)); unsafe { *r ^ 7 } }
        #[inline(never)]
        // SAFETY: as above.
        fn without(x: u64) -> u64 { let r = boxes(x, 4, 5); unsafe { *r ^ 7 } }
    ";
    let text = |text: &str| text.to_owned();
    let regions = [
        (text("permitted"), text("__qadapt_region(|| with(x) + 77)")),
        (text("allocates"), text("__qadapt_region(|| without(x) + 78)")),
        quiet(),
    ];
    let flags = ["-Copt-level=3", "-Clink-arg=-fuse-ld=gold", "-Clink-arg=-Wl,--icf=safe"];
    let file = program("folded-by-gold", inner, &regions, &flags);
    assert!(!(has_function(&file, "4with") && has_function(&file, "7without")), "nothing was folded");
    assert_sound(&file, "quiet");
}
