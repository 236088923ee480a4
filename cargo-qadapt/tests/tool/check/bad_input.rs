//! What cannot be checked gets an error that says what to do, before anything is built.

use crate::check::copy::Copy;

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
        ("<<<<<<< HEAD\nversion = 1\n", "line 1 is a marker that git leaves at a conflict: take one side"),
        ("version = 1\nruns = []\n", "unknown field `runs`"),
        ("version = 0\n", "write it anew"),
        ("version = 2\n", "update cargo-qadapt"),
        (
            WITH_A_DECIMAL,
            "in the run `-p meter --bin meter`: the baseline is damaged: 1.0 is no figure of a whole run",
        ),
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

/// Read as hundredths it would allow a hundred times as much.
const WITH_A_DECIMAL: &str = "\
version = 1
[[run]]
command = \"-p meter --bin meter\"
profiles = [\"debug\"]
[[run.region]]
file = \"meter/src/lib.rs\"
counts.debug = { allocs = 1.0, reallocs = 0, deallocs = 1, bytes = 8, peak_bytes = 8 }
";

#[test]
fn a_report_that_could_not_be_written() {
    let copy = Copy::new("nowhere");
    copy.write("qadapt.toml", "");
    let file = copy.root.join("not-there/report.txt");
    let file = file.to_str().expect("the path is UTF-8");
    for more in [&["--bless", "--output", file][..], &["--output", "meter"]] {
        let run = copy.check(more);
        run.assert(2, &["error: could not write the report `"]);
        run.assert_not("Compiling");
        run.assert_not("there is no baseline");
    }
    copy.check(&["--bless", "--output", "qadapt.lock"]).assert(2, &["would overwrite"]);
    copy.check(&["--output", "./qadapt.toml"]).assert(2, &["would overwrite"]);
    // What is there stays until there is something else, and nothing is left behind.
    copy.write("old.txt", "old");
    for name in ["old.txt", "new.txt"] {
        copy.check(&["--output", name]).assert(2, &["there is no baseline"]);
    }
    assert_eq!(copy.read("old.txt"), "old");
    assert!(!copy.root.join("new.txt").exists());
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
        ("\n\n[[suppress]]\nfile = \"a\"\nreason = \"\"\n", "line 3"),
        ("[check]\nenvironment = [\"H*ME\"]\n", "an `*` works only at the end"),
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
fn a_configuration_in_another_encoding() {
    let copy = Copy::new("encoding");
    std::fs::write(copy.root.join("qadapt.toml"), b"[[permit]]\nregion = \"a\"\nreason = \"f\xfcr alle\"\n")
        .expect("the file can be written");
    copy.qadapt(&["audit", "-p", "meter"]).assert(2, &["qadapt.toml`: line 3 is not UTF-8"]);
}

/// As PowerShell writes what is sent to a file.
#[test]
fn a_baseline_in_another_encoding() {
    let copy = Copy::new("lock-encoding");
    let bytes: Vec<u8> = "\u{feff}version = 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(copy.root.join("qadapt.lock"), bytes).expect("the file can be written");
    copy.check(&[])
        .assert(2, &["qadapt.lock`: line 1 is not UTF-8 (save the file in that encoding): invalid utf-8"]);
}

#[test]
fn arguments_that_do_not_go_together() {
    let copy = Copy::new("arguments");
    copy.check(&["--since", "HEAD", "--format", "json"]).assert(2, &["cannot be used with"]);
    copy.check(&["--runs", "0"]).assert(2, &["invalid value"]);
}
