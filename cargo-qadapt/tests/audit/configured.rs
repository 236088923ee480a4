//! What the user's configuration of cargo says beside what this command asks cargo for.

use crate::command::run;

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
