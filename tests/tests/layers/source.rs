//! Source files and manifests, as the checks read them.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap_or_else(|error| panic!("{error}: {source}"))
}

/// All files below a folder, but for what is built or fetched there.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if !path.is_dir() {
            found.push(path);
        } else if !["target", ".git", "node_modules"].iter().any(|name| path.ends_with(name)) {
            found.extend(files(&path));
        }
    }
    found.sort();
    found
}

/// The Rust files among them.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = files(folder);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// The module that a file below the source folder holds: `hot/event.rs` is `hot::event`. The
/// crate's root has no path.
pub(crate) fn module_of(file: &Path) -> Vec<String> {
    let names = file.with_extension("");
    let names = names.iter().map(|name| name.to_string_lossy().into_owned());
    let path: Vec<String> = names.filter(|name| name != "mod").collect();
    match path.as_slice() {
        [root] if root == "lib" || root == "main" => Vec::new(),
        _ => path,
    }
}

/// The folders of the workspace's packages.
pub(crate) fn members() -> Vec<String> {
    let manifest = manifest("");
    let (_, list) = manifest.split_once("\nmembers = [").expect("the workspace lists its members");
    let (list, _) = list.split_once(']').expect("the list ends");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The manifest of a package in this folder.
pub(crate) fn manifest(folder: &str) -> String {
    read(&repository().join(folder).join("Cargo.toml"))
}

/// The name of a manifest's package.
pub(crate) fn package(manifest: &str) -> String {
    let line = manifest.lines().find_map(|line| line.strip_prefix("name = ")).expect("a package has a name");
    line.trim_matches('"').to_owned()
}

/// What a manifest lists as dependencies, but for those of tests and examples.
pub(crate) fn dependencies(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies") && !line.contains("dev-dependencies");
        } else if inside && let Some((name, _)) = line.split_once(['=', '.']) {
            found.push(name.trim().to_owned());
        }
    }
    found
}
