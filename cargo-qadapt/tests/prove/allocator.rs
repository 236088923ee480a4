//! Allocators whose inlined copies cannot be told: nothing that may contain one is proven.

use std::path::PathBuf;
use std::process::Command;

use cargo_qadapt::config::Config;
use qadapt_prove::{Answer, Rules, Settings, prove_functions};
use regex::Regex;

const ARENA: &str = r#"
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
#[inline(never)] fn loud(n: usize) -> usize { std::hint::black_box(vec![n; 3]).len() }
#[inline(never)] fn quiet(n: usize) -> usize { n.wrapping_mul(3) ^ 5 }
fn main() { let n = std::env::args().count(); println!("{} {}", loud(n), quiet(n)); }
"#;

fn answers(name: &str, inline: &str, settings: &Settings) -> Vec<Answer> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join(format!("{name}.rs"));
    let output = folder.join(name);
    std::fs::write(&source, ARENA.replace("INLINE", inline)).expect("the source is written");
    let status = Command::new("rustc")
        .args(["--edition=2024", "-Copt-level=3", "-Ccodegen-units=1", "-o"])
        .args([&output, &source])
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

#[test]
fn an_arena_out_of_line_is_taken_at_its_users_word() {
    let settings = Config::parse("[prove]\nallocator-out-of-line = \"inline(never) on both methods\"")
        .and_then(Config::proofs)
        .unwrap();
    let found = answers("out_of_line", "#[inline(never)]", &settings);
    assert_eq!(found, [Answer::Allocates, Answer::Proven]);
}
