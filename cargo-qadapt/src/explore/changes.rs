//! The project's sources, and when they are written.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _, recommended_watcher};

use crate::error::{Error, Result};

/// How many files are listed.
const MOST: usize = 2000;

/// How long nothing may happen until it is said that somebody wrote: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(80);

/// The Rust files below a folder, relative to a root, in order; neither hidden folders nor those of builds are entered.
#[must_use]
pub fn sources(folder: &Path, root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for (path, is_folder) in entries(&folder) {
            if is_folder {
                folders.push(path);
            } else if path.extension() == Some(OsStr::new("rs")) && found.len() < MOST {
                found.push(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// What is in a folder, and whether it is a folder that may have sources.
fn entries(folder: &Path) -> Vec<(PathBuf, bool)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(std::result::Result::ok);
    entries
        .filter_map(|entry| {
            let path = entry.path();
            // Links lead elsewhere, or back.
            let is_folder = entry.file_type().ok()?.is_dir();
            let name = entry.file_name();
            let is_hidden = name.to_string_lossy().starts_with('.');
            let is_build = is_folder && (name == "target" || path.join("CACHEDIR.TAG").exists());
            (!is_hidden && !is_build).then_some((path, is_folder))
        })
        .collect()
}

/// Hears of each file that is written below a folder.
#[derive(Debug)]
pub struct Changes {
    heard: Receiver<()>,
    watcher: RecommendedWatcher,
    folder: PathBuf,
}

impl Changes {
    /// Watches the folders that may have sources.
    ///
    /// # Errors
    /// If the system watches no more folders.
    pub fn of(folder: &Path) -> Result<Self> {
        let (send, heard) = channel();
        let watcher = recommended_watcher(move |event: notify::Result<Event>| {
            let is_write = event.is_ok_and(|event| {
                let is_source = |path: &PathBuf| {
                    path.extension().is_none_or(|extension| extension == "rs" || extension == "toml")
                };
                !event.kind.is_access() && event.paths.iter().any(is_source)
            });
            if is_write {
                // Nobody listens any more.
                let _ = send.send(());
            }
        })
        .map_err(|e| Self::failed(folder, e))?;
        let mut changes = Self { heard, watcher, folder: folder.to_owned() };
        changes.watch()?;
        Ok(changes)
    }

    fn failed(folder: &Path, source: notify::Error) -> Error {
        Error::failed(format!("the files of `{}` cannot be watched", folder.display()))(source)
    }

    /// Watches each folder alone, since those of builds are large; a folder that is watched already stays so.
    fn watch(&mut self) -> Result<()> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            let watched = self.watcher.watch(&folder, RecursiveMode::NonRecursive);
            // One that is gone meanwhile is none to watch.
            if let Err(e) = watched
                && folder.exists()
            {
                return Err(Self::failed(&folder, e));
            }
            folders.extend(
                entries(&folder).into_iter().filter_map(|(path, is_folder)| is_folder.then_some(path)),
            );
        }
        Ok(())
    }

    /// Waits this long for a file to be written; says whether one was.
    ///
    /// # Errors
    /// If a new folder cannot be watched.
    pub fn wait(&mut self, time: Duration) -> Result<bool> {
        if self.heard.recv_timeout(time) != Ok(()) {
            return Ok(false);
        }
        while self.heard.recv_timeout(QUIET) != Err(RecvTimeoutError::Timeout) {}
        self.watch()?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("qadapt-changes-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for inner in ["src/deep", "target/debug", ".git"] {
            fs::create_dir_all(folder.join(inner)).expect("the folder can be made");
        }
        folder
    }

    #[test]
    fn sources_are_listed_without_those_of_builds() {
        let folder = folder("list");
        for file in
            ["src/lib.rs", "src/deep/a.rs", "src/no.txt", "target/debug/made.rs", ".git/b.rs", "build.rs"]
        {
            fs::write(folder.join(file), "").expect("it can be written");
        }
        assert_eq!(sources(&folder, &folder), ["build.rs", "src/deep/a.rs", "src/lib.rs"]);
        fs::remove_dir_all(&folder).expect("it can be removed");
    }

    #[test]
    fn who_writes_a_source_is_heard_also_in_a_new_folder() {
        let folder = folder("watch");
        let mut changes = Changes::of(&folder).expect("it can be watched");
        let long = Duration::from_secs(20);
        fs::write(folder.join("target/debug/made.rs"), "").expect("it can be written");
        fs::write(folder.join("src/notes.txt"), "").expect("it can be written");
        assert!(!changes.wait(Duration::from_millis(200)).expect("it is watched"));
        fs::create_dir(folder.join("src/new")).expect("the folder can be made");
        assert!(changes.wait(long).expect("it is watched"));
        fs::write(folder.join("src/new/a.rs"), "").expect("it can be written");
        assert!(changes.wait(long).expect("it is watched"));
        fs::remove_dir_all(&folder).expect("it can be removed");
    }
}
