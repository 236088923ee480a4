//! How the verb ends, and what it has printed by then.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use serde_json::Value;

use crate::builds::of_the_tool;
use crate::marked::{command, prove, report};

#[test]
fn requiring_a_proof_decides_the_exit_code() {
    let report = report(&["--bin", "marked", "--profile", "release"]);
    let binary = report["proofs"][0]["binary"].as_str().expect("a path");
    for (function, require, code) in [
        ("^marked::unchanged$", Some("proven"), 0),
        ("^marked::filled$", Some("proven"), 1),
        // Through the formatting machinery of the standard library: unresolved, which is a finding only if required.
        ("^<core::fmt::Arguments as core::fmt::Display>::fmt$", None, 0),
        ("^<core::fmt::Arguments as core::fmt::Display>::fmt$", Some("*Arguments*"), 1),
        // A pattern that speaks of none of them.
        ("^<core::fmt::Arguments as core::fmt::Display>::fmt$", Some("*::unchanged"), 2),
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
fn what_is_proven_before_a_build_fails_is_printed() {
    let output = prove(&[
        "--format",
        "json",
        "--bin",
        "marked",
        "--profile",
        "release",
        "--profile",
        "no-such-profile",
    ]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("could not build the binary `marked` in profile no-such-profile"), "{text}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {text}"));
    let profiles: Vec<_> =
        report["proofs"].as_array().expect("proofs").iter().map(|p| &p["profile"]).collect();
    assert_eq!(profiles, ["release"]);
}

/// A proof of other features would put its program in this one's place.
#[test]
fn a_proof_waits_until_no_other_builds_there() {
    let folder = of_the_tool().join("qadapt");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let other = File::create(folder.join("prove.lock")).expect("the file can be made");
    other.lock().expect("it can be locked");
    let mut proof = command(&["--bin", "marked", "--profile", "release"]);
    let mut proof = proof.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stderr = proof.stderr.take().expect("it is a pipe");
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("waiting for another proof in ") {
        let mut byte = [0];
        assert_eq!(stderr.read(&mut byte).expect("it can be read"), 1, "{}", String::from_utf8_lossy(&said));
        said.extend(byte);
    }
    assert!(!String::from_utf8_lossy(&said).contains("building"), "{}", String::from_utf8_lossy(&said));
    drop(other);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("it is UTF-8");
    let output = proof.wait_with_output().expect("it ends");
    assert!(rest.contains("building the binary `marked` in profile release"), "{rest}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("PROVEN"), "{rest}");
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
