//! Sources of dependencies that come from registries and from git, as far as they can open regions.
//!
//! The list of sources beside an executable has none of these. What cargo has compiled them from is listed in the folder
//! `deps` beside it, together with everything else that was ever compiled there; `Cargo.lock` tells which of it the
//! executable is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::packages::{listed, manifest, name};

/// The guard's package: what does not depend on it has no regions.
const GUARD: &str = "qadapt";

/// A lock file of cargo.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// `name`, `name version` or `name version (source)`, as much as tells it from others.
    #[serde(default)]
    dependencies: Vec<String>,
}

/// Name and version.
type Id = (String, String);

/// The sources of dependencies of an executable that its own list does not have.
pub(super) fn sources(executable: &Path, own: &[PathBuf]) -> Vec<PathBuf> {
    let by_folder: BTreeMap<Option<&Path>, &PathBuf> =
        own.iter().map(|source| (source.parent(), source)).collect();
    let mut roots = BTreeSet::new();
    let mut locks = BTreeSet::new();
    for (folder, manifest) in by_folder.into_values().filter_map(|source| manifest(source)) {
        roots.extend(name(&manifest));
        locks.extend(folder.ancestors().map(|folder| folder.join("Cargo.lock")).find(|lock| lock.exists()));
    }
    // Packages by path may have lock files of their own.
    let locks = locks.iter().filter_map(|lock| std::fs::read_to_string(lock).ok());
    let mut guarded: BTreeSet<Id> = locks.filter_map(|lock| guarded(&lock, &roots)).flatten().collect();
    guarded.retain(|(name, _)| !roots.contains(name));
    if guarded.is_empty() {
        return Vec::new();
    }
    let is_guarded = |source: &PathBuf| {
        manifest(source).and_then(|(_, manifest)| id(&manifest)).is_some_and(|id| guarded.contains(&id))
    };
    let mut found = BTreeSet::new();
    for list in lists(executable) {
        let sources = std::fs::read_to_string(list).map(|list| listed(&list)).unwrap_or_default();
        if sources.first().is_some_and(|source| source.is_absolute() && is_guarded(source)) {
            found.extend(sources);
        }
    }
    found.into_iter().filter(|source| !own.contains(source)).collect()
}

/// The packages that these are made of and that depend on the guard, by whatever way; none where the lock file does not have
/// all of these.
fn guarded(lock: &str, roots: &BTreeSet<String>) -> Option<BTreeSet<Id>> {
    let packages = &toml::from_str::<Lock>(lock).ok()?.package;
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, package) in packages.iter().enumerate() {
        by_name.entry(&package.name).or_default().push(i);
    }
    let by_name = &by_name;
    let dependencies = move |i: usize| {
        packages[i].dependencies.iter().flat_map(move |dependency| {
            let mut words = dependency.split(' ');
            let named = words.next().and_then(|name| by_name.get(name)).into_iter().flatten().copied();
            let version = words.next();
            named.filter(move |&i: &usize| version.is_none_or(|version| packages[i].version == version))
        })
    };
    let mut reached = BTreeSet::new();
    let roots: Option<Vec<&Vec<usize>>> = roots.iter().map(|root| by_name.get(root.as_str())).collect();
    let mut next: Vec<usize> = roots?.into_iter().flatten().copied().collect();
    while let Some(i) = next.pop() {
        if reached.insert(i) {
            next.extend(dependencies(i));
        }
    }
    let mut guarded: BTreeSet<usize> = by_name.get(GUARD)?.iter().copied().collect();
    loop {
        let more: Vec<usize> = reached
            .iter()
            .copied()
            .filter(|i| !guarded.contains(i) && dependencies(*i).any(|on| guarded.contains(&on)))
            .collect();
        if more.is_empty() {
            break;
        }
        guarded.extend(more);
    }
    let id = |i: &usize| (packages[*i].name.clone(), packages[*i].version.clone());
    Some(reached.intersection(&guarded).filter(|i| packages[**i].name != GUARD).map(id).collect())
}

/// The lists of what was compiled where the executable lies, or above it: examples have a folder of their own.
fn lists(executable: &Path) -> Vec<PathBuf> {
    let folders = executable.ancestors().skip(1).take(2).map(|folder| folder.join("deps"));
    let entries = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "d")).collect()
}

fn id(manifest: &toml::Table) -> Option<Id> {
    let version = manifest.get("package")?.get("version")?.as_str()?.to_owned();
    Some((name(manifest)?, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_the_guard_is_told_from_what_does_not() {
        let lock = |packages: &[(&str, &str, &[&str])]| {
            packages.iter().fold(String::new(), |text, (name, version, on)| {
                text + &format!(
                    "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = {on:?}\n\n"
                )
            })
        };
        let lock = lock(&[
            ("app", "0.1.0", &["gauge 2.0.0 (registry+https://example.org)", "plain", "wrapper"]),
            ("other", "0.1.0", &["gauge 1.0.0", "qadapt"]),
            ("gauge", "1.0.0", &["qadapt"]),
            ("gauge", "2.0.0", &["plain", "qadapt"]),
            ("plain", "1.0.0", &[]),
            ("wrapper", "0.3.0", &["gauge 2.0.0"]),
            ("qadapt", "0.1.0", &["plain"]),
        ]);
        let of = |root: &str| -> Vec<String> {
            let found = guarded(&lock, &BTreeSet::from([root.to_owned()])).expect("a lock file");
            found.into_iter().map(|(name, version)| format!("{name} {version}")).collect()
        };
        assert_eq!(of("app"), ["app 0.1.0", "gauge 2.0.0", "wrapper 0.3.0"]);
        assert_eq!(of("other"), ["gauge 1.0.0", "other 0.1.0"]);
        assert!(of("plain").is_empty());
        assert!(guarded(&lock, &BTreeSet::from(["app".to_owned(), "elsewhere".to_owned()])).is_none());
        assert!(guarded("no lock file", &BTreeSet::new()).is_none());
    }
}
