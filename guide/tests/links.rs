//! The guide is whole: each chapter is in the summary, and what a chapter includes or links to is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every chapter with its text, by its path below `src`.
fn chapters() -> Vec<(PathBuf, String)> {
    let mut folders = vec![source()];
    let mut chapters = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of chapters") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Beside them lie pictures.
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a chapter is text");
            chapters.push((path.strip_prefix(source()).expect("it is below").to_owned(), text));
        }
    }
    chapters
}

/// What stands between `](` and `)` outside of blocks of code.
fn links(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose
        .flat_map(|prose| prose.split("](").skip(1))
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .collect()
}

/// The file that a chapter includes, as it names it, and what stands before and after.
fn include(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{#include ")?;
    let (file, after) = rest.split_once("}}").expect("the include ends");
    Some((before, file, after))
}

/// The text with what it includes, as mdBook puts it together.
fn whole(chapter: &Path, text: &str) -> String {
    let Some((before, file, after)) = include(text) else { return text.to_owned() };
    let file = beside(chapter, file);
    let included = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    [before, &included, after].concat()
}

/// The file to which a chapter gives this path.
fn beside(chapter: &Path, file: &str) -> PathBuf {
    source().join(chapter).parent().expect("a folder").join(file)
}

/// The blocks of code that name no language, as `rustdoc` takes for Rust and mdBook for text.
fn without_language(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(fence) = lines.next() {
        let Some(language) = fence.trim_start().strip_prefix("```") else { continue };
        let block: Vec<&str> =
            lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
        if language.trim().is_empty() {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// A file of the repository.
fn repository(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_chapter_is_in_the_summary() {
    let chapters = chapters();
    let summary = fs::read_to_string(source().join("SUMMARY.md")).expect("there is a summary");
    let listed: BTreeSet<_> = links(&summary).into_iter().map(PathBuf::from).collect();
    let written: BTreeSet<_> = chapters.into_iter().map(|(path, _)| path).collect();
    let unlisted: Vec<_> =
        written.iter().filter(|path| !path.ends_with("SUMMARY.md") && !listed.contains(*path)).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
    let missing: Vec<_> = listed.difference(&written).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(listed.len() > 20, "{listed:?}");
}

#[test]
fn every_link_leads_to_a_chapter() {
    let book = source().canonicalize().expect("the folder of chapters");
    let mut followed = 0;
    for (path, text) in chapters() {
        for link in links(&whole(&path, &text)) {
            // Other sites, and places on the same page.
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            let file = link.split('#').next().unwrap_or(link);
            let target = beside(&path, file).canonicalize();
            let target = target.unwrap_or_else(|error| panic!("{} links to {link}: {error}", path.display()));
            assert!(target.starts_with(&book), "{} links out of the book: {link}", path.display());
            followed += 1;
        }
    }
    assert!(followed > 30, "only {followed} links were followed");
}

#[test]
fn every_chapter_with_rust_is_tested() {
    let list =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples.rs")).expect("the list");
    for (path, text) in chapters() {
        let name = format!("src/{}", path.display()).replace('\\', "/");
        assert!(!text.contains("```rust") || list.contains(&name), "{name} has examples that nothing runs");
    }
}

/// Whoever reads the plain files finds the text of a chapter that lies elsewhere, and the links in that text lead somewhere there too.
#[test]
fn an_included_text_is_found_without_the_book() {
    let readme = repository("README.md");
    let mut included = 0;
    for (path, text) in chapters() {
        let Some((before, file, after)) = include(&text) else { continue };
        let name = file.trim_start_matches("../");
        assert!(
            before.is_empty() && after.contains(&format!("the file `{name}`")),
            "{} hides {name}",
            path.display()
        );
        assert!(links(&readme).contains(&name), "the README does not link {name}");
        let lies = beside(&path, file);
        for link in links(&fs::read_to_string(&lies).expect("a text")) {
            let there = link.split('#').next().unwrap_or(link);
            let is_there = link.contains("://") || lies.parent().expect("a folder").join(there).exists();
            assert!(is_there, "{name} links to {link}");
        }
        included += 1;
    }
    assert_eq!(included, 7);
}

/// Lines that start with `# ` are hidden by mdBook in blocks of Rust alone, and rustdoc takes blocks without a language for Rust.
#[test]
fn hidden_lines_are_hidden_in_the_book_too() {
    assert_eq!(without_language("a\n```\nb\n# c\n```\n```text\nd\n```\n"), ["b\n# c"]);
    for (path, text) in chapters() {
        for block in without_language(&whole(&path, &text)) {
            let shown = block.lines().find(|line| *line == "#" || line.starts_with("# "));
            assert_eq!(shown, None, "{} shows a hidden line: write ```rust", path.display());
        }
    }
}

/// The compilers that the texts ask for are those that the manifests declare.
#[test]
fn the_oldest_compilers_are_those_of_the_manifests() {
    let declared = |package: &str| {
        let manifest = repository(&format!("{package}/Cargo.toml"));
        let (_, rest) = manifest.split_once("rust-version = \"").expect("it declares one");
        rest.split_once('"').expect("it ends").0.to_owned()
    };
    let (linked, tool) = (declared("qadapt"), declared("cargo-qadapt"));
    for file in ["README.md", "guide/src/start.md", "cargo-qadapt/README.md"] {
        let text = repository(file);
        let named: BTreeSet<&str> =
            text.match_indices("1.8").map(|(start, _)| text[start..].split_at(4).0).collect();
        assert_eq!(named, BTreeSet::from([linked.as_str(), &tool]), "{file}");
    }
}

/// What a registry shows of a crate, and the licences' texts.
#[test]
fn what_is_published_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = fs::read_dir(&root).expect("the repository").map(|entry| entry.expect("an entry").path());
    let mut published = 0;
    for folder in folders.filter(|folder| folder.join("src").is_dir() && folder.join("Cargo.toml").is_file())
    {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest is text");
        if manifest.contains("\npublish = false") {
            continue;
        }
        published += 1;
        for wanted in ["description", "license.workspace", "keywords", "categories", "rust-version"] {
            assert!(manifest.contains(&format!("\n{wanted} = ")), "{}: no {wanted}", folder.display());
        }
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            assert!(folder.join(licence).is_file(), "{}: no {licence}", folder.display());
        }
    }
    assert!(published > 10, "{published} crates");
}
