//! The verb: prove, compare, print.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use qadapt_code::glob::glob;
use qadapt_code::near;
use qadapt_code::origin::Code;
use qadapt_prove::{Answer, Proof, Settings, Subject};
use regex::Regex;

use super::args::{Format, Prove};
use super::proofs::Proofs;
use super::{compare, report, witness};
use crate::audit::gather::{Gathered, gather};
use crate::build::Workspace;
use crate::config::{self, Config};
use crate::editor::check::check;
use crate::editor::finding::of_proofs;
use crate::editor::keep::{Kind, keep_or_say};
use crate::error::{Error, Result};
use crate::format::output::{deliver, writable};
use crate::given::spared;

impl Prove {
    /// Runs the verb.
    ///
    /// # Errors
    /// If something cannot be built, analysed or found; what is proven until then is printed.
    pub fn run(&self) -> Result<ExitCode> {
        if self.format == Format::RustcJson {
            return check(&self.selection, self.output.as_deref());
        }
        writable(self.output.as_deref())?;
        for input in [&self.binary, &self.unlabelled, &self.config].into_iter().flatten() {
            spared(input, self.output.as_deref())?;
        }
        let around = self.workspace()?;
        let root = around.as_ref().map_or_else(here, |workspace| workspace.root().to_owned());
        spared(&root.join(config::NAME), self.output.as_deref())?;
        let mut settings = self.settled(around.as_ref())?.about(self.subject());
        let code = Rc::new(match &around {
            Some(workspace) => workspace.code(&settings.sites),
            None => Code::of(&root, Vec::new(), &settings.sites),
        });
        settings.code = Some(Rc::clone(&code));
        // A binary is not built, and may be of another workspace.
        let workspace = around.as_ref().filter(|_| self.binary.is_none());
        settings.kept = match (workspace, &self.binary) {
            (Some(workspace), _) => Some(workspace.own_target_directory()),
            (None, Some(binary)) => target_folder(binary).map(|target| target.join("qadapt")),
            (None, None) => None,
        }
        .map(|own| own.join("proofs"));
        let runs = if self.trace.is_empty() {
            None
        } else {
            Some(gather(&self.trace, &code, None, self.output.as_deref())?)
        };
        let Proofs { done: proofs, ended } = self.proofs(workspace, &settings)?;
        let contradictions = runs.as_ref().map_or_else(Vec::new, |runs| {
            witness::contradictions(&proofs, &runs.report, &root, self.allow_frees)
        });
        let differences = if proofs.len() > 1 { compare::differences(&proofs) } else { Vec::new() };
        let printed = match self.format {
            Format::Text => {
                let mut out: String = proofs.iter().map(|proof| report::proof(proof, &root)).collect();
                out.push_str(&report::differences(&differences));
                out.push_str(&report::contradictions(&contradictions));
                out
            }
            Format::Json => {
                let json = serde_json::json!({ "version": 1, "proofs": proofs, "differences": differences, "contradictions": contradictions });
                format!("{json:#}\n")
            }
            Format::RustcJson => String::new(),
        };
        let is_text = self.format == Format::Text;
        deliver(printed.into_bytes(), is_text, self.output.as_deref(), self.color)?;
        // The report is whole without them.
        if let Some(workspace) = workspace {
            keep_or_say(workspace, Kind::Proof, of_proofs(&proofs, &root), self.color);
        }
        if let Some(error) = ended {
            return Err(error);
        }
        if let Some(Gathered { report, problems, .. }) = runs {
            if !problems.is_empty() {
                return Err(Error::Several(problems));
            }
            if let Some(problem) = witness::unheard(&proofs, &report) {
                return Err(Error::Gap(problem));
            }
        }
        let unmatched = self.unmatched(&settings, &proofs);
        if !unmatched.is_empty() {
            return Err(Error::Several(unmatched.into_iter().map(Error::Usage).collect()));
        }
        Ok(ExitCode::from(u8::from(!contradictions.is_empty() || self.falls_short(&settings, &proofs))))
    }

    /// What is asked.
    #[must_use]
    pub fn subject(&self) -> Subject {
        if self.blocking { Subject::Blocking } else { Subject::Allocation }
    }

    /// What the project has settled: the workspace's file, from whichever folder; without a workspace the one here.
    ///
    /// # Errors
    /// If the file cannot be read, or there is neither a workspace nor a binary.
    pub fn settings(&self) -> Result<Settings> {
        self.settled(self.workspace()?.as_ref())
    }

    /// The workspace that is built, or by whose settings a binary is proven; none if it is proven by none.
    fn workspace(&self) -> Result<Option<Workspace>> {
        if self.binary.is_none() {
            return Workspace::find(&self.selection).map(Some);
        }
        Ok(match self.config {
            Some(_) => Workspace::find(&self.selection).ok(),
            None => Workspace::around(&self.selection),
        })
    }

    fn settled(&self, workspace: Option<&Workspace>) -> Result<Settings> {
        if let Some(path) = &self.config {
            return Config::read_proofs(path);
        }
        let root = workspace.map_or_else(here, |workspace| workspace.root().to_owned());
        if config::is_in(&root) {
            Config::read_proofs(&root.join(config::NAME))
        } else {
            Ok(Settings::default())
        }
    }

    /// What is wrong with patterns and assumptions that speak of nothing.
    fn unmatched(&self, settings: &Settings, proofs: &[Proof]) -> Vec<String> {
        let regions = || proofs.iter().flat_map(|p| &p.verdicts).map(|v| &v.region);
        let required = self.require.iter().chain(&settings.require).filter(|p| *p != "proven");
        required
            .filter(|pattern| {
                let pattern = glob(pattern);
                !regions().any(|region| pattern.is_match(region))
            })
            .map(|pattern| {
                let near = near::words(&near::near(pattern, regions().cloned()));
                format!("no region is called `{pattern}`, for which a proof is required{near}")
            })
            .chain(settings.unmatched())
            .collect()
    }

    /// Whether a region allocates, or is not proven where it must be.
    fn falls_short(&self, settings: &Settings, proofs: &[Proof]) -> bool {
        let required: Vec<Regex> = self
            .require
            .iter()
            .chain(&settings.require)
            .map(|pattern| glob(if pattern == "proven" { "*" } else { pattern }))
            .collect();
        proofs.iter().flat_map(|p| &p.verdicts).any(|v| {
            let must = (v.required && !self.blocking) || required.iter().any(|r| r.is_match(&v.region));
            v.answer.is_found() || (must && v.answer != Answer::Proven)
        })
    }
}

fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// The target folder of cargo's that a file lies in.
fn target_folder(file: &Path) -> Option<PathBuf> {
    let file = file.canonicalize().ok()?;
    file.ancestors().skip(1).find(|folder| folder.join(".rustc_info.json").exists()).map(Path::to_owned)
}
