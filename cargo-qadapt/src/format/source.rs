//! Lines of the user's source, as reports show them.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Characters of a line that are shown.
const WIDTH: usize = 120;

/// Bytes of a file that are read.
const LIMIT: u64 = 4 << 20;

/// Source files, each read once.
#[derive(Debug)]
pub struct Sources {
    root: PathBuf,
    files: HashMap<String, Vec<String>>,
}

impl Sources {
    /// Files whose paths are relative to `root`, or absolute.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), files: HashMap::new() }
    }

    /// A line's text, made printable; none if there is no such line.
    pub fn line(&mut self, file: &str, line: u32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        if !self.files.contains_key(file) {
            let lines = contents(&self.root.join(file)).lines().map(printable).collect();
            self.files.insert(file.to_owned(), lines);
        }
        self.files.get(file)?.get(index).map(String::as_str)
    }
}

/// The text of a source file; empty if it cannot be read.
#[must_use]
pub fn contents(path: &Path) -> String {
    let mut bytes = Vec::new();
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !is_file || File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes)).is_err() {
        return String::new();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text without its indentation, made harmless, cut to the width of a line.
#[must_use]
pub fn printable(line: &str) -> String {
    cut(line.trim(), WIDTH, " ")
}

/// The text made harmless.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    cut(text, usize::MAX, " ")
}

/// The text made harmless, with tabs replaced by `tab`, cut to a width.
///
/// Replaced are control characters, those that XML cannot hold, and those that turn the direction of text. Commands to CI
/// services (`##[..]`, `##vso[..]`), which they obey anywhere in a line, are broken up.
pub(super) fn cut(text: &str, width: usize, tab: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(width));
    for (count, c) in text.chars().enumerate() {
        if count == width {
            shown.push('…');
            break;
        }
        match c {
            '\t' => shown.push_str(tab),
            '[' if ends_as_command(&shown) => shown.push_str("\u{FFFD}["),
            c if is_harmful(c) => shown.push('\u{FFFD}'),
            c => shown.push(c),
        }
    }
    shown
}

/// A name that a line may start with: one that starts with two colons would be a command to GitHub Actions.
#[must_use]
pub fn opening(name: &str, what: &str) -> String {
    if name.starts_with("::") { format!("{what} {name}") } else { name.to_owned() }
}

fn ends_as_command(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).ends_with("##")
}

fn is_harmful(c: char) -> bool {
    c.is_control() || is_directing(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Characters that turn the direction of text, and so can make a line look like another one.
const fn is_directing(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_made_printable() {
        assert_eq!(printable("\tlet\tx; "), "let x;");
        assert_eq!(printable("a\u{1b}[31mb\u{202e}"), "a\u{FFFD}[31mb\u{FFFD}");
        assert_eq!(printable(&"x".repeat(1000)).chars().count(), WIDTH + 1);
        assert_eq!(printable("a\u{2028}b\u{FFFE}"), "a\u{FFFD}b\u{FFFD}");
    }

    #[test]
    fn commands_to_ci_services_are_broken_up() {
        assert_eq!(printable("x ##[error]y"), "x ##\u{FFFD}[error]y");
        assert_eq!(printable("##vso[task.x]"), "##vso\u{FFFD}[task.x]");
        assert_eq!(printable("# [a] #[b] v[0]"), "# [a] #[b] v[0]");
    }

    #[test]
    fn a_line_is_found_by_its_number() {
        let mut sources = Sources::below(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert_eq!(
            sources.line("src/format/source.rs", 1),
            Some("//! Lines of the user's source, as reports show them.")
        );
        assert_eq!(sources.line("src/format/source.rs", 0), None);
        assert_eq!(sources.line("src/format/source.rs", 100_000), None);
        assert_eq!(sources.line("no/such/file.rs", 1), None);
        assert_eq!(sources.line("/", 1), None);
    }
}
