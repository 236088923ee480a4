//! What other runs left behind: traces, folders of traces, and reports in JSON.

use std::path::{Path, PathBuf};

use qadapt_code::origin::Code;

use super::collect::incomplete;
use super::fold::Fold;
use super::read::{self, Trace};
use crate::error::{Error, Result};
use crate::given::{Given, readable, spared};
use crate::report::choice::Apart;
use crate::report::figures::{Report, VERSION};
use crate::report::merge::merge;
use crate::selection::Profile;

/// What several runs did.
#[derive(Debug)]
pub struct Gathered {
    /// The figures of all of them.
    pub report: Report,
    /// What stood in the way of names.
    pub nameless: Vec<String>,
    /// What is wrong with traces that could not be read, or not whole.
    pub problems: Vec<Error>,
}

/// Reads traces, folders of traces and reports in JSON, each with the profile that its name begins with, if any. Whose code is whose
/// is settled for traces here; reports say it. The output is to be none of them.
///
/// # Errors
/// If a report or a folder cannot be read, or would be overwritten.
pub fn gather(inputs: &[String], code: &Code, by: Option<Apart>, output: Option<&Path>) -> Result<Gathered> {
    let mut fold = Fold::new(by);
    let mut reports = Vec::new();
    let mut problems = Vec::new();
    let mut given = Given::default();
    for input in inputs {
        let (profile, path) = named(input);
        let files = if path.is_dir() { read::files(&path)? } else { vec![path] };
        if files.is_empty() {
            problems.push(Error::Gap(format!(
                "there is no trace in the folder `{input}`: give reports in JSON, and profiles, each by its name"
            )));
        }
        for file in given.once(input, files) {
            readable(&file)?;
            spared(&file, output)?;
            if file.extension().is_some_and(|extension| extension == "json") {
                if let Some(profile) = profile {
                    return Err(Error::Usage(format!(
                        "`{input}`: a report in JSON has the names of its profiles: leave `{profile}=` out"
                    )));
                }
                reports.push(read_report(&file)?);
            } else {
                add(&mut fold, profile, &file, code.root(), &mut problems);
            }
        }
    }
    let (folded, nameless) = fold.finish(code);
    reports.push(folded);
    Ok(Gathered { report: merge(reports), nameless, problems })
}

/// Takes one trace in.
fn add(fold: &mut Fold, profile: Option<&str>, path: &Path, root: &Path, problems: &mut Vec<Error>) {
    match Trace::read(path) {
        Ok(trace) => {
            let profile = profile.map_or_else(|| folder_of(path), str::to_owned);
            fold.add(Profile::new(&profile).name(), &trace, root);
            problems.extend(incomplete(path, &trace).into_iter().map(Error::Gap));
        }
        Err(e) => problems.push(e),
    }
}

/// The name of the folder that a file lies in, whichever way it is spelled.
fn folder_of(file: &Path) -> String {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

/// `PROFILE=PATH` or `PATH`.
fn named(input: &str) -> (Option<&str>, PathBuf) {
    match input.split_once('=') {
        Some((profile, path)) if !profile.is_empty() && !profile.contains(['/', '\\']) => {
            (Some(profile), path.into())
        }
        _ => (None, input.into()),
    }
}

fn read_report(path: &Path) -> Result<Report> {
    /// All that is read where the version is not known yet.
    #[derive(serde::Deserialize)]
    struct Head {
        version: u32,
    }
    let unusable = |what: &str, e| Error::input("report", path, Error::failed(what)(e));
    let text = std::fs::read(path).map_err(|e| Error::io("read the report", path, e))?;
    let head: Head = serde_json::from_slice(&text).map_err(|e| unusable("it is no report of an audit", e))?;
    if head.version != VERSION {
        let problem = format!(
            "its version is {}, and this command reads {VERSION}: make it with the same version of cargo-qadapt",
            head.version
        );
        return Err(Error::input("report", path, problem));
    }
    let report: Report = serde_json::from_slice(&text).map_err(|e| unusable("it is damaged", e))?;
    if report.is_consistent() {
        Ok(report)
    } else {
        Err(Error::input("report", path, "it is damaged: it refers to what is not there"))
    }
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
}
