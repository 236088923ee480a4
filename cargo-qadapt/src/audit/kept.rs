//! Programs as they were built: another command may build anew what runs, and its functions would have no names then.

use std::fs;
use std::path::{Path, PathBuf};

/// Links to the programs of one profile, for as long as this is kept.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    /// Each program, and the link to it.
    pub links: Vec<(PathBuf, PathBuf)>,
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
            Err(_) => Vec::new(),
        };
        Self { folder, links }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // What remains is removed by the next run.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// True if a file is not what the link to it was made of.
#[must_use]
pub fn is_replaced(file: &Path, link: &Path) -> bool {
    let identity = |path: &Path| {
        let metadata = path.metadata().ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    };
    identity(file) != identity(link)
}
