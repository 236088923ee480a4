//! Symbolic links to a workspace.

use std::fs;
use std::os::unix::fs::symlink;

use crate::copy::Copy;

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
