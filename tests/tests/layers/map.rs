//! The tree, the walks and the places for new code in `DEVELOPMENT.md`: what they name is there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::source::{files, read, repository};

/// Whether a word in backticks names a file or a folder.
fn is_path(word: &str) -> bool {
    let ends = ["/", ".rs", ".js", ".c", ".cpp", ".h", ".html", ".md", ".toml", ".txt"];
    ends.iter().any(|end| word.ends_with(end))
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
}

#[test]
fn what_development_names_is_there() {
    let root = repository();
    let from_root = |path: &PathBuf| format!("/{}", path.strip_prefix(&root).unwrap_or(path).display());
    let there: Vec<String> = files(&root).iter().map(from_root).collect();
    let text = read(&repository().join("DEVELOPMENT.md"));
    let (_, text) = text.split_once("\n## The tree\n").expect("the tree");
    let (named, _) =
        text.split_once("\n## The word and the table\n").expect("what comes after where new code belongs");
    let words: BTreeSet<&str> = named.split('`').skip(1).step_by(2).filter(|word| is_path(word)).collect();
    // These are a user's.
    let named: Vec<&str> =
        words.into_iter().filter(|word| !["qadapt.toml", ".cargo/config.toml"].contains(word)).collect();
    assert!(named.len() > 150, "{}", named.len());
    // A file's path ends so; that of what is in a folder has it inside.
    let is_there = |word: &str| {
        let part = format!("/{word}");
        there.iter().any(|path| path.ends_with(&part) || word.ends_with('/') && path.contains(&part))
    };
    let missing: Vec<&&str> = named.iter().filter(|word| !is_there(word)).collect();
    assert!(missing.is_empty(), "DEVELOPMENT.md names what is not there: {missing:?}");
}

#[test]
fn development_names_each_package() {
    let manifest = read(&repository().join("Cargo.toml"));
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("the members");
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() > 20, "{members:?}");
    let text = read(&repository().join("DEVELOPMENT.md"));
    let (_, text) = text.split_once("\n## The tree\n").expect("the tree");
    let (tree, _) = text.split_once("\n## ").expect("what comes after it");
    let is_named = |member: &str| {
        // A package below another one is named in its row, as its folder there.
        let inner = member.rsplit('/').next().unwrap_or(member);
        [member, inner].iter().any(|name| tree.contains(&format!("`{name}/")))
    };
    let missing: Vec<&&str> = members.iter().filter(|member| !is_named(member)).collect();
    assert!(missing.is_empty(), "the tree in DEVELOPMENT.md lacks {missing:?}");
}
