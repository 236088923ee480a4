//! Building, running and collecting: from a selection to figures.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::Duration;

use super::args::Runs;
use super::collect::{collect, unfinished};
use super::fold::Fold;
use super::gaps::{unmeasured, unwatched, without_lines};
use super::input::Input;
use super::kept::Kept;
use super::launch;
use super::preload;
use super::problems::Problems;
use super::remapped::unseen;
use super::run::{CargoCommand, Options, Starter, run};
use super::settings;
use super::traceless::{Nothing, has_guard, traceless};
use super::wait::End;
use crate::build::{Build, Program, Workspace};
use crate::cargo::{cargo, host, version};
use crate::cargo_config::{CargoConfig, platform_variable};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::report::choice::Apart;
use crate::report::figures::Report;
use crate::selection::{Profile, Selection};
use crate::turn::lock;

/// What runs did.
#[derive(Debug)]
pub struct Measured {
    /// The figures of all profiles, once for each time that they ran.
    pub reports: Vec<Report>,
    /// What went wrong without being the end of it.
    pub problems: Problems,
    /// The names of the profiles in which the program failed.
    pub failed: Vec<String>,
    /// Whether the user interrupted a run, which then was the last one.
    pub interrupted: bool,
}

/// What a run keeps besides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detail {
    /// What is told apart.
    pub by: Option<Apart>,
    /// Whether blocks are followed.
    pub live: bool,
}

/// What became of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Good,
    Failed,
    Interrupted,
}

impl Runs {
    /// Builds each profile once, runs it so many times, and collects what each run did, with what is told apart.
    ///
    /// # Errors
    /// If it is not told which of several programs is meant, or it cannot be built or run.
    pub fn measure(
        &self,
        workspace: &Workspace,
        config: &Config,
        times: usize,
        detail: Detail,
    ) -> Result<Measured> {
        let command = self.command(workspace);
        if command == CargoCommand::Nextest {
            find_nextest()?;
        }
        let undecided = workspace.undecided(&self.selection);
        if command == CargoCommand::Run && !undecided.is_empty() {
            return Err(Error::Usage(several(undecided)));
        }
        let mut folds: Vec<Fold> = (0..times).map(|_| Fold::new(detail.by)).collect();
        let (mut problems, mut failed) = (Problems::default(), Vec::new());
        let profiles = self.profiles.all();
        // The first one is built at once.
        for profile in profiles.iter().skip(1) {
            find_profile(&self.selection, profile, &workspace.own_target_directory())?;
        }
        let input = Input::of(profiles.len() * times, &workspace.own_target_directory())?;
        let how = How { detail, input, ..How::of(self, workspace, config) };
        if let Some(warning) = how.ignored() {
            crate::progress::line(&format!("warning: {warning}"));
        }
        let mut interrupted = false;
        // Until the names are known: what another audit of the selection builds and runs takes the place of this one's.
        let _locks = self.lock(workspace, &profiles)?;
        for (index, profile) in profiles.iter().enumerate() {
            let outcome = match self.run_profile(workspace, profile, command, &how, &mut folds, &mut problems)
            {
                // What other profiles did is worth a report all the same.
                Err(error) if index > 0 => {
                    problems.add_gap(error.whole());
                    continue;
                }
                outcome => outcome?,
            };
            match outcome {
                Outcome::Good => {}
                Outcome::Failed => failed.push(profile.name().to_owned()),
                Outcome::Interrupted => {
                    interrupted = true;
                    problems.extend(self.not_run(&profiles[index + 1..]));
                    break;
                }
            }
        }
        problems.extend(how.input.problem());
        let mut reports = Vec::new();
        let code = workspace.code(&config.sites);
        for fold in folds {
            let (report, nameless) = fold.finish(&code);
            if !report.sites.is_empty() {
                // What has no names has no lines either.
                let blind = nameless.is_empty().then(|| without_lines(&report)).flatten();
                problems.extend(nameless.into_iter().chain(blind));
            }
            problems.extend(unwatched(&report));
            problems.extend(unmeasured(&report));
            reports.push(report);
        }
        if let Some(warning) = reports.first().and_then(unseen) {
            crate::progress::line(&format!("warning: {warning}"));
        }
        Ok(Measured { reports, problems, failed, interrupted })
    }

    /// Cargo's command that runs what is selected.
    #[must_use]
    pub fn command(&self, workspace: &Workspace) -> CargoCommand {
        CargoCommand::of(workspace.verb(&self.selection), self.nextest)
    }

    /// Waits until no other audit runs the same in any of the profiles.
    fn lock(&self, workspace: &Workspace, profiles: &[Profile]) -> Result<Vec<File>> {
        let mut folders: Vec<PathBuf> =
            profiles.iter().map(|profile| self.traces(workspace, profile)).collect();
        // In one order, so that no two wait for each other.
        folders.sort();
        let progress = Progress::start();
        let say = |traces: &Path| {
            let folder = traces.parent().unwrap_or(traces);
            progress.note(format!("waiting for another run in {}", folder.display()));
        };
        folders.iter().map(|traces| lock(traces, || say(traces))).collect()
    }

    /// The folder for the traces of a profile.
    fn traces(&self, workspace: &Workspace, profile: &Profile) -> PathBuf {
        workspace.own_target_directory().join("traces").join(self.selection.slug()).join(profile.name())
    }

    /// Builds, and runs and collects for each fold.
    fn run_profile(
        &self,
        workspace: &Workspace,
        profile: &Profile,
        command: CargoCommand,
        how: &How<'_>,
        folds: &mut [Fold],
        problems: &mut Problems,
    ) -> Result<Outcome> {
        let target_directory = workspace.own_target_directory();
        let build = Build {
            selection: &self.selection,
            profile,
            target_directory: &target_directory,
            environment: settings::environment(),
            config: settings::settings(workspace, &how.cargo_config, profile),
        };
        let progress = Progress::start();
        progress.note(format!("building {} in profile {}", self.selection, profile.name()));
        let executables = build
            .run(command.builds(), |name| progress.say(format!("building for {}: {name}", profile.name())))?;
        for fold in folds.iter_mut() {
            let apart = executables
                .iter()
                .filter_map(|program| Some((&*program.path, workspace.told_apart(program)?)));
            fold.tell_apart(apart);
        }
        let mut programs: Vec<PathBuf> = executables.into_iter().map(|program| program.path).collect();
        if let Some(chosen) = workspace.default_run(&self.selection).filter(|_| command == CargoCommand::Run)
        {
            // The others are built, but not run.
            programs.retain(|program| program.file_stem().is_some_and(|name| name == chosen));
        }
        let traces = self.traces(workspace, profile);
        let kept = Rc::new(Kept::new(&programs, traces.with_extension("programs")));
        for fold in folds.iter_mut() {
            fold.keep(Rc::clone(&kept));
        }
        let options = Options {
            command,
            traces,
            whole_program: self.whole_program,
            preload: if self.c { Some(preload::value()?) } else { None },
            threads: how.detail.by.is_some(),
            live: how.detail.live,
            timeout: self.timeout.map(Duration::from_secs),
            arguments: &self.arguments,
            starter: how.starter(command),
            environment: how.kept,
            input: &how.input,
        };
        let ready = Ready {
            build: &build,
            programs: &programs,
            cargo_config: &how.cargo_config,
            progress: &progress,
        };
        let mut outcome = Outcome::Good;
        for fold in folds {
            outcome = outcome.max(self.run_once(workspace, ready, &options, fold, problems)?);
            if outcome == Outcome::Interrupted {
                break;
            }
        }
        Ok(outcome)
    }

    /// Runs what is built, and collects for one fold.
    fn run_once(
        &self,
        workspace: &Workspace,
        ready: Ready<'_>,
        options: &Options<'_>,
        fold: &mut Fold,
        problems: &mut Problems,
    ) -> Result<Outcome> {
        let Ready { build, programs, cargo_config, progress } = ready;
        let profile = build.profile;
        let what = format!("running {} in profile {} (Ctrl-C ends it)", self.selection, profile.name());
        let end = progress.suspend(|| run(build, options, what))?;
        progress.say(format!("reading the traces of profile {}", profile.name()));
        let (traces, damaged) = collect(fold, profile.name(), &options.traces, workspace.root())?;
        problems.extend(damaged);
        problems.extend(unfinished(&options.traces)?);
        // Where cargo fails before a program that leaves traces, nothing is known of the program.
        let has_guard = traces > 0 || programs.iter().any(|program| has_guard(program));
        let is_cargos = traces == 0
            && matches!(end, End::Failure(status) if status.code() == Some(CARGO_FAILED))
            && (programs.is_empty() || has_guard);
        if traces == 0 {
            let nothing = Nothing { is_built: !programs.is_empty(), has_guard, is_cargos };
            problems.add_gap(traceless(&self.selection, profile, cargo_config, nothing));
        }
        Ok(match end {
            End::Success => Outcome::Good,
            End::Failure(status) => {
                if !is_cargos {
                    problems.add_failure(self.failed(profile, status));
                }
                Outcome::Failed
            }
            End::Interrupted => Outcome::Interrupted,
            End::Timeout => {
                problems.add_gap(self.timed_out(profile));
                Outcome::Good
            }
        })
    }

    /// What an interrupt left out.
    fn not_run(&self, profiles: &[Profile]) -> Option<String> {
        let names: Vec<&str> = profiles.iter().map(Profile::name).collect();
        (!names.is_empty()).then(|| {
            format!(
                "{} was interrupted, and not run in profile {}: choose one with --profile, or let each run equally long \
                 with --timeout",
                self.selection,
                names.join(", ")
            )
        })
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
}

/// What is built of a profile.
#[derive(Clone, Copy)]
struct Ready<'a> {
    build: &'a Build<'a>,
    programs: &'a [PathBuf],
    cargo_config: &'a CargoConfig,
    progress: &'a Progress,
}

/// How cargo ends where it cannot build or start what it shall run.
const CARGO_FAILED: i32 = 101;

/// How all profiles are built and run.
struct How<'a> {
    cargo_config: CargoConfig,
    /// The setting of cargo's by which this command starts programs; none if the user has them started otherwise.
    launcher: Option<String>,
    kept: Option<&'a [String]>,
    detail: Detail,
    input: Input,
}

impl<'a> How<'a> {
    fn of(runs: &Runs, workspace: &Workspace, config: &'a Config) -> Self {
        let cargo_config = CargoConfig::of(workspace.root(), &runs.selection);
        let platform = cargo_config.target().or_else(host);
        let platform = platform.filter(|platform| cargo_config.for_platform(platform, "runner").is_none());
        Self {
            cargo_config,
            launcher: platform.and_then(|platform| launch::setting(&platform)),
            kept: config.check.environment.as_deref(),
            detail: Detail::default(),
            input: Input::Inherited,
        }
    }

    /// Who starts what this command of cargo's runs.
    fn starter(&self, command: CargoCommand) -> Starter<'_> {
        match &self.launcher {
            None => Starter::Cargo,
            Some(setting) if command == CargoCommand::Test && version() < Some((1, 89)) => {
                Starter::OwnButDoctests(setting)
            }
            Some(setting) => Starter::Own(setting),
        }
    }

    /// A setting of `qadapt.toml` that this command cannot keep, where it does not start the programs itself.
    fn ignored(&self) -> Option<String> {
        let (None, Some(_)) = (&self.launcher, self.kept) else { return None };
        let platform = self.cargo_config.target().or_else(host)?;
        let runner = self.cargo_config.for_platform(&platform, "runner")?;
        Some(format!(
            "`environment` below `[check]` in qadapt.toml is ignored, and programs get every variable: cargo starts them with \
             `{runner}` ({}), not with this command",
            platform_variable(&platform, "runner")
        ))
    }
}

/// Cargo runs none of several programs unless it is told which. Where two of them have one name, that takes the package too.
fn several(mut programs: Vec<Program<'_>>) -> String {
    programs.sort();
    let is_twice = programs.windows(2).any(|pair| pair[0].name == pair[1].name);
    let called = |program: &Program<'_>| {
        if is_twice { format!("{} of {}", program.name, program.package) } else { program.name.to_owned() }
    };
    let names = programs.iter().map(called).collect::<Vec<_>>().join(", ");
    let which = if is_twice { "choose with -p PACKAGE --bin NAME" } else { "name one with --bin" };
    format!("there are several programs ({names}): {which}")
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

/// Fails where cargo knows no such profile, which it says before it builds.
fn find_profile(selection: &Selection, profile: &Profile, target_directory: &Path) -> Result<()> {
    if matches!(profile.name(), "debug" | "release" | "test" | "bench") {
        return Ok(());
    }
    // Of cargo's commands that take a profile this one alone builds nothing, and there is nothing to remove.
    let mut command = cargo();
    command.args(["clean", "--dry-run", "--profile", profile.for_cargo(), "--target-dir"]);
    command.arg(target_directory.join("nothing"));
    command.args(selection.config_arguments()).args(selection.manifest_arguments());
    let said = command.output().map(|output| output.stderr).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    if said.contains("is not defined") {
        Err(Error::Cargo(format!("cargo says:\n{}", said.trim_end())))
    } else {
        Ok(())
    }
}
