//! Paths of files, as services that show a repository look them up.

use std::path::Path;

use qadapt_code::origin::with_slashes;

/// The longest path that a Linux system opens; a longer one is no path of a file.
const LONGEST: usize = 4096;

/// Turns the report's paths, which start at the workspace, into ones that start at the repository.
#[derive(Debug)]
pub struct Paths {
    prefix: String,
}

impl Paths {
    /// For the workspace at `root`: its repository is the nearest folder from there upwards that has a `.git`.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        let repository = root.ancestors().find(|folder| folder.join(".git").exists());
        let inside = repository.and_then(|repository| root.strip_prefix(repository).ok());
        let mut prefix =
            inside.map(|inside| with_slashes(&inside.to_string_lossy()).into_owned()).unwrap_or_default();
        if !prefix.is_empty() {
            prefix.push('/');
        }
        Self { prefix }
    }

    /// The path from the repository's root; none if the file does not lie below the workspace.
    #[must_use]
    pub fn inside(&self, file: &str) -> Option<String> {
        let leaves = file.split('/').any(|part| part == "..");
        let fits = is_plain(file) && self.prefix.len() + file.len() <= LONGEST;
        (fits && !is_absolute(file) && !leaves).then(|| format!("{}{file}", self.prefix))
    }

    /// An absolute path, or one from the repository's root; none if it is neither.
    #[must_use]
    pub fn anywhere(&self, file: &str) -> Option<String> {
        let is_usable = is_absolute(file) && file.len() <= LONGEST && is_plain(file);
        if is_usable { Some(file.to_owned()) } else { self.inside(file) }
    }
}

/// True for a path from the root, of Windows too: `C:/..`.
#[must_use]
pub(super) fn is_absolute(file: &str) -> bool {
    let drive = file.strip_prefix(|c: char| c.is_ascii_alphabetic());
    file.starts_with('/') || drive.is_some_and(|rest| rest.starts_with(":/"))
}

/// True for a name without control characters, which no service shows well.
fn is_plain(file: &str) -> bool {
    !file.is_empty() && !file.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_at_the_repository() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let repository = here.parent().filter(|folder| folder.join(".git").exists());
        let expected = if repository.is_some() { "cargo-qadapt/src/a.rs" } else { "src/a.rs" };
        assert_eq!(Paths::of(here).inside("src/a.rs").as_deref(), Some(expected));

        let nowhere = Paths::of(Path::new("/"));
        assert_eq!(nowhere.inside("src/a.rs").as_deref(), Some("src/a.rs"));
        assert_eq!(nowhere.inside("/etc/passwd"), None);
        assert_eq!(nowhere.inside("src/../../a.rs"), None);
        assert_eq!(nowhere.inside("C:/work/src/a.rs"), None);
        assert_eq!(nowhere.inside(""), None);
        assert_eq!(nowhere.inside("a\nb"), None);
        assert_eq!(nowhere.inside(&"x".repeat(5000)), None);
        assert_eq!(nowhere.anywhere("/rustc/a.rs").as_deref(), Some("/rustc/a.rs"));
    }
}
