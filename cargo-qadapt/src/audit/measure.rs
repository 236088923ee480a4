//! Building, running and collecting: from a selection to figures.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::args::Runs;
use super::collect::collect;
use super::fold::Fold;
use super::problems::Problems;
use super::run::{End, Options, Runner, run};
use crate::build::{Build, Verb, Workspace, cargo};
use crate::config::Sites;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::report::figures::Report;
use crate::selection::Profile;

/// What runs did.
#[derive(Debug)]
pub struct Measured {
    /// The figures of all profiles, once for each time that they ran.
    pub reports: Vec<Report>,
    /// What went wrong without being the end of it.
    pub problems: Problems,
    /// The names of the profiles in which the program failed.
    pub failed: Vec<String>,
}

impl Runs {
    /// Builds each profile once, runs it so many times, and collects what each run did.
    ///
    /// # Errors
    /// If it cannot be built or run.
    pub fn measure(&self, workspace: &Workspace, sites: &Sites, times: usize) -> Result<Measured> {
        let runner = self.runner(workspace);
        if runner == Runner::Nextest {
            find_nextest()?;
        }
        let mut folds: Vec<Fold> = (0..times).map(|_| Fold::new()).collect();
        let (mut problems, mut failed) = (Problems::default(), Vec::new());
        for profile in &self.profile {
            if self.run_profile(workspace, profile, runner, &mut folds, &mut problems)? {
                failed.push(profile.name().to_owned());
            }
        }
        let mut reports = Vec::new();
        let code = workspace.code(sites);
        for fold in folds {
            let (report, nameless) = fold.finish(&code);
            if !report.sites.is_empty() {
                problems.extend(nameless);
                problems.extend(without_lines(&report));
            }
            problems.extend(unwatched(&report));
            reports.push(report);
        }
        Ok(Measured { reports, problems, failed })
    }

    fn runner(&self, workspace: &Workspace) -> Runner {
        match workspace.verb(&self.selection) {
            _ if self.nextest => Runner::Nextest,
            Verb::Build => Runner::Run,
            Verb::Test => Runner::Test,
            Verb::Bench => Runner::Bench,
        }
    }

    /// Builds, and runs and collects for each fold; true if the program failed.
    fn run_profile(
        &self,
        workspace: &Workspace,
        profile: &Profile,
        runner: Runner,
        folds: &mut [Fold],
        problems: &mut Problems,
    ) -> Result<bool> {
        let target_directory = workspace.own_target_directory();
        let build = Build {
            selection: &self.selection,
            profile,
            target_directory: &target_directory,
            environment: vec![("QADAPT_ENFORCE".into(), "1".into())],
        };
        let progress = Progress::start();
        progress.say(format!("building {} in profile {}", self.selection, profile.name()));
        let verb = match runner {
            Runner::Run => Verb::Build,
            Runner::Test | Runner::Nextest => Verb::Test,
            Runner::Bench => Verb::Bench,
        };
        let programs =
            build.run(verb, |name| progress.say(format!("building for {}: {name}", profile.name())))?;
        let options = Options {
            runner,
            traces: target_directory.join("traces").join(self.selection.slug()).join(profile.name()),
            whole_program: self.whole_program,
            timeout: self.timeout.map(Duration::from_secs),
            arguments: &self.arguments,
        };
        let _lock = lock(&options.traces)?;
        let mut failed = false;
        for fold in folds {
            progress.say(format!("running {} in profile {}", self.selection, profile.name()));
            let end = progress.suspend(|| run(&build, &options))?;
            progress.say(format!("reading the traces of profile {}", profile.name()));
            let (traces, damaged) = collect(fold, profile.name(), &options.traces, workspace.root())?;
            problems.extend(damaged);
            match end {
                End::Success => {}
                End::Failure(status) => {
                    problems.add_failure(self.failed(profile, status));
                    failed = true;
                }
                End::Timeout => problems.add_gap(self.timed_out(profile)),
            }
            problems.extend((traces == 0).then(|| match (runner, &programs[..]) {
                (Runner::Run, [_, _, ..]) if end != End::Success => several(&programs),
                _ => self.traceless(profile),
            }));
        }
        Ok(failed)
    }

    fn failed(&self, profile: &Profile, status: ExitStatus) -> String {
        format!("{} failed in profile {} ({status})", self.selection, profile.name())
    }

    fn timed_out(&self, profile: &Profile) -> String {
        format!(
            "{} took longer than {} s in profile {} and was killed: the report shows what it did until then. Give it \
             more with --timeout, or arguments with which it ends",
            self.selection,
            self.timeout.unwrap_or(0),
            profile.name()
        )
    }

    fn traceless(&self, profile: &Profile) -> String {
        format!(
            "{} left no trace in profile {}: it does not link qadapt, or never started, or said above why not. Add `qadapt` to its \
             dependencies, and to its main file (for a test: to the test's file)\n\n    #[global_allocator]\n    \
             static ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n",
            self.selection,
            profile.name()
        )
    }
}

/// Why this is no audit, if it is none.
#[must_use]
pub fn nothing_audited(report: &Report, whole_program: bool) -> Option<String> {
    if report.profiles.iter().all(|profile| profile.processes == 0) {
        return Some("nothing was audited: there is no trace".to_owned());
    }
    if report.profiles.iter().all(|profile| profile.without_allocator == profile.processes) {
        return Some(
            "nothing was audited: the program links qadapt, but its global allocator is another one. Add to its \
             main file (for a test: to the test's file)\n\n    #[global_allocator]\n    static ALLOC: \
             qadapt::QADAPT = qadapt::QADAPT;\n"
                .to_owned(),
        );
    }
    let entered =
        report.regions.iter().flat_map(|region| &region.counts).flatten().any(|counts| counts.calls > 0);
    (!entered && !whole_program).then(|| {
        "nothing was audited: the program entered no protected region. Mark code with #[allocate_panic] or \
         assert_no_alloc(..), give the program arguments with which it gets there, or audit all of it with \
         --whole-program"
            .to_owned()
    })
}

/// Cargo runs none of several programs unless it is told which.
fn several(programs: &[PathBuf]) -> String {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> = programs.iter().map(name).collect();
    names.sort();
    format!("there are several programs ({}): name one with --bin", names.join(", "))
}

/// Fails where cargo has no `nextest`.
fn find_nextest() -> Result<()> {
    let found = cargo().args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    found.then_some(()).ok_or_else(|| {
        Error::Usage(
            "there is no cargo-nextest here: install it (`cargo install --locked cargo-nextest`), or leave out \
             --nextest"
                .to_owned(),
        )
    })
}

/// Waits until no other audit uses the folder; dropping the file lets the next one in.
///
/// # Errors
/// If the file cannot be made or locked.
pub fn lock(traces: &Path) -> Result<File> {
    let path = traces.with_extension("lock");
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, e))?;
    let file = File::create(&path).map_err(|e| Error::io("make the file", &path, e))?;
    file.lock().map_err(|e| Error::io("lock the file", &path, e))?;
    Ok(file)
}

/// Profiles in which some process was not watched though it has regions.
fn unwatched(report: &Report) -> Vec<String> {
    let some = report.profiles.iter().filter(|profile| profile.without_allocator > 0);
    some.map(|profile| {
        format!(
            "in profile {} {} of {} processes entered regions without qadapt as global allocator: what they allocate is \
             not seen",
            profile.name, profile.without_allocator, profile.processes
        )
    })
    .collect()
}

/// Says so if no frame has a line.
fn without_lines(report: &Report) -> Option<String> {
    let with_stack = report.sites.iter().filter(|site| !site.stack.is_empty());
    let mut without: Vec<&str> = Vec::new();
    for (index, profile) in report.profiles.iter().enumerate() {
        let mut own =
            with_stack.clone().filter(|site| site.counts.get(index).is_some_and(Option::is_some)).peekable();
        let has_line = |frame: &u32| report.frames.get(*frame as usize).is_some_and(|frame| frame.line > 0);
        if own.peek().is_some() && !own.any(|site| site.stack.iter().any(has_line)) {
            without.push(&profile.name);
        }
    }
    (!without.is_empty()).then(|| {
        format!(
            "the build in profile {} has no debug information, so that sites have no lines: add `debug = \
             \"line-tables-only\"` to [profile.{}] in Cargo.toml, or set CARGO_PROFILE_{}_DEBUG=line-tables-only",
            without.join(", "),
            Profile::new(without[0]).for_cargo(),
            Profile::new(without[0]).for_cargo().to_uppercase().replace('-', "_"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_report_is_no_audit() {
        let mut report = Report::default();
        assert!(nothing_audited(&report, true).is_some_and(|why| why.contains("no trace")));
        report.profile("debug");
        report.profiles[0].processes = 1;
        report.profiles[0].without_allocator = 1;
        assert!(nothing_audited(&report, true).is_some_and(|why| why.contains("#[global_allocator]")));
        report.profiles[0].without_allocator = 0;
        assert!(nothing_audited(&report, false).is_some_and(|why| why.contains("--whole-program")));
        assert_eq!(nothing_audited(&report, true), None);
    }
}
