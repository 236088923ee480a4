//! Symbolic links: to a workspace, and in place of its two files.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::check::copy::Copy;

/// Cargo keeps the link, and the compiler, which is started in the folder, does not.
#[test]
fn a_link_to_a_workspace_makes_no_difference() {
    let copy = Copy::new("linked");
    let link = copy.root.with_file_name("linked-by-this");
    let _ = fs::remove_file(&link);
    symlink(&copy.root, &link).expect("a link can be made");
    let manifest = link.join("Cargo.toml");
    let linked = ["--manifest-path", manifest.to_str().expect("the path is UTF-8")];
    copy.bless(&[]);
    let settled = copy.read("qadapt.lock");
    copy.check(&linked).assert(0, &["check passed: 0 failures, 0 notes"]);
    copy.bless(&linked);
    assert_eq!(copy.read("qadapt.lock"), settled);
    let audit = |more: &[&str]| {
        copy.qadapt(&[&["audit", "-p", "meter", "--bin", "meter", "--profile", "debug"], more].concat())
    };
    let github = [&linked[..], &["--format", "github"]].concat();
    assert_eq!(audit(&github).stdout, audit(&["--format", "github"]).stdout);
    copy.write("qadapt.toml", "[[suppress]]\nfile = \"meter/*\"\nreason = \"all of it\"\n");
    audit(&linked).assert(0, &["0 disallowed"]);
}

#[test]
fn the_baseline_is_written_to_where_a_link_leads() {
    let copy = Copy::new("linked-baseline");
    fs::create_dir_all(copy.root.join("settled")).expect("a folder");
    symlink("settled/baseline", copy.root.join("qadapt.lock")).expect("a link can be made");
    // It is yet to be made.
    copy.bless(&[]);
    let file = copy.root.join("settled/baseline");
    let settled = copy.read("settled/baseline");
    fs::write(&file, "version = 1\n").expect("it can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("its permissions can be set");
    copy.bless(&[]);
    assert_eq!(copy.read("settled/baseline"), settled);
    let mode = fs::metadata(&file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(copy.root.join("qadapt.lock").is_symlink());
    let files = fs::read_dir(copy.root.join("settled")).expect("the folder can be read");
    assert_eq!(files.count(), 1, "nothing is left beside it");
}

#[test]
fn a_configuration_that_a_link_has_lost_is_an_error() {
    let copy = Copy::new("linked-configuration");
    symlink("settled.toml", copy.root.join("qadapt.toml")).expect("a link can be made");
    for verb in ["check", "audit"] {
        let run = copy.qadapt(&[verb, "-p", "meter"]);
        run.assert(2, &["qadapt.toml`: it is a link to `settled.toml`, which cannot be read"]);
        run.assert_not("Compiling");
    }
}
