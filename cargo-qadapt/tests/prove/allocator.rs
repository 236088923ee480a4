//! Allocators whose inlined copies cannot be told: nothing that may contain one is proven.

use std::path::PathBuf;
use std::process::Command;

use cargo_qadapt::config::Config;
use qadapt_prove::{Answer, Rules, Settings, prove_functions};
use regex::Regex;

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

/// Where optimisation at link time leaves methods of the program's allocator and no entry, debug information tells that an entry called
/// them.
#[test]
fn methods_that_entries_call_are_the_allocators() {
    let source = COUNTING.to_owned() + USERS;
    let options = |debug| ["-Clto=fat", "-Cpanic=abort", debug];
    let with = options("-Cdebuginfo=line-tables-only");
    assert_eq!(
        answers_of("counting", &source, &with, &Settings::default()),
        [Answer::Allocates, Answer::Proven]
    );
    let without = answers_of("counting-bare", &source, &options("-Cdebuginfo=none"), &Settings::default());
    assert!(!without.contains(&Answer::Proven), "{without:?}");
}

#[test]
fn an_arena_out_of_line_is_taken_at_its_users_word() {
    let settings = Config::parse("[prove]\nallocator-out-of-line = \"inline(never) on both methods\"")
        .and_then(Config::proofs)
        .unwrap();
    let found = answers("out_of_line", "#[inline(never)]", &settings);
    assert_eq!(found, [Answer::Allocates, Answer::Proven]);
}
