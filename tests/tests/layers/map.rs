//! The tree, the walks and the places for new code in `DEVELOPMENT.md`: what they name is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::source::{read, repository};

/// All files and folders below a folder, by their paths from there, folders with a slash at their end.
fn below(folder: &Path, before: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.expect("a readable folder");
        let name = entry.file_name().to_string_lossy().into_owned();
        if ["target", ".git", "node_modules"].contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().expect("its type").is_dir() {
            let path = format!("{before}{name}/");
            below(&entry.path(), &path, found);
            found.insert(path);
        } else {
            found.insert(format!("{before}{name}"));
        }
    }
}

/// Whether a word in backticks names a file or a folder.
fn is_path(word: &str) -> bool {
    let ends = ["/", ".rs", ".js", ".c", ".cpp", ".h", ".html", ".md", ".toml", ".txt"];
    ends.iter().any(|end| word.ends_with(end))
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
}

#[test]
fn what_development_names_is_there() {
    let mut there = BTreeSet::new();
    below(&repository(), "", &mut there);
    let text = read(&repository().join("DEVELOPMENT.md"));
    let (_, text) = text.split_once("\n## The tree\n").expect("the tree");
    let (named, _) =
        text.split_once("\n## The word and the table\n").expect("what comes after where new code belongs");
    let words: BTreeSet<&str> = named.split('`').skip(1).step_by(2).filter(|word| is_path(word)).collect();
    // These are a user's.
    let named: Vec<&str> =
        words.into_iter().filter(|word| !["qadapt.toml", ".cargo/config.toml"].contains(word)).collect();
    assert!(named.len() > 150, "{}", named.len());
    let is_there = |word: &str| {
        let at_its_end = format!("/{word}");
        there.iter().any(|path| path == word || path.ends_with(&at_its_end))
    };
    let missing: Vec<&&str> = named.iter().filter(|word| !is_there(word)).collect();
    assert!(missing.is_empty(), "DEVELOPMENT.md names what is not there: {missing:?}");
}
