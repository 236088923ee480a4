//! A baseline of one checkout in another one.

use crate::copy::Copy;

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
