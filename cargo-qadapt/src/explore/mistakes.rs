//! What the compiler says of a build that fails, each mistake at its place.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::answer::Mistake;
use super::snippet::Program;
use crate::audit::settings::{environment, settings};
use crate::build::{Build, Verb, Workspace};
use crate::cargo::cargo;
use crate::cargo_config::CargoConfig;
use crate::selection::{Profile, Selection};

/// What a snippet's text is called.
const SNIPPET: &str = "src/main.rs";

/// Builds once more, as the audit does in debug, and reads what the compiler says; columns are those of the snippet, if the build
/// is one's.
#[must_use]
pub fn mistakes(workspace: &Workspace, selection: &Selection, snippet: Option<&Program>) -> Vec<Mistake> {
    // As the audit builds, so that nothing else is built again.
    let profile = Profile::new("debug");
    let build = Build {
        selection,
        profile: &profile,
        target_directory: &workspace.own_target_directory(),
        environment: environment(),
        config: settings(workspace, &CargoConfig::of(workspace.root(), selection), &profile),
    };
    let mut command = cargo();
    match workspace.verb(selection) {
        Verb::Build => command.arg("build"),
        Verb::Test => command.args(["test", "--no-run"]),
        Verb::Bench => command.args(["bench", "--no-run"]),
    };
    command.args(["--quiet", "--message-format", "json"]).stderr(Stdio::null());
    build.add_to(&mut command);
    let Ok(output) = command.output() else { return Vec::new() };
    let lines = output.stdout.split(|&byte| byte == b'\n');
    lines.filter_map(|line| mistake(line, workspace.root(), snippet)).collect()
}

/// One of cargo's messages, if it is about a mistake.
fn mistake(line: &[u8], root: &Path, snippet: Option<&Program>) -> Option<Mistake> {
    let said: Value = serde_json::from_slice(line).ok()?;
    let message = said.get("message")?;
    if message["level"] != "error" {
        return None;
    }
    let text = |key: &str| message[key].as_str().unwrap_or_default().trim_end().to_owned();
    let mut found = Mistake { message: text("message"), rendered: text("rendered"), ..Mistake::default() };
    let mut primary = message["spans"].as_array()?.iter().filter(|span| span["is_primary"] == true);
    let Some(span) = primary.find_map(own) else {
        // `aborting due to 2 previous errors`.
        return (!found.message.starts_with("aborting due to")).then_some(found);
    };
    let number = |key: &str| u32::try_from(span[key].as_u64().unwrap_or(0)).unwrap_or(0);
    (found.line, found.column) = (number("line_start"), number("column_start"));
    (found.end_line, found.end_column) = (number("line_end"), number("column_end"));
    let file = span["file_name"].as_str()?;
    match snippet {
        Some(program) if file == SNIPPET => {
            let lines = u32::try_from(program.text.lines().count()).unwrap_or(u32::MAX);
            for (line, column) in
                [(&mut found.line, &mut found.column), (&mut found.end_line, &mut found.end_column)]
            {
                *line = (*line).min(lines);
                *column = program.column(*line, *column);
            }
            SNIPPET.clone_into(&mut found.file);
        }
        _ => found.file = relative(file, root, said["manifest_path"].as_str()),
    }
    Some(found)
}

/// Where a span is in code that its author can change: of a macro of another crate, or of std, the place where it is called.
fn own(span: &Value) -> Option<&Value> {
    let file = Path::new(span["file_name"].as_str()?);
    // The compiler is called where paths to the project's packages are relative.
    if file.is_relative() && !file.starts_with("<") {
        Some(span)
    } else {
        own(span["expansion"].get("span")?)
    }
}

/// A file as reports call it: relative to the workspace. Those of a package outside of it come relative to that package.
fn relative(file: &str, root: &Path, manifest: Option<&str>) -> String {
    if root.join(file).exists() {
        return file.to_owned();
    }
    let folder = manifest.and_then(|manifest| Path::new(manifest).parent());
    folder.map_or_else(|| file.to_owned(), |folder| folder.join(file).to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(level: &str, spans: &Value) -> Vec<u8> {
        serde_json::json!({
            "reason": "compiler-message", "manifest_path": "/elsewhere/Cargo.toml",
            "message": { "level": level, "message": "mismatched types", "rendered": "error: mismatched\n", "spans": spans },
        })
        .to_string()
        .into_bytes()
    }

    fn span(file: &str) -> Value {
        serde_json::json!({
            "is_primary": true, "file_name": file, "line_start": 1, "column_start": 25, "line_end": 1, "column_end": 27,
            "expansion": null,
        })
    }

    #[test]
    fn the_compilers_mistakes_have_the_snippets_places() {
        let program = Program::of("let x: u8 = \"\";", None);
        let of = |line: &[u8]| mistake(line, Path::new("/nowhere"), Some(&program));
        let found = of(&message("error", &serde_json::json!([span("src/main.rs")]))).expect("it is one");
        assert_eq!(
            (found.file.as_str(), found.line, found.column, found.end_column),
            ("src/main.rs", 1, 13, 15)
        );
        assert_eq!(
            (found.message.as_str(), found.rendered.as_str()),
            ("mismatched types", "error: mismatched")
        );
        let last = br#"{"message":{"level":"error","message":"aborting due to 1 previous error","rendered":"","spans":[]}}"#;
        assert!(of(last).is_none() && of(&message("warning", &serde_json::json!([]))).is_none());
        assert!(of(b"no json").is_none());
    }

    #[test]
    fn the_compilers_mistakes_are_in_the_projects_files() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let of = |spans: Value| mistake(&message("error", &spans), root, None).expect("it is one");
        let found = of(serde_json::json!([span("src/lib.rs")]));
        assert_eq!((found.file.as_str(), found.line, found.column), ("src/lib.rs", 1, 25));
        assert_eq!(of(serde_json::json!([span("src/none.rs")])).file, "/elsewhere/src/none.rs");
        // In a macro of std: where it is called.
        let mut inside = span("/rustc/0/library/std/src/macros.rs");
        inside["expansion"] = serde_json::json!({ "span": span("src/lib.rs") });
        assert_eq!(of(serde_json::json!([inside])).file, "src/lib.rs");
        let nowhere = of(serde_json::json!([]));
        assert_eq!((nowhere.file.as_str(), nowhere.line), ("", 0));
    }
}
