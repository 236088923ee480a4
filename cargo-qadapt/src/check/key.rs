//! What regions and sites are called so that an edit elsewhere does not change it: no line, no absolute path.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use qadapt_code::items::Items;
use qadapt_code::origin::{after, without_version};

use crate::format::source::Sources;
use crate::report::figures::{By, Op, RegionKind, RegionPlace, Report};
use crate::report::line::Line;

/// A region.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionKey {
    /// The source file, as [`stable`] writes it.
    pub file: String,
    /// The function that it is in; none if the source does not tell.
    pub function: Option<String>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The test whose entries are meant, if it is known.
    pub test: Option<String>,
    /// Which of several that are otherwise equal, in the order of the source, from 1.
    pub nth: u32,
}

/// A line of code that asks for something, by its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteKey {
    /// The source file, as [`stable`] writes it; empty if it is not known.
    pub file: String,
    /// The function that it is in.
    pub function: String,
    /// The line's text; empty if there is no source.
    pub code: String,
    /// What is asked.
    pub op: Op,
}

impl RegionKey {
    /// The region in words, for messages and for patterns.
    #[must_use]
    pub fn title(&self) -> String {
        let place = self.name.clone().unwrap_or_else(|| self.in_file());
        let place = if self.nth > 1 { format!("{place} #{}", self.nth) } else { place };
        match &self.test {
            Some(test) => format!("{place} in test {test}"),
            None => place,
        }
    }

    /// File and function.
    fn in_file(&self) -> String {
        match &self.function {
            Some(function) => format!("{}:{function}", self.file),
            None => self.file.clone(),
        }
    }

    /// True if a pattern means this region: by its name, its file, or its file and function.
    #[must_use]
    pub fn is_meant(&self, pattern: &qadapt_code::glob::Glob) -> bool {
        self.name.as_ref().is_some_and(|name| pattern.is_match(name))
            || pattern.is_match(&self.file)
            || pattern.is_match(&self.in_file())
    }
}

/// Finds keys; reads each source file once.
#[derive(Debug)]
pub struct Keys {
    root: PathBuf,
    sources: Sources,
    items: HashMap<String, Items>,
}

impl Keys {
    /// For a report whose relative paths start at `root`.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), sources: Sources::below(root), items: HashMap::new() }
    }

    /// The keys of a report's regions, in their order, which is that of their places.
    pub fn regions(&mut self, report: &Report) -> Vec<RegionKey> {
        let mut met: HashMap<RegionKey, u32> = HashMap::new();
        let places = report.regions.iter().map(|region| &region.place);
        places
            .map(|place| {
                let mut key = self.region(place);
                let nth = met.entry(key.clone()).or_default();
                *nth += 1;
                key.nth = *nth;
                key
            })
            .collect()
    }

    fn region(&mut self, place: &RegionPlace) -> RegionKey {
        if place.kind == RegionKind::WholeProgram {
            let name = place.name.clone().unwrap_or_else(|| "the whole program".to_owned());
            return RegionKey { name: Some(name), test: test(place), ..RegionKey::default() };
        }
        RegionKey {
            file: stable(&place.file, &self.root),
            function: self.function(&place.file, place.line, place.column).map(str::to_owned),
            name: place.name.clone(),
            test: test(place),
            nth: 0,
        }
    }

    /// The key of a line.
    pub fn line(&mut self, line: &Line) -> SiteKey {
        let Some((file, number)) = &line.at else {
            return SiteKey {
                file: String::new(),
                function: line.function.clone(),
                code: String::new(),
                op: line.op,
            };
        };
        // The standard library's source is only on some machines.
        if let Some(library) = in_library(file) {
            let (file, function) = (library.to_owned(), line.function.clone());
            return SiteKey { file, function, code: String::new(), op: line.op };
        }
        let code = self.sources.line(file, *number).unwrap_or_default().to_owned();
        let function = self.function(file, *number, 0).map_or_else(|| line.function.clone(), str::to_owned);
        SiteKey { file: stable(file, &self.root), function, code, op: line.op }
    }

    fn function(&mut self, file: &str, line: u32, column: u32) -> Option<&str> {
        if !self.items.contains_key(file) {
            self.items.insert(file.to_owned(), Items::read(&self.root.join(file)));
        }
        self.items.get(file)?.at(line, column)
    }
}

fn test(place: &RegionPlace) -> Option<String> {
    match &place.by {
        Some(By::Test(test)) => Some(test.clone()),
        Some(By::Thread(_)) | None => None,
    }
}

/// A path that is the same on every machine: relative to the workspace, or to the package that it belongs to.
#[must_use]
pub fn stable(path: &str, root: &Path) -> String {
    if let Some(package) = after(path, "/registry/src/", 1) {
        let (name, rest) = package.split_once('/').unwrap_or((package, ""));
        return format!("{}/{rest}", without_version(name));
    }
    if let Some(checkout) = after(path, "/git/checkouts/", 0) {
        let mut parts = checkout.splitn(3, '/');
        let (name, rest) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        return format!("{}/{rest}", name.rsplit_once('-').map_or(name, |(name, _)| name));
    }
    if let Some(library) = in_library(path) {
        return library.to_owned();
    }
    // What a build script wrote: its folder's name holds a hash.
    if let Some(built) = after(path, "/build/", 1).and_then(|rest| rest.strip_prefix("out/")) {
        return format!("OUT_DIR/{built}");
    }
    // Where nothing lies the compiler was told to write so, on every machine.
    if !Path::new(path).is_absolute() || !Path::new(path).exists() {
        return path.to_owned();
    }
    pathdiff::diff_paths(path, root)
        .map_or_else(|| path.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// A path in the standard library, without what comes before.
fn in_library(path: &str) -> Option<&str> {
    after(path, "/rustc/", 1).or_else(|| after(path, "/lib/rustlib/src/rust/", 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use qadapt_code::origin::Origin;

    #[test]
    fn paths_are_the_same_on_every_machine() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let beside = root.with_file_name("qadapt-code").join("src/lib.rs");
        for (path, expected) in [
            ("src/main.rs", "src/main.rs"),
            (beside.to_str().expect("a path in UTF-8"), "../qadapt-code/src/lib.rs"),
            ("/nowhere/app/src/lib.rs", "/nowhere/app/src/lib.rs"),
            (
                "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/mem-chr-2.7.0/src/a.rs",
                "mem-chr/src/a.rs",
            ),
            ("/root/.cargo/registry/src/x-1/h2-0.4.0-rc.1+b/src/a.rs", "h2/src/a.rs"),
            ("/root/.cargo/git/checkouts/rand-core-0123abcd/f00/src/lib.rs", "rand-core/src/lib.rs"),
            ("/rustc/0123/library/alloc/src/vec.rs", "library/alloc/src/vec.rs"),
            ("/r/lib/rustlib/src/rust/library/core/src/ops.rs", "library/core/src/ops.rs"),
            ("/t/qadapt/debug/build/app-0123/out/table.rs", "OUT_DIR/table.rs"),
        ] {
            assert_eq!(stable(path, root), expected);
        }
    }

    #[test]
    fn the_standard_library_needs_no_source() {
        let line = |file: &str| Line {
            region: 0,
            origin: Origin::Internal,
            at: Some((file.to_owned(), 1)),
            function: "std::rt::init".to_owned(),
            op: Op::Alloc,
            called: Vec::new(),
            inside: Vec::new(),
            advice: Vec::new(),
            counts: Vec::new(),
            entries: Vec::new(),
            mark: String::new(),
            is_different: false,
            sites: Vec::new(),
        };
        let mut keys = Keys::below(Path::new(env!("CARGO_MANIFEST_DIR")));
        let key = keys.line(&line("/rustc/0123/library/std/src/rt.rs"));
        assert_eq!((key.file.as_str(), key.code.as_str()), ("library/std/src/rt.rs", ""));
        let own = keys.line(&line("src/check/key.rs"));
        assert!(own.code.starts_with("//! What regions and sites are called"), "{}", own.code);
    }

    #[test]
    fn patterns_mean_names_files_and_functions() {
        let glob = |text: &str| qadapt_code::glob::Glob::try_from(text.to_owned()).expect("it is valid");
        let key = RegionKey {
            file: "src/a.rs".into(),
            function: Some("f".into()),
            name: Some("mix".into()),
            test: None,
            nth: 2,
        };
        assert_eq!(key.title(), "mix #2");
        for pattern in ["mix", "m*", "src/a.rs", "src/a.rs:f", "src/*"] {
            assert!(key.is_meant(&glob(pattern)), "{pattern}");
        }
        for pattern in ["mi", "f", "src"] {
            assert!(!key.is_meant(&glob(pattern)), "{pattern}");
        }
        assert_eq!(RegionKey { name: None, nth: 1, ..key }.title(), "src/a.rs:f");
    }
}
