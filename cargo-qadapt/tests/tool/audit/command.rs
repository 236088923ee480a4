//! Running the command on the fixture workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_qadapt::report::figures::{Counts, Report};

/// How the command ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the command prints UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The report in JSON that was printed.
    pub(crate) fn report(&self) -> Report {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.stdout, self.stderr))
    }

    #[track_caller]
    pub(crate) fn assert(&self, code: i32, in_stderr: &str) {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        assert!(self.stderr.contains(in_stderr), "no `{in_stderr}` in:\n{}", self.stderr);
    }
}

/// The workspace with the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/audited")
}

/// A folder for one test's own files.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// `cargo qadapt ARGS`, in the fixture workspace, which builds outside the source tree.
pub(crate) fn qadapt(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    command
        .arg("qadapt")
        .args(args)
        .current_dir(fixtures())
        .env("CARGO_TARGET_DIR", target_directory())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("QADAPT_TRACE")
        .env_remove("QADAPT_MODE");
    command
}

/// Where all programs under test are built, this repository's examples too, so that the guard is built once.
pub(crate) fn target_directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested")
}

pub(crate) fn run(args: &[&str]) -> Run {
    Run::of(qadapt(args).output().expect("the command starts"))
}

/// `cargo qadapt ARGS`, in this repository.
pub(crate) fn here(args: &[&str]) -> Run {
    let mut command = qadapt(args);
    command.current_dir(repository());
    Run::of(command.output().expect("the command starts"))
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Audits a program of the package `odd` in profile debug.
pub(crate) fn audit(program: &str, more: &[&str]) -> Run {
    run(&[&["audit", "-p", "odd", "--bin", program, "--profile", "debug", "--format", "json"], more].concat())
}

/// The counts of the region whose place or name contains this, in the first profile.
#[track_caller]
pub(crate) fn counts(report: &Report, region: &str) -> Counts {
    let found = report.regions.iter().find(|found| {
        let place = &found.place;
        place.name.as_deref() == Some(region) || format!("{}:{}", place.file, place.line).contains(region)
    });
    found.and_then(|found| found.counts[0]).unwrap_or_else(|| panic!("no region {region} in {report:#?}"))
}
