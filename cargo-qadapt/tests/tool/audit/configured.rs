//! What the user's configuration of cargo says beside what this command asks cargo for.

use crate::audit::command::{Run, audit, folder, qadapt, run};
use crate::audit::workspace::{package, qadapt_in};

#[test]
fn one_of_several_platforms_has_to_be_chosen() {
    let here = cargo_qadapt::cargo::host().expect("cargo tells its platform");
    let several = format!("build.target = [{here:?}, \"no-such-platform\"]");
    let arguments = ["--bin", "clean", "--profile", "debug", "--cargo-config", &several];
    let of = |verb, more: &[&str]| run(&[&[verb, "-p", "odd"], more, &arguments].concat());
    for verb in ["audit", "prove"] {
        let refused = format!("(`build.target`: {here}, no-such-platform): choose one of them with --target");
        of(verb, &[]).assert(2, &refused);
    }
    let chosen = of("audit", &["--target", "no-such-platform"]);
    chosen.assert(2, "could not build the binary `clean`");
    assert!(!chosen.stderr.contains("failed to merge"), "{}", chosen.stderr);
}

/// All that build hand these on, and so does what cargo is asked before.
#[test]
fn what_is_locked_is_not_written() {
    let folder = folder("locked");
    package(&folder, "locked", "[workspace]\n", &[("one", "fn main() {}\n")]);
    for (verb, flag) in
        [(&["audit"][..], "--locked"), (&["check", "--bless"], "--frozen"), (&["prove"], "--locked")]
    {
        let said = format!("because {flag} was passed");
        qadapt_in(&folder, &[verb, &["--profile", "debug", flag]].concat()).assert(2, &said);
        assert!(!folder.join("Cargo.lock").exists(), "{verb:?} {flag}");
    }
    let editor = qadapt_in(&folder, &["audit", "--format", "rustc-json", "--locked", "--offline"]);
    editor.assert(2, "because --locked was passed");
    assert!(!folder.join("Cargo.lock").exists());
}

#[test]
fn nothing_is_built_in_the_folder_that_is_set_for_other_builds() {
    let folder = folder("build-dir");
    let mut command = qadapt(&["audit", "-p", "odd", "--bin", "clean", "--profile", "debug"]);
    command.env("CARGO_BUILD_BUILD_DIR", &folder);
    Run::of(command.output().expect("the command starts")).assert(0, "");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0);
}

/// An argument of the user's is stronger than a variable.
#[test]
fn sites_have_lines_whatever_cargo_is_told_of_the_profile() {
    let run = audit("left_out", &["--cargo-config", "profile.dev.debug = 0"]);
    run.assert(1, "");
    let sites = run.report().sites;
    let frames = run.report().frames;
    let is_placed = |number: &u32| {
        frames[*number as usize].file.as_deref().is_some_and(|file| file.ends_with("left_out.rs"))
    };
    assert!(!sites.is_empty() && sites.iter().all(|site| site.stack.iter().any(is_placed)), "{}", run.stdout);
}
