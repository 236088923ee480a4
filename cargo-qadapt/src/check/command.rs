//! The command whose run a baseline is about, in words that are the same wherever it is typed.

use crate::audit::args::Runs;
use crate::build::Workspace;

/// Package, target, features and arguments as a command line.
#[must_use]
pub fn command(runs: &Runs, workspace: &Workspace) -> String {
    let selection = &runs.selection;
    let mut words: Vec<String> = Vec::new();
    // Cargo takes patterns, too, which are no package's name.
    let package = workspace.package(selection).or(selection.package.as_deref());
    if let Some(package) = package.filter(|_| !selection.workspace) {
        words.extend(["-p".to_owned(), package.to_owned()]);
    }
    words.extend(selection.target_arguments().iter().map(|word| word.to_string_lossy().into_owned()));
    if runs.nextest {
        words.push("--nextest".into());
    }
    if runs.whole_program {
        words.push("--whole-program".into());
    }
    if runs.c {
        words.push("--c".into());
    }
    if selection.all_features {
        words.push("--all-features".into());
    }
    if selection.no_default_features {
        words.push("--no-default-features".into());
    }
    let features = selection.features.iter().flat_map(|features| features.split([',', ' ']));
    let mut features: Vec<&str> = features.filter(|feature| !feature.is_empty()).collect();
    features.sort_unstable();
    features.dedup();
    if !features.is_empty() {
        words.extend(["--features".to_owned(), features.join(",")]);
    }
    for setting in &selection.config {
        words.extend(["--cargo-config".to_owned(), setting.clone()]);
    }
    if let Some(platform) = &selection.platform {
        words.extend(["--target".to_owned(), platform.clone()]);
    }
    if !runs.arguments.is_empty() {
        words.push("--".into());
        words.extend(runs.arguments.iter().map(|word| word.to_string_lossy().into_owned()));
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=+.,:/@%^".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::{Profiles, Selection};

    #[test]
    fn one_run_has_one_name() {
        let workspace =
            serde_json::from_str(r#"{ "workspace_root": "/w", "target_directory": "/t", "packages": [] }"#)
                .expect("it is metadata");
        let runs = |features: &[&str]| Runs {
            selection: Selection {
                bin: Some("radio".into()),
                features: features.iter().map(|&features| features.to_owned()).collect(),
                ..Selection::default()
            },
            profiles: Profiles::only("debug"),
            nextest: false,
            timeout: Some(3),
            whole_program: true,
            c: true,
            arguments: vec!["it's".into(), "x".into()],
        };
        let name = command(&runs(&["fm,am"]), &workspace);
        assert_eq!(name, r"--bin radio --whole-program --c --features am,fm -- 'it'\''s' x");
        assert_eq!(command(&runs(&["am", "fm am"]), &workspace), name);
    }
}
