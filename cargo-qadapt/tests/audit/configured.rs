//! What the user's configuration of cargo says beside what this command asks cargo for.

use crate::command::{folder, run};
use crate::workspace::{package, qadapt_in};

#[test]
fn one_of_several_platforms_has_to_be_chosen() {
    let here = cargo_qadapt::settings::host().expect("cargo tells its platform");
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
