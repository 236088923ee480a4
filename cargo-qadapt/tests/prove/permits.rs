//! Permits in regions are no allocations of theirs, where they are certain; and what only looks like one is.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::builds;

/// What is said of a region.
#[derive(Debug)]
struct Answered {
    answer: String,
    rests_on: Vec<String>,
    /// What its paths do.
    paths: Vec<String>,
}

/// The answers of a binary's regions, by profile.
fn answers(bin: &str, arguments: &[&str]) -> BTreeMap<String, BTreeMap<String, Answered>> {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
        .args(["qadapt", "prove", "--format", "json", "--bin", bin])
        .args(arguments)
        .current_dir(builds::package("permits"))
        .env("CARGO_TARGET_DIR", builds::of_the_tool())
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("the command starts");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let proofs = report["proofs"].as_array().expect("proofs").iter();
    proofs
        .map(|proof| {
            let verdicts = proof["verdicts"].as_array().expect("verdicts").iter();
            let answered = |v: &Value| Answered {
                answer: text(&v["answer"]),
                rests_on: v["assumes"].as_array().expect("a list").iter().map(text).collect(),
                paths: v["paths"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|path| text(&path["what"]))
                    .collect(),
            };
            let answers = verdicts.map(|v| (text(&v["region"]), answered(v))).collect();
            (text(&proof["profile"]), answers)
        })
        .collect()
}

#[test]
fn what_is_permitted_is_no_allocation_and_nothing_else_is_permitted() {
    let proofs = answers("permits", &[]);
    assert_eq!(proofs.len(), 2);
    let mut wrong = Vec::new();
    for (profile, answers) in proofs {
        for (region, expected) in [
            ("permitted", "proven"),
            ("calls_in_a_permit", "proven"),
            ("drops_with_permission", "proven"),
            ("calls_a_permitted_function", "proven"),
            ("without_need", "proven"),
            ("calls_behind_a_permit", "allocates"),
            ("once_without", "allocates"),
            ("one_arm", "allocates"),
            ("in_a_loop", "allocates"),
            ("forbidden", "allocates"),
            ("forbidden_below", "allocates"),
            ("forbidden_inside", "allocates"),
            ("forbidden_inside_and_below", "allocates"),
            ("perhaps_forbidden", "allocates"),
            ("protected_again", "allocates"),
            ("inner", "allocates"),
            ("protected_again_below", "allocates"),
            ("without_a_budget", "allocates"),
            // Without optimisation a policy is a value, which may or may not have a budget.
            ("with_a_budget", if profile == "release" { "unknown" } else { "allocates" }),
            ("budget_of_a_constant", if profile == "release" { "unknown" } else { "allocates" }),
        ] {
            match answers.get(&format!("permits::{region}")) {
                Some(found) if found.answer == expected => {}
                other => wrong.push(format!("{profile} {region}: {other:?}, not {expected}")),
            }
        }
        // A policy of which nothing is known may have a budget, or have none.
        let unknown = &answers["permits::perhaps_forbidden"];
        assert_eq!(unknown.paths, ["allocates", "frees"], "{profile}: {unknown:#?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_guard_that_forbids_permits_makes_them_void() {
    for (profile, answers) in answers("guarded", &[]) {
        assert_eq!(answers["guarded::under_a_guard"].answer, "allocates", "{profile}");
    }
}

#[test]
fn a_permit_may_be_void_where_its_region_is_called() {
    let is_said = |found: &Answered| {
        assert_eq!(found.answer, "proven");
        found.rests_on.iter().any(|words| words.contains("no region which forbids permits is open"))
    };
    let release = &answers("permits", &["--profile", "release"])["release"];
    for region in ["permitted", "calls_in_a_permit", "drops_with_permission"] {
        assert!(is_said(&release[&format!("permits::{region}")]), "{region}: {release:#?}");
    }
    assert!(!is_said(&release["permits::without_need"]), "{release:#?}");
    let release = &answers("unforbidden", &["--profile", "release"])["release"];
    assert!(!is_said(&release["unforbidden::covered"]), "{release:#?}");
}

#[test]
fn a_region_in_a_permit_whose_call_is_merged_with_a_permitted_one_is_not_proven() {
    let release = &answers("nested", &["--profile", "release"])["release"];
    let merged: Vec<_> = release.iter().filter(|(region, _)| region.starts_with("nested::merged")).collect();
    assert_eq!(merged.len(), 2, "{release:#?}");
    assert!(merged.iter().all(|(_, found)| found.answer != "proven"), "{merged:#?}");
}

/// The labels of such regions tell that they are there, though nothing tells which they are.
#[test]
fn regions_without_debug_information_are_found_in_permits_and_behind_regions() {
    let found = &answers("nested", &["--profile", "undescribed"])["undescribed"];
    for function in [
        "at_the_start",
        "behind_work",
        "behind_permitted_work",
        "behind_a_region",
        "behind_a_region_in_pieces",
        "behind_sums",
    ] {
        let nameless = found.get(&format!("nested::{function} (somewhere in it)"));
        assert_eq!(nameless.map(|found| found.answer.as_str()), Some("unknown"), "{function}: {found:#?}");
    }
    let theirs: Vec<_> = found.iter().filter(|(region, _)| region.starts_with("undescribed::")).collect();
    assert!(!theirs.is_empty() && theirs.iter().all(|(_, found)| found.answer == "unknown"), "{found:#?}");
}

#[test]
fn a_region_of_equal_code_is_all_of_it() {
    let found = &answers("folded", &["--profile", "release"])["release"];
    for function in ["a_inside", "b_inside", "c_inside", "d_inside"] {
        let answer = &found[&format!("undescribed::{function}")].answer;
        assert_ne!(answer, "proven", "{function}: {found:#?}");
    }
    // Which one is kept the compiler chooses.
    assert!(found.values().any(|found| found.answer == "unknown"), "{found:#?}");
}

/// Where the checks are off nothing is lent, and the body is a region all the same.
#[test]
fn what_runs_under_a_lent_policy_is_a_region_of_its_own() {
    for (profile, found) in answers("lent", &[]) {
        let answer = |region: &str| {
            let of_region = |(name, _): &(&String, &Answered)| name.starts_with(&format!("lent::{region}"));
            let all: Vec<_> =
                found.iter().filter(of_region).map(|(_, found)| found.answer.as_str()).collect();
            assert_eq!(all.len(), 1, "{profile} {region}: {found:#?}");
            all[0].to_owned()
        };
        let expected = [
            ("lends", "proven"),
            ("allocates", "allocates"),
            ("sums", "proven"),
            ("frees", "allocates"),
            ("unused", "missing"),
        ];
        for (region, expected) in expected {
            assert_eq!(answer(region), expected, "{profile} {region}: {found:#?}");
        }
    }
}

/// What debug information beside the object files says: without the places of calls each region was listed twice, once as missing.
#[test]
fn split_debug_information_says_the_same() {
    let mut found = answers("permits", &["--profile", "release", "--profile", "split"]);
    let [whole, split] = ["release", "split"].map(|profile| {
        let regions = found.remove(profile).expect("it was proven").into_iter();
        regions.map(|(region, found)| (region, found.answer)).collect::<Vec<_>>()
    });
    assert!(whole.len() > 20, "{whole:#?}");
    assert_eq!(whole, split);
}
