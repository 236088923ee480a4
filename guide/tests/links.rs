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

/// The text with what it includes, as mdBook puts it together.
fn whole(chapter: &Path, text: &str) -> String {
    let Some((before, rest)) = text.split_once("{{#include ") else { return text.to_owned() };
    let (file, after) = rest.split_once("}}").expect("the include ends");
    let file = source().join(chapter).parent().expect("a folder").join(file);
    let included = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    [before, &included, after].concat()
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
    let mut followed = 0;
    for (path, text) in chapters() {
        for link in links(&whole(&path, &text)) {
            // Other sites, places on the same page, and items that rustdoc links where it shows the same text.
            if link.contains("://") || link.starts_with('#') || link.starts_with("crate::") {
                continue;
            }
            let file = link.split('#').next().unwrap_or(link);
            let target = source().join(&path).parent().expect("a folder").join(file);
            assert!(target.is_file(), "{} links to {link}", path.display());
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
