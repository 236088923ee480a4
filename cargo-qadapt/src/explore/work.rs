//! One part of a job, in a process of its own: what the sandbox runs.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::rc::Rc;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, Mistake, Part};
use super::ask::Allocator;
use super::assembly::assembly;
use super::snippet::Program;
use super::target::Target;
use crate::audit::args::Runs;
use crate::audit::measure::{Detail, nothing_audited};
use crate::build::{Build, Workspace};
use crate::cargo::cargo;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::format::style::Color;
use crate::prove::args::{Format, Prove};
use crate::prove::assume::Settings;
use crate::selection::{Profile, Selection};

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
    /// The program's arguments.
    pub arguments: Vec<String>,
    /// How many seconds the program may run.
    pub seconds: u64,
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
        .ok_or_else(|| Error::Usage("no order was given".to_owned()))
        .and_then(|path| read(Path::new(&path)))
        .and_then(|order| order.make());
    let answer = made.unwrap_or_else(|e| Answer::Failed(e.to_string()));
    let printed = serde_json::to_vec(&answer).is_ok_and(|json| std::io::stdout().write_all(&json).is_ok());
    if printed { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn read(path: &Path) -> Result<Order> {
    let text = fs::read(path).map_err(|e| Error::io("read the order", path, e))?;
    serde_json::from_slice(&text).map_err(|e| Error::Usage(format!("the order makes no sense: {e}")))
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
        match (made, &self.made_of) {
            // Cargo has printed for people what is asked for once more with places; once is enough for all parts.
            (Err(Error::Cargo(said)), MadeOf::Snippet(snippet)) if self.part == Part::Debug => {
                let mistakes = snippet.mistakes(&workspace, &selection);
                Ok(if mistakes.is_empty() { Answer::Failed(said) } else { Answer::Wrong(mistakes) })
            }
            (made, _) => made,
        }
    }

    fn audit(&self, workspace: &Workspace, selection: &Selection, profile: &str) -> Result<Answer> {
        let runs = Runs {
            selection: selection.clone(),
            profile: vec![Profile::new(profile)],
            nextest: false,
            timeout: Some(self.seconds),
            whole_program: true,
            c: false,
            arguments: self.arguments.iter().map(OsString::from).collect(),
        };
        let mut measured = runs.measure(workspace, &Config::default(), 1, Detail::default())?;
        let mut problems = measured.problems.take_failures();
        problems.extend_from_slice(measured.problems.gaps());
        let report = measured.reports.pop().unwrap_or_default();
        if let MadeOf::Target(..) = self.made_of {
            // A program of somebody's own may have another allocator.
            problems.extend(nothing_audited(&report, true));
        }
        Ok(Answer::Ran { report, problems })
    }

    /// Proves the marked regions; where there are none, a snippet's functions.
    fn prove(&self, workspace: &Workspace, selection: &Selection) -> Result<Answer> {
        let mut prove = Prove {
            selection: selection.clone(),
            profile: vec![Profile::new("release")],
            binary: None,
            unlabelled: None,
            function: None,
            blocking: false,
            allow_frees: false,
            require: Vec::new(),
            gaps: 10,
            trace: Vec::new(),
            config: None,
            format: Format::Json,
            output: None,
            color: Color::Auto,
        };
        let config = Config::default();
        let mut settings = Settings::default();
        settings.code = Some(Rc::new(workspace.code(&config.sites)));
        let is_snippet = matches!(self.made_of, MadeOf::Snippet(_));
        let proofs = match prove.proofs(Some(workspace), &settings) {
            Err(Error::NoRegions { .. }) if is_snippet => {
                prove.function = Regex::new("^snippet::").ok();
                prove.proofs(Some(workspace), &settings)
            }
            Err(Error::NoRegions { .. }) => Ok(Vec::new()),
            proofs => proofs,
        }?;
        let first = proofs.first().filter(|_| is_snippet);
        let code = first.map_or_else(Vec::new, |proof| assembly(Path::new(&proof.binary)));
        let proofs = serde_json::to_value(&proofs)
            .map_err(|e| Error::Usage(format!("could not write the verdicts: {e}")))?;
        Ok(Answer::Proved { proofs, code })
    }
}

impl Snippet {
    /// Makes the package, and the folder that it is built in.
    fn lay(&self) -> Result<()> {
        let source = self.package.join("src");
        fs::create_dir_all(&source).map_err(|e| Error::io("make the folder", &source, e))?;
        let text = Program::of(&self.code, self.allocator).text;
        for (name, text) in [("Cargo.toml", self.manifest.as_str()), ("src/main.rs", &text)] {
            let path = self.package.join(name);
            fs::write(&path, text).map_err(|e| Error::io("write the file", &path, e))?;
        }
        let lock = self.package.join("Cargo.lock");
        fs::copy(&self.lock, &lock).map_err(|e| Error::io("copy the lock file to", &lock, e))?;
        match &self.built {
            Some(built) => grow(built, &self.target),
            None => Ok(()),
        }
    }

    /// What the compiler says, with places.
    fn mistakes(&self, workspace: &Workspace, selection: &Selection) -> Vec<Mistake> {
        // As the audit builds, so that nothing else is built again.
        let build = Build {
            selection,
            profile: &Profile::new("debug"),
            target_directory: &workspace.own_target_directory(),
            environment: vec![("QADAPT_ENFORCE".into(), "1".into())],
            config: Vec::new(),
        };
        let mut command = cargo();
        command.args(["build", "--quiet", "--message-format", "json"]).stderr(Stdio::null());
        build.add_to(&mut command);
        let Ok(output) = command.output() else { return Vec::new() };
        let program = Program::of(&self.code, self.allocator);
        output.stdout.split(|&byte| byte == b'\n').filter_map(|line| mistake(line, &program)).collect()
    }
}

/// One of cargo's messages, if it is about a mistake.
fn mistake(line: &[u8], program: &Program) -> Option<Mistake> {
    let message: Value = serde_json::from_slice(line).ok()?;
    let message = message.get("message")?;
    if message["level"] != "error" {
        return None;
    }
    let spans = message["spans"].as_array()?;
    let number = |span: &Value, key: &str| u32::try_from(span[key].as_u64().unwrap_or(0)).unwrap_or(0);
    let span = spans.iter().find(|span| span["is_primary"] == true && span["file_name"] == "src/main.rs");
    let lines = u32::try_from(program.text.lines().count()).unwrap_or(u32::MAX);
    let place = |line: &str, column: &str| {
        span.map_or((0, 0), |span| {
            let line = number(span, line).min(lines);
            (line, program.column(line, number(span, column)))
        })
    };
    let ((line, column), (end_line, end_column)) =
        (place("line_start", "column_start"), place("line_end", "column_end"));
    let text = |key: &str| message[key].as_str().unwrap_or_default().trim_end().to_owned();
    let found =
        Mistake { line, column, end_line, end_column, message: text("message"), rendered: text("rendered") };
    // `aborting due to 2 previous errors`.
    (span.is_some() || !found.message.starts_with("aborting due to")).then_some(found)
}

/// Makes a folder that looks like a build's and can be built in: its folders, links to libraries and programs, in whose place the
/// compiler puts others, and copies of all else, which is written as it lies there.
fn grow(built: &Path, target: &Path) -> Result<()> {
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
            grow(&from, &to)?;
        } else if is_replaced(&from).map_err(io)? {
            symlink(&from, &to).map_err(|e| Error::io("make the link", &to, e))?;
        } else {
            copy(&from, &to).map_err(|e| Error::io("copy a file to", &to, e))?;
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
        grow(&built, &target).unwrap();
        assert_eq!(fs::metadata(target.join(mark)).unwrap().modified().unwrap(), before);
        assert!(fs::symlink_metadata(target.join(library)).unwrap().is_symlink());
        fs::write(target.join(mark), "second").unwrap();
        assert_eq!(fs::read_to_string(built.join(mark)).unwrap(), "first");
        fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn the_compilers_mistakes_have_the_snippets_places() {
        let program = Program::of("let x: u8 = \"\";", None);
        let line = br#"{"reason":"compiler-message","message":{"level":"error","message":"mismatched types","rendered":"error: mismatched\n",
            "spans":[{"is_primary":true,"file_name":"src/main.rs","line_start":1,"column_start":25,"line_end":1,"column_end":27}]}}"#;
        let found = mistake(line, &program).expect("it is one");
        assert_eq!((found.line, found.column, found.end_column), (1, 13, 15));
        assert_eq!(
            (found.message.as_str(), found.rendered.as_str()),
            ("mismatched types", "error: mismatched")
        );
        let last = br#"{"message":{"level":"error","message":"aborting due to 1 previous error","rendered":"","spans":[]}}"#;
        let warning = br#"{"message":{"level":"warning","message":"unused","rendered":"","spans":[]}}"#;
        assert!(mistake(last, &program).is_none() && mistake(warning, &program).is_none());
        assert!(mistake(b"no json", &program).is_none());
    }
}
