//! Probes in builds that differ from the one that the tests run in: every optimisation level, fat LTO, panic=abort,
//! no debug information, no symbols, and the features that send reports elsewhere.
//!
//! Alone because it only runs Cargo and other programs. The builds go where other tests build, and are kept: a second
//! run builds nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_tests::child;
use qadapt_tests::expect::{Run, Verdict};

/// One way of building.
struct Build {
    name: &'static str,
    features: &'static str,
    /// Settings of the release profile.
    settings: &'static [&'static str],
}

impl Build {
    /// A build with checks.
    const fn checked(name: &'static str, settings: &'static [&'static str]) -> Self {
        Self { name, features: "enforce", settings }
    }

    /// A build with these features, which do the same at each level: at the level that is built in a fourth of the time.
    const fn with(name: &'static str, features: &'static str) -> Self {
        Self { name, features, settings: &["opt-level=0"] }
    }

    /// Builds one of this package's programs and gives its file, which no later build writes over.
    fn program(&self, program: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested/qadapt");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo.args([
            "build",
            "--quiet",
            "--offline",
            "--release",
            "--bin",
            program,
            "--features",
            self.features,
        ]);
        cargo.arg("--target-dir").arg(&folder);
        // The level of what names lines and gives advice is of no interest: one build of it serves most of the builds here.
        for name in ["\"*\"", "qadapt-advice", "qadapt-symbols"] {
            for setting in ["opt-level=0", "debug=false"] {
                cargo.args(["--config", &format!("profile.release.package.{name}.{setting}")]);
            }
        }
        for setting in self.settings {
            cargo.args(["--config", &format!("profile.release.{setting}")]);
        }
        // What a compiler's wrapper or the user's own settings ask for stays; what this test's Cargo has set for
        // the test itself goes.
        cargo.env_remove("QADAPT_ENFORCE");
        let output = cargo.output().expect("Cargo can be started");
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        let kept = folder.join(format!("{program}-{}", self.name));
        fs::copy(folder.join("release").join(program), &kept).expect("the program was built");
        kept
    }

    /// Builds a probe and runs it by its header; `source` is where that is.
    fn check(&self, program: &str, source: &str) {
        let file = self.program(program);
        let source =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(source)).expect("the source");
        for run in Run::of(&source).expect("a header") {
            let verdict = run.check(&file, true);
            assert_eq!(verdict, Verdict::Held, "{program} {} {}", self.name, run.name());
        }
    }

    /// Builds a probe and runs one case of it; gives what it wrote to standard error.
    fn stderr(&self, program: &str, case: &str, environment: &[(&str, &str)]) -> child::Outcome {
        child::run(child::command(self.program(program)).arg(case).envs(environment.iter().copied()))
    }
}

/// All builds in one test: Cargo would only make them wait for each other.
#[test]
fn regions_are_sound_in_every_build() {
    for build in [
        Build::checked("opt-level-0", &["opt-level=0"]),
        Build::checked("opt-level-1", &["opt-level=1"]),
        Build::checked("opt-level-2", &["opt-level=2"]),
        Build::checked("opt-level-3", &["opt-level=3"]),
        Build::checked("fat-lto", &["opt-level=3", "lto=\"fat\"", "codegen-units=1"]),
    ] {
        build.check("soundness", "src/bin/soundness.rs");
    }
    panic_abort_reports_first();
    without_debug_information_the_function_is_named();
    without_symbols_the_address_is_given();
    lines_apart_are_those_of_the_same_build();
    reports_go_where_the_features_send_them();
    the_process_is_counted();
    features_choose_the_mode();
}

fn panic_abort_reports_first() {
    let build = Build::checked("abort", &["panic=\"abort\""]);
    let outcome = build.stderr("report", "alloc", &[]);
    assert_aborted(&outcome);
    assert!(
        outcome.stderr.contains("qadapt: allocation of 40 bytes (align 8) in the protected region"),
        "{outcome:?}"
    );
    assert!(outcome.stderr.contains("--> tests/src/bin/report.rs:"), "{outcome:?}");
    // The user's own panic is what the user sees there too.
    let outcome = build.stderr("users_panic", "uncaught", &[]);
    assert_aborted(&outcome);
    assert!(outcome.stderr.contains("the index is 7, the length 5"), "{outcome:?}");
    // In mode `log` nothing aborts.
    let outcome = build.stderr("report", "alloc", &[("QADAPT_MODE", "log")]);
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(outcome.stderr.contains("qadapt: allocation of 40 bytes"), "{outcome:?}");
}

#[track_caller]
fn assert_aborted(outcome: &child::Outcome) {
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(outcome.status.signal(), Some(libc::SIGABRT), "{outcome:?}");
}

fn without_debug_information_the_function_is_named() {
    let build = Build::checked("no-debug", &["debug=false", "opt-level=0"]);
    let outcome = build.stderr("report", "alloc", &[]);
    assert_eq!(outcome.status.code(), Some(101), "{outcome:?}");
    for phrase in [
        "qadapt: allocation of 40 bytes (align 8) in the protected region `the audio callback`",
        " --> report::allocate",
        "= no lines: build with debug information",
        "= region entered at tests/src/bin/report.rs:",
    ] {
        assert!(outcome.stderr.contains(phrase), "{phrase:?} is not in {outcome:?}");
    }
}

fn without_symbols_the_address_is_given() {
    let build = Build::checked("stripped", &["debug=false", "strip=\"symbols\"", "opt-level=0"]);
    for (mode, arrow) in [("panic", " --> 0x"), ("abort", "  0x")] {
        let outcome = build.stderr("report", "alloc", &[("QADAPT_MODE", mode)]);
        assert!(!outcome.status.success(), "{outcome:?}");
        assert!(outcome.stderr.contains("qadapt: allocation of 40 bytes (align 8)"), "{outcome:?}");
        let place = outcome.stderr.lines().find(|line| line.starts_with(arrow)).unwrap_or_default();
        let (_, offset) =
            place.split_once("report-stripped+0x").unwrap_or_else(|| panic!("{place:?} in {outcome:?}"));
        assert!(usize::from_str_radix(offset.trim_end(), 16).is_ok_and(|offset| offset > 0), "{place:?}");
    }
}

fn lines_apart_are_those_of_the_same_build() {
    let build = Build::checked("lines", &["debug=\"line-tables-only\"", "opt-level=0"]);
    let whole = build.program("report");
    let folder = whole.with_file_name("apart");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join(".debug")).expect("a folder");
    let objcopy = |arguments: &[&str], files: &[&Path]| {
        let status = Command::new("objcopy").args(arguments).args(files).status();
        assert!(status.expect("binutils are installed").success(), "{arguments:?} {files:?}");
    };
    let report = |program: &Path| child::run(child::command(program).arg("alloc")).stderr;
    // The linker's id goes with the debug information; without it there is the link's checksum.
    for taken in [&["--strip-all"][..], &["--strip-all", "--remove-section=.note.gnu.build-id"]] {
        let (program, apart) = (folder.join("program"), folder.join("program.debug"));
        let hidden = folder.join(".debug/program");
        let mut only_debug = vec!["--only-keep-debug"];
        only_debug.extend(&taken[1..]);
        let stripped = |link: &Path| {
            objcopy(taken, &[&whole, &program]);
            objcopy(&[&format!("--add-gnu-debuglink={}", link.display())], &[&program]);
        };
        objcopy(&only_debug, &[&whole, &apart]);
        stripped(&apart);
        let found = report(&program);
        assert!(found.contains("--> tests/src/bin/report.rs:"), "{found}");
        // That of another build has other lines.
        let other = build.program("by_symbol");
        objcopy(&only_debug, &[&other, &apart]);
        let found = report(&program);
        assert!(found.contains("--> 0x") && !found.contains(".rs:1 "), "{found}");
        // Nobody writes into a pipe.
        fs::remove_file(&apart).expect("it was there");
        let made = Command::new("mkfifo").arg(&apart).status();
        assert!(made.expect("coreutils are installed").success());
        assert!(report(&program).contains("--> 0x"));
        fs::remove_file(&apart).expect("it was there");
        // It may have the program's own name.
        objcopy(&only_debug, &[&whole, &hidden]);
        stripped(&hidden);
        let found = report(&program);
        assert!(found.contains("--> tests/src/bin/report.rs:"), "{found}");
        fs::remove_file(&hidden).expect("it was there");
    }
}

fn reports_go_where_the_features_send_them() {
    let log = Build::with("log", "enforce,log");
    log.check("to_log", "probes/to_log.rs");
    log.check("stuck_log", "probes/stuck_log.rs");
    Build::with("tracing", "enforce,tracing").check("to_tracing", "probes/to_tracing.rs");
}

fn the_process_is_counted() {
    // What is sampled meanwhile changes no count.
    let build = Build::with("process-counts", "enforce,process-counts,profile");
    build.check("counts_all", "probes/counts_all.rs");
    build.check("metrics", "probes/metrics.rs");
    build.check("profile", "probes/profile.rs");
    Build { name: "profile", features: "profile", settings: &[] }.check("profile", "probes/profile.rs");
    // Where not every event is counted, an unwatched thread's word says whether it samples.
    Build { name: "profile-checked", features: "enforce,profile", settings: &[] }
        .check("profile", "probes/profile.rs");
}

/// The most severe of several; the environment comes first.
fn features_choose_the_mode() {
    let log = Build::with("mode-log", "enforce,mode-log");
    let outcome = log.stderr("report", "alloc", &[]);
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(outcome.stderr.contains("qadapt: allocation of 40 bytes"), "{outcome:?}");
    let both = Build::with("modes", "enforce,mode-log,mode-abort");
    let outcome = both.stderr("report", "alloc", &[]);
    assert_aborted(&outcome);
    assert!(outcome.stderr.contains("in the protected region `the audio callback`"), "{outcome:?}");
    assert!(outcome.stderr.contains("mode abort ends the process"), "{outcome:?}");
    let outcome = both.stderr("report", "alloc", &[("QADAPT_MODE", "count")]);
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:?}");
}
