//! Tests that are told apart.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use crate::check::copy::Copy;

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

/// A workspace with `meter` and with `other`, which has a test of this name in each of these files beside `meter`'s.
fn namesakes(copy: &Copy, files: &[&str]) {
    let manifest = copy.read("meter/Cargo.toml").replace("name = \"meter\"", "name = \"other\"");
    for folder in ["src", "tests"] {
        std::fs::create_dir_all(copy.root.join("other").join(folder)).expect("the folder can be made");
    }
    copy.write("other/Cargo.toml", &format!("{manifest}meter.path = \"../meter\"\n"));
    copy.write("other/src/lib.rs", "");
    copy.edit("Cargo.toml", "members = [\"meter\"]", "members = [\"meter\", \"other\"]");
    make(copy, files, [3, 0]);
}

/// The tests in these files make this many allocations.
fn make(copy: &Copy, files: &[&str], numbers: [u32; 2]) {
    for (file, number) in files.iter().zip(numbers) {
        let main = if file.ends_with("main.rs") { "fn main() {}\n" } else { "" };
        let text = format!("{GUARD}{main}#[test]\nfn one() {{\n    meter::fill({number});\n}}\n");
        copy.write(file, &text);
    }
}

/// Tests of one name in these files, which do as much together as before.
#[track_caller]
fn are_two(name: &str, files: &[&str], target: &[&str], named: [&str; 2]) {
    let copy = Copy::new(name);
    namesakes(&copy, files);
    let check = |more: &[&str]| copy.qadapt(&[&["check", "--profile", "debug"], target, more].concat());
    check(&["--bless"]).assert(0, &["0 failures"]);
    let lock = copy.read("qadapt.lock");
    for name in named {
        assert!(lock.contains(&format!("test = \"{name}\"")), "{lock}");
    }
    check(&[]).assert(0, &["0 failures", "0 notes"]);
    make(&copy, files, [1, 2]);
    check(&[]).assert(1, &[&format!("in test {} in debug: 2 allocations instead of 0", named[1])]);
}

#[test]
fn tests_of_one_name_in_two_packages_are_two() {
    are_two(
        "namesakes",
        &["meter/tests/same.rs", "other/tests/same.rs"],
        &["--test", "same"],
        ["meter/same::one", "other/same::one"],
    );
}

/// As cargo lays a package out that has a library and a program.
#[test]
fn tests_of_one_name_in_a_library_and_its_program_are_two() {
    are_two(
        "both",
        &["other/src/lib.rs", "other/src/main.rs"],
        &["--workspace"],
        ["other::one", "other/bin/other::one"],
    );
}
