//! The baseline of another revision, by git.

use std::path::Path;
use std::process::{Command, Output};

use super::baseline::Baseline;
use super::lock;
use crate::error::{Error, Result};

/// The baseline where the branch that is checked out left a revision; empty if there was none yet.
///
/// # Errors
/// If git does not know the revision, or the file there is not valid.
pub fn baseline(root: &Path, revision: &str) -> Result<Baseline> {
    if !git(root, &["rev-parse", "--git-dir"])?.status.success() {
        return Err(Error::Usage(format!(
            "--since needs a git repository, and `{}` is in none",
            root.display()
        )));
    }
    let commit = format!("{revision}^{{commit}}");
    let Some(commit) = line(&git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?)
    else {
        return Err(Error::Usage(format!(
            "git knows no revision `{revision}` here: fetch it first (in GitHub Actions: `fetch-depth: 0` for \
             actions/checkout), or name another one"
        )));
    };
    // What others did there since is no change of this branch. A shallow clone may not know where it left.
    let left = line(&git(root, &["merge-base", &commit, "HEAD"])?).unwrap_or(commit);
    let listed = git(root, &["ls-tree", "--name-only", &left, "--", lock::NAME])?;
    if line(&listed).is_none() {
        return Ok(Baseline::default());
    }
    let shown = git(root, &["show", &format!("{left}:./{}", lock::NAME)])?;
    if !shown.status.success() {
        let said = String::from_utf8_lossy(&shown.stderr);
        return Err(Error::Usage(format!(
            "git could not show {} of `{revision}`: {}",
            lock::NAME,
            said.trim_end()
        )));
    }
    lock::parse(&String::from_utf8_lossy(&shown.stdout))
        .map_err(|problem| Error::Usage(format!("{} of the revision `{revision}`: {problem}", lock::NAME)))
}

fn git(root: &Path, arguments: &[&str]) -> Result<Output> {
    Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .map_err(|e| Error::Usage(format!("--since needs git, which could not be started: {e}")))
}

/// The only line that was printed, if it went well.
fn line(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.trim_end().to_owned()).filter(|text| output.status.success() && !text.is_empty())
}
