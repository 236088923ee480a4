//! The package that snippets become: it depends on what the explored package depends on, and on that itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::{Table, Value};

use super::args::Explore;
use super::target::{Kind, Target as Runnable};
use crate::audit::traceless::DEPENDENCY;
use crate::cargo::{host, metadata};
use crate::error::{Error, Result};

/// What is explored.
#[derive(Debug)]
pub struct Project {
    /// The folder of its workspace.
    pub root: PathBuf,
    /// The folder for all that this verb writes.
    pub home: PathBuf,
    /// The name of the package; none if snippets have the guard alone.
    pub package: Option<String>,
    /// The crates that snippets can use, without those of the lock file that they name.
    pub crates: Vec<String>,
    /// The package's features.
    pub features: Vec<String>,
    /// The folders and files that these are built from, besides the registry.
    pub sources: Vec<PathBuf>,
    /// The folder whose files are shown and watched: the package's, or the workspace's.
    pub folder: PathBuf,
    /// What of it can be run as it is.
    pub targets: Vec<Runnable>,
    manifest: Table,
    /// The package's library, as a dependency.
    library: Option<String>,
    /// The other crates of the lock file, as dependencies.
    others: BTreeMap<String, Value>,
    /// Held as long as this is used.
    _lock: File,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
    root: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    features: Vec<String>,
    deps: Vec<Dep>,
}

#[derive(Debug, Deserialize)]
struct Dep {
    name: String,
    pkg: String,
    #[serde(rename = "dep_kinds")]
    kinds: Vec<DepKind>,
}

#[derive(Debug, Deserialize)]
struct DepKind {
    kind: Option<String>,
}

impl Metadata {
    fn read(arguments: &Explore) -> Result<Self> {
        metadata(
            |command| {
                here_alone(command);
                if let Some(path) = &arguments.manifest_path {
                    command.arg("--manifest-path").arg(path);
                }
            },
            "cargo finds no package here whose dependencies are all on this machine; run this in a package's folder that \
             was built once, or give --manifest-path",
        )
    }

    fn package(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }

    /// The workspace, and packages outside of it with the manifests that they inherit from.
    fn sources(&self) -> Vec<PathBuf> {
        let mut sources = vec![self.workspace_root.clone()];
        for package in self.packages.iter().filter(|package| package.source.is_none()) {
            let Some(folder) = package.manifest_path.parent() else { continue };
            if folder.starts_with(&self.workspace_root) {
                continue;
            }
            sources.push(folder.to_owned());
            let above = folder.ancestors().skip(1).map(|folder| folder.join("Cargo.toml"));
            sources.extend(above.filter(|manifest| manifest.exists()));
        }
        sources.sort();
        sources.dedup();
        sources
    }

    /// All packages that have a library, as dependencies; of several versions one.
    fn all(&self) -> BTreeMap<String, Value> {
        let packages = self.packages.iter().filter_map(|package| {
            let library = package
                .targets
                .iter()
                .find(|target| is_library(target) || target.kind.iter().any(|kind| kind == "proc-macro"))?;
            let is_used = self.resolve.nodes.iter().any(|node| node.id == package.id);
            is_used.then(|| (library.name.replace('-', "_"), self.dependency(package)))
        });
        packages.collect()
    }

    /// The tests, benches, examples and binaries of a package, or of those of the workspace.
    fn runnable(&self, chosen: Option<&Package>) -> Vec<Runnable> {
        let is_meant = |package: &&Package| match chosen {
            Some(chosen) => package.id == chosen.id,
            None => package.source.is_none() && package.manifest_path.starts_with(&self.workspace_root),
        };
        let packages = self.packages.iter().filter(is_meant);
        let mut found: Vec<Runnable> = packages
            .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
            .filter_map(|(package, target)| {
                let kind = Kind::of(&target.kind)?;
                Some(Runnable { kind, name: target.name.clone(), package: package.name.clone() })
            })
            .collect();
        found.sort_by(|a, b| (a.kind, &a.package, &a.name).cmp(&(b.kind, &b.package, &b.name)));
        found
    }

    /// What a manifest says to depend on a package as this workspace does.
    fn dependency(&self, package: &Package) -> Value {
        let mut entry = Table::new();
        entry.insert("package".into(), package.name.clone().into());
        match package.source.as_deref() {
            None => {
                let folder = package.manifest_path.parent().unwrap_or(Path::new("/"));
                entry.insert("path".into(), folder.to_string_lossy().into_owned().into());
            }
            Some(source) if source.starts_with("git+") => {
                let (url, commit) = source["git+".len()..].split_once('#').unwrap_or((source, ""));
                entry.insert("git".into(), url.split('?').next().unwrap_or(url).into());
                entry.insert("rev".into(), commit.into());
            }
            Some(_) => {
                entry.insert("version".into(), format!("={}", package.version).into());
            }
        }
        let features = self.resolve.nodes.iter().find(|node| node.id == package.id);
        let features = features.map_or(&[][..], |node| &node.features);
        entry.insert("default-features".into(), features.iter().any(|feature| feature == "default").into());
        // Cargo unites the features of a workspace with those that only its tests have, and a snippet's allocator is its own.
        let is_meant =
            |feature: &&String| *feature != "default" && (package.name != "qadapt" || *feature != "install");
        entry.insert("features".into(), features.iter().filter(is_meant).cloned().collect::<Vec<_>>().into());
        Value::Table(entry)
    }
}

impl Project {
    /// Finds the project and makes the package that snippets become, with its lock file.
    ///
    /// # Errors
    /// If there is none, or not all that it depends on is on this machine.
    pub fn find(arguments: &Explore) -> Result<Self> {
        let metadata = Metadata::read(arguments)?;
        let chosen = match &arguments.package {
            Some(name) => {
                Some(metadata.packages.iter().find(|package| package.name == *name).ok_or_else(|| {
                    Error::Usage(format!("no package of this workspace is called `{name}`"))
                })?)
            }
            None => metadata.resolve.root.as_ref().and_then(|id| metadata.package(id)),
        };
        let mut dependencies: BTreeMap<String, Value> = BTreeMap::new();
        let mut library = None;
        if let Some(package) = chosen {
            if let Some(target) = package.targets.iter().find(|target| is_library(target)) {
                let name = library.insert(target.name.replace('-', "_")).clone();
                dependencies.insert(name, metadata.dependency(package));
            }
            let node = metadata.resolve.nodes.iter().find(|node| node.id == package.id);
            for dep in node.map_or(&[][..], |node| &node.deps) {
                let is_linked = dep.kinds.iter().any(|kind| kind.kind.is_none());
                if let Some(package) = metadata.package(&dep.pkg).filter(|_| is_linked) {
                    dependencies.insert(dep.name.clone(), metadata.dependency(package));
                }
            }
        }
        let guard = metadata.packages.iter().find(|package| package.name == "qadapt").ok_or_else(|| {
            Error::Usage(format!(
                "snippets are watched by qadapt, on which nothing in this workspace depends: add {DEPENDENCY} to its \
                 dependencies, or give --manifest-path of a project that does"
            ))
        })?;
        dependencies.insert("qadapt".into(), metadata.dependency(guard));
        let crates: Vec<String> = dependencies.keys().cloned().collect();
        let mut others = metadata.all();
        others.retain(|name, _| !dependencies.contains_key(name));
        let features = chosen.map(|package| package.features.keys().filter(|name| *name != "default"));
        let manifest = manifest(&metadata.workspace_root, dependencies);
        let name = chosen.map_or("workspace", |package| package.name.as_str());
        let home = metadata.target_directory.join("qadapt/explore").join(name);
        let folder = chosen.and_then(|package| package.manifest_path.parent());
        let mut project = Self {
            features: features.into_iter().flatten().cloned().collect(),
            library,
            others,
            folder: folder.unwrap_or(&metadata.workspace_root).to_owned(),
            targets: metadata.runnable(chosen),
            _lock: lock(&home)?,
            home,
            package: chosen.map(|package| package.name.clone()),
            sources: metadata.sources(),
            root: metadata.workspace_root,
            crates,
            manifest,
        };
        project.resolve()?;
        Ok(project)
    }

    /// The lock file of the package that snippets become.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.home.join("lock/Cargo.lock")
    }

    /// The crates of the lock file that a snippet names, besides those that all can use.
    pub fn named<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a String> {
        let names: BTreeSet<&str> = paths(code).collect();
        self.others.keys().filter(move |name| names.contains(name.as_str()))
    }

    /// The manifest of a snippet's package, with these features of the project's package.
    #[must_use]
    pub fn manifest(&self, edition: &str, code: &str, features: &[String]) -> String {
        self.manifest_with(edition, self.named(code), features)
    }

    fn manifest_with<'a>(
        &self,
        edition: &str,
        others: impl Iterator<Item = &'a String>,
        features: &[String],
    ) -> String {
        let mut manifest = self.manifest.clone();
        if let Some(Value::Table(package)) = manifest.get_mut("package") {
            package.insert("edition".into(), edition.into());
        }
        if let Some(Value::Table(dependencies)) = manifest.get_mut("dependencies") {
            let others = others.filter_map(|name| Some((name.clone(), self.others.get(name)?.clone())));
            dependencies.extend(others);
            let library = self.library.as_ref().and_then(|name| dependencies.get_mut(name));
            if let Some(Value::Array(known)) = library.and_then(|library| library.get_mut("features")) {
                known.extend(features.iter().cloned().map(Value::from));
            }
        }
        manifest.to_string()
    }

    /// Makes the lock file out of the workspace's, so that snippets use the same versions, whatever crates they name.
    fn resolve(&mut self) -> Result<()> {
        let folder = self.home.join("lock");
        let source = folder.join("src");
        fs::create_dir_all(&source).map_err(|e| Error::io("make the folder", &source, e))?;
        let write = |path: PathBuf, text: &str| {
            fs::write(&path, text).map_err(|e| Error::io("write the file", &path, e))
        };
        write(source.join("main.rs"), "fn main() {}\n")?;
        let theirs = self.root.join("Cargo.lock");
        let lock = |manifest: &str| {
            write(folder.join("Cargo.toml"), manifest)?;
            if theirs.exists() {
                fs::copy(&theirs, self.lock_file())
                    .map_err(|e| Error::io("copy the lock file", &theirs, e))?;
            }
            resolve(&folder)
        };
        let alone = self.manifest_with("2024", [].iter(), &[]);
        if lock(&self.manifest_with("2024", self.others.keys(), &[])).is_err() {
            // Some of them cannot be beside each other in one package.
            lock(&alone)?;
            self.others.clear();
            return Ok(());
        }
        write(folder.join("Cargo.toml"), &alone)
    }
}

/// Keeps others out of the folder.
fn lock(home: &Path) -> Result<File> {
    fs::create_dir_all(home).map_err(|e| Error::io("make the folder", home, e))?;
    let path = home.join("lock-file");
    let file = File::create(&path).map_err(|e| Error::io("make the file", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Usage(
            "another explorer of this package runs: open the address that it printed, or end it".to_owned(),
        )),
        Err(TryLockError::Error(e)) => Err(Error::io("lock the file", &path, e)),
    }
}

/// The names at the beginning of paths: behind `use` and before `::`.
fn paths(code: &str) -> impl Iterator<Item = &str> {
    let is_name = |char: char| char.is_alphanumeric() || char == '_';
    code.char_indices().filter_map(move |(start, char)| {
        let before = &code[..start];
        if !is_name(char) || before.ends_with(is_name) {
            return None;
        }
        let rest = &code[start..];
        let name = &rest[..rest.find(|char| !is_name(char)).unwrap_or(rest.len())];
        let is_used = before.trim_end().ends_with("use") || before.trim_end().ends_with("extern crate");
        (is_used || rest[name.len()..].trim_start().starts_with("::")).then_some(name)
    })
}

fn is_library(target: &Target) -> bool {
    target.kind.iter().any(|kind| matches!(kind.as_str(), "lib" | "rlib"))
}

/// The manifest of the package: the workspace's profiles and patches, and the dependencies.
fn manifest(root: &Path, dependencies: BTreeMap<String, Value>) -> Table {
    let theirs: Table = fs::read_to_string(root.join("Cargo.toml"))
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let mut package = Table::new();
    package.insert("name".into(), "snippet".into());
    package.insert("version".into(), "0.0.0".into());
    package.insert("publish".into(), false.into());
    let mut manifest = Table::new();
    manifest.insert("package".into(), package.into());
    // It belongs to no workspace that it lies in.
    manifest.insert("workspace".into(), Table::new().into());
    manifest.insert("dependencies".into(), dependencies.into_iter().collect::<Table>().into());
    let mut profiles = Table::new();
    // As a proof builds, so that a release build's dependencies serve for both.
    for name in ["dev", "release"] {
        let mut profile = theirs
            .get("profile")
            .and_then(|profiles| profiles.get(name))
            .and_then(Value::as_table)
            .cloned()
            .unwrap_or_default();
        // Those of packages may name some that are not there.
        profile.remove("package");
        profile.insert("debug".into(), "limited".into());
        profile.insert("strip".into(), "none".into());
        profiles.insert(name.into(), profile.into());
    }
    // Each build of a snippet is a new one, and the guard's code is not what is looked at.
    if let Some(Value::Table(dev)) = profiles.get_mut("dev") {
        let mut packages = Table::new();
        for name in ["qadapt", "qadapt-spin", "qadapt-symbols", "qadapt-trace"] {
            let settings = [("opt-level".into(), 3.into()), ("codegen-units".into(), 16.into())];
            packages.insert(name.into(), Table::from_iter(settings).into());
        }
        dev.insert("package".into(), packages.into());
    }
    manifest.insert("profile".into(), profiles.into());
    if let Some(Value::Table(mut patches)) = theirs.get("patch").cloned() {
        for (_, source) in &mut patches {
            let Value::Table(entries) = source else { continue };
            for (_, entry) in entries {
                if let Some(path) = entry.get("path").and_then(Value::as_str) {
                    let path = root.join(path).to_string_lossy().into_owned();
                    if let Value::Table(entry) = entry {
                        entry.insert("path".into(), path.into());
                    }
                }
            }
        }
        manifest.insert("patch".into(), patches.into());
    }
    manifest
}

/// Asks for this machine alone: what other platforms need was never downloaded.
fn here_alone(command: &mut Command) {
    command.arg("--offline");
    if let Some(host) = host() {
        command.args(["--filter-platform", &host]);
    }
}

/// Resolves the dependencies of a package without building anything.
fn resolve(package: &Path) -> Result<()> {
    let IgnoredAny = metadata(
        |command| {
            here_alone(command);
            command.current_dir(package);
        },
        "snippets cannot use this project's dependencies, which are not all on this machine: build the project once. \
         Cargo says",
    )?;
    Ok(())
}

/// How many libraries lie in a folder for builds.
#[must_use]
pub fn libraries(target: &Path) -> usize {
    let folders = ["debug", "release", "prove/release"];
    let entries = |name| fs::read_dir(target.join("qadapt").join(name).join("deps"));
    let files = folders
        .into_iter()
        .filter_map(|name| entries(name).ok())
        .flatten()
        .filter_map(std::result::Result::ok);
    files.filter(|file| Path::new(&file.file_name()).extension().is_some_and(|end| end == "rlib")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_named_where_paths_begin() {
        let code = "use a;\nuse b::c;\nextern crate d;\nlet e = f ::g(h::i(), \"j\");\nlet äk = l;";
        let names: Vec<&str> = paths(code).collect();
        for name in ["a", "b", "d", "f", "h"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        for name in ["c", "e", "g", "i", "j", "k", "l", "let"] {
            assert!(!names.contains(&name), "{name}: {names:?}");
        }
    }

    #[test]
    fn snippets_leave_out_the_allocator_that_tests_install() {
        let package = |name: &str| {
            serde_json::json!({
                "id": name, "name": name, "version": "0.1.0", "source": "registry+r", "manifest_path": "/a/Cargo.toml",
                "targets": [], "features": {},
            })
        };
        let node = |name: &str| serde_json::json!({ "id": name, "deps": [], "features": ["default", "install", "threads"] });
        let names = ["qadapt", "other"];
        let metadata: Metadata = serde_json::from_value(serde_json::json!({
            "packages": names.map(package), "resolve": { "nodes": names.map(node), "root": null },
            "workspace_root": "/a", "target_directory": "/a/target",
        }))
        .expect("cargo's format");
        let features = |name: &str| {
            let package = metadata.package(name).expect("it is there");
            metadata.dependency(package).get("features").expect("it has some").to_string()
        };
        assert_eq!(features("qadapt"), "[\"threads\"]");
        assert_eq!(features("other"), "[\"install\", \"threads\"]");
    }
}
