//! The baseline of another revision, by git.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::baseline::Baseline;
use super::lock;
use crate::config::utf8;
use crate::error::{Cause, Error, Result};

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
    let failed = |said: &[u8]| {
        let said = String::from_utf8_lossy(said);
        Error::failed(format!("git could not show {} of `{revision}`", lock::NAME))(said.trim_end())
    };
    let listed = git(root, &["ls-tree", "--name-only", &left, "--", lock::NAME])?;
    if !listed.status.success() {
        return Err(failed(&listed.stderr));
    }
    if listed.stdout.is_empty() {
        return Ok(Baseline::default());
    }
    let object = format!("{left}:./{}\n", lock::NAME);
    let shown = git_with(root, &["cat-file", "--batch", "--follow-symlinks"], object.as_bytes())?;
    if !shown.status.success() {
        return Err(failed(&shown.stderr));
    }
    read(&shown.stdout).map_err(Error::failed(format!("{} of the revision `{revision}`", lock::NAME)))
}

/// The baseline in what git shows of its file.
fn read(shown: &[u8]) -> std::result::Result<Baseline, Cause> {
    Ok(lock::parse(utf8(content(shown)?)?)?)
}

/// What `git cat-file --batch --follow-symlinks` shows of one file: a line that says what follows and how long it is, and that.
fn content(shown: &[u8]) -> std::result::Result<&[u8], String> {
    let end = shown.iter().position(|&byte| byte == b'\n').unwrap_or(shown.len());
    let head = String::from_utf8_lossy(&shown[..end]);
    let rest = shown.get(end + 1..).unwrap_or_default();
    let words: Vec<&str> = head.split(' ').collect();
    let length = words.last().and_then(|length| length.parse().ok());
    let body = length.and_then(|length: usize| rest.get(..length));
    match (&words[..], body) {
        ([_, "blob", _], Some(body)) => Ok(body),
        (["symlink", _], Some(target)) => Err(format!(
            "it is a symbolic link that leads out of the repository, to `{}`, of which git knows no other content than now: \
             keep the file in the repository",
            String::from_utf8_lossy(target)
        )),
        (["dangling" | "loop" | "notdir", _], _) => {
            Err("it is a symbolic link that leads to no file there".to_owned())
        }
        _ => Err(format!("git shows no file: {head}")),
    }
}

/// What leads git to another repository than the one that the workspace lies in, as it does in a hook
/// (`git rev-parse --local-env-vars`, but for settings that a user gives by variables).
const ELSEWHERE: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

fn git(root: &Path, arguments: &[&str]) -> Result<Output> {
    git_with(root, arguments, &[])
}

/// Git with this as its input, which is short.
fn git_with(root: &Path, arguments: &[&str], input: &[u8]) -> Result<Output> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ELSEWHERE {
        command.env_remove(variable);
    }
    let output = command.spawn().and_then(|mut child| {
        if let Some(mut stdin) = child.stdin.take() {
            // Where git has ended already, it says why.
            let _ = stdin.write_all(input);
        }
        child.wait_with_output()
    });
    output.map_err(Error::failed("--since needs git, which could not be started"))
}

/// The only line that was printed, if it went well.
fn line(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.trim_end().to_owned()).filter(|text| output.status.success() && !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{content, lock, read};

    #[test]
    fn what_git_shows_is_a_file_or_says_why_not() {
        assert_eq!(content(b"12ab blob 4\na\nb\n\n"), Ok(&b"a\nb\n"[..]));
        for (shown, said) in [
            (&b"symlink 9\n../q.lock\n"[..], "out of the repository, to `../q.lock`"),
            (b"dangling 9\n12ab:./q.\n", "leads to no file"),
            (b"loop 9\n12ab:./q.\n", "leads to no file"),
            (b"12ab:./qadapt.lock missing\n", "git shows no file: 12ab:./qadapt.lock missing"),
            (b"12ab tree 2\nab\n", "git shows no file: 12ab tree 2"),
            (b"12ab blob 9\na\n", "git shows no file"),
            (b"", "git shows no file"),
        ] {
            let problem = content(shown).expect_err(said);
            assert!(problem.contains(said), "no `{said}` in {problem}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_baseline_is_kept() {
        let cause = read(b"12ab blob 12\nversion = 2\n\n").expect_err("it is a newer one");
        assert_eq!(cause.downcast_ref(), Some(&lock::Invalid::Version(2)));
    }
}
