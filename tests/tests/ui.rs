//! What compiles with the attributes, what does not, and what the compiler then says.
//!
//! Alone because it drives the compiler. The expected messages in `ui/fail/*.stderr` are those of Rust 1.95; other
//! versions word some of them otherwise, and `TRYBUILD=overwrite` writes them anew.

#[path = "ui/user_crate.rs"]
mod user_crate;

use user_crate::UserCrate;

/// One rule a file: it compiles, and its `main` runs.
#[test]
fn good_uses_compile_and_run() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

/// One rule a file: it is refused with these messages and no others.
#[test]
fn bad_uses_are_refused() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
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
