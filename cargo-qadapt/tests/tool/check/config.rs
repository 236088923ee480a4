//! What `qadapt.toml` settles.

use crate::check::copy::Copy;

#[test]
fn budgets_hold_whatever_the_baseline_says() {
    let copy = Copy::new("budgets");
    let line = copy.line("meter/src/lib.rs", "    assert_no_alloc(|| {");
    for (budget, said) in [
        ("region = \"meter/src/lib.rs:fill\"\nallocs = 1", Some("2 allocations where 1 may be")),
        (
            "region = \"*:fill\"\nbytes = 15\npeak_bytes = 7",
            Some("16 bytes where 15 may be, 8 bytes at once where 7 may be"),
        ),
        ("region = \"*:fill\"\nallocs = 2\nbytes = 16\npeak_bytes = 8", None),
        ("region = \"*:fill\"\nprofile = \"release\"\nallocs = 0", None),
    ] {
        copy.write("qadapt.toml", &format!("[[budget]]\n{budget}\n"));
        let run = copy.check(&["--bless"]);
        match said {
            Some(said) => {
                let label = format!("error[over-budget]: meter/src/lib.rs:{line} in debug: {said}");
                run.assert(1, &[&label]);
                copy.check(&[]).assert(1, &[&label, "drop(black_box(Box::new(step)));"]);
            }
            None => run.assert(0, &["0 notes"]),
        }
    }
}

#[test]
fn a_budgets_profile_is_spelled_as_cargo_does_or_told() {
    let copy = Copy::new("profiles");
    let budget = |profile: &str| {
        copy.write(
            "qadapt.toml",
            &format!("[[budget]]\nregion = \"*:fill\"\nprofile = \"{profile}\"\nallocs = 0\n"),
        );
        copy.check(&["--bless"])
    };
    budget("dev").assert(1, &["error[over-budget]", "2 allocations where 0 may be"]);
    budget("debg").assert(
        0,
        &[
            "the budget for `*:fill` in qadapt.toml is of the profile `debg`, in which nothing was run: correct it or remove it; \
             is one of these meant: `debug`?",
            "0 failures, 1 note",
        ],
    );
    // What cargo has of itself may be of a run to come, but only what was run is offered.
    let output = budget("bench");
    output.assert(0, &["0 failures, 0 notes"]);
    output.assert_not("of the profile");
    let output = budget("benhc");
    output.assert(
        0,
        &[
            "is of the profile `benhc`, in which nothing was run: correct it or remove it",
            "0 failures, 1 note",
        ],
    );
    output.assert_not("is one of these meant");
    budget("my release").assert(2, &["`my release` is no name of a cargo profile"]);
}

/// The variables can only be chosen by who starts the program.
#[test]
#[cfg(target_os = "linux")]
fn variables_that_cannot_be_left_out_are_said() {
    let copy = Copy::new("variables");
    let said = "`environment` below `[check]` in qadapt.toml is ignored";
    copy.write("qadapt.toml", "[check]\nenvironment = [\"HOME\"]\n");
    copy.check(&["--bless"]).assert_not(said);
    let platform = cargo_qadapt::cargo::host().expect("cargo tells its platform");
    std::fs::create_dir_all(copy.root.join(".cargo")).expect("a folder");
    copy.write(".cargo/config.toml", &format!("target.{platform}.runner = \"env\"\n"));
    copy.check(&["--bless"]).assert(0, &[said, "cargo starts them with `env` (CARGO_TARGET_"]);
    copy.write("qadapt.toml", "");
    copy.check(&["--bless"]).assert_not(said);
}

/// The included file is the stronger one of two, and what includes it is stronger than that.
#[test]
#[cfg(target_os = "linux")]
fn what_cargos_configuration_includes_is_read() {
    let copy = Copy::new("included");
    copy.write("qadapt.toml", "[check]\nenvironment = [\"HOME\"]\n");
    let platform = cargo_qadapt::cargo::host().expect("cargo tells its platform");
    std::fs::create_dir_all(copy.root.join(".cargo/below")).expect("a folder");
    copy.write(".cargo/config.toml", "include = [\"weak.toml\", { path = \"below/strong.toml\" }]\n");
    copy.write(".cargo/below/strong.toml", "include = [\"../stripped.toml\"]\n");
    copy.write(".cargo/stripped.toml", "profile.dev.strip = true\n");
    let said = |runner: &str| {
        format!("is ignored, and programs get every variable: cargo starts them with `{runner}`")
    };
    for name in [platform.as_str(), "'cfg(unix)'"] {
        copy.write(".cargo/weak.toml", &format!("target.{name}.runner = \"env\"\n"));
        // What is stripped has no names, which is an error.
        copy.check(&["--bless"]).assert(0, &[&said("env")]);
    }
    copy.write(".cargo/stripped.toml", &format!("target.{platform}.runner = \"nice\"\n"));
    copy.check(&["--bless"]).assert(0, &[&said("nice")]);
}

#[test]
fn tolerances_let_figures_be_off_by_some_percent() {
    let copy = Copy::new("tolerances");
    copy.bless(&[]);
    let tolerance =
        |text: &str| copy.write("qadapt.toml", &format!("[[tolerance]]\nregion = \"*:fill\"\n{text}\n"));
    copy.edit("meter/src/main.rs", "meter::fill(times);", "meter::fill(times + 1);");
    tolerance("percent = 50\nreason = \"a queue\"");
    copy.check(&[]).assert(0, &["0 failures, 0 notes"]);
    tolerance("percent = 49\nreason = \"a queue\"");
    copy.check(&[]).assert(1, &["3 allocations instead of 2"]);
    tolerance("percent = 50\nprofile = \"release\"\nreason = \"a queue\"");
    copy.check(&[]).assert(1, &["3 allocations instead of 2"]);
    copy.edit("meter/src/main.rs", "meter::fill(times + 1);", "meter::fill(times - 1);");
    tolerance("percent = 50\nreason = \"a queue\"");
    copy.check(&[]).assert(0, &["0 failures, 0 notes"]);
}

#[test]
fn permits_let_regions_grow() {
    let copy = Copy::new("permits");
    copy.bless(&[]);
    copy.edit("meter/src/main.rs", "meter::fill(times);", "meter::fill(times + 1);");
    copy.check(&[]).assert(1, &["3 allocations instead of 2"]);
    copy.write("qadapt.toml", "[[permit]]\nregion = \"*:fill\"\nreason = \"it is filled on demand\"\n");
    copy.check(&[]).assert(0, &["0 failures, 0 notes"]);
}

#[test]
fn suppressed_stacks_are_no_violations() {
    let copy = Copy::new("suppressed");
    copy.write("qadapt.toml", "[[suppress]]\nfunction = \"meter::write_log\"\nreason = \"a debug aid\"\n");
    copy.bless(&[]);
    let lock = copy.read("qadapt.lock");
    assert!(lock.contains("suppressed.debug = [\"function `meter::write_log`\"]"), "{lock}");
    assert!(!lock.contains("to_string"), "{lock}");
    // More of the same is suppressed too.
    copy.edit(
        "meter/src/lib.rs",
        "    drop(black_box(step.to_string()));",
        "    drop(black_box((step.to_string(), step.to_string())));",
    );
    copy.check(&[]).assert(
        0,
        &[
            "check passed: 0 failures, 0 notes",
            "suppressed by qadapt.toml: events of function `meter::write_log`: 8 in debug: a debug aid",
        ],
    );
    // And is not without.
    copy.write("qadapt.toml", "");
    copy.check(&[]).assert(1, &["error[more-than-baseline]: log "]);

    copy.write("qadapt.toml", "[[suppress]]\nfile = \"meter/*\"\nreason = \"all of it\"\n");
    let audit = copy.qadapt(&["audit", "-p", "meter", "--bin", "meter", "--profile", "debug"]);
    audit.assert(
        0,
        &["suppressed by qadapt.toml: events of file `meter/*`: ", " in debug: all of it", "0 disallowed"],
    );
    audit.assert_not("Sites");
}

#[test]
fn what_matches_nothing_is_told() {
    let copy = Copy::new("unmatched");
    copy.write(
        "qadapt.toml",
        "[[budget]]\nregion = \"fil\"\nallocs = 1\n\n[[permit]]\nregion = \"old::*\"\nreason = \"x\"\n\n[[tolerance]]\nregion = \"slow::*\"\npercent = 2\nreason = \"x\"\n\n[[suppress]]\nfile = \
         \"gone.rs\"\nreason = \"x\"\n\n[[permit]]\nregion = \"guarded::*\"\nreason = \"a test's\"\n",
    );
    let told = [
        "the budget for `fil` in qadapt.toml matches no region",
        "the permit for `old::*` in qadapt.toml matches no region",
        "the tolerance for `slow::*` in qadapt.toml matches no region",
        "the suppression of file `gone.rs` in qadapt.toml matches no stack",
    ];
    let of_a_test = "the permit for `guarded::*` in qadapt.toml matches no region";
    copy.check(&["--bless"]).assert(0, &[told[0], told[1], told[2], told[3], of_a_test]);
    // What another run of the baseline has is not unmatched.
    copy.qadapt(&["check", "-p", "meter", "--test", "guarded", "--profile", "debug", "--bless"])
        .assert(0, &told);
    let run = copy.check(&[]);
    run.assert(0, &told);
    run.assert_not(of_a_test);
}
