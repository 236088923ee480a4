//! Allocators whose inlined copies cannot be told: nothing that may contain one is proven.

use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, prove_functions};
use regex::Regex;

use crate::programs::{self, run, settled};

const ARENA: &str = r"
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering};
struct Arena;
#[repr(align(4096))] struct Memory(#[allow(dead_code)] [u8; 1 << 20]);
static mut MEMORY: Memory = Memory([0; 1 << 20]);
static USED: AtomicUsize = AtomicUsize::new(0);
// SAFETY: each block lies between two values of `USED`, which only grows, so that no two overlap; it is aligned within the
// room that was taken for it, inside `MEMORY`, and stays for ever. Nothing unwinds.
unsafe impl GlobalAlloc for Arena {
    INLINE unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        let at = USED.fetch_add(l.size() + l.align(), Ordering::Relaxed);
        if at + l.size() + l.align() > 1 << 20 { return std::ptr::null_mut(); }
        // SAFETY: the offset is less than `at + l.align()`, and the block ends within `at + l.size() + l.align()` bytes.
        unsafe { (&raw mut MEMORY).cast::<u8>().add((at + l.align() - 1) & !(l.align() - 1)) }
    }
    INLINE unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator] static A: Arena = Arena;
";

/// An allocator whose methods are called.
const COUNTING: &str = r"
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
struct Counting(AtomicUsize);
// SAFETY: as the system's.
unsafe impl GlobalAlloc for Counting {
    #[inline(never)] unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        self.0.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.alloc(l) }
    }
    #[inline(never)] unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 {
        self.0.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.realloc(p, l, n) }
    }
    #[inline(never)] unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        self.0.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.dealloc(p, l) }
    }
}
#[global_allocator] static A: Counting = Counting(AtomicUsize::new(0));
";

const USERS: &str = r#"
#[inline(never)] fn loud(n: usize) -> usize { std::hint::black_box(vec![n; 3]).len() }
#[inline(never)] fn quiet(n: usize) -> usize { n.wrapping_mul(3) ^ 5 }
fn main() { let n = std::env::args().count(); println!("{} {}", loud(n), quiet(n)); }
"#;

fn answers(name: &str, inline: &str, settings: &Settings) -> Vec<Answer> {
    answers_of(name, &(ARENA.replace("INLINE", inline) + USERS), &[], settings)
}

fn answers_of(name: &str, text: &str, options: &[&str], settings: &Settings) -> Vec<Answer> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join(format!("{name}.rs"));
    let output = folder.join(name);
    std::fs::write(&source, text).expect("the source is written");
    let status = Command::new("rustc")
        .args(["--edition=2024", "-Copt-level=3", "-Ccodegen-units=1", "-o"])
        .args([&output, &source])
        .args(options)
        .status()
        .expect("rustc starts");
    assert!(status.success(), "the program compiles");
    let data = std::fs::read(&output).expect("the program is there");
    let pattern = Regex::new("::(loud|quiet)$").expect("a valid pattern");
    let rules = Rules { allow_frees: false, gaps: 2 };
    prove_functions(&data, &pattern, rules, settings)
        .expect("verdicts")
        .into_iter()
        .map(|v| v.answer)
        .collect()
}

/// A dynamic library of Rust's asks the standard library's for memory, by name.
#[test]
fn a_dynamic_standard_library_has_the_allocator() {
    let text =
        USERS.replace("#[inline(never)] fn", "#[inline(never)] pub fn").replace("fn main()", "pub fn all()");
    let dynamic = ["--crate-type=dylib", "-Cprefer-dynamic"];
    let found = answers_of("of_a_dylib", &text, &dynamic, &Settings::default());
    // Which allocator the other library has, and whether a part of it is inlined here, this file does not say.
    assert_eq!(found, [Answer::Allocates, Answer::Unknown]);
}

#[test]
fn an_inlined_arena_proves_nothing() {
    let found = answers("inlined", "#[inline(always)]", &Settings::default());
    assert_eq!(found.len(), 2);
    assert!(!found.contains(&Answer::Proven), "{found:?}");
}

/// The program's arena grows blocks by the system's allocator, which the program also uses for itself: the methods that are left in
/// the file are those of that one alone.
#[test]
fn methods_of_an_allocator_beside_the_programs_prove_nothing() {
    let grows = "INLINE unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 {
        // SAFETY: as the caller has it; the new block is larger than the old one, or as large as it.
        unsafe {
            let new = System.alloc(Layout::from_size_align_unchecked(n, l.align()));
            if !new.is_null() { std::ptr::copy_nonoverlapping(p, new, l.size().min(n)); }
            new
        }
    }
    INLINE unsafe fn dealloc(";
    let uses = "fn main() {
        let system = std::hint::black_box(&System as &dyn GlobalAlloc);
        let layout = Layout::new::<u64>();
        // SAFETY: the block is grown and freed as it was allocated.
        unsafe {
            let block = system.realloc(system.alloc(layout), layout, 16);
            system.dealloc(block, Layout::from_size_align_unchecked(16, 8));
        }";
    let arena = ARENA.replace("INLINE unsafe fn dealloc(", grows).replace("Layout}", "Layout, System}");
    let source = arena.replace("INLINE", "#[inline(always)]") + &USERS.replace("fn main() {", uses);
    let options = ["-Clto=fat", "-Cpanic=abort", "-Cdebuginfo=line-tables-only"];
    let found = answers_of("beside", &source, &options, &Settings::default());
    assert_eq!(found.len(), 2);
    assert!(!found.contains(&Answer::Proven), "{found:?}");
}

/// Where optimisation at link time leaves methods of the program's allocator and no entry, nothing shows that each copy of an entry calls
/// them: a copy that was merged with another one has no description. So it is the user's to say.
#[test]
fn methods_that_entries_call_are_the_allocators_at_the_users_word() {
    let source = COUNTING.to_owned() + USERS;
    let said = settled("[prove]\nallocator-out-of-line = \"inline(never) on its methods\"");
    for debug in ["-Cdebuginfo=line-tables-only", "-Cdebuginfo=none"] {
        let options = ["-Clto=fat", "-Cpanic=abort", debug];
        let found = answers_of("counting", &source, &options, &Settings::default());
        assert!(!found.contains(&Answer::Proven), "{debug}: {found:?}");
        assert_eq!(
            answers_of("counting", &source, &options, &said),
            [Answer::Allocates, Answer::Proven],
            "{debug}"
        );
    }
}

/// The system's allocator comes to `malloc` wherever it was inlined, whatever became of the copies. Lines alone do not tell that it
/// is that one.
#[test]
fn the_systems_allocator_needs_no_original() {
    let source = format!("#[global_allocator] static A: std::alloc::System = std::alloc::System;{USERS}");
    for (debug, quiet) in [("line-tables-only", Answer::Unknown), ("limited", Answer::Proven)] {
        let options = ["-Clto=fat", "-Cpanic=abort", &format!("-Cdebuginfo={debug}")];
        let found = answers_of("of_the_system", &source, &options, &Settings::default());
        assert_eq!(found, [Answer::Allocates, quiet], "{debug}");
    }
}

/// Small blocks are a counter's, and large ones `malloc`'s. What the optimiser has merged of two small ones has no description, and that
/// of the large one comes to `malloc`.
const SMALL: &str = r#"
#![no_std]
#![no_main]
extern crate alloc;
use alloc::boxed::Box;
use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
unsafe extern "C" { fn malloc(n: usize) -> *mut u8; }
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
static mut MEMORY: [u64; 1 << 17] = [0; 1 << 17];
static USED: AtomicUsize = AtomicUsize::new(0);
struct Small;
// SAFETY: a small block is one of 64 bytes in a static, of which the program takes few; all others are the C library's.
unsafe impl GlobalAlloc for Small {
    #[inline(always)] unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        // SAFETY: any size will do.
        if l.size() > 64 { return unsafe { malloc(l.size()) } }
        let at = USED.load(Ordering::Relaxed);
        USED.store(at + 64, Ordering::Relaxed);
        // SAFETY: the offset is inside `MEMORY`.
        unsafe { (&raw mut MEMORY).cast::<u8>().add(at & 0xfffff) }
    }
    #[inline(always)] unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator] static A: Small = Small;
#[inline(never)] pub fn loud(x: [u64; 16]) -> Box<[u64; 16]> { Box::new(x) }
#[inline(never)] pub fn quiet(which: bool, x: u64) -> Box<u64> { if which { one(x) } else { other(x) } }
#[inline] fn one(x: u64) -> Box<u64> { Box::new(x) }
#[inline] fn other(x: u64) -> Box<u64> { Box::new(x ^ 5) }
#[unsafe(no_mangle)] pub extern "C" fn main(n: i32) -> i32 {
    let n = n as u64;
    (quiet(n > 1, n).wrapping_add(loud([n; 16])[3])) as i32
}
"#;

#[test]
fn merged_copies_of_an_allocator_prove_nothing() {
    for debug in ["-Cdebuginfo=line-tables-only", "-Cdebuginfo=limited"] {
        let options = ["-Clto=fat", "-Cpanic=abort", "-lc", debug];
        let found = answers_of("merged", SMALL, &options, &Settings::default());
        assert!(found.len() == 2 && !found.contains(&Answer::Proven), "{debug}: {found:?}");
    }
}

/// The copies are in code without debug information, whichever crate the entry is from.
#[test]
fn copies_in_a_crate_without_debug_information_prove_nothing() {
    let folder = programs::folder("undescribed");
    let quiet = "#![no_std] extern crate alloc; use alloc::boxed::Box;\n\
                 #[inline(never)] #[unsafe(no_mangle)] pub fn a_quiet(x: u64) -> Box<u64> { Box::new(x) }\n";
    let uses = SMALL
        .replace("#[inline(never)] pub fn quiet", "pub fn unused")
        .replace("quiet(n > 1, n)", "bare::a_quiet(n)")
        .replace("extern crate alloc;", "extern crate alloc; extern crate bare;");
    library(&folder, "bare", "rlib", quiet, &["-Cdebuginfo=none"]);
    let source = folder.join("uses.rs");
    let program = folder.join("uses");
    std::fs::write(&source, uses).expect("the source is written");
    let mut rustc = Command::new("rustc");
    rustc.args([
        "--edition=2024",
        "-Copt-level=3",
        "-Ccodegen-units=1",
        "-Clto=fat",
        "-Cpanic=abort",
        "-lc",
        LINES,
    ]);
    run(rustc.arg("-L").arg(&folder).arg("-o").args([&program, &source]));
    let found = programs::answers(&program, "^a_quiet$", "");
    assert!(found.len() == 1 && proven(&found).is_empty(), "{found:?}");
}

#[test]
fn an_arena_out_of_line_is_taken_at_its_users_word() {
    let settings = settled("[prove]\nallocator-out-of-line = \"inline(never) on both methods\"");
    let found = answers("out_of_line", "#[inline(never)]", &settings);
    assert_eq!(found, [Answer::Allocates, Answer::Proven]);
}

/// An allocator that is the system's but for zeroed memory, which comes from a static that is zero already.
const ZEROED: &str = r"
    #[inline(always)] unsafe fn alloc_zeroed(&self, l: Layout) -> *mut u8 {
        static mut MEMORY: [u8; 1 << 20] = [0; 1 << 20];
        let at = self.0.fetch_add((l.size() + 63) & !63, Ordering::Relaxed);
        // SAFETY: the offset is inside `MEMORY`; no two blocks overlap before all of it is used, and the program uses less.
        unsafe { (&raw mut MEMORY).cast::<u8>().add(at & 0xfffff) }
    }
    #[inline(never)] unsafe fn alloc(";

#[test]
fn zeroed_memory_of_the_programs_own_proves_nothing() {
    let users = r#"
#[inline(never)] fn loud(n: usize) -> *mut u8 { std::mem::ManuallyDrop::new(vec![0_u8; n]).as_mut_ptr() }
#[inline(never)] fn quiet(n: usize) -> usize { n.wrapping_mul(3) ^ 5 }
fn main() { let n = std::env::args().count(); println!("{:?} {}", std::hint::black_box(loud(n)), quiet(n)); }
"#;
    let source = COUNTING.replace("\n    #[inline(never)] unsafe fn alloc(", ZEROED) + users;
    let options = ["-Clto=fat", "-Cpanic=abort", "-Cdebuginfo=line-tables-only"];
    let found = answers_of("zeroed", &source, &options, &Settings::default());
    assert!(found.len() == 2 && !found.contains(&Answer::Proven), "{found:?}");
}

/// A library without `std`, for a program in C.
const BARE: &str = r#"
#![no_std]
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[unsafe(no_mangle)] pub extern "C" fn a_quiet(n: u64) -> u64 { quiet(n) }
#[inline(never)] fn quiet(n: u64) -> u64 { n.wrapping_mul(3) ^ 5 }
"#;

/// What that library allocates.
const NODE: &str = r#"
extern crate alloc;
#[inline(never)] fn node(n: u64) -> &'static [u64; 5] { alloc::boxed::Box::leak(alloc::boxed::Box::new([n; 5])) }
#[unsafe(no_mangle)] pub extern "C" fn a_node(n: u64) -> *const [u64; 5] { node(n) }
"#;

/// Blocks of 40 bytes are an arena's. All others are of another allocator, whose methods are called.
const NODES: &str = r#"
use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
unsafe extern "C" { fn malloc(n: usize) -> *mut u8; fn free(p: *mut u8); fn realloc(p: *mut u8, n: usize) -> *mut u8; }
pub struct Large;
// SAFETY: as the C library's, for what is aligned to no more than 16 bytes.
unsafe impl GlobalAlloc for Large {
    // SAFETY: any size will do.
    #[inline(never)] unsafe fn alloc(&self, l: Layout) -> *mut u8 { unsafe { malloc(l.size()) } }
    // SAFETY: as the caller has it.
    #[inline(never)] unsafe fn dealloc(&self, p: *mut u8, _: Layout) { unsafe { free(p) } }
    // SAFETY: as the caller has it.
    #[inline(never)] unsafe fn realloc(&self, p: *mut u8, _: Layout, n: usize) -> *mut u8 { unsafe { realloc(p, n) } }
}
pub struct Nodes;
static mut MEMORY: [u64; 1 << 17] = [0; 1 << 17];
static USED: AtomicUsize = AtomicUsize::new(0);
// SAFETY: a block of 40 bytes lies between two values of `USED`, of which the program takes few; all others are `Large`'s.
unsafe impl GlobalAlloc for Nodes {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        if l.size() == 40 {
            let at = USED.fetch_add(64, Ordering::Relaxed);
            // SAFETY: the offset is inside `MEMORY`.
            return unsafe { (&raw mut MEMORY).cast::<u8>().add(at & 0xfffff) };
        }
        // SAFETY: as the caller has it.
        unsafe { Large.alloc(l) }
    }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        // SAFETY: as the caller has it.
        if l.size() != 40 { unsafe { Large.dealloc(p, l) } }
    }
    // SAFETY: as the caller has it; the program grows no block of 40 bytes.
    unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 { unsafe { Large.realloc(p, l, n) } }
}
"#;

const STATIC: &str = "#[global_allocator] static A: Nodes = Nodes;";

/// A user of blocks of other sizes too, so that the methods of `Large` are in the program.
const OTHER: &str = r#"
#[unsafe(no_mangle)] pub extern "C" fn a_other(n: u64) -> u64 {
    let mut all = alloc::vec::Vec::new();
    for i in 0..n { all.push(i * i); }
    core::hint::black_box(&all).iter().sum()
}
"#;

/// Compiles a library for programs in C, or for other libraries.
fn library(folder: &Path, name: &str, kind: &str, text: &str, options: &[&str]) -> PathBuf {
    let source = folder.join(format!("{name}.rs"));
    let output = folder.join(format!("lib{name}.{}", if kind == "rlib" { "rlib" } else { "a" }));
    std::fs::write(&source, text).expect("the source is written");
    let mut rustc = Command::new("rustc");
    rustc.args([
        "--edition=2024",
        "-Copt-level=3",
        "-Ccodegen-units=1",
        "-Cpanic=abort",
        "--crate-type",
        kind,
    ]);
    run(rustc.args(options).arg("-L").arg(folder).arg("-o").args([&output, &source]));
    output
}

/// The answers on the functions of a program in C that calls these functions of these libraries.
fn answers_in_c(folder: &Path, calls: &[&str], libraries: &[PathBuf], strip: bool) -> Vec<(String, Answer)> {
    let (source, program) = (folder.join("main.c"), folder.join("program"));
    let all = calls.iter().map(|call| format!("long {call}(long); s += {call}(argc);\n"));
    let text = format!(
        "int main(int argc, char **argv) {{ long s = 0; {} return s == 7; }}",
        all.collect::<String>()
    );
    std::fs::write(&source, text).expect("the source is written");
    run(Command::new("gcc")
        .arg("-O2")
        .arg(&source)
        .args(libraries)
        .arg("-Wl,--gc-sections")
        .arg("-o")
        .arg(&program));
    if strip {
        run(Command::new("strip").arg("--strip-debug").arg(&program));
    }
    programs::answers(&program, "^(a_|bare::)", "")
}

fn proven(answers: &[(String, Answer)]) -> Vec<&str> {
    answers.iter().filter(|(_, answer)| *answer == Answer::Proven).map(|(name, _)| name.as_str()).collect()
}

const LINES: &str = "-Cdebuginfo=line-tables-only";

#[test]
fn an_allocator_without_the_standard_library_is_one() {
    let folder = programs::folder("bare");
    let text = [BARE, NODE, NODES, STATIC].concat();
    for lto in ["-Clto=fat", "-Clto=off"] {
        let bare = library(&folder, "bare", "staticlib", &text, &[lto, LINES]);
        for strip in [false, true] {
            let found = answers_in_c(&folder, &["a_node", "a_quiet"], std::slice::from_ref(&bare), strip);
            assert!(found.len() >= 2 && proven(&found).is_empty(), "{lto} {strip}: {found:?}");
        }
    }
}

/// Code without `alloc` has no allocator, and is proven where debug information shows that there is no such code.
#[test]
fn core_alone_has_no_allocator() {
    let folder = programs::folder("core");
    for (lines, names) in [(LINES, &["a_quiet", "bare::quiet"][..]), ("-Cdebuginfo=none", &[])] {
        let bare = library(&folder, "bare", "staticlib", BARE, &["-Clto=fat", lines]);
        let found = answers_in_c(&folder, &["a_quiet"], &[bare], false);
        assert_eq!(proven(&found), names, "{found:?}");
    }
}

#[test]
fn entries_of_another_library_say_nothing_of_this_one() {
    let folder = programs::folder("two");
    let bare =
        library(&folder, "bare", "staticlib", &[BARE, NODE, NODES, STATIC].concat(), &["-Clto=fat", LINES]);
    let full = r#"#[unsafe(no_mangle)] pub extern "C" fn b_sum(n: u64) -> u64 { (0..n).collect::<Vec<_>>().iter().sum() }"#;
    let full = library(&folder, "full", "staticlib", full, &[LINES]);
    let found = answers_in_c(&folder, &["a_node", "a_quiet", "b_sum"], &[bare, full], false);
    assert!(found.len() >= 2 && proven(&found).is_empty(), "{found:?}");
}

/// The arena is in a crate without debug information, so that the entry seems to call the methods of `Large`.
#[test]
fn a_crate_without_debug_information_hides_no_allocator() {
    let folder = programs::folder("hidden");
    library(&folder, "outer", "rlib", &format!("#![no_std]\n{NODES}"), &["-Cdebuginfo=none"]);
    let text = [BARE, NODE, OTHER, "extern crate outer;", &STATIC.replace("Nodes", "outer::Nodes")].concat();
    let bare = library(&folder, "bare", "staticlib", &text, &["-Clto=fat", LINES]);
    let found = answers_in_c(&folder, &["a_node", "a_quiet", "a_other"], &[bare], false);
    assert!(found.len() >= 3 && proven(&found).is_empty(), "{found:?}");
}

/// What may be freed may be freed by whatever allocates only where that is known.
#[test]
fn a_free_that_allocates_is_no_free_alone() {
    let folder = programs::folder("frees");
    let source = folder.join("frees.c");
    std::fs::write(
        &source,
        "#include <stdio.h>\n#include <stdlib.h>\n\
         static void **all; static int count;\n\
         __attribute__((noinline)) void _ZdlPv(void *p) { all = realloc(all, ++count * sizeof *all); all[count - 1] = p; }\n\
         __attribute__((noinline)) void _ZdlPvm(void *p, unsigned long n) { _ZdlPv(p); }\n\
         __attribute__((noinline)) void _ZdaPv(void *p) { free(p); }\n\
         static void grows(void *p) { free(p); malloc(32); }\n\
         void (*volatile hook)(void *) = grows;\n\
         __attribute__((noinline)) void _ZdaPvm(void *p, unsigned long n) { hook(p); }\n\
         __attribute__((noinline)) int r_hooked(void *p) { _ZdaPvm(p, 1); return 1; }\n\
         __attribute__((noinline)) int r_close(FILE *f) { return fclose(f) + 1; }\n\
         __attribute__((noinline)) int r_kept(void *p) { _ZdlPv(p); return 1; }\n\
         __attribute__((noinline)) int r_sized(void *p) { _ZdlPvm(p, 1); return 1; }\n\
         __attribute__((noinline)) int r_through(void *p) { _ZdaPv(p); return 1; }\n\
         __attribute__((noinline)) int r_free(void *p) { free(p); return 1; }\n\
         int main(int c, char **v) {\n\
             return r_kept(malloc(c)) + r_sized(malloc(c)) + r_through(malloc(c)) + r_hooked(malloc(c)) + r_free(malloc(c)) + r_close(stdin);\n\
         }\n",
    )
    .expect("the source is written");
    let pattern = Regex::new("^r_").expect("a pattern");
    // As a library too, whose functions are called as what it exports.
    for flags in [&["-O1"][..], &["-O1", "-static"], &["-O1", "-fPIC", "-shared"]] {
        let is_open = flags.len() > 1;
        let program = folder.join(format!("frees{}", flags.len()));
        run(Command::new("gcc").args(flags).args(["-w", "-fno-builtin", "-o"]).args([&program, &source]));
        let data = std::fs::read(&program).expect("the program is there");
        for (allow_frees, may_free) in [(true, Answer::Proven), (false, Answer::Allocates)] {
            let rules = Rules { allow_frees, gaps: 4 };
            let verdicts = prove_functions(&data, &pattern, rules, &Settings::default()).expect("verdicts");
            let found: Vec<_> = verdicts.iter().map(|v| (v.region.as_str(), v.answer)).collect();
            let expected = [
                ("r_close", Answer::Allocates),
                ("r_free", may_free),
                // What the pointer is nobody knows at fixed addresses, and where another object may have a pointer of its name.
                ("r_hooked", if allow_frees && is_open { Answer::Unknown } else { Answer::Allocates }),
                ("r_kept", Answer::Allocates),
                ("r_sized", Answer::Allocates),
                ("r_through", may_free),
            ];
            assert_eq!(found, expected, "{flags:?} {allow_frees}");
        }
    }
}
