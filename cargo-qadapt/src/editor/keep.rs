//! The findings of the last runs of each workspace, in files beside its builds.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::finding::{Finding, Spot};
use crate::build::Workspace;
use crate::error::{Error, Result};
use crate::format::output::{replace, say};
use crate::format::source::contents;
use crate::format::style::Color;

/// What has found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An audit, or a check.
    Audit,
    /// A proof.
    Proof,
}

impl Kind {
    /// Workspaces may share one folder of builds.
    fn file(self, workspace: &Workspace) -> PathBuf {
        let root = Sha256::digest(workspace.root().as_os_str().as_encoded_bytes());
        let folder = root.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte));
        workspace.own_target_directory().join("findings").join(format!("{folder:016x}")).join(match self {
            Self::Audit => "audit.json",
            Self::Proof => "proof.json",
        })
    }
}

/// Keeps findings with the text of their lines, in place of those of the last such run.
///
/// # Errors
/// If they cannot be written.
pub fn keep(workspace: &Workspace, kind: Kind, mut findings: Vec<Finding>) -> Result<()> {
    for finding in &mut findings {
        for spot in std::iter::once(&mut finding.at).chain(finding.related.iter_mut().map(|(spot, _)| spot)) {
            spot.text = line(workspace.root(), spot).unwrap_or_default();
        }
    }
    let path = kind.file(workspace);
    let json = serde_json::to_vec(&findings).map_err(Error::write("write JSON"))?;
    let folder = path.parent().unwrap_or(&path);
    fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, e))?;
    // Two commands may end at once.
    replace(&path, &std::process::id().to_string(), &json)
        .map_err(|e| Error::io("write the findings", &path, e))
}

/// The same; where they cannot be written it says what that costs. A report is whole without them.
pub fn keep_or_say(workspace: &Workspace, kind: Kind, findings: Vec<Finding>, color: Color) {
    if let Err(e) = keep(workspace, kind, findings) {
        say(
            color,
            "warning",
            &[format!(
                "{}: the report is whole, but --format rustc-json, and so an editor, shows what an earlier run found",
                e.whole()
            )],
        );
    }
}

/// The findings of the last run of a kind; none if there was none.
///
/// # Errors
/// If they cannot be read.
pub fn kept(workspace: &Workspace, kind: Kind) -> Result<Option<Vec<Finding>>> {
    let path = kind.file(workspace);
    let json = match fs::read(&path) {
        Ok(json) => json,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("read the findings", &path, e)),
    };
    // Another version's are as good as none.
    Ok(serde_json::from_slice(&json).ok())
}

fn line(root: &Path, spot: &Spot) -> Option<String> {
    let index = usize::try_from(spot.line).ok()?.checked_sub(1)?;
    contents(&root.join(&spot.file)).lines().nth(index).map(str::to_owned)
}

/// The line, from 1, that is nearest to a spot's and has its text, but for the indentation; none if it is gone.
#[must_use]
pub fn now(lines: &[&str], spot: &Spot) -> Option<usize> {
    let text = spot.text.trim();
    let before = usize::try_from(spot.line).ok()?;
    let same = lines.iter().enumerate().filter(|(_, line)| !text.is_empty() && line.trim() == text);
    same.map(|(index, _)| index + 1).min_by_key(|line| line.abs_diff(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_where_it_has_moved_to() {
        let spot = Spot { file: "a.rs".into(), line: 2, column: 1, text: "    let x = 1;".into() };
        assert_eq!(now(&["a", "let x = 1;", "b"], &spot), Some(2));
        assert_eq!(now(&["    let x = 1;", "", "", "let x = 1;"], &spot), Some(1));
        assert_eq!(now(&["a", "b", "let x = 2;"], &spot), None);
        assert_eq!(now(&["", ""], &Spot { text: String::new(), ..spot }), None);
    }
}
