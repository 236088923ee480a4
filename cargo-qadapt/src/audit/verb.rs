//! The verbs: build, run, collect, report.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::args::{Audit, Merge};
use super::collect::{collect, incomplete};
use super::fold::Fold;
use super::read::Trace;
use super::run::{End, Options, Runner, run};
use crate::build::{Build, Verb, Workspace};
use crate::error::{Error, Result};
use crate::format::view::View;
use crate::progress::Progress;
use crate::report::figures::{Report, VERSION};
use crate::report::merge::merge;
use crate::selection::Profile;

impl Audit {
    /// Runs the verb.
    ///
    /// # Errors
    /// If nothing can be audited.
    pub fn run(&self) -> Result<ExitCode> {
        let workspace = Workspace::find(&self.selection)?;
        let runner = self.runner(&workspace);
        let mut fold = Fold::new();
        let mut problems = Vec::new();
        for profile in &self.profile {
            let ran = self.run_profile(&workspace, profile, runner, &mut fold)?;
            problems.extend(ran);
        }
        let (report, nameless) = fold.finish(workspace.root());
        if let Some(problem) = nothing_audited(&report, self.whole_program) {
            problems.push(problem);
            self.output.say(&problems);
            return Ok(ExitCode::from(2));
        }
        if !report.sites.is_empty() {
            problems.extend(nameless);
            problems.extend(without_lines(&report));
        }
        problems.extend(unwatched(&report));
        self.output.write(&View::new(&report, workspace.root()))?;
        self.output.say(&problems);
        Ok(exit_code(&report, &problems))
    }

    fn runner(&self, workspace: &Workspace) -> Runner {
        match workspace.verb(&self.selection) {
            _ if self.nextest => Runner::Nextest,
            Verb::Build => Runner::Run,
            Verb::Test => Runner::Test,
            Verb::Bench => Runner::Bench,
        }
    }

    /// Builds, runs and collects; returns what went wrong without being the end of the audit.
    fn run_profile(
        &self,
        workspace: &Workspace,
        profile: &Profile,
        runner: Runner,
        fold: &mut Fold,
    ) -> Result<Vec<String>> {
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
        build.run(verb, |name| progress.say(format!("building for {}: {name}", profile.name())))?;
        progress.say(format!("running {} in profile {}", self.selection, profile.name()));
        let options = Options {
            runner,
            traces: target_directory.join("traces").join(self.selection.slug()).join(profile.name()),
            whole_program: self.whole_program,
            timeout: self.timeout.map(Duration::from_secs),
            arguments: &self.arguments,
        };
        let _lock = lock(&options.traces)?;
        let end = progress.suspend(|| run(&build, &options))?;
        progress.say(format!("reading the traces of profile {}", profile.name()));
        let (traces, mut problems) = collect(fold, profile.name(), &options.traces, workspace.root())?;
        problems.extend(match end {
            End::Success => None,
            End::Failure(status) => Some(format!(
                "{} failed in profile {} ({status}): the report shows what it did until then. A test that expects a \
                 region to panic fails in an audit, where regions never do",
                self.selection,
                profile.name()
            )),
            End::Timeout => Some(format!(
                "{} took longer than {} s in profile {} and was killed: the report shows what it did until then. \
                 Give it more with --timeout, or arguments with which it ends",
                self.selection,
                self.timeout.unwrap_or(0),
                profile.name()
            )),
        });
        if traces == 0 {
            problems.push(format!(
                "{} left no trace in profile {}: it does not link qadapt, or never started. Add `qadapt` to its \
                 dependencies, and to its main file (for a test: to the test's file)\n\n    #[global_allocator]\n    \
                 static ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n",
                self.selection,
                profile.name()
            ));
        }
        Ok(problems)
    }
}

impl Merge {
    /// Runs the verb.
    ///
    /// # Errors
    /// If an input cannot be used.
    pub fn run(&self) -> Result<ExitCode> {
        let root = std::env::current_dir().unwrap_or_default();
        let mut fold = Fold::new();
        let mut reports = Vec::new();
        let mut problems = Vec::new();
        for input in &self.inputs {
            let (profile, path) = named(input);
            if path.is_dir() {
                for file in super::collect::files(&path)? {
                    add(&mut fold, profile, &file, &root, &mut problems);
                }
            } else if path.extension().is_some_and(|extension| extension == "json") {
                reports.push(read_report(&path)?);
            } else {
                add(&mut fold, profile, &path, &root, &mut problems);
            }
        }
        let (folded, nameless) = fold.finish(&root);
        reports.push(folded);
        let report = merge(reports);
        if let Some(problem) = nothing_audited(&report, false) {
            problems.push(problem);
            self.output.say(&problems);
            return Ok(ExitCode::from(2));
        }
        problems.extend(nameless);
        self.output.write(&View::new(&report, &root))?;
        self.output.say(&problems);
        Ok(exit_code(&report, &problems))
    }
}

/// Waits until no other audit uses the folder; dropping the file lets the next one in.
fn lock(traces: &Path) -> Result<File> {
    let path = traces.with_extension("lock");
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, e))?;
    let file = File::create(&path).map_err(|e| Error::io("make the file", &path, e))?;
    file.lock().map_err(|e| Error::io("lock the file", &path, e))?;
    Ok(file)
}

/// Takes one trace in.
fn add(fold: &mut Fold, profile: Option<&str>, path: &Path, root: &Path, problems: &mut Vec<String>) {
    match Trace::read(path) {
        Ok(trace) => {
            let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            fold.add(profile.unwrap_or(&folder), &trace, root);
            problems.extend(incomplete(path, &trace));
        }
        Err(e) => problems.push(e.to_string()),
    }
}

/// `PROFILE=PATH` or `PATH`.
fn named(input: &str) -> (Option<&str>, PathBuf) {
    match input.split_once('=') {
        Some((profile, path)) if !profile.contains('/') => (Some(profile), path.into()),
        _ => (None, input.into()),
    }
}

fn read_report(path: &Path) -> Result<Report> {
    /// All that is read where the version is not known yet.
    #[derive(serde::Deserialize)]
    struct Head {
        version: u32,
    }
    let trace = |problem: String| Error::Trace { path: path.to_owned(), problem };
    let text = std::fs::read(path).map_err(|e| Error::io("read the report", path, e))?;
    let head: Head =
        serde_json::from_slice(&text).map_err(|e| trace(format!("it is no report of an audit ({e})")))?;
    if head.version != VERSION {
        return Err(trace(format!(
            "its version is {}, and this command reads {VERSION}: make it with the same version of cargo-qadapt",
            head.version
        )));
    }
    let report: Report = serde_json::from_slice(&text).map_err(|e| trace(format!("it is damaged ({e})")))?;
    if report.is_consistent() {
        Ok(report)
    } else {
        Err(trace("it is damaged: it refers to what is not there".into()))
    }
}

/// Why this is no audit, if it is none.
fn nothing_audited(report: &Report, whole_program: bool) -> Option<String> {
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

fn exit_code(report: &Report, problems: &[String]) -> ExitCode {
    if !problems.is_empty() {
        return ExitCode::from(2);
    }
    ExitCode::from(u8::from(report.disallowed() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_may_name_its_profile() {
        assert_eq!(named("release=a/b.qtrace"), (Some("release"), PathBuf::from("a/b.qtrace")));
        assert_eq!(named("a/b=c.qtrace"), (None, PathBuf::from("a/b=c.qtrace")));
        assert_eq!(named("a.qtrace"), (None, PathBuf::from("a.qtrace")));
    }

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
