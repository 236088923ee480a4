//! The whole verb on a package with protected regions: builds, marks, names, verdicts, exit codes.
//!
//! In a process of its own because it runs the command as a user does.

use std::path::Path;
use std::process::{Command, Output};

fn prove(args: &[&str]) -> Output {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/marked");
    Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
        .args(["qadapt", "prove"])
        .args(args)
        .current_dir(package)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("the command starts")
}

#[test]
fn each_marked_region_gets_a_name_and_a_verdict_in_each_profile() {
    let output = prove(&["--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for proof in report["proofs"].as_array().expect("proofs") {
        let verdict = |region: &str| {
            proof["verdicts"]
                .as_array()
                .expect("verdicts")
                .iter()
                .find(|v| v["region"] == region)
                .unwrap_or_else(|| panic!("no {region} in {proof:#}"))
        };
        let answer = |region: &str| verdict(region)["answer"].clone();
        assert_eq!(answer("marked::annotated"), "proven");
        assert_eq!(answer("marked::{impl#1}::process"), "proven");
        assert_eq!(answer("marked::generic<usize>"), "allocates");
        assert_eq!(answer("marked::generic<char>"), "allocates");
        assert_eq!(answer("marked::main"), "allocates");
        let advice = |region: &str| verdict(region)["paths"][0]["advice"]["id"].clone();
        assert_eq!(advice("marked::generic<char>"), "to-string");
        assert_eq!(advice("marked::main"), "vec-macro");
        assert_eq!(answer("core::pin::Pin<&mut marked::main::{async_block#1}>"), "allocates");
    }
    assert_eq!(report["proofs"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["differences"].as_array().map(Vec::len), Some(0), "{:#}", report["differences"]);
}

#[test]
fn a_path_names_the_users_line() {
    let output = prove(&["--profile", "release"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("ALLOCATES always  marked::generic<char>"), "{text}");
    assert!(text.contains("src/main.rs:38"), "{text}");
    assert!(text.contains("help: write with `write!` into a String reserved outside the region"), "{text}");
}

#[test]
fn requiring_a_proof_decides_the_exit_code() {
    let output = prove(&["--profile", "release", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let binary = report["proofs"][0]["binary"].as_str().expect("a path");
    for (function, require, code) in [
        ("^qadapt::mark::required$", Some("proven"), 0),
        ("^qadapt::mark::region$", Some("proven"), 1),
        // Through the formatting machinery of the standard library: unresolved, which is a finding only if required.
        ("^<core::fmt::Arguments as core::fmt::Display>::fmt$", None, 0),
        ("^<core::fmt::Arguments as core::fmt::Display>::fmt$", Some("*Arguments*"), 1),
        // A pattern that speaks of none of them.
        ("^<core::fmt::Arguments as core::fmt::Display>::fmt$", Some("*::mark::*"), 2),
    ] {
        let mut arguments = vec!["--binary", binary, "--function", function];
        arguments.extend(require.into_iter().flat_map(|require| ["--require", require]));
        let output = prove(&arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{function}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[test]
fn what_cannot_run_says_why_and_exits_with_2() {
    for (args, phrase) in [
        (&["--binary", "no-such-file"][..], "could not open the binary `no-such-file`"),
        (&["--binary", "Cargo.toml"][..], "it is not an ELF file"),
        (
            &["--binary", env!("CARGO_BIN_EXE_cargo-qadapt"), "--function", "^no such function$"][..],
            "no function matches `^no such function$`",
        ),
        (&["--profile", "no-such-profile"][..], "could not build the package in profile no-such-profile"),
    ] {
        let output = prove(args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(phrase), "{text}");
    }
}
