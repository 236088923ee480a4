//! What cargo says of sources: which an executable was made of, and the package that each lies in.

use std::path::{Path, PathBuf};

use qadapt_code::origin::is_guard;

/// The sources in Rust in a list as cargo writes it: `executable: source source`, with `\ ` for a space in a name.
pub(super) fn listed(list: &str) -> Vec<PathBuf> {
    let Some((_, sources)) = list.lines().next().and_then(|line| line.split_once(": ")) else {
        return Vec::new();
    };
    let mut paths = vec![String::new()];
    let mut characters = sources.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => paths.last_mut().expect("there is one").extend(characters.next()),
            ' ' => paths.push(String::new()),
            c => paths.last_mut().expect("there is one").push(c),
        }
    }
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    paths.into_iter().filter(|path| !is_guard(path)).map(PathBuf::from).filter(is_source).collect()
}

/// The manifest of the package that a source file lies in, and its folder.
pub(super) fn manifest(source: &Path) -> Option<(&Path, toml::Table)> {
    source.ancestors().skip(1).find_map(|folder| {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        Some((folder, text.parse().ok()?))
    })
}

/// The name of a manifest's package.
pub(super) fn name(manifest: &toml::Table) -> Option<String> {
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_listed_with_their_spaces() {
        let list = "/t/release/app: /w/a\\ b/src/main.rs /w/build.toml /w/src/lib.rs /u/qadapt/src/region/plain.rs\n";
        assert_eq!(listed(list), [Path::new("/w/a b/src/main.rs"), Path::new("/w/src/lib.rs")]);
        assert!(listed("").is_empty() && listed("no list").is_empty());
    }
}
