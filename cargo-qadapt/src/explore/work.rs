//! One part of a job, in a process of its own: what the sandbox runs.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Part};
use super::ask::Allocator;
use super::assembly::assembly;
use super::mistakes::mistakes;
use super::snippet::Program;
use super::target::Target;
use crate::audit::args::Runs;
use crate::audit::gaps::{nothing_audited, undecided};
use crate::audit::measure::Detail;
use crate::build::Workspace;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::format::style::Color;
use crate::prove::args::{Format, Prove};
use crate::prove::proofs::Proofs;
use crate::report::suppress::{Suppressed, suppress};
use crate::selection::{Profiles, Selection};

/// The first argument that says that a part is to be made.
pub const VERB: &str = "__explore";

/// What a part is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Which part.
    pub part: Part,
    /// What is built and run.
    pub made_of: MadeOf,
    /// Settings of cargo's, as `--config` takes them.
    pub settings: Vec<String>,
    /// Features of the project's package, which a snippet's manifest names itself.
    pub features: Vec<String>,
    /// Whether the proof asks where the thread may wait.
    pub blocking: bool,
    /// The program's arguments.
    pub arguments: Vec<String>,
    /// How many seconds the program may run.
    pub seconds: u64,
    /// Whether it is what snippets depend on that is built: the proof takes over what the release build has of it.
    pub is_first: bool,
}

/// What is built and run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum MadeOf {
    /// A snippet.
    Snippet(Snippet),
    /// A target of the package in this folder.
    Target(Target, PathBuf),
}

/// A snippet and the package that it becomes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snippet {
    /// Its text.
    pub code: String,
    /// The manifest of its package.
    pub manifest: String,
    /// The lock file, from here.
    pub lock: PathBuf,
    /// The folder for that package; it is made anew.
    pub package: PathBuf,
    /// The folder to build in.
    pub target: PathBuf,
    /// A folder whose builds are used there without being touched.
    pub built: Option<PathBuf>,
    /// The allocator below the guard, if not the system's.
    pub allocator: Option<Allocator>,
}

/// Makes the part that a file orders, and prints it as JSON.
#[must_use]
pub fn work(order: Option<OsString>) -> ExitCode {
    let made = order
        .ok_or_else(|| Error::failed("there is nothing to make")("no order was given"))
        .and_then(|path| read(Path::new(&path)))
        .and_then(|order| order.make());
    let answer = made.unwrap_or_else(|e| Answer::Failed(e.whole()));
    let printed = serde_json::to_vec(&answer).is_ok_and(|json| std::io::stdout().write_all(&json).is_ok());
    if printed { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn read(path: &Path) -> Result<Order> {
    let text = fs::read(path).map_err(|e| Error::io("read the order", path, e))?;
    serde_json::from_slice(&text).map_err(Error::failed("the order makes no sense"))
}

impl Order {
    fn make(&self) -> Result<Answer> {
        let (folder, selection) = match &self.made_of {
            MadeOf::Snippet(snippet) => {
                snippet.lay()?;
                let selection = Selection { config: self.settings.clone(), ..Selection::default() };
                (&snippet.package, selection)
            }
            MadeOf::Target(target, folder) => (folder, target.selection(&self.settings, &self.features)),
        };
        std::env::set_current_dir(folder).map_err(|e| Error::io("enter the folder", folder, e))?;
        let workspace = Workspace::find(&selection)?;
        let made = match self.part {
            Part::Debug => self.audit(&workspace, &selection, "debug"),
            Part::Release => self.audit(&workspace, &selection, "release"),
            Part::Proof => self.prove(&workspace, &selection),
        };
        match made {
            // Cargo has printed for people what is asked for once more with places; once is enough for all parts.
            Err(Error::Cargo(said)) if self.part == Part::Debug => {
                let program = match &self.made_of {
                    MadeOf::Snippet(snippet) => Some(snippet.program()),
                    MadeOf::Target(..) => None,
                };
                let found = mistakes(&workspace, &selection, program.as_ref());
                Ok(if found.is_empty() { Answer::Failed(said) } else { Answer::Wrong(found) })
            }
            made => made,
        }
    }

    fn audit(&self, workspace: &Workspace, selection: &Selection, profile: &str) -> Result<Answer> {
        let runs = Runs {
            selection: selection.clone(),
            profiles: Profiles::only(profile),
            nextest: false,
            timeout: Some(self.seconds),
            whole_program: true,
            c: false,
            arguments: self.arguments.iter().map(OsString::from).collect(),
        };
        let config = Config::beside(workspace.root())?;
        let mut measured = runs.measure(workspace, &config, 1, Detail::default())?;
        let mut problems = measured.problems.take_failures();
        problems.extend_from_slice(measured.problems.gaps());
        let mut report = measured.reports.pop().unwrap_or_default();
        if let MadeOf::Target(..) = self.made_of {
            let removed = suppress(&mut report, &config.suppressions);
            problems.extend(undecided(&report, &removed));
            let words = |found: &Suppressed| {
                format!("left out, as `qadapt.toml` says: {}, because {}", found.what, found.reason)
            };
            problems.extend(removed.suppressions.iter().map(words));
            // A program of somebody's own may have another allocator.
            problems.extend(nothing_audited(&report, true));
        }
        Ok(Answer::Ran { report, problems })
    }

    /// Proves the marked regions; where there are none, a snippet's functions.
    fn prove(&self, workspace: &Workspace, selection: &Selection) -> Result<Answer> {
        let mut prove = Prove {
            selection: selection.clone(),
            profiles: Profiles::only("release"),
            binary: None,
            unlabelled: None,
            function: None,
            blocking: self.blocking,
            allow_frees: false,
            require: Vec::new(),
            gaps: 10,
            trace: Vec::new(),
            config: None,
            format: Format::Json,
            output: None,
            color: Color::Auto,
        };
        let mut settings = prove.settings()?.about(prove.subject());
        settings.code = Some(Rc::new(workspace.code(&settings.sites)));
        let is_snippet = matches!(self.made_of, MadeOf::Snippet(_));
        if self.is_first {
            let own = workspace.own_target_directory();
            let (from, to) = (own.join("release"), own.join("prove/release"));
            grow(&from, &to, |from, to| fs::hard_link(from, to))?;
        }
        let Proofs { done: proofs, ended } = match prove.proofs(Some(workspace), &settings) {
            Err(Error::Proof(qadapt_prove::Error::NoRegions { .. })) if is_snippet => {
                prove.function = Regex::new("^snippet::").ok();
                prove.proofs(Some(workspace), &settings)
            }
            Err(Error::Proof(qadapt_prove::Error::NoRegions { .. })) => Ok(Proofs::default()),
            proofs => proofs,
        }?;
        if let Some(error) = ended {
            return Err(error);
        }
        let first = proofs.first().filter(|_| is_snippet);
        let code = first.map_or_else(Vec::new, |proof| assembly(Path::new(&proof.binary)));
        let proofs = serde_json::to_value(&proofs).map_err(Error::write("write the verdicts"))?;
        Ok(Answer::Proved { proofs, code })
    }
}

impl Snippet {
    fn program(&self) -> Program {
        Program::of(&self.code, self.allocator)
    }

    /// Makes the package, and the folder that it is built in.
    fn lay(&self) -> Result<()> {
        let source = self.package.join("src");
        fs::create_dir_all(&source).map_err(|e| Error::io("make the folder", &source, e))?;
        let text = self.program().text;
        for (name, text) in [("Cargo.toml", self.manifest.as_str()), ("src/main.rs", &text)] {
            let path = self.package.join(name);
            fs::write(&path, text).map_err(|e| Error::io("write the file", &path, e))?;
        }
        let lock = self.package.join("Cargo.lock");
        fs::copy(&self.lock, &lock).map_err(|e| Error::io("copy the lock file to", &lock, e))?;
        match &self.built {
            Some(built) => grow(built, &self.target, |from, to| symlink(from, to)),
            None => Ok(()),
        }
    }
}

/// Makes a folder that looks like a build's and can be built in: its folders, links to libraries and programs, in whose place the
/// compiler puts others, and copies of all else, which is written as it lies there. What it has already stays.
fn grow(built: &Path, target: &Path, link: fn(&Path, &Path) -> io::Result<()>) -> Result<()> {
    fs::create_dir_all(target).map_err(|e| Error::io("make the folder", target, e))?;
    let io = |e| Error::io("read the folder", built, e);
    for entry in fs::read_dir(built).map_err(io)? {
        let entry = entry.map_err(io)?;
        let (from, to) = (entry.path(), target.join(entry.file_name()));
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // What is built anew; a trace is of a run.
        if name.starts_with("snippet") || name.starts_with("libsnippet") || name == "traces" {
            continue;
        }
        if entry.file_type().map_err(io)?.is_dir() {
            grow(&from, &to, link)?;
        } else if !to.exists() {
            let is_linked = is_replaced(&from).map_err(io)?;
            let made = if is_linked { link(&from, &to) } else { copy(&from, &to) };
            made.map_err(|e| Error::io("make the file", &to, e))?;
        }
    }
    Ok(())
}

/// Whether a file is a library or a program.
fn is_replaced(file: &Path) -> io::Result<bool> {
    let is_library =
        ["a", "rlib", "rmeta", "so"].iter().any(|end| file.extension().is_some_and(|e| e == *end));
    Ok(is_library || fs::metadata(file)?.permissions().mode() & 0o111 != 0)
}

/// Copies a file with its time, by which cargo tells what is new.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(fs::metadata(from)?.modified()?)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_is_built_in_a_grown_folder_leaves_the_first_one_as_it_was() {
        let home = std::env::temp_dir().join(format!("qadapt-grown-{}", std::process::id()));
        let (built, target) = (home.join("built"), home.join("target"));
        fs::create_dir_all(built.join(".fingerprint/dep-1")).unwrap();
        let (mark, library) = (Path::new(".fingerprint/dep-1/lib-dep"), Path::new("libdep.rlib"));
        for file in [mark, library] {
            fs::write(built.join(file), "first").unwrap();
        }
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
        File::options().write(true).open(built.join(mark)).unwrap().set_modified(before).unwrap();
        grow(&built, &target, |from, to| symlink(from, to)).unwrap();
        assert_eq!(fs::metadata(target.join(mark)).unwrap().modified().unwrap(), before);
        assert!(fs::symlink_metadata(target.join(library)).unwrap().is_symlink());
        fs::write(target.join(mark), "second").unwrap();
        assert_eq!(fs::read_to_string(built.join(mark)).unwrap(), "first");
        fs::remove_dir_all(home).unwrap();
    }
}
