//! The proofs: of a file that is named, or of what is built for them.

use std::path::PathBuf;

use qadapt_prove::{Proof, Rules, Settings, Which, compare_files, prove_file};

use super::args::Prove;
use crate::build::{Build, Workspace};
use crate::cargo_config::CargoConfig;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::selection::Profile;
use crate::turn::lock;

/// What is proven.
#[derive(Debug, Default)]
pub struct Proofs {
    /// A proof of each file.
    pub done: Vec<Proof>,
    /// Why there are not more, if there should be.
    pub ended: Option<Error>,
}

/// Where proofs build, apart from audits: traces need the programs that wrote them.
fn builds(workspace: &Workspace) -> PathBuf {
    workspace.own_target_directory().join("prove")
}

impl Prove {
    /// Proves the binary that is named, or what is built.
    ///
    /// # Errors
    /// If nothing can be built or analysed.
    pub fn proofs(&self, workspace: Option<&Workspace>, settings: &Settings) -> Result<Proofs> {
        let mut done = Vec::new();
        match self.prove(workspace, settings, &mut done) {
            Err(error) if done.is_empty() => Err(error),
            ended => Ok(Proofs { done, ended: ended.err() }),
        }
    }

    /// Proves one file after the other, up to the first that cannot be.
    fn prove(
        &self,
        workspace: Option<&Workspace>,
        settings: &Settings,
        proofs: &mut Vec<Proof>,
    ) -> Result<()> {
        let rules = Rules { allow_frees: self.allow_frees, gaps: self.gaps };
        let which = self.function.as_ref().map_or(Which::Marked, Which::Functions);
        if let Some(binary) = &self.binary {
            let mut proof = prove_file(binary, which, rules, settings, None)?;
            if let Some(other) = &self.unlabelled {
                proof.code = Some(compare_files(binary, other)?);
            }
            proofs.push(proof);
        }
        let Some(workspace) = workspace else { return Ok(()) };
        let progress = Progress::start();
        // What was built stays until it is read: another proof may build the same with other features, or another program of this
        // name.
        let folder = builds(workspace);
        let say = || progress.note(format!("waiting for another proof in {}", folder.display()));
        let _alone = lock(&folder, say)?;
        let mut without_regions = None;
        for profile in &self.profiles.all() {
            for binary in self.build(workspace, profile, &progress)? {
                progress.say(format!("reading {}", binary.display()));
                match prove_file(&binary, which, rules, settings, Some(profile.name())) {
                    Ok(proof) => proofs.push(proof),
                    // Of many test binaries some may have none.
                    Err(error @ qadapt_prove::Error::NoRegions { .. }) => without_regions = Some(error),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        match without_regions {
            Some(error) if proofs.is_empty() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Builds the selection with labels; returns the executables, which are what can be shipped.
    fn build(&self, workspace: &Workspace, profile: &Profile, progress: &Progress) -> Result<Vec<PathBuf>> {
        // Places and symbols, whatever the profile says: the code stays the same, the verdicts need them, and whoever
        // ships the file can strip it.
        let build = Build {
            selection: &self.selection,
            profile,
            target_directory: &builds(workspace),
            environment: vec![("QADAPT_MARKS".into(), "1".into())],
            config: CargoConfig::of(workspace.root(), &self.selection).for_proofs(profile),
        };
        progress.note(format!("building {} in profile {}", self.selection, profile.name()));
        let executables = build.run(workspace.verb(&self.selection), |name| {
            progress.say(format!("building for {}: {name}", profile.name()));
        })?;
        let executables: Vec<PathBuf> = executables.into_iter().map(|built| built.path).collect();
        if executables.is_empty() {
            return Err(Error::Usage(
                "nothing was built that can be run; a proof needs a linked program: choose one with --bin, \
                 --example, --test or --bench"
                    .into(),
            ));
        }
        Ok(executables)
    }
}
