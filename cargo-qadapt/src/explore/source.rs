//! The source that a frame is in, where it may be shown.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A line that the page asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceLine {
    /// The file, as a report has it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// Lines of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The number of the first one.
    pub first: u32,
    /// The lines.
    pub lines: Vec<String>,
}

/// How many lines are shown before and behind the one that is meant.
const ROUND: usize = 8;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// The folders whose files may be shown, and the one of the standard library.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The folder to which the paths of the project are relative.
    root: PathBuf,
    shown: Vec<PathBuf>,
    library: PathBuf,
}

impl Sources {
    /// Those of the project, of the registry and of the toolchain.
    #[must_use]
    pub fn new(root: &Path, project: &[PathBuf], cargo_home: &Path, toolchain: &Path) -> Self {
        let library = toolchain.join("lib/rustlib/src/rust");
        let mut shown: Vec<PathBuf> = project.iter().filter(|path| path.is_dir()).cloned().collect();
        shown.extend([cargo_home.join("registry/src"), cargo_home.join("git/checkouts"), library.clone()]);
        Self { root: root.to_owned(), shown, library }
    }

    /// What lies round a line; none if it is not there, or not to be shown.
    #[must_use]
    pub fn excerpt(&self, wanted: &SourceLine) -> Option<Excerpt> {
        let text = self.text(&wanted.file)?;
        let line = usize::try_from(wanted.line).ok()?;
        let first = line.saturating_sub(ROUND).max(1);
        let lines: Vec<String> =
            text.lines().skip(first - 1).take(line + ROUND + 1 - first).map(str::to_owned).collect();
        let first = u32::try_from(first).ok()?;
        (!lines.is_empty()).then_some(Excerpt { first, lines })
    }

    /// A whole file; none if it is not there, or not to be shown.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<String> {
        // `/rustc/HASH/library/core/src/ptr/mod.rs` is where the standard library was built.
        let path = match file.strip_prefix("/rustc/").and_then(|rest| rest.split_once('/')) {
            Some((_, rest)) => self.library.join(rest),
            None => self.root.join(file),
        };
        // Links and dots are followed before it is decided.
        let path = path.canonicalize().ok()?;
        let is_shown = self
            .shown
            .iter()
            .filter_map(|folder| folder.canonicalize().ok())
            .any(|folder| path.starts_with(folder));
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if !is_shown || !is_source || fs::metadata(&path).ok()?.len() > LARGEST {
            return None;
        }
        fs::read_to_string(&path).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_of_the_project_and_its_crates_are_shown() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let nowhere = Path::new("/nowhere");
        let sources = Sources::new(package, &[package.join("src")], nowhere, nowhere);
        let at = |file: &Path, line| sources.excerpt(&SourceLine { file: file.display().to_string(), line });
        let own = at(&package.join("src/main.rs"), 3).expect("it is there");
        assert_eq!((own.first, own.lines[2].as_str()), (1, "use std::process::ExitCode;"));
        assert_eq!(at(Path::new("src/main.rs"), 3), Some(own));
        assert!(sources.text("src/main.rs").is_some_and(|text| text.contains("fn main")));
        assert_eq!(sources.text("tests/tool/page/mod.rs"), None);
        assert_eq!(at(&package.join("src/../Cargo.toml"), 1), None);
        assert_eq!(at(&package.join("src/../tests/tool/page/mod.rs"), 1), None);
        assert_eq!(at(&package.join("src/explore/page/page.html"), 1), None);
        assert_eq!(at(Path::new("/etc/passwd"), 1), None);
        assert_eq!(at(&package.join("src/main.rs"), 10_000), None);
    }
}
