//! What compiles with the attributes, what does not, and what the compiler then says; what a user's lock file gets.
//!
//! Alone because it drives the compiler. The expected messages in `fail/*.stderr` are those of Rust 1.95; other
//! versions word some of them otherwise, and `TRYBUILD=overwrite` writes them anew.

mod user_crate;

use user_crate::UserCrate;

/// One rule a file: it compiles, and its `main` runs.
#[test]
fn good_uses_compile_and_run() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

/// One rule a file: it is refused with these messages and no others.
#[test]
fn bad_uses_are_refused() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn every_edition_takes_every_form() {
    for edition in [2018, 2021, 2024] {
        UserCrate::new("every_form", edition, "qadapt").check();
    }
}

#[test]
fn a_renamed_dependency_is_found() {
    UserCrate::new("renamed", 2024, "renamed").check();
}

#[test]
fn clippy_finds_nothing() {
    for edition in [2021, 2024] {
        UserCrate::new("clippy", edition, "qadapt").clippy();
    }
}

/// What some platform needs, and nothing that only this repository's own tests do.
#[test]
fn a_lock_file_gets_what_is_linked() {
    let platforms =
        ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin", "wasm32-wasip1"];
    let user = UserCrate::new("empty", 2024, "qadapt");
    let locked = user.locked_anew();
    assert!(locked.contains("qadapt") && locked.contains("backtrace"), "{locked:?}");
    let linked = user.linked(&platforms);
    assert_eq!(
        locked.difference(&linked).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "locked, but never linked"
    );
}

/// The tests above can fail.
#[test]
fn faults_are_found() {
    let faulty = UserCrate::new("faulty", 2024, "qadapt");
    let found = faulty.checked().expect_err("a variable is unused");
    assert!(found.contains("unused variable: `x`"), "{found}");
    if let Some(outcome) = faulty.clippied() {
        let found = outcome.expect_err("a `must_use` is missing");
        assert!(found.contains("could have a `#[must_use]` attribute"), "{found}");
    }
}
