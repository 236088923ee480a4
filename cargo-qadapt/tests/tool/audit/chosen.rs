//! Which of several programs runs, what starts it, and what is said where cargo does not come to that.

use std::path::Path;

use crate::audit::command::Run;
use crate::audit::workspace::{GUARDED, alone, package, qadapt_in};

fn audit(folder: &Path, more: &[&str]) -> Run {
    qadapt_in(folder, &[&["audit", "--profile", "debug", "--whole-program"], more].concat())
}

#[test]
fn the_program_that_the_manifest_chooses_is_the_one_that_is_spoken_of() {
    let folder = alone("default-run");
    let one = format!("{GUARDED}fn main() {{}}\n");
    let two = "fn main() {\n    std::process::exit(3);\n}\n";
    let more = "default-run = \"dr-two\"\n\n[workspace]\n";
    package(&folder, "default-run-of-two", more, &[("dr-one", &one), ("dr-two", two)]);
    let run = audit(&folder, &[]);
    run.assert(2, "failed in profile debug (exit status: 3)");
    // The other one does.
    run.assert(2, "it does not link qadapt");
    assert!(!run.stderr.contains("several programs"), "{}", run.stderr);
}

#[test]
fn a_workspace_of_several_programs_is_decided_by_one_package() {
    let folder = alone("default-members");
    let members = "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n";
    std::fs::write(folder.join("Cargo.toml"), members).expect("it can be written");
    let text = format!("{GUARDED}fn main() {{\n    drop(std::hint::black_box(Box::new(1)));\n}}\n");
    package(&folder.join("a"), "members-a", "", &[("dm-a", &text)]);
    package(&folder.join("b"), "members-b", "", &[("dm-b", &text), ("dm-c", &text)]);
    let run = audit(&folder, &[]);
    run.assert(2, "there are several programs (dm-a, dm-b, dm-c): name one with --bin");
    assert!(!run.stderr.contains("could not determine which"), "cargo is not asked before: {}", run.stderr);
    package(&folder.join("b"), "members-b", "default-run = \"dm-c\"\n", &[]);
    let run = audit(&folder, &[]);
    run.assert(1, "");
    assert!(run.stdout.contains("b/src/bin/dm-c.rs:5"), "{}", run.stdout);
}

/// A program of a package that cargo does not build by itself is not what is meant.
#[test]
fn default_members_without_a_program_have_their_tests_run() {
    let folder = alone("library-first");
    let members = "[workspace]\nmembers = [\"a\", \"b\"]\ndefault-members = [\"a\"]\nresolver = \"3\"\n";
    std::fs::write(folder.join("Cargo.toml"), members).expect("it can be written");
    package(&folder.join("a"), "library-a", "", &[]);
    package(&folder.join("b"), "program-b", "", &[("lf-b", "fn main() {}\n")]);
    std::fs::create_dir_all(folder.join("a/tests")).expect("the folder can be made");
    std::fs::write(folder.join("a/src/lib.rs"), "").expect("it can be written");
    let test = format!("{GUARDED}#[test]\nfn makes() {{\n    drop(std::hint::black_box(Box::new(1)));\n}}\n");
    std::fs::write(folder.join("a/tests/lf.rs"), test).expect("it can be written");
    let run = audit(&folder, &[]);
    run.assert(1, "");
    assert!(run.stdout.contains("a/tests/lf.rs:6"), "{}", run.stdout);
}

/// A file that changes between the build and the run: here what it is compiled with does.
#[test]
fn a_program_that_cargo_cannot_build_again_did_not_fail() {
    let folder = alone("rebuilt");
    let text = format!(
        "{GUARDED}const _: () = assert!(option_env!(\"QADAPT_LAUNCH_GIVES_QADAPT_MODE\").is_none(), \"it runs\");\n\nfn main() {{}}\n"
    );
    package(&folder, "rebuilt", "\n[workspace]\n", &[("rebuilt", &text)]);
    let run = audit(&folder, &[]);
    run.assert(2, "left no trace in profile debug: cargo says above why it did not start");
    assert!(run.stderr.contains("it runs"), "cargo says it: {}", run.stderr);
    for wrong in ["until then", "failed in profile"] {
        assert!(!run.stderr.contains(wrong), "`{wrong}` in {}", run.stderr);
    }
}

/// What runs in other profiles have shown is worth a report.
#[test]
fn a_profile_that_cannot_be_built_takes_nothing_from_the_report() {
    let folder = alone("debug-alone");
    let text = format!(
        "{GUARDED}#[cfg(not(debug_assertions))]\ncompile_error!(\"not in release\");\n\n\
         fn main() {{\n    drop(std::hint::black_box(Box::new(1)));\n}}\n"
    );
    package(&folder, "debug-alone", "\n[workspace]\n", &[("debug-alone", &text)]);
    let run = qadapt_in(&folder, &["audit", "--whole-program"]);
    run.assert(2, "could not build the package in profile release; cargo says:\n");
    run.assert(2, "not in release");
    assert!(run.stdout.contains("src/bin/debug-alone.rs:8"), "{}\n{}", run.stdout, run.stderr);
}

/// Where cargo is told what starts programs elsewhere, this command starts them here: they see their name alone.
#[test]
#[cfg(target_os = "linux")]
fn what_starts_programs_on_another_platform_starts_none_here() {
    let folder = alone("elsewhere");
    let text =
        format!("{GUARDED}fn main() {{\n    println!(\"I am {{:?}}\", std::env::args().next());\n}}\n");
    package(&folder, "started", "\n[workspace]\n", &[("started", &text)]);
    let started_by = |condition: &str| {
        let setting = format!("target.'{condition}'.runner = \"env\"\n");
        std::fs::create_dir_all(folder.join(".cargo")).expect("the folder can be made");
        std::fs::write(folder.join(".cargo/config.toml"), setting).expect("it can be written");
        audit(&folder, &[]).stderr
    };
    for condition in ["cfg(windows)", "cfg(all(unix, not(target_os = \"linux\")))"] {
        let said = started_by(condition);
        assert!(said.contains("I am Some(\"started\")"), "{condition}: {said}");
    }
    let said = started_by("cfg(any(windows, target_os = \"linux\"))");
    assert!(said.contains("/started\")"), "{said}");
}

#[test]
fn the_platform_is_chosen_as_for_cargo() {
    let here = cargo_qadapt::cargo::host().expect("cargo says where it runs");
    let audit = ["audit", "-p", "odd", "--bin", "clean", "--profile", "debug", "--target"];
    crate::audit::command::run(&[&audit[..], &[&here]].concat()).assert(0, "");
    let program = crate::audit::command::target_directory().join("qadapt").join(here).join("debug/clean");
    assert!(program.exists(), "it is built for that platform");
    crate::audit::command::run(&[&audit[..], &["no-such-platform"]].concat()).assert(2, "no-such-platform");
}
