//! Counted functions that are called by their symbols, as plug-ins call each other: nothing is added to their arguments.
// expect: run counted
// expect: exit 0
// expect: stdout 24 17
// expect: times 1 tests/src/bin/by_symbol.rs:{plain}:
// expect: times 1 tests/src/bin/by_symbol.rs:{renamed}:
// expect: off exit 0
// expect: off stdout 24 17

#![allow(unsafe_code, reason = "functions are called by their symbols")]
#![allow(clippy::no_mangle_with_rust_abi, reason = "where it is written, `extern \"Rust\"` is another case")]

use std::hint::black_box;

use qadapt::QADAPT;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

mod library {
    use std::hint::black_box;

    #[unsafe(no_mangle)]
    #[qadapt::count_alloc] // here: plain
    pub(crate) fn qadapt_tests_plain(length: usize) -> usize {
        black_box(vec![1_u8; length]).len() * 2
    }

    #[qadapt::count_alloc] // here: renamed
    #[cfg_attr(all(), unsafe(export_name = "qadapt_tests_renamed"))]
    pub(crate) fn renamed(length: usize) -> usize {
        black_box(vec![1_u8; length]).len() + 5
    }
}

// SAFETY: `library` has them with these signatures.
unsafe extern "Rust" {
    safe fn qadapt_tests_plain(length: usize) -> usize;
    safe fn qadapt_tests_renamed(length: usize) -> usize;
}

fn main() {
    println!("{} {}", qadapt_tests_plain(black_box(12)), qadapt_tests_renamed(black_box(12)));
}
