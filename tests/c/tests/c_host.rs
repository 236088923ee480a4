//! A C program that uses the guard through `qadapt.h`, compiled by the C compiler and linked with Rust in a static library.

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

#[test]
fn a_c_program_uses_the_guard() {
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

    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_host");
    succeed(
        Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()))
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-I"])
            .arg(here.join("../../qadapt-malloc/include"))
            .arg("-o")
            .arg(&program)
            .arg(here.join("native/host.c"))
            .arg(profile.join("libqadapt_c_host.a"))
            .args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]),
    );
    let outcome = run(&mut command(program));
    let expected = if cfg!(any(debug_assertions, feature = "enforce")) { "all so" } else { "no checks" };
    assert_eq!((outcome.status.code(), outcome.stdout.trim()), (Some(0), expected), "{}", outcome.stderr);
}
