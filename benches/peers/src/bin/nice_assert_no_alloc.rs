//! nice_assert_no_alloc, whose violations abort.

use std::hint::black_box;

use nice_assert_no_alloc::{AllocDisabler, assert_no_alloc, permit_alloc};
use qadapt_peers::{Ways, main_with, pair};

#[global_allocator]
static ALLOC: AllocDisabler = AllocDisabler;

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        region: Some(|turns| (0..turns).for_each(|turn| _ = black_box(assert_no_alloc(|| turn)))),
        permitted: Some(|turns| (0..turns).for_each(|_| assert_no_alloc(|| permit_alloc(pair)))),
        ..Ways::default()
    })
}
