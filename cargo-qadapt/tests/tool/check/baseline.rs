//! The baseline: written, compared with, kept.

use crate::check::copy::Copy;
use crate::golden;

#[test]
fn it_is_written_as_written_down_wherever_it_runs() {
    let copy = Copy::new("one-place");
    copy.qadapt(&["check", "-p", "meter", "--bin", "meter", "--bless"]).assert(0, &[]);
    golden::assert("meter.lock", &copy.read("qadapt.lock"));

    let other = Copy::new("another/place");
    let manifest = other.root.join("meter/Cargo.toml");
    let manifest = manifest.to_str().expect("the path is UTF-8");
    other.qadapt(&["check", "--manifest-path", manifest, "--bin", "meter", "--bless"]).assert(0, &[]);
    assert_eq!(other.read("qadapt.lock"), copy.read("qadapt.lock"));
}

#[test]
fn edits_elsewhere_change_nothing() {
    let copy = Copy::new("edits");
    copy.bless(&[]);
    let lock = copy.read("qadapt.lock");
    copy.edit("meter/src/lib.rs", "/// Named by its path.", "\n\nmod other {\n    // New.\n}\n\n/// Named.");
    copy.edit(
        "meter/src/lib.rs",
        "#[inline(never)]\nfn write_log",
        "fn unused() {}\n\n#[inline(never)]\nfn write_log",
    );
    copy.edit("meter/src/main.rs", "fn main() {", "// Moved.\nfn main() {");
    let check = copy.check(&[]);
    check.assert(0, &["check passed: 0 failures, 0 notes"]);
    copy.bless(&[]);
    // The new function has no region.
    assert_eq!(copy.read("qadapt.lock"), lock);
}

#[test]
fn more_fails_and_names_the_lines_that_are_new() {
    let copy = Copy::new("more");
    copy.qadapt(&["check", "-p", "meter", "--bin", "meter", "--bless"]).assert(0, &[]);
    copy.edit(
        "meter/src/lib.rs",
        "    black_box(step) * 3",
        "    let text = black_box(step.to_string());\n    text.len() as u64",
    );
    copy.edit("meter/src/lib.rs", "drop(black_box(vec![step; 4]))", "drop(black_box(vec![step; 8]))");
    let check = copy.qadapt(&["check", "-p", "meter", "--bin", "meter"]);
    check.assert(1, &[]);
    golden::assert("meter-more.txt", &check.stdout);

    copy.check(&["--bless"]).assert(0, &[]);
    copy.check(&[]).assert(0, &["check passed: 0 failures, 0 notes"]);
    // Release was not run, and so not settled.
    let release = copy.qadapt(&["check", "-p", "meter", "--bin", "meter", "--profile", "release"]);
    release.assert(1, &["in release: ", "error[more-than-baseline]"]);
}

#[test]
fn less_asks_to_tighten() {
    let copy = Copy::new("less");
    copy.bless(&[]);
    copy.edit("meter/src/main.rs", "meter::fill(times);", "meter::fill(times - 1);");
    let line = copy.line("meter/src/lib.rs", "    assert_no_alloc(|| {");
    let note = format!(
        "note[less-than-baseline]: meter/src/lib.rs:{line} in debug: 1 allocation instead of 2, 1 deallocation instead \
         of 2, 8 bytes instead of 16: `--bless` keeps it so"
    );
    copy.check(&[]).assert(0, &[&note, "check passed: 0 failures, 1 note"]);
    copy.bless(&[]);
    copy.check(&[]).assert(0, &["0 notes"]);
    copy.edit("meter/src/main.rs", "meter::fill(times - 1);", "meter::fill(times);");
    copy.check(&[]).assert(1, &["2 allocations instead of 1"]);
}

#[test]
fn regions_that_are_new_or_gone() {
    let copy = Copy::new("regions");
    copy.bless(&[]);
    copy.edit(
        "meter/src/main.rs",
        "    meter::fill(times);",
        "    let _ = times;\n    qadapt::assert_no_alloc(|| {\n        std::hint::black_box(Box::new(1));\n    });\n    \
         qadapt::Policy::new().allow(qadapt::Ops::ALLOC.union(qadapt::Ops::DEALLOC)).run(|| drop(std::hint::black_box(Box::new(1_u8))));\n    \
         qadapt::assert_no_alloc(|| ());",
    );
    let boxed = format!("meter/src/main.rs:{}\n", copy.line("meter/src/main.rs", "Box::new(1));"));
    let run = copy.check(&[]);
    run.assert(
        1,
        &[
            "error[not-in-baseline]",
            "1 allocation, 1 deallocation, 4 bytes, 4 bytes at once in a region that the baseline does not know",
            &boxed,
            "note[new-region]",
            "note[unmatched]: the baseline knows the region meter/src/lib.rs:fill, which was not entered",
            "check failed: 1 failure, 2 notes",
        ],
    );
    copy.check(&["--bless"]).assert(0, &[]);
    copy.check(&[]).assert(0, &["0 notes"]);
    assert!(!copy.read("qadapt.lock").contains("fill"), "{}", copy.read("qadapt.lock"));
}

/// Tests have parts of their own, and one that expects a region to panic can be settled as failing.
#[test]
fn runs_are_kept_apart() {
    let copy = Copy::new("apart");
    let tests = ["check", "-p", "meter", "--test", "guarded", "--profile", "debug"];
    copy.bless(&[]);
    let program = copy.read("qadapt.lock");
    copy.qadapt(&tests)
        .assert(2, &["the baseline has nothing for `cargo qadapt check -p meter --test guarded`"]);
    copy.qadapt(&[&tests[..], &["--bless"]].concat()).assert(0, &["warning: the test `guarded` failed"]);
    let both = copy.read("qadapt.lock");
    assert!(both.contains(&program[program.find("[[run]]").expect("there is a run")..]), "{both}");
    assert!(both.contains("name = \"guarded::ticks_without_allocating\""), "{both}");
    // Each test has a baseline of its own.
    for test in ["ticks_without_allocating", "records_with_allocations"] {
        assert!(both.contains(&format!("test = \"guarded::{test}\"")), "{both}");
    }
    copy.qadapt(&tests).assert(0, &["the baseline accepts that"]);
    copy.qadapt(&[&tests[..], &["--", "ticks"]].concat()).assert(2, &["-- ticks"]);

    copy.edit(
        "meter/tests/guarded.rs",
        "    assert_eq!(meter::tick(2), 6);",
        "    let text = String::from(\"six\");\n    assert_eq!(text.len(), 3);",
    );
    let line = format!("meter/tests/guarded.rs:{}\n", copy.line("meter/tests/guarded.rs", "String::from"));
    copy.qadapt(&tests).assert(1, &["error[more-than-baseline]: guarded::ticks_without_allocating", &line]);

    // A program that fails though it did not when it was settled.
    copy.edit(
        "meter/src/main.rs",
        "    meter::fill(times);",
        "    meter::fill(times);\n    std::process::exit(7);",
    );
    copy.check(&[]).assert(2, &["exit status: 7", "let it succeed first"]);
}

#[test]
fn what_interrupts_writing_loses_nothing() {
    let copy = Copy::new("interrupted");
    copy.bless(&[]);
    let lock = copy.read("qadapt.lock");
    copy.edit("meter/src/main.rs", "0..2", "0..3");
    let new = copy.root.join("qadapt.lock.new");
    std::fs::create_dir(&new).expect("the folder can be made");
    copy.check(&["--bless"]).assert(2, &["could not write the baseline"]);
    assert_eq!(copy.read("qadapt.lock"), lock);
    // What an earlier attempt left is no obstacle.
    std::fs::remove_dir(&new).expect("the folder is empty");
    copy.write("qadapt.lock.new", "version = ");
    copy.bless(&[]);
    assert_ne!(copy.read("qadapt.lock"), lock);
    assert!(!new.exists());
}

#[test]
fn the_package_is_the_nearest_one_upwards_and_has_one_name() {
    let copy = Copy::new("nearest");
    copy.bless(&[]);
    let manifest = copy.read("meter/Cargo.toml");
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("version = \"")).expect("it has a version");
    let spec = format!("meter@{}", version.trim_end_matches('"'));
    let link = copy.root.with_extension("link");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&copy.root, &link).expect("a link");
    let linked = link.join("meter/Cargo.toml");
    let linked = linked.to_str().expect("the path is UTF-8");
    let check = ["check", "--bin", "meter", "--profile", "debug"];
    for (folder, more) in
        [("meter", &[][..]), ("meter/src", &[]), ("", &["-p", &spec]), ("", &["--manifest-path", linked])]
    {
        let run = copy.qadapt_in(folder, &[&check[..], more].concat());
        run.assert(0, &["check passed: 0 failures, 0 notes"]);
    }
}
