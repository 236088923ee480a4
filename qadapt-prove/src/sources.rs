//! Regions of the source that calls open, which leave no note in the file.
//!
//! A function cannot leave one for each of its calls. What the build leaves beside an executable is a list of its sources,
//! `NAME.d`, and in these the calls can be read that open regions (`calls`). The list has the sources of the program and of
//! its dependencies by path; those of others are found as `locked` says.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use qadapt_code::items::Items;
use qadapt_code::origin::module;

use super::calls::{self, Call, Opens, Words};
use super::locked;
use super::packages::{listed, manifest, name};
use super::place::Place;

/// A call that opens a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// What the region is called where nothing else names it.
    pub(crate) name: String,
    /// Where the call stands.
    pub(crate) at: Place,
    /// The function that it stands in.
    pub(crate) function: String,
    /// The place in the definition of a macro, if it is one that is called.
    pub(crate) defined: Option<Place>,
    /// What it opens.
    pub(crate) opens: Opens,
}

/// A source file of an executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What is in it.
    pub(crate) text: String,
    /// The name of its package, if there is a manifest.
    pub(crate) package: String,
}

/// The sources of an executable; none where no list of these lies beside it.
pub(crate) fn sources(executable: &Path) -> Vec<Source> {
    let Ok(list) = std::fs::read_to_string(executable.with_extension("d")) else { return Vec::new() };
    let built = modified(executable);
    let mut sources = listed(&list);
    sources.extend(locked::sources(executable, &sources));
    let mut packages: HashMap<PathBuf, String> = HashMap::new();
    let mut source = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let package = || manifest(&path).and_then(|(_, manifest)| name(&manifest)).unwrap_or_default();
        let folder = path.parent().unwrap_or(&path).to_owned();
        let package = packages.entry(folder).or_insert_with(package).clone();
        Some(Source { path, text, package })
    };
    // What was edited since has other lines.
    sources.into_iter().filter(|path| modified(path) <= built).filter_map(&mut source).collect()
}

/// The regions that calls open in sources.
pub(crate) fn opened(sources: &[Source]) -> Vec<Opened> {
    let parsed = sources.iter().filter_map(|source| Some((source, syn::parse_file(&source.text).ok()?)));
    let sources: Vec<(&Source, syn::File)> = parsed.collect();
    let mut words = Words::default();
    for (source, file) in &sources {
        words.learn(&source.path.to_string_lossy(), file);
    }
    sources.iter().flat_map(|(source, file)| regions_of(source, file, &words)).collect()
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

fn regions_of(source: &Source, parsed: &syn::File, words: &Words) -> Vec<Opened> {
    let calls = calls::calls(parsed, words);
    if calls.is_empty() {
        return Vec::new();
    }
    let items = Items::of(parsed);
    let file = source.path.to_string_lossy().into_owned();
    let module = module(&source.package, &file);
    let opened = |call: Call| {
        let (line, column) = call.at;
        let function = match items.at(line, column) {
            Some(function) => format!("{module}::{function}"),
            None => module.clone(),
        };
        let what = match call.opens {
            Opens::Closure => "::{closure}",
            Opens::Extent => " (until it is closed)",
            Opens::Polls => "::{future}",
        };
        Opened {
            name: format!("{function}{what}"),
            function,
            at: Place { file: file.clone(), line, column },
            defined: call.defined,
            opens: call.opens,
        }
    };
    calls.into_iter().map(opened).collect()
}
