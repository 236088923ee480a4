//! Proofs that code cannot wait, on functions of which it is known whether they may, held against runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, Subject, Verdict, Which, prove_file, prove_functions};
use regex::Regex;

use crate::builds;

/// What a build has of the guard.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Build {
    Plain,
    /// Labels for regions.
    Labelled,
    /// The checks.
    Watched,
}

fn built(build: Build, program: &str, options: &[(&str, &str)]) -> PathBuf {
    let values: Vec<&str> = options.iter().map(|(_, value)| *value).collect();
    let name = format!("{program}-{build:?}-{}", values.join("-"));
    builds::release(&builds::package("blocking"), program, &name, |cargo| {
        cargo.envs(options.iter().map(|(key, value)| (format!("CARGO_PROFILE_RELEASE_{key}"), value)));
        match build {
            Build::Plain => cargo,
            Build::Labelled => cargo.env("QADAPT_MARKS", "1"),
            Build::Watched => cargo.args(["--features", "watched"]),
        };
    })
}

/// The answers on the regions of a program with labels, by their functions.
fn answers(program: &Path, subject: Subject) -> BTreeMap<String, Answer> {
    let rules = Rules { allow_frees: false, gaps: 3 };
    let settings = Settings::default().about(subject);
    let proof = prove_file(program, Which::Marked, rules, &settings, None).expect("a proof");
    let function = |verdict: &Verdict| verdict.region.split("::").nth(1).unwrap_or_default().to_owned();
    proof.verdicts.iter().map(|verdict| (function(verdict), verdict.answer)).collect()
}

#[test]
fn regions_are_asked_for_what_they_promise() {
    use Answer::{Allocates, Blocks, Missing, Proven};
    for options in [&[("LTO", "off")][..], &[("LTO", "fat"), ("CODEGEN_UNITS", "1")]] {
        let mut options = options.to_vec();
        options.push(("DEBUG", "line-tables-only"));
        let program = built(Build::Labelled, "regions", &options);
        let expected = [
            ("async_sleeps", Blocks),
            ("async_tries", Proven),
            ("attribute_locks", Blocks),
            ("attribute_tries", Proven),
            ("closure_locks", Blocks),
            ("closure_tries", Proven),
            ("future_locks", Blocks),
            ("future_memory_locks", Blocks),
            ("future_policy_boxes", Blocks),
            ("future_policy_sleeps", Blocks),
            ("future_strict_boxes", Blocks),
            ("future_tries", Proven),
            ("left_out", Missing),
            ("memory_locks", Blocks),
            ("policy_sleeps", Blocks),
            ("policy_tries", Proven),
            ("strict_boxes", Blocks),
            ("strict_tries", Proven),
        ];
        let owned = |(name, answer): (&str, Answer)| (name.to_owned(), answer);
        let waits = answers(&program, Subject::Blocking);
        assert_eq!(waits, expected.into_iter().map(owned).collect(), "{options:?}");
        // Those that may allocate are no regions of this question; but of a future's policy the code does not tell what it allows.
        let expected = [
            ("future_memory_locks", Proven),
            ("future_policy_boxes", Allocates),
            ("future_policy_sleeps", Proven),
            ("future_strict_boxes", Allocates),
            ("memory_locks", Proven),
            ("strict_boxes", Allocates),
            ("strict_tries", Proven),
        ];
        let memory = answers(&program, Subject::Allocation);
        assert_eq!(memory, expected.into_iter().map(owned).collect(), "{options:?}");
    }
}

fn verdicts(program: &Path, subject: Subject) -> BTreeMap<String, Verdict> {
    let data = std::fs::read(program).expect("the program can be read");
    let pattern = Regex::new("^blocking::(never|may|untold)::[a-z_]+$").expect("a valid pattern");
    let rules = Rules { allow_frees: false, gaps: 3 };
    let verdicts =
        prove_functions(&data, &pattern, rules, &Settings::default().about(subject)).expect("an analysis");
    verdicts
        .into_iter()
        .map(|verdict| (verdict.region.trim_start_matches("blocking::").to_owned(), verdict))
        .collect()
}

#[test]
fn what_may_wait_is_never_proven_and_what_cannot_is() {
    for options in [&[("LTO", "off")][..], &[("LTO", "fat"), ("CODEGEN_UNITS", "1")]] {
        let all = verdicts(&built(Build::Plain, "blocking", options), Subject::Blocking);
        let mut seen = BTreeMap::<&str, usize>::new();
        let mut wrong = Vec::new();
        for (name, verdict) in &all {
            let (truth, _) = name.split_once("::").expect("a module and a function");
            *seen.entry(truth).or_default() += 1;
            let is_right = matches!(
                (truth, verdict.answer),
                ("never", Answer::Proven) | ("may", Answer::Blocks) | ("untold", Answer::Unknown)
            );
            if !is_right {
                wrong.push(format!("{name}: {:?} {:#?} {:#?}", verdict.answer, verdict.paths, verdict.gaps));
            }
        }
        assert!(wrong.is_empty(), "{options:?}: {}", wrong.join("\n"));
        assert_eq!(seen.values().sum::<usize>(), all.len());
        assert!(all.len() >= 40, "{options:?}: {seen:?}");
    }
}

#[test]
fn runs_wait_where_it_is_said_and_nowhere_else() {
    let output = Command::new(built(Build::Watched, "blocking", &[("LTO", "off")]))
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Vec<&str>> = printed.lines().map(|line| line.split(' ').collect()).collect();
    assert!(lines.len() >= 40, "{printed}");
    if !lines.iter().any(|line| line[2] != "0") {
        println!("NOT RUN: this system does not let calls be watched");
        return;
    }
    for line in lines {
        let &[truth, name, waits, _] = &line[..] else { panic!("{line:?}") };
        // It takes company at the very moment, or a table that is full.
        let is_rare = ["tries_other_lock", "names_socket", "makes_descriptor"].contains(&name);
        match truth {
            "never" => assert_eq!(waits, "0", "{name}"),
            "may" if !is_rare => assert_ne!(waits, "0", "{name}"),
            _ => {}
        }
    }
}
