//! A C program and one in C++ that use the guard through `qadapt.h`, compiled by their compilers and linked with Rust in a static library.
//!
//! Alone because it only runs compilers and watches the programs they make.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_tests::child::{command, run};

/// Where Cargo puts this profile's programs.
fn profile() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own file");
    test.ancestors().nth(2).expect("a test's file lies in PROFILE/deps").to_owned()
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} failed");
}

/// Builds the Rust half, and gives its static library.
fn rust_half() -> PathBuf {
    let profile = profile();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "qadapt-c-host", "--target-dir"]);
    build.arg(profile.parent().expect("the target folder"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    if cfg!(feature = "enforce") {
        build.args(["--features", "enforce"]);
    }
    succeed(&mut build);
    profile.join("libqadapt_c_host.a")
}

/// Has a compiler, which a variable can name, make a program of a source and the Rust half, and runs that.
fn build_and_run(variable: &str, compiler: &str, standard: &str, source: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source.replace('.', "_"));
    succeed(
        Command::new(env::var_os(variable).unwrap_or_else(|| compiler.into()))
            .args([standard, "-Wall", "-Wextra", "-Werror", "-g", "-I"])
            .arg(here.join("../../qadapt-malloc/include"))
            .arg("-o")
            .arg(&program)
            .arg(here.join("native").join(source))
            .arg(rust_half())
            .args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]),
    );
    let outcome = run(&mut command(program));
    let expected = if cfg!(any(debug_assertions, feature = "enforce")) { "all so" } else { "no checks" };
    assert_eq!((outcome.status.code(), outcome.stdout.trim()), (Some(0), expected), "{}", outcome.stderr);
}

#[test]
fn a_c_program_uses_the_guard() {
    build_and_run("CC", "cc", "-std=c11", "host.c");
}

#[test]
fn a_cpp_program_uses_the_guard() {
    build_and_run("CXX", "c++", "-std=c++17", "host.cpp");
}
