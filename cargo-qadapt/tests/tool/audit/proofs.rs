//! Runs held against proofs.

use cargo_qadapt::report::figures::{Frame, Op, Report, Site, SiteCounts};
use qadapt_code::origin::Origin;
use serde_json::Value;

use crate::audit::command::{Run, folder, run};

/// The proofs of the fixture's program in release, held against a report.
fn prove(report: &Report, name: &str) -> (Run, Value) {
    let path = folder(name).join("report.json");
    std::fs::write(&path, serde_json::to_vec(report).expect("a report is JSON"))
        .expect("the file can be written");
    let path = path.to_str().expect("the path is UTF-8");
    let arguments = ["prove", "-p", "shapes", "--profile", "release", "--allow-frees", "--trace", path];
    let text = run(&arguments);
    let json = run(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(text.code, json.code);
    let value = serde_json::from_str(&json.stdout).unwrap_or_else(|e| panic!("{e}\n{}", json.stderr));
    (text, value)
}

/// The region in `clean`.
fn clean(report: &Report) -> usize {
    report.regions.iter().position(|region| region.place.line == 28).expect("the region was entered")
}

#[test]
fn a_run_that_contradicts_a_proof_is_reported() {
    let audit = run(&["audit", "-p", "shapes", "--format", "json"]);
    audit.assert(1, "");
    let honest = audit.report();
    let (text, json) = prove(&honest, "honest");
    assert!(text.stdout.contains("PROVEN  shapes::clean  ("), "{}", text.stdout);
    assert!(text.stdout.contains("shapes/src/lib.rs:28)"), "{}", text.stdout);
    assert_eq!(json["contradictions"], serde_json::json!([]));

    let number = clean(&honest);
    let release = honest.profiles.iter().position(|profile| profile.name == "release").expect("it ran");
    let mut planted = honest.clone();
    planted.regions[number].counts[release].as_mut().expect("it was entered").allocs = 7;
    let (text, json) = prove(&planted, "planted");
    text.assert(1, "");
    assert!(text.stdout.contains("CONTRADICTED  shapes::clean"), "{}", text.stdout);
    assert!(text.stdout.contains("a bug of the prover"), "{}", text.stdout);
    assert_eq!(json["contradictions"][0]["region"], "shapes::clean");
    assert_eq!(json["contradictions"][0]["allocations"], 7);
    assert_eq!(json["contradictions"].as_array().map(Vec::len), Some(1));

    // Another profile's build is not the one that was proven.
    let mut other = honest.clone();
    other.regions[number].counts[1 - release].as_mut().expect("it was entered").allocs = 7;
    assert_eq!(prove(&other, "other").1["contradictions"], serde_json::json!([]));

    // A run of no profile that was proven says nothing, which must not look like a proof that held.
    let mut apart = honest.clone();
    apart.profiles.iter_mut().for_each(|profile| profile.name.push('2'));
    let (text, _) = prove(&apart, "apart");
    text.assert(
        2,
        "the traces are of the profile `debug2`, `release2`, the proofs of `release`. Write PROFILE=PATH",
    );
    apart.regions.clear();
    apart.sites.clear();
    apart.profiles.clear();
    prove(&apart, "empty").0.assert(2, "no proof was held against a run");

    // Frees are allowed here.
    let mut frees = honest.clone();
    frees.regions[number].counts[release].as_mut().expect("it was entered").deallocs = 7;
    assert_eq!(prove(&frees, "frees").1["contradictions"], serde_json::json!([]));

    // A panic allocates, and a proof says nothing of panics.
    let mut panicked = planted;
    let frame = |function: &str| Frame {
        function: function.into(),
        file: None,
        line: 0,
        column: 0,
        origin: Origin::Internal,
    };
    panicked.frames.push(frame("std::panicking::begin_panic"));
    let mut counts = vec![None; panicked.profiles.len()];
    counts[release] = Some(SiteCounts { count: 7, estimate: 7, ..SiteCounts::default() });
    let stack = vec![u32::try_from(panicked.frames.len() - 1).expect("few frames")];
    panicked.sites.push(Site { region: number, op: Op::Alloc, stack, counts });
    assert_eq!(prove(&panicked, "panicked").1["contradictions"], serde_json::json!([]));
}

/// The optimiser may remove more from the build that ships than from the one that runs: the message names this cause first,
/// and its command tells.
#[test]
fn a_box_that_only_the_checks_keep_is_told_apart() {
    let select = ["-p", "odd", "--bin", "unkept", "--profile", "release"];
    let audit = run(&[&["audit"], &select[..], &["--format", "json"]].concat());
    let path = folder("unkept").join("report.json");
    std::fs::write(&path, &audit.stdout).expect("the file can be written");
    let path = path.to_str().expect("the path is UTF-8");
    let proof = run(&[&["prove"], &select[..], &["--trace", path]].concat());
    proof.assert(1, "");
    let text = proof.stdout;
    assert!(text.contains("PROVEN  unkept::unkept"), "{text}");
    let (_, said) = text.split_once("CONTRADICTED  unkept::unkept").unwrap_or_else(|| panic!("{text}"));
    let (cause, report) = said.split_once("a box that nobody keeps").unwrap_or_else(|| panic!("{said}"));
    assert!(!cause.contains("bug") && report.contains("a bug of the prover"), "{said}");

    let (_, command) = said.split_once("cargo qadapt ").expect("a command");
    let command = command.lines().next().unwrap_or_default().replace("REGEX", "unkept::unkept");
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let told = run(&arguments).stdout;
    assert!(told.contains("ALLOCATES always  unkept::unkept"), "{told}");
    assert!(told.contains("at odd/src/bin/unkept.rs:11"), "{told}");
}
