//! Programs as they were built: another command may build anew what runs, and its functions would have no names then.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Links to the programs of one profile, for as long as this is kept.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    /// By program: the link to it.
    links: HashMap<PathBuf, PathBuf>,
}

impl Kept {
    /// Links programs into a folder of their own, which is made anew. Where the file system has no links nothing is kept.
    #[must_use]
    pub fn new(programs: &[PathBuf], folder: PathBuf) -> Self {
        let _ = fs::remove_dir_all(&folder);
        let link = |(number, program): (usize, &PathBuf)| {
            // Traces have paths as the system tells them.
            let program = program.canonicalize().ok()?;
            let link = folder.join(number.to_string());
            fs::hard_link(&program, &link).ok()?;
            Some((program, link))
        };
        let links = match fs::create_dir_all(&folder) {
            Ok(()) => programs.iter().enumerate().filter_map(link).collect(),
            Err(_) => HashMap::new(),
        };
        Self { folder, links }
    }

    /// The link to a program, if another file lies in its place by now.
    #[must_use]
    pub fn replaced(&self, program: &Path) -> Option<&Path> {
        let link = self.links.get(program)?;
        let identity = |path: &Path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        (identity(program) != identity(link)).then_some(link)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // What remains is removed by the next run.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
