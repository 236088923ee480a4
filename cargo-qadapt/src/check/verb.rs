//! The verb: run, compare or settle, report.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use super::args::Check;
use super::baseline::{Baseline, Run};
use super::changes::changes;
use super::command::command;
use super::compare::Comparison;
use super::now::Now;
use super::{lock, since};
use crate::audit::gaps::nothing_audited;
use crate::audit::measure::{Detail, Measured};
use crate::audit::problems::Problems;
use crate::build::{Verb, Workspace};
use crate::config::{self, Config};
use crate::editor::check::check as cargo_check;
use crate::editor::finding::of_view;
use crate::editor::keep::{Kind, keep_or_say};
use crate::error::{Error, Result};
use crate::format::name::Format;
use crate::format::view::View;
use crate::given::spared;
use crate::report::choice::Apart;
use crate::turn;

impl Check {
    /// Runs the verb.
    ///
    /// # Errors
    /// If nothing can be checked.
    pub fn run(&self) -> Result<ExitCode> {
        self.output.ready()?;
        if self.output.format == Format::RustcJson {
            return cargo_check(&self.runs.selection, self.output.output.as_deref());
        }
        let workspace = Workspace::find(&self.runs.selection)?;
        // Whatever can be wrong is told before the long part.
        let path = workspace.root().join(lock::NAME);
        for input in [&path, &workspace.root().join(config::NAME)] {
            spared(input, self.output.output.as_deref())?;
        }
        let config = Config::beside(workspace.root())?;
        let command = command(&self.runs, &workspace);
        let baseline = lock::read(&path)?;
        // How often a harness runs a benchmark is its own decision.
        let verb = self.runs.command(&workspace).builds();
        let per_entry = verb == Verb::Bench;
        if !self.bless {
            self.settled(&path, &command, baseline.as_ref())?;
            let of_entries =
                baseline.as_ref().and_then(|baseline| baseline.runs.get(&command)?.per_entry.into());
            if of_entries != Some(per_entry) {
                return Err(Error::Usage(format!(
                    "the baseline of `{}` has figures of the whole run, and a benchmark is held to those of one entry: write it \
                     anew with --bless",
                    shown(&command)
                )));
            }
        }
        // Each test has figures of its own.
        let by = (verb == Verb::Test).then_some(Apart::Test);
        let since = self.since.as_deref().map(|rev| since::baseline(workspace.root(), rev)).transpose()?;

        let Measured { reports, mut problems, failed, interrupted } = {
            let times = usize::try_from(self.times).unwrap_or(1);
            self.runs.measure(&workspace, &config, times, Detail { by, live: false })?
        };
        let now = Now::new(reports, workspace.root(), &config.suppressions, failed, per_entry);
        if let Some(problem) = nothing_audited(&now.report, self.runs.whole_program) {
            problems.add_gap(problem);
            return Ok(problems.end(&self.output, false));
        }
        problems.extend(now.gaps.iter().cloned());
        if interrupted {
            problems.add_gap("the run was interrupted: the report shows what it did until then");
        }
        let failures = problems.take_failures();
        let baseline = baseline.unwrap_or_default();
        let before = baseline.runs.get(&command).filter(|_| !self.bless);
        let comparison =
            Comparison { now: &now, before, baseline: &baseline, command: &command, config: &config };
        let outcome = comparison.outcome();
        let is_failure = outcome.is_failure();
        if self.bless {
            self.output.say("warning", &with(&failures, "the baseline says so, and a check accepts it"));
            bless(&workspace, &command, &now, &mut problems)?;
        } else {
            self.judge(&failures, before, &now, is_failure, &mut problems);
        }
        // Figures that are not whole can show that there is more than before, and not that all is well.
        let is_undecided = problems.has_gaps() && !is_failure;
        let view = View {
            lines: if is_undecided { Vec::new() } else { now.lines.clone() },
            outcome: (!is_undecided).then_some(outcome),
            suppressed: now.suppressed.clone(),
            is_whole: !problems.has_gaps(),
            ..View::new(&now.report, workspace.root())
        };
        let written = match (&self.since, &since) {
            (Some(revision), Some(since)) => {
                let nothing = Run::default();
                let before = since.runs.get(&command).unwrap_or(&nothing);
                let table =
                    crate::format::changes::changes(&view, &changes(revision, &command, before, &now));
                self.output.write_rendered(table.into_bytes())
            }
            _ => self.output.write(&view),
        };
        // What is not decided takes the place of nothing.
        if !is_undecided {
            keep_or_say(&workspace, Kind::Audit, of_view(&view), self.output.color);
        }
        written?;
        Ok(problems.end(&self.output, is_failure))
    }

    /// Says what to do if this was never settled.
    fn settled(&self, path: &std::path::Path, command: &str, baseline: Option<&Baseline>) -> Result<()> {
        let Some(baseline) = baseline else {
            return Err(Error::Usage(format!(
                "there is no baseline `{}`: write it with `cargo qadapt check --bless` and the same arguments, and commit \
                 it",
                path.display()
            )));
        };
        let Some(run) = baseline.runs.get(command) else {
            return Err(Error::Usage(format!(
                "the baseline has nothing for `{}`: add it with --bless. It has\n    {}",
                shown(command),
                baseline.runs.keys().map(|known| shown(known)).collect::<Vec<_>>().join("\n    ")
            )));
        };
        let profiles = self.runs.profiles.all().into_iter().map(|profile| profile.name().to_owned());
        let missing: Vec<String> = profiles.filter(|profile| !run.profiles.contains(profile)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "the baseline has nothing for `{}` in profile {}: add it with --bless, or choose other profiles with \
             --profile",
            shown(command),
            missing.join(", ")
        )))
    }

    /// What a program that failed means for the check.
    fn judge(
        &self,
        failures: &[String],
        before: Option<&Run>,
        now: &Now,
        is_failure: bool,
        problems: &mut Problems,
    ) {
        let nothing = BTreeSet::new();
        let accepted = before.map_or(&nothing, |before| &before.failed);
        if failures.is_empty() {
            return;
        }
        if now.run.failed.is_subset(accepted) {
            self.output.say("warning", &with(failures, "the baseline accepts that"));
        } else if is_failure {
            self.output.say("warning", &with(failures, "the report shows what it did until then"));
        } else {
            problems.extend(with(
                failures,
                "it does not do more than the baseline says until then, which does not make it good: let it succeed \
                 first, or accept that it fails with --bless",
            ));
        }
    }
}

/// Writes what was run into the baseline, unless it is not whole.
fn bless(workspace: &Workspace, command: &str, now: &Now, problems: &mut Problems) -> Result<()> {
    let path: PathBuf = workspace.root().join(lock::NAME);
    if problems.has_gaps() {
        problems.add_gap(format!("`{}` was not written: the figures are not whole", path.display()));
        return Ok(());
    }
    // Others may have written their part meanwhile.
    // Whoever has it lets go at once.
    let _lock = turn::lock(&workspace.own_target_directory().join("bless"), || ())?;
    let mut baseline = lock::read(&path)?.unwrap_or_default();
    baseline.bless(command, &now.run);
    lock::write(&path, &baseline)
}

/// Each failure with what follows from it.
fn with(failures: &[String], consequence: &str) -> Vec<String> {
    failures.iter().map(|failure| format!("{failure}: {consequence}")).collect()
}

/// The command line of a run.
fn shown(command: &str) -> String {
    format!("cargo qadapt check {command}").trim_end().to_owned()
}
