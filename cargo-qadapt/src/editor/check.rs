//! A check by cargo, and after its messages those of the last runs.

use std::io::{BufRead as _, BufReader, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};

use super::keep::{Kind, kept};
use super::message::Messages;
use crate::build::{Workspace, shown};
use crate::cargo::cargo;
use crate::error::{Error, Result};
use crate::progress::line;
use crate::selection::Selection;

/// Runs `cargo check` on a selection's package, or on all, hands its messages on, and prints what the last audit and the
/// last proof have found, before the message with which cargo ends.
///
/// # Errors
/// If cargo cannot be started, there is no workspace, or the messages are asked for in a file.
pub fn check(selection: &Selection, output: Option<&Path>) -> Result<ExitCode> {
    if output.is_some() {
        return Err(Error::Usage(
            "--format rustc-json prints its messages while cargo checks, for an editor that reads them: leave out \
             --output, or redirect standard output"
                .to_owned(),
        ));
    }
    let workspace = Workspace::find(selection)?;
    let mut command = cargo();
    command.args(["check", "--all-targets", "--message-format", "json"]);
    command.args(selection.package_arguments());
    if selection.package.is_none() {
        command.arg("--workspace");
    }
    let failed = |source| Error::Start { program: "cargo check".to_owned(), source };
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut last = Vec::new();
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|pipe| BufReader::new(pipe).split(b'\n').map_while(std::result::Result::ok))
    {
        if line.starts_with(br#"{"reason":"build-finished""#) {
            last = line;
        } else {
            print(&line);
        }
    }
    let status = child.wait().map_err(failed)?;
    let found = findings(&workspace)?;
    if !last.is_empty() {
        print(&last);
    }
    if !status.success() {
        line(&format!("error: `{}` failed ({status})", shown(&command)));
    }
    Ok(ExitCode::from(if status.success() { u8::from(found) } else { 2 }))
}

/// Prints what the last runs have found; true if that is anything.
fn findings(workspace: &Workspace) -> Result<bool> {
    let runs = [kept(workspace, Kind::Audit)?, kept(workspace, Kind::Proof)?];
    if runs.iter().all(Option::is_none) {
        line(
            "warning: there are no findings to show: `cargo qadapt audit`, `check` and `prove` keep theirs for the next \
             --format rustc-json",
        );
    }
    let mut messages = Messages::of(workspace);
    let (mut shown, mut gone) = (false, 0);
    for finding in runs.iter().flatten().flatten() {
        match messages.message(finding).and_then(|message| serde_json::to_vec(&message).ok()) {
            Some(json) => {
                print(&json);
                shown |= !finding.is_note;
            }
            None => gone += 1,
        }
    }
    if gone > 0 {
        let what = if gone == 1 { "1 finding is".to_owned() } else { format!("{gone} findings are") };
        line(&format!(
            "note: {what} not shown, for its lines have changed since: run the audit, check or proof again"
        ));
    }
    Ok(shown)
}

/// Prints a line; an editor that went away is no failure.
fn print(line: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(line).and_then(|()| stdout.write_all(b"\n"));
}
