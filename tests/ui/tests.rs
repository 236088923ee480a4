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

/// As `tracing::instrument` and contracts do.
#[test]
fn an_attribute_below_may_write_of_the_parameters() {
    let user = UserCrate::with_attribute("other_attribute");
    user.check();
    user.clippy();
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
    let linked = user.linked(&platforms);
    let locked = user.locked();
    assert!(locked.contains("qadapt") && locked.contains("backtrace"), "{locked:?}");
    assert_eq!(
        locked.difference(&linked).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "locked, but never linked"
    );
}

/// `#[test]` is gone before the attribute below it is read: only a compiler that tells where that stands lets it look
/// there. It expands in a test build alone, so that the files in `ui/fail` cannot show it.
#[test]
fn a_test_that_would_run_twice_is_refused() {
    let twice = UserCrate::new("test_twice", 2024, "qadapt");
    let refused = twice.tested().expect_err("two functions are tests twice");
    let message = "error: `#[test]` stands above `#[qadapt::test]`, which makes the function a test too: it would run \
                   twice, so remove `#[test]`";
    assert_eq!(refused.matches(message).count(), 2, "{refused}");
    assert_eq!(refused.matches("error:").count(), 3, "and that they keep it from compiling: {refused}");
}

/// What only a nightly compiler takes is refused in this crate's words, and left as it was.
#[test]
fn nightly_functions_are_refused() {
    let Some(outcome) = UserCrate::new("nightly", 2024, "qadapt").checked_by_nightly() else { return };
    let refused = outcome.expect_err("three functions cannot be regions");
    for (message, times) in [
        ("error: `#[no_alloc]` cannot stand on a `gen` function", 2),
        ("error: `#[no_alloc]` cannot stand on a function with `define_opaque`", 1),
        ("error:", 4),
        ("error[", 0),
    ] {
        assert_eq!(refused.matches(message).count(), times, "{message}: {refused}");
    }
}

/// A library needs no allocator of its own for its tests where the feature `install` brings one.
#[test]
fn a_librarys_tests_have_the_allocator() {
    UserCrate::with_feature("installed", "install").test();
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
