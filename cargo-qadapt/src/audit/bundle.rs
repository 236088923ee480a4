//! The programs that rustdoc makes of doctests; and of those that it joins into one (edition 2024) where each line is written.
//!
//! Beside the program lie `doctest_bundle_2024.rs`, which has a module for each test, and `doctest_runner_2024.rs`, which says
//! at which line of which file each begins.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use qadapt_code::origin::with_slashes;
use regex::Regex;

/// The sources of a joined program.
#[derive(Debug, Default)]
pub struct Bundle {
    /// By line of the joined file: the file that the line is written in, and the line there.
    lines: HashMap<u32, (String, u32)>,
}

/// How the names of the two files begin.
const NAMES: [&str; 2] = ["doctest_bundle_", "doctest_runner_"];

/// True for a file that a [`Bundle`] is read from.
#[must_use]
pub fn is_source(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    file.extension().is_some_and(|extension| extension == "rs")
        && NAMES.iter().any(|start| name.starts_with(start))
}

/// True for what rustdoc builds: `rustdoctestXXXXXX/rust_out`.
#[must_use]
pub fn is_doctest(program: &Path) -> bool {
    program.file_stem() == Some(OsStr::new("rust_out")) && own_folder(program).is_some()
}

/// The folder that rustdoc has made for a program alone.
#[must_use]
pub fn own_folder(program: &Path) -> Option<&OsStr> {
    let name = program.parent()?.file_name()?;
    name.to_str()?.starts_with("rustdoctest").then_some(name)
}

impl Bundle {
    /// Reads the sources beside a program; empty if it is no joined one.
    #[must_use]
    pub fn beside(program: &Path) -> Self {
        if !is_doctest(program) {
            return Self::default();
        }
        let files = program.parent().and_then(|folder| fs::read_dir(folder).ok());
        let sources: Vec<_> = files
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| is_source(path)))
            .collect();
        let text = |start: &str| {
            let is_it = |name: &str| name.starts_with(start);
            let file = sources
                .iter()
                .find(|file| file.file_name().and_then(|name| name.to_str()).is_some_and(is_it));
            file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default()
        };
        let [bundle, runner] = NAMES.map(text);
        Self::of(&bundle, &runner)
    }

    fn of(bundle: &str, runner: &str) -> Self {
        let begins = begins(runner);
        let mut lines = HashMap::new();
        let mut test: Option<(&str, u32)> = None;
        let mut is_first = false;
        for (number, text) in (1..).zip(bundle.lines()) {
            if let Some(module) = module(text) {
                test = begins.get(module).map(|(file, line)| (file.as_str(), *line));
                is_first = true;
                continue;
            }
            // An empty line follows the head of a module. The function round the test is rustdoc's.
            if std::mem::take(&mut is_first) || MAINS.contains(&text.trim_end()) {
                continue;
            }
            if let Some((file, line)) = &mut test {
                *line = line.saturating_add(1);
                lines.insert(number, ((*file).to_owned(), *line));
            }
        }
        Self { lines }
    }

    /// Where a line of the joined file is written.
    #[must_use]
    pub fn place(&self, file: &str, line: u32) -> Option<(&str, u32)> {
        let name = file.rsplit('/').next().unwrap_or(file);
        let (file, line) = self.lines.get(&line).filter(|_| name.starts_with(NAMES[0]))?;
        Some((file, *line))
    }
}

/// What rustdoc puts round a test that has no `main`.
const MAINS: [&str; 2] = ["fn main()  {", "fn main() -> Result<(), impl core::fmt::Debug> {"];

/// The number of the test whose module begins in a line.
fn module(line: &str) -> Option<&str> {
    line.strip_prefix("pub mod __doctest_")?.strip_suffix(" {")
}

/// The file of each test, and the line at which its block begins.
fn begins(runner: &str) -> HashMap<String, (String, u32)> {
    static TEST: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let string = r#""((?:[^"\\]|\\.)*)""#;
        Regex::new(&format!(r"mod __doctest_(\d+) \{{[^\x22]*{string}, \w+, {string}, (\d+),")).ok()
    });
    let Some(test) = &*TEST else { return HashMap::new() };
    let found = test.captures_iter(runner).filter_map(|found| {
        let file = with_slashes(&found[3].replace(r"\\", r"\")).into_owned();
        Some((found[1].to_owned(), (file, found[4].parse().ok()?)))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &str = "
#![allow(unused)]
pub mod __doctest_0 {

use std::hint::black_box;
fn main() {
    black_box(1);
}
pub fn __main_fn() -> impl std::process::Termination { main() } 
}

pub mod __doctest_1 {

#![allow(dead_code)]
fn main() -> Result<(), impl core::fmt::Debug> {
let a = 1;
}
";

    const RUNNER: &str = r#"
mod __doctest_0 {
pub const TEST: test::TestDescAndFn = test::TestDescAndFn::new_doctest(
"one/src/lib.rs - \"mix\" (line 13)", false, "one/src/lib.rs", 13, false, false,
test::StaticTestFn(
mod __doctest_1 {
pub const TEST: test::TestDescAndFn = test::TestDescAndFn::new_doctest(
"one\\src\\a.rs - mix (line 24)", true, "one\\src\\a.rs", 24, false, false,
"#;

    #[test]
    fn doctests_are_known_by_their_place() {
        let is = |program| is_doctest(Path::new(program));
        assert!(is("/tmp/rustdoctestoKngP5/rust_out") && is("/t/rustdoctestA/rust_out.exe"));
        assert!(!is("/t/debug/rust_out") && !is("/t/rustdoctestA/other") && !is("rust_out"));
    }

    #[test]
    fn a_line_is_where_the_user_wrote_it() {
        let bundle = Bundle::of(BUNDLE, RUNNER);
        let at = |line| bundle.place("/tmp/rustdoctestA/doctest_bundle_2024.rs", line);
        assert_eq!(at(7), Some(("one/src/lib.rs", 16)));
        assert_eq!(at(14), Some(("one/src/a.rs", 25)));
        assert_eq!(at(16), Some(("one/src/a.rs", 26)));
        assert_eq!((at(2), at(15)), (None, None));
        assert_eq!(bundle.place("one/src/lib.rs", 7), None, "another file's lines are its own");
    }
}
