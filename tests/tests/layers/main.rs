//! Reads the sources of the guard and fails on an import that runs up the layers, and on what the hot path must not
//! use. Nothing else keeps the layers apart: they are folders of one crate. Of all crates it reads which depends on which, and
//! fails where two files import each other.

mod checker;
mod hot;
mod imports;
mod map;
mod modules;
mod platform;
mod source;
mod steps;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::hot::forbidden;
use crate::imports::{Import, imports};
use crate::modules::{Modules, circles, roots};
use crate::platform::asks_for_platform;
use crate::source::{
    dependencies, manifest, members, module_of, package, read, repository, rust_files, tokens,
};

#[test]
fn imports_run_down_the_layers() {
    let source = repository().join("qadapt/src");
    let mut seen = 0;
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let inside = file.strip_prefix(&source).expect("a path below the source folder");
        // The crate's root puts the layers together.
        if inside == Path::new("lib.rs") {
            continue;
        }
        let imports = imports(&module_of(inside), &tokens(&read(&file)));
        seen += imports.len();
        faults.extend(
            imports.iter().filter_map(Import::fault).map(|fault| format!("{}: {fault}", inside.display())),
        );
    }
    assert!(seen > 50, "only {seen} imports were found: is this the right folder? {}", source.display());
    assert!(faults.is_empty(), "imports that run up the layers:\n{}", faults.join("\n"));
}

#[test]
fn the_hot_path_uses_nothing_that_allocates_formats_panics_or_blocks() {
    let source = repository().join("qadapt/src");
    let files = ["hot", "sys"].map(|layer| rust_files(&source.join(layer))).concat();
    assert!(files.len() > 40, "only {} files: is this the right folder? {}", files.len(), source.display());
    let faults: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let faults = forbidden(&tokens(&read(file)));
            faults.into_iter().map(move |fault| format!("{}: {fault}", file.display()))
        })
        .collect();
    assert!(faults.is_empty(), "not for the hot path:\n{}", faults.join("\n"));
}

#[test]
fn only_the_folder_of_the_system_asks_for_the_platform() {
    let source = repository().join("qadapt/src");
    let asking: Vec<_> =
        rust_files(&source).into_iter().filter(|file| asks_for_platform(&tokens(&read(file)))).collect();
    let (inside, outside): (Vec<_>, Vec<_>) =
        asking.into_iter().partition(|file| file.starts_with(source.join("sys")));
    assert!(inside.len() > 2, "only {inside:?} do: is this the right folder? {}", source.display());
    assert!(outside.is_empty(), "these ask for the platform, which is for `sys` to do: {outside:?}");
}

/// Where tests, examples and the like lie, which no crate for users depends on.
const AROUND: [&str; 4] = ["benches", "examples", "guide", "tests"];

/// The crates, from the bottom up, each with those here that it may depend on. What users link knows nothing of the tools, and
/// those know the guard by what it leaves alone: traces and debug information.
const CRATES: [(&str, &[&str]); 14] = [
    ("qadapt-advice", &[]),
    ("qadapt-calls", &[]),
    ("qadapt-macro", &[]),
    ("qadapt-pool", &[]),
    ("qadapt-spin", &[]),
    ("qadapt-symbols", &[]),
    ("qadapt-trace", &[]),
    (
        "qadapt",
        &["qadapt-advice", "qadapt-calls", "qadapt-macro", "qadapt-spin", "qadapt-symbols", "qadapt-trace"],
    ),
    ("qadapt-malloc", &["qadapt"]),
    // Its source is that of `qadapt-malloc`, its guard that of the program.
    ("qadapt-malloc-preload", &[]),
    ("qadapt-tower", &["qadapt"]),
    ("qadapt-code", &["qadapt-advice", "qadapt-trace"]),
    ("qadapt-prove", &["qadapt-advice", "qadapt-calls", "qadapt-code", "qadapt-trace"]),
    ("cargo-qadapt", &["qadapt-advice", "qadapt-calls", "qadapt-code", "qadapt-prove", "qadapt-trace"]),
];

#[test]
fn crates_depend_one_way() {
    for (at, (name, below)) in CRATES.iter().enumerate() {
        let known = |name: &&&str| CRATES[..at].iter().any(|(other, _)| other == *name);
        assert_eq!(below.iter().filter(known).count(), below.len(), "{name} stands above what it depends on");
    }
    let members = members();
    assert!(members.len() > CRATES.len(), "only {members:?} were found");
    let packages: Vec<String> = members.iter().map(|member| package(&manifest(member))).collect();
    for member in members.iter().filter(|member| !AROUND.iter().any(|folder| member.starts_with(folder))) {
        let (_, allowed) = CRATES
            .iter()
            .find(|(name, _)| name == member)
            .unwrap_or_else(|| panic!("{member} is not listed"));
        let all = dependencies(&manifest(member));
        let (here, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|name| packages.contains(name));
        let faults: Vec<_> = here.iter().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(faults.is_empty(), "{member} must not depend on {faults:?}");
        // What is allowed is there, so that this reads the manifests.
        let missing: Vec<_> = allowed.iter().filter(|name| !here.iter().any(|here| here == *name)).collect();
        assert!(missing.is_empty(), "{member} does not depend on {missing:?}, only on {others:?}");
    }
}

/// The layers of the attributes' crate, each with those that it may import: tokens become the model in `parse`, and the
/// model becomes tokens in `expand`, so that these two do not know each other.
const MACRO_LAYERS: [(&str, &[&str]); 4] = [
    ("model", &["model"]),
    ("parse", &["parse", "model"]),
    ("expand", &["expand", "model"]),
    ("road", &["parse", "model", "expand"]),
];

#[test]
fn the_attributes_import_one_way() {
    let modules = Modules::below(&repository().join("qadapt-macro/src"));
    // The crate's root puts the layers together.
    let edges: Vec<_> = modules.edges().into_iter().filter(|(from, _)| !from.is_empty()).collect();
    assert!(edges.len() > 20, "only {edges:?} were found: is this the right folder?");
    let faults: Vec<_> = edges.iter().filter(|(from, to)| !is_allowed(&MACRO_LAYERS, from, to)).collect();
    assert!(faults.is_empty(), "imports that no layer allows: {faults:?}");
}

#[test]
fn no_two_files_import_each_other() {
    let all = repository();
    // What tests build is no code of ours: some of it is wrong on purpose.
    let is_fixture = |root: &Path| root.iter().any(|folder| folder == "packages" || folder == "target");
    let roots: BTreeSet<PathBuf> = members().iter().flat_map(|member| roots(&all.join(member))).collect();
    let roots: Vec<_> = roots.iter().filter(|root| !is_fixture(root)).collect();
    let inside = |root: &Path| root.strip_prefix(&all).expect("a path below the folder").to_owned();
    let mut seen = 0;
    for (name, _) in CRATES {
        assert!(roots.iter().any(|root| inside(root) == Path::new(name).join("src")), "{name} was not found");
    }
    for root in roots {
        let edges = Modules::below(root).edges();
        seen += edges.len();
        let circles = circles(&edges);
        assert!(circles.is_empty(), "{}:\n{}", root.display(), circles.join("\n"));
    }
    assert!(seen > 2000, "only {seen} imports were found: are these the right folders?");
}

fn is_allowed(layers: &[(&str, &[&str])], from: &[String], to: &[String]) -> bool {
    let layer = layers.iter().find(|(layer, _)| from.first().is_some_and(|from| from == layer));
    layer.is_some_and(|(_, allowed)| allowed.iter().any(|layer| to.first().is_some_and(|to| to == layer)))
}
