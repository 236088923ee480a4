//! Runs the probes that need no more than this package has, as their headers say.
//!
//! Alone because it only watches other processes; its own allocator tells whether this build has checks.

use std::fs;
use std::path::Path;

use qadapt::QADAPT;
use qadapt_tests::child;
use qadapt_tests::expect::{Run, Verdict};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// The probes; `exits` is about more than Wine's loader does.
const PROBES: &[&str] = if cfg!(windows) { &["report", "modes"] } else { &["report", "modes", "exits"] };

/// Where `main` returns; `held` has the other ways to end, for Linux.
#[test]
fn what_is_open_when_main_returns_is_reported() {
    let outcome = child::run(child::command(child::program("plain_there")).env("QADAPT_MODE", "log"));
    assert!(outcome.status.success(), "{outcome:?}");
    let said = "qadapt: allocation of 21 bytes (align 1) in a protected region that was never closed";
    let expected = usize::from(qadapt::is_active());
    assert_eq!(outcome.stderr.matches(said).count(), expected, "{}", outcome.stderr);
}

#[test]
fn probes_do_what_their_headers_say() {
    check(PROBES);
}

/// By itself, for builds of other opt-levels.
#[test]
fn soundness_is_as_its_header_says() {
    check(&["soundness"]);
}

#[track_caller]
fn check(probes: &[&str]) {
    let checks = qadapt::is_active();
    let mut failures = Vec::new();
    for name in probes {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/bin").join(name).with_extension("rs");
        let mut source = fs::read_to_string(&file).expect("a probe's source");
        // The path by which this package knows the file.
        source = source.replace("tests/src/bin/", "tests/platforms/../src/bin/");
        source = source
            .replace(&format!("{name}+0x"), &format!("{name}_there{}+0x", std::env::consts::EXE_SUFFIX));
        if cfg!(target_arch = "x86") {
            source = source.replace("(align 8)", "(align 4)");
        }
        if cfg!(windows) {
            source = source.replace("SIGTRAP", "a breakpoint exception");
            // The workspace's folder has another name here than where it was compiled.
            let folder = env!("CARGO_MANIFEST_DIR").trim_end_matches("tests/platforms");
            source = source.replace("--> tests/", &format!("--> {folder}tests/"));
            source = source.replace("  tests/", &format!("  {folder}tests/"));
        }
        for run in Run::of(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display())) {
            match run.check(&child::program(&format!("{name}_there")), checks) {
                Verdict::Held => {}
                Verdict::Passed(reason) => println!("{name} {} is passed over: {reason}", run.name()),
                Verdict::Failed(message) => failures.push(format!("{name} {}:\n{message}", run.name())),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
