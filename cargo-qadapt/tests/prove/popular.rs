//! Regions over published crates, as anybody would write them: how many of those that cannot allocate are proven, and that none is
//! which was seen to allocate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, Which, prove_file};

use crate::builds;

/// Of a hundred regions that cannot allocate, so many are proven at least.
const FLOOR: usize = 85;

/// What the package says of a region, and what was counted in its runs.
#[derive(Debug)]
struct Known {
    can_allocate: bool,
    events: u64,
}

/// Builds the program with its checks on or with labels, and keeps it.
fn build(variable: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("popular");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--locked", "--target-dir"]).arg(&target);
    // The regions use memchr.
    for outside in builds::OUTSIDE.into_iter().filter(|&package| package != "memchr") {
        cargo.args(["--config", &format!("profile.release.package.{outside}.opt-level=0")]);
    }
    cargo.current_dir(builds::package("popular"));
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS").env(variable, "1");
    assert!(cargo.status().expect("cargo starts").success(), "the regions build with {variable}");
    let kept = target.join(variable);
    std::fs::copy(target.join("release/popular"), &kept).expect("the program can be copied");
    kept
}

/// What the program says that was counted, by region.
fn counted() -> BTreeMap<String, Known> {
    let output =
        Command::new(build("QADAPT_ENFORCE")).env("QADAPT_MODE", "count").output().expect("the program runs");
    assert!(output.status.success(), "it ran to its end: {}", String::from_utf8_lossy(&output.stderr));
    let known = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, expected, allocs, frees] = words[..] else { panic!("{line}") };
        let number = |word: &str| word.parse::<u64>().expect("a number");
        let known = Known { can_allocate: expected == "Some", events: number(allocs) + number(frees) };
        (format!("popular::{name}::region"), known)
    };
    String::from_utf8_lossy(&output.stdout).lines().map(known).collect()
}

#[test]
#[ignore = "builds published crates: cargo test --release -p cargo-qadapt --test prove -- --ignored --nocapture popular"]
fn regions_over_published_crates() {
    let known = counted();
    assert!(known.len() >= 140, "only {} regions ran", known.len());
    assert!(known.values().any(|known| known.events > 0), "nothing was counted");
    for (name, known) in &known {
        assert!(known.can_allocate || known.events == 0, "{name} cannot allocate, it is said: {known:?}");
    }

    let program = build("QADAPT_MARKS");
    let rules = Rules { allow_frees: false, gaps: 1 };
    let proof = prove_file(&program, Which::Marked, rules, &Settings::default(), None).expect("an analysis");
    let (mut proven, mut cannot, mut wrong, mut open) = (0, 0, Vec::new(), Vec::new());
    for verdict in &proof.verdicts {
        let name = verdict.region.as_str();
        let known = known.get(name).unwrap_or_else(|| panic!("{name} did not run"));
        let is_proven = verdict.answer == Answer::Proven;
        cannot += usize::from(!known.can_allocate);
        proven += usize::from(!known.can_allocate && is_proven);
        if known.can_allocate && is_proven {
            wrong.push(name);
        }
        if !known.can_allocate && !is_proven {
            open.push(format!("{name}: {:?}", verdict.answer));
        }
    }
    println!("{proven} of {cannot} regions that cannot allocate are proven; not: {open:#?}");
    assert_eq!(proof.verdicts.len(), known.len(), "each region has a verdict");
    assert!(wrong.is_empty(), "proven, though they can allocate: {wrong:?}");
    assert!(proven * 100 >= cannot * FLOOR, "{proven} of {cannot} are proven");
}
