//! Tests that are told apart.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use crate::copy::Copy;

/// Stands for a cargo that has nextest: it runs each test in a process of its own, and names it as nextest does.
const CARGO: &str = r#"#!/bin/sh
cargo='CARGO'
[ "$1" = nextest ] || exec "$cargo" "$@"
[ "$2" = run ] || exit 0
shift 2
for word; do
    shift
    [ "$word" = --cargo-profile ] && word=--profile
    set -- "$@" "$word"
done
for name in one two; do
    NEXTEST_TEST_NAME=$name "$cargo" test "$@" --test apart -- --exact "$name" || exit
done
"#;

const GUARD: &str = "\
#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

";

const TESTS: &str = "\
#[test]
fn one() {
    meter::fill(0);
}

#[test]
fn two() {
    meter::fill(2);
}
";

/// A package with a binary, whose tests do as much together as before.
#[test]
fn under_nextest_each_test_is_held_to_its_own_figures() {
    let copy = Copy::new("apart");
    copy.write("meter/tests/apart.rs", &(GUARD.to_owned() + TESTS));
    let real = std::env::var("CARGO").expect("cargo runs this test");
    copy.write("cargo", &CARGO.replace("CARGO", &real));
    let cargo = copy.root.join("cargo");
    std::fs::set_permissions(&cargo, PermissionsExt::from_mode(0o755)).expect("the file is there");
    let check = |more: &[&str]| {
        copy.qadapt_by(&cargo, &[&["check", "--nextest", "--profile", "debug"], more].concat())
    };
    check(&["--bless"]).assert(0, &["0 failures"]);
    assert!(copy.read("qadapt.lock").contains("test = \"apart::two\""), "{}", copy.read("qadapt.lock"));
    check(&[]).assert(0, &["0 failures", "0 notes"]);
    copy.write(
        "meter/tests/apart.rs",
        &(GUARD.to_owned()
            + &TESTS.replace("fill(0)", "fill(9)").replace("fill(2)", "fill(0)").replace('9', "2")),
    );
    check(&[]).assert(1, &["2 allocations instead of 0"]);
}

/// Tests of one name in two packages of a workspace, which do as much together as before.
#[test]
fn tests_of_one_name_in_two_packages_are_two() {
    let copy = Copy::new("namesakes");
    let manifest = copy.read("meter/Cargo.toml").replace("name = \"meter\"", "name = \"other\"");
    std::fs::create_dir_all(copy.root.join("other/src")).expect("the folder can be made");
    std::fs::create_dir_all(copy.root.join("other/tests")).expect("the folder can be made");
    copy.write("other/Cargo.toml", &format!("{manifest}meter.path = \"../meter\"\n"));
    copy.write("other/src/lib.rs", "");
    copy.edit("Cargo.toml", "members = [\"meter\"]", "members = [\"meter\", \"other\"]");
    let makes = |first: u32, second: u32| {
        for (package, number) in [("meter", first), ("other", second)] {
            let text = GUARD.to_owned() + &format!("#[test]\nfn one() {{\n    meter::fill({number});\n}}\n");
            copy.write(&format!("{package}/tests/same.rs"), &text);
        }
    };
    let check =
        |more: &[&str]| copy.qadapt(&[&["check", "--test", "same", "--profile", "debug"], more].concat());
    makes(3, 0);
    check(&["--bless"]).assert(0, &["0 failures"]);
    let lock = copy.read("qadapt.lock");
    assert!(
        lock.contains("test = \"meter/same::one\"") && lock.contains("test = \"other/same::one\""),
        "{lock}"
    );
    check(&[]).assert(0, &["0 failures", "0 notes"]);
    makes(1, 2);
    check(&[]).assert(1, &["in test other/same::one in debug: 2 allocations instead of 0"]);
}
