//! Regions over published crates, as anybody would write them: how many of those that cannot allocate are proven, and that none is
//! which was seen to allocate.

use std::collections::BTreeMap;
use std::path::PathBuf;
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
    builds::release(&builds::package("popular"), "popular", &format!("popular-{variable}"), |cargo| {
        // The regions use memchr.
        for setting in ["opt-level=3", "debug=\"line-tables-only\""] {
            cargo.args(["--config", &format!("profile.release.package.memchr.{setting}")]);
        }
        cargo.arg("--locked").env(variable, "1");
    })
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
#[ignore = "builds published crates: run by .ci/run oracle"]
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
