//! A baseline of one checkout in another one.

use crate::check::copy::Copy;

/// The second checkout and its target folder have longer paths.
#[test]
fn where_a_checkout_lies_makes_no_difference() {
    let (here, there) = (Copy::new("here"), Copy::new("there/in/a/folder/with/a/far/longer/path"));
    let check = |copy: &Copy, target: &str, more: &[&str]| {
        let what = ["check", "-p", "meter", "--bin", "paths", "--whole-program", "--profile", "debug"];
        copy.qadapt_into(&copy.root.join(target), &[&what, more].concat())
    };
    check(&here, "t", &["--bless"]).assert(0, &[]);
    check(&here, "t", &[]).assert(0, &["check passed: 0 failures, 0 notes"]);
    std::fs::rename(here.root.join("t"), there.root.join("target-of-another-machine"))
        .expect("it can be moved");
    there.write("qadapt.lock", &here.read("qadapt.lock"));
    check(&there, "target-of-another-machine", &[]).assert(0, &["check passed: 0 failures, 0 notes"]);

    // How often they are asked for is held all the same.
    there.edit(
        "meter/src/bin/paths.rs",
        "drop(std::env::current_dir())",
        "drop((std::env::current_dir(), std::env::current_dir()))",
    );
    let more = check(&there, "target-of-another-machine", &[]);
    more.assert(
        1,
        &["2 allocations instead of 1, 2 reallocations instead of 1, 2 deallocations instead of 1: "],
    );
    std::fs::remove_dir_all(there.root.join("target-of-another-machine")).expect("it can be removed");
}

/// The paths of the workspace's own packages have another prefix in the debug information.
#[test]
#[cfg(unix)]
fn a_prefix_of_paths_that_the_compiler_replaces_makes_no_difference() {
    use std::os::unix::fs::PermissionsExt;

    let copy = Copy::new("remapped");
    copy.bless(&[]);
    copy.write("wrapper", "#!/bin/sh\nexec \"$@\" --remap-path-prefix=\"$PWD\"=/nowhere/src\n");
    let wrapper = copy.root.join("wrapper");
    std::fs::set_permissions(&wrapper, PermissionsExt::from_mode(0o755)).expect("it can be started");
    std::fs::create_dir(copy.root.join(".cargo")).expect("the folder can be made");
    copy.write(".cargo/config.toml", &format!("build.rustc-workspace-wrapper = {wrapper:?}\n"));
    let before = copy.read("qadapt.lock");
    let blessed = copy.check(&["--bless"]);
    blessed.assert(0, &["check passed: 0 failures"]);
    blessed.assert_not("cannot be found");
    assert_eq!(copy.read("qadapt.lock"), before);
}
