//! Reads the sources of the guard and fails on an import that runs up the layers, and on what the hot path must not
//! use. Nothing else keeps the layers apart: they are folders of one crate.

mod checker;
mod hot;
mod imports;
mod modules;
mod platform;
mod source;

use std::path::Path;

use crate::hot::forbidden;
use crate::imports::{Import, imports};
use crate::modules::{Modules, cycle};
use crate::platform::asks_for_platform;
use crate::source::{dependencies, module_of, read, repository, rust_files, tokens};

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

#[test]
fn the_lower_crates_do_not_know_the_guard() {
    for (name, forbidden) in [("qadapt-spin", &["qadapt"][..]), ("qadapt-macro", &["qadapt", "qadapt-spin"])]
    {
        let manifest = repository().join(name).join("Cargo.toml");
        let found = dependencies(&read(&manifest));
        assert!(!found.is_empty(), "{}: no dependencies were read", manifest.display());
        for dependency in forbidden {
            assert!(!found.iter().any(|found| found == dependency), "{name} depends on {dependency}");
        }
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
    let edges = modules.edges();
    assert!(edges.len() > 20, "only {edges:?} were found: is this the right folder?");
    let faults: Vec<_> = edges.iter().filter(|(from, to)| !is_allowed(&MACRO_LAYERS, from, to)).collect();
    assert!(faults.is_empty(), "imports that no layer allows: {faults:?}");
    assert_eq!(cycle(&edges), None);
}

#[test]
fn no_two_files_import_each_other() {
    for (name, least) in [
        ("qadapt", 600),
        ("cargo-qadapt", 200),
        ("qadapt-prove", 100),
        ("qadapt-advice", 70),
        ("qadapt-malloc", 4),
        ("qadapt-tower", 0),
        ("qadapt-code", 1),
        ("qadapt-pool", 20),
        ("qadapt-spin", 5),
        ("qadapt-trace", 40),
    ] {
        let edges = Modules::below(&repository().join(name).join("src")).edges();
        assert!(edges.len() > least, "only {edges:?} were found: is this the right folder?");
        assert_eq!(cycle(&edges), None, "{name}");
    }
}

fn is_allowed(layers: &[(&str, &[&str])], from: &[String], to: &[String]) -> bool {
    let layer = layers.iter().find(|(layer, _)| from.first().is_some_and(|from| from == layer));
    layer.is_some_and(|(_, allowed)| allowed.iter().any(|layer| to.first().is_some_and(|to| to == layer)))
}
