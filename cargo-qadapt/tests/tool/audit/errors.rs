//! What cannot be audited gets an error that says what to do, and is never a success.

use std::process::Command;

use crate::audit::command::{audit, folder, qadapt, run};

#[test]
fn a_program_without_regions() {
    audit("idle", &[]).assert(2, "entered no protected region");
    audit("idle", &["--whole-program"]).assert(1, "");
}

#[test]
fn a_program_with_another_allocator() {
    let run = audit("foreign", &[]);
    run.assert(2, "its global allocator is another one");
    assert!(run.stderr.contains("static ALLOC: qadapt::QADAPT"), "{}", run.stderr);
}

#[test]
fn a_program_that_does_not_know_qadapt() {
    let run = run(&["audit", "-p", "none", "--profile", "debug"]);
    run.assert(2, "left no trace in profile debug: it does not link qadapt. Add `qadapt = { path = ");
    assert!(run.stderr.contains("nothing was audited"), "{}", run.stderr);
}

/// What cargo starts in the program's place runs nothing, or is not there; the guard is in the program all the same.
#[test]
#[cfg(target_os = "linux")]
fn what_starts_programs_and_does_not() {
    let platform = cargo_qadapt::cargo::host().expect("cargo tells its platform");
    let variable = cargo_qadapt::cargo_config::platform_variable(&platform, "runner");
    for runner in ["true", "a-runner-that-is-not-there -x"] {
        let output = qadapt(&["audit", "-p", "odd", "--bin", "clean", "--profile", "debug"])
            .env(&variable, runner)
            .output()
            .expect("the command starts");
        let run = crate::audit::command::Run::of(output);
        run.assert(2, "left no trace");
        run.assert(
            2,
            &format!("cargo starts its programs with `{runner}`, which did not run them: set {variable} to"),
        );
        assert!(!run.stderr.contains("does not link") && !run.stderr.contains("Add "), "{}", run.stderr);
    }
}

#[test]
fn a_program_that_fails_without_findings_is_not_clean() {
    let run = audit("fails", &[]);
    run.assert(
        2,
        "error: the binary `fails` failed in profile debug (exit status: 3): nothing disallowed happened",
    );
    assert_eq!(run.report().regions[0].counts[0].expect("it was entered").calls, 1);
}

/// In an audit violations only count, so that such a test fails; its violation is a finding like any other.
#[test]
fn a_test_that_expects_a_panic_of_a_region_is_a_finding() {
    let run = run(&["audit", "-p", "odd", "--test", "expects", "--profile", "debug", "--format", "json"]);
    run.assert(1, "warning: the test `expects` failed in profile debug");
    assert_eq!(run.report().profiles[0].disallowed, 2, "{}", run.stdout);
}

#[test]
fn a_program_that_hangs() {
    let run = audit("hangs", &["--timeout", "3"]);
    run.assert(2, "took longer than 3 s");
    assert_eq!(run.report().regions[0].counts[0].expect("it was entered").allocs, 1);
    // Its report says that it is not whole, to whoever reads it.
    let report = folder("hung").join("report.json");
    std::fs::write(&report, &run.stdout).expect("a file");
    self::run(&["merge", report.to_str().expect("a path")]).assert(2, "took longer than 3 s");
}

#[test]
fn a_target_that_does_not_exist() {
    run(&["audit", "-p", "odd", "--example", "nothing"]).assert(2, "no example target named `nothing`");
}

#[test]
fn a_package_with_several_programs() {
    let run = run(&["audit", "-p", "odd"]);
    run.assert(2, "there are several programs (alive_many, ");
    assert!(run.stderr.contains("name one with --bin"), "{}", run.stderr);
    assert!(!run.stderr.contains("could not determine which"), "cargo is not asked before: {}", run.stderr);
}

/// Where cargo finds no other commands than its own.
#[test]
fn nextest_that_is_not_installed() {
    let folder = folder("nothing");
    let rustc = Command::new("rustc").args(["--print", "sysroot"]).output().expect("there is rustc");
    let sysroot = String::from_utf8(rustc.stdout).expect("the path is UTF-8");
    let output = qadapt(&["audit", "-p", "suite", "--nextest"])
        .env("PATH", &folder)
        .env("CARGO_HOME", &folder)
        .env("CARGO", format!("{}/bin/cargo", sysroot.trim_end()))
        .env("RUSTC", format!("{}/bin/rustc", sysroot.trim_end()))
        .output()
        .expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cargo install --locked cargo-nextest"), "{stderr}");
}

#[test]
fn a_profile_that_does_not_exist() {
    run(&["audit", "-p", "none", "--profile", "nothing"]).assert(2, "profile `nothing` is not defined");
    let later = run(&["audit", "-p", "odd", "--bin", "clean", "--profile", "debug,nothing"]);
    later.assert(2, "error: profile `nothing` is not defined");
    assert!(!later.stderr.contains("building"), "it is said before: {}", later.stderr);
    run(&["audit", "--profile", "a b"]).assert(2, "no name of a cargo profile");
}

#[test]
fn a_folder_without_a_package() {
    // Nothing below the target folder would do: cargo would find the workspace of the tests, and audit all of that.
    let output = qadapt(&["audit"]).current_dir("/").output().expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("error: cargo finds no package here"), "{stderr}");
}

#[test]
fn a_report_that_cannot_be_written() {
    for format in ["text", "json"] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("the device is there");
        let mut command =
            qadapt(&["audit", "-p", "odd", "--bin", "modes", "--profile", "debug", "--format", format]);
        let output = command.stdout(full).output().expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("error: could not write the report `standard output`: "), "{stderr}");
    }
    // A reader that has seen enough is no failure.
    let (reader, writer) = std::io::pipe().expect("there is a pipe");
    drop(reader);
    let mut command = qadapt(&["audit", "-p", "odd", "--bin", "modes", "--profile", "debug"]);
    let output = command.stdout(writer).output().expect("the command starts");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_source_that_does_not_compile() {
    let folder = folder("broken");
    std::fs::create_dir_all(folder.join("src")).expect("the folder can be made");
    let manifest = "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("the file can be written");
    std::fs::write(folder.join("src/main.rs"), "fn main() { not_there(); }\n")
        .expect("the file can be written");
    let output = qadapt(&["audit"]).current_dir(&folder).output().expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("could not build") && stderr.contains("not_there"), "{stderr}");
}

#[test]
fn a_build_without_debug_information() {
    // The linker takes out what cargo was asked for.
    let output = qadapt(&["audit", "-p", "odd", "--bin", "modes", "--profile", "bare"])
        .env("RUSTFLAGS", "-Clink-arg=-Wl,--strip-debug")
        .env(
            "CARGO_TARGET_DIR",
            crate::audit::command::target_directory().with_file_name("fixtures-stripped"),
        )
        .output()
        .expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("profile bare has no debug information"), "{stderr}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("odd/src/bin/modes.rs:10"), "regions have places anyway:\n{stdout}");
}
