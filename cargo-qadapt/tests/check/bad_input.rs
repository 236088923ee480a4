//! What cannot be checked gets an error that says what to do, before anything is built.

use crate::copy::Copy;

#[test]
fn without_a_baseline() {
    let run = Copy::new("none").check(&[]);
    run.assert(2, &["there is no baseline", "cargo qadapt check --bless"]);
    run.assert_not("Compiling");
}

#[test]
fn profiles_that_were_not_settled() {
    let copy = Copy::new("profiles");
    copy.write(
        "qadapt.lock",
        "version = 1\n[[run]]\ncommand = \"-p meter --bin meter\"\nprofiles = [\"release\"]\n",
    );
    copy.check(&[]).assert(2, &["in profile debug", "--bless"]);
}

#[test]
fn damaged_older_and_newer_baselines() {
    let copy = Copy::new("damaged");
    for (text, said) in [
        ("version = 1\n[[run]]\ncommand = ", "take it from version control again"),
        ("<<<<<<< HEAD\nversion = 1\n", "damaged"),
        ("version = 1\nruns = []\n", "unknown field `runs`"),
        ("version = 0\n", "write it anew"),
        ("version = 2\n", "update cargo-qadapt"),
    ] {
        copy.write("qadapt.lock", text);
        for more in [&[][..], &["--bless"]] {
            let run = copy.check(more);
            run.assert(2, &[said, "qadapt.lock"]);
            run.assert_not("Compiling");
        }
        assert_eq!(copy.read("qadapt.lock"), text);
    }
}

#[test]
fn wrong_configurations() {
    let copy = Copy::new("wrong-config");
    for (text, said) in [
        ("[[budgets]]\nregion = \"a\"\n", "unknown field `budgets`"),
        ("[[budget]]\nregion = \"\"\nallocs = 1\n", "an empty pattern matches nothing"),
        ("[[permit]]\nregion = \"a\"\n", "missing field `reason`"),
        ("[[tolerance]]\nregion = \"a\"\npercent = 2\n", "missing field `reason`"),
        ("[[tolerance]]\nregion = \"a\"\npercent = 2\nreason = \" \"\n", "has an empty `reason`"),
        ("[[tolerance]]\nregion = \"a\"\npercent = 0\nreason = \"a\"\n", "has 0 percent"),
        ("[[suppress]]\nreason = \"a\"\n", "needs a `function` or a `file`"),
    ] {
        copy.write("qadapt.toml", text);
        for verb in ["check", "audit"] {
            let run = copy.qadapt(&[verb, "-p", "meter"]);
            run.assert(2, &[said, "qadapt.toml"]);
            run.assert_not("Compiling");
        }
    }
}

#[test]
fn arguments_that_do_not_go_together() {
    let copy = Copy::new("arguments");
    copy.check(&["--since", "HEAD", "--format", "json"]).assert(2, &["cannot be used with"]);
    copy.check(&["--runs", "0"]).assert(2, &["invalid value"]);
}
