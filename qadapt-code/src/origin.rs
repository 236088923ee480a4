//! Whose code a frame is, and how its path is shown.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use qadapt_trace::is_guard;
use qadapt_trace::{is_std, is_std_function};
use serde::{Deserialize, Serialize};

use crate::glob::Glob;
use crate::items::{Items, digest_of};

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The user's, to change.
    Own,
    /// The user's too, and it stands for its caller: it has `#[track_caller]`, or `qadapt.toml` says so.
    Wrapper,
    /// Another crate's.
    Dependency,
    /// The standard library's, the loader's or qadapt's.
    Internal,
}

/// Whose code counts as the user's own, which wrappers stand for their callers, and where the sources are.
#[derive(Debug, Default)]
pub struct Code {
    root: PathBuf,
    /// The folders and names of the workspace's packages.
    members: Vec<(PathBuf, String)>,
    own: Vec<Whose>,
    through: Vec<Glob>,
    /// The functions of source files, each read once.
    items: RefCell<HashMap<String, Items>>,
}

/// Which line of a stack stands for it: the first one of the user's own code, past wrappers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sites {
    /// Whose code is own; the workspace's and that of dependencies by path if it is not said.
    pub own: Option<Vec<Whose>>,
    /// Functions that stand for their callers.
    #[serde(default)]
    pub through: Vec<Glob>,
}

/// Where a package comes from, or which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Whose {
    /// The workspace's.
    Workspace,
    /// Dependencies by path outside of it.
    Path,
    /// Dependencies by git.
    Git,
    /// Dependencies from a registry, vendored ones too.
    Registry,
    /// The package with this name.
    Package(String),
}

impl From<String> for Whose {
    fn from(word: String) -> Self {
        match word.as_str() {
            "workspace" => Self::Workspace,
            "path" => Self::Path,
            "git" => Self::Git,
            "registry" => Self::Registry,
            _ => Self::Package(word),
        }
    }
}

impl Code {
    /// Code whose own files are all that are in no registry, git checkout or vendor's folder; relative paths start at
    /// `root`.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), own: Whose::default_own(), ..Self::default() }
    }

    /// The same in a workspace with these packages, by folder and name.
    #[must_use]
    pub fn of(root: &Path, members: Vec<(PathBuf, String)>, sites: &Sites) -> Self {
        Self {
            root: root.to_owned(),
            members,
            own: sites.own.clone().unwrap_or_else(Whose::default_own),
            through: sites.through.clone(),
            ..Self::default()
        }
    }

    /// The folder that relative paths start at.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What answers depend on besides the sources, in words of no other use.
    #[must_use]
    pub fn settled(&self) -> String {
        let Self { root, members, own, through, items: _ } = self;
        format!("{:?}", (root, members, own, through))
    }

    /// The source files that answers were read from so far, with the SHA-256 of each as it was.
    #[must_use]
    pub fn files_read(&self) -> Vec<(String, [u8; 32])> {
        let items = self.items.borrow();
        items.iter().map(|(file, items)| (file.clone(), items.digest())).collect()
    }

    /// Whether a source file is as it was when its SHA-256 was this.
    #[must_use]
    pub fn is_unchanged(&self, file: &str, digest: [u8; 32]) -> bool {
        digest_of(&self.root.join(file)) == digest
    }

    /// Tells by the source file whose code a function is; by its name where there is no file.
    #[must_use]
    pub fn origin(&self, file: Option<&str>, function: &str, line: u32) -> Origin {
        if is_own_work(function) {
            return Origin::Internal;
        }
        let Some(file) = file else {
            // Rust's functions have a path; others are the C library's or the loader's.
            let is_unknown = function.contains("::") && !is_std_function(function);
            return if is_unknown { Origin::Own } else { Origin::Internal };
        };
        if is_std(file) || is_guard(file) {
            return Origin::Internal;
        }
        let (whose, package) = self.whose(file);
        let is_own = self.own.iter().any(|own| match own {
            Whose::Package(name) => same_name(name, package),
            source => *source == whose,
        });
        if !is_own {
            Origin::Dependency
        } else if self.is_wrapper(package, file, function, line) {
            Origin::Wrapper
        } else {
            Origin::Own
        }
    }

    /// The name of the package that a file belongs to; of the standard library's, that of the crate. None if it is not known.
    #[must_use]
    pub fn package<'a>(&'a self, file: &'a str) -> Option<&'a str> {
        if is_std(file) {
            return file.split_once("/library/").and_then(|(_, inside)| inside.split('/').next());
        }
        // Where no manifest was read, it is called as its folder is.
        let (_, package) = self.whose(file);
        let named = [package, package_folder(Path::new(file))].into_iter().find(|name| !name.is_empty());
        named.or_else(|| self.root.file_name()?.to_str())
    }

    /// Where the package comes from that a file belongs to, and its name, if that is known.
    fn whose<'a>(&'a self, file: &'a str) -> (Whose, &'a str) {
        if let Some(inside) = after(file, "/registry/src/", 1) {
            return (Whose::Registry, without_version(inside.split('/').next().unwrap_or(inside)));
        }
        if let Some(inside) = after(file, "/git/checkouts/", 0) {
            let folder = inside.split('/').next().unwrap_or(inside);
            return (Whose::Git, folder.rsplit_once('-').map_or(folder, |(name, _)| name));
        }
        let path = Path::new(file);
        let holds = |(folder, _): &&(PathBuf, String)| path.starts_with(folder);
        let member = self.members.iter().filter(holds).max_by_key(|(folder, _)| folder.as_os_str().len());
        let inside = member.and_then(|(folder, _)| path.strip_prefix(folder).ok()?.to_str()).unwrap_or(file);
        let vendored = inside.strip_prefix("vendor/").or_else(|| after(inside, "/vendor/", 0));
        if let Some(vendored) = vendored {
            return (Whose::Registry, without_version(vendored.split('/').next().unwrap_or(vendored)));
        }
        // What a build script wrote lies in the target folder.
        if let Some(built) = after(file, "/build/", 0).filter(|rest| rest.contains("/out/")) {
            let folder = built.split('/').next().unwrap_or(built);
            let name = folder.rsplit_once('-').map_or(folder, |(name, _)| name);
            let is_member = self.members.is_empty() || self.members.iter().any(|(_, member)| member == name);
            return (if is_member { Whose::Workspace } else { Whose::Registry }, name);
        }
        match member {
            Some((_, name)) => (Whose::Workspace, name),
            None if !path.is_absolute() || path.starts_with(&self.root) => (Whose::Workspace, ""),
            None => (Whose::Path, package_folder(path)),
        }
    }

    /// Debug information has the bare names of functions that were inlined, and in builds with line tables alone of all:
    /// then the source has their paths.
    fn is_wrapper(&self, package: &str, file: &str, function: &str, line: u32) -> bool {
        if self.through.iter().any(|glob| glob.is_match(function)) {
            return true;
        }
        let Ok(mut items) = self.items.try_borrow_mut() else { return false };
        if !items.contains_key(file) {
            items.insert(file.to_owned(), Items::read(&self.root.join(file)));
        }
        let Some(items) = items.get(file) else { return false };
        items.tracks_caller(line)
            || !self.through.is_empty()
                && items.at(line, 0).is_some_and(|path| {
                    let path = format!("{}::{path}", module(package, file));
                    self.through.iter().any(|glob| glob.is_match(&path))
                })
    }
}

impl Whose {
    fn default_own() -> Vec<Self> {
        vec![Self::Workspace, Self::Path]
    }
}

/// The folder that holds a source file's `src`, `tests` or the like.
fn package_folder(path: &Path) -> &str {
    let sources = ["src", "tests", "examples", "benches"];
    let source = path
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| sources.iter().any(|s| name == *s)));
    let package = source.and_then(Path::parent).and_then(Path::file_name);
    package.and_then(|name| name.to_str()).unwrap_or_default()
}

/// The module that a source file of a package is, as cargo and rustc find it without further words.
#[must_use]
pub fn module(package: &str, file: &str) -> String {
    let inside = file.strip_suffix(".rs").unwrap_or(file);
    let inside = inside.rsplit_once("src/").map_or(inside, |(_, inside)| inside);
    let own_crate = ["bin/", "tests/", "examples/", "benches/"].iter().find_map(|folder| {
        let (before, rest) = inside.rsplit_once(folder)?;
        (before.is_empty() || before.ends_with('/')).then_some(rest)
    });
    let krate = package.replace('-', "_");
    let parts = own_crate.unwrap_or(inside).split('/');
    let parts = parts.filter(|part| !["lib", "main", "mod"].contains(part));
    let parts = own_crate.is_none().then_some(krate.as_str()).into_iter().chain(parts);
    parts.collect::<Vec<_>>().join("::")
}

/// True for names that cargo takes for one.
#[must_use]
pub fn same_name(a: &str, b: &str) -> bool {
    a.replace('-', "_") == b.replace('-', "_")
}

/// A path that is short enough to stand beside another one: from the package's folder, if it lies in a registry.
#[must_use]
pub fn shortened(path: &str) -> &str {
    after(path, "/registry/src/", 1).or_else(|| after(path, "/git/checkouts/", 0)).unwrap_or(path)
}

/// What follows a part of a path and so many names after it.
#[must_use]
pub fn after<'a>(path: &'a str, marker: &str, skip: usize) -> Option<&'a str> {
    let (_, rest) = path.split_once(marker)?;
    rest.splitn(skip + 1, '/').nth(skip)
}

/// A package's folder without the version.
#[must_use]
pub fn without_version(folder: &str) -> &str {
    let is_version = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('.');
    let dash = folder.match_indices('-').find(|(at, _)| is_version(&folder[at + 1..]));
    dash.map_or(folder, |(at, _)| &folder[..at])
}

/// True for the guard's own functions and for the compiler's entries to the allocator.
#[must_use]
pub fn is_guards(file: &str, function: &str) -> bool {
    is_own_work(function) || is_guard(file)
}

/// A path relative to the workspace where it lies there, with slashes.
#[must_use]
pub fn relative(path: &str, root: &Path) -> String {
    let path = with_slashes(path);
    match Path::new(&*path).strip_prefix(root) {
        Ok(inside) => inside.to_string_lossy().into_owned(),
        Err(_) => path.into_owned(),
    }
}

/// A path that a program for Windows has, with slashes instead of backslashes: reports and baselines of one program agree
/// wherever it was built, and its traces can be read everywhere. A path that begins with a slash, but for the standard
/// library's, may have backslashes in its names.
#[must_use]
pub fn with_slashes(path: &str) -> Cow<'_, str> {
    let is_std = || path.starts_with("/rustc/") || path.contains("/rust/library\\");
    if path.contains('\\') && (cfg!(windows) || !path.starts_with('/') || is_std()) {
        Cow::Owned(path.replace('\\', "/"))
    } else {
        Cow::Borrowed(path)
    }
}

/// The guard's functions, and the compiler's entries to the allocator, whose line is that of `#[global_allocator]`.
fn is_own_work(function: &str) -> bool {
    let name = function.trim_start_matches(['<', '&']);
    ["qadapt::", "qadapt_spin::", "qadapt_trace::", "__rustc::", "__rust_", "__rg_", "__rdl_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart() {
        let table = [
            (Some("/rustc/abc/library/alloc/src/vec/mod.rs"), "alloc::vec::Vec<T>::push", Origin::Internal),
            (Some("/home/u/x/lib/rustlib/src/rust/library/core/src/ops.rs"), "core::f", Origin::Internal),
            (
                Some("/home/u/.cargo/registry/src/index/memchr-2.7.0/src/lib.rs"),
                "memchr::f",
                Origin::Dependency,
            ),
            (Some("/home/u/project/src/main.rs"), "project::main", Origin::Own),
            (Some("/home/u/guard/src/plain.rs"), "qadapt::region::plain::no_alloc", Origin::Internal),
            (Some("/home/u/work/qadapt/src/hot/allocator.rs"), "alloc<std::alloc::System>", Origin::Internal),
            (Some("/home/u/.cargo/qadapt-1.2.0/src/region/plain.rs"), "no_alloc<..>", Origin::Internal),
            (Some("/home/u/work/qadapt/src/sys/linux.rs"), "notes", Origin::Internal),
            (Some("/home/u/work/qadapt-spin/src/lock.rs"), "lock_within<..>", Origin::Internal),
            (Some("../sysdeps/x86_64/start.S"), "_start", Origin::Internal),
            (Some("/home/u/qadapt/qadapt-malloc/src/define.rs"), "malloc", Origin::Internal),
            (
                Some("/home/u/.cargo/registry/src/index/qadapt-malloc-0.1.0/src/define.rs"),
                "free",
                Origin::Internal,
            ),
            (Some("/home/u/qadapt-fan/src/region/plain.rs"), "fan", Origin::Own),
            (Some("/home/u/qadapt/src/main.rs"), "main", Origin::Own),
            (Some("/home/u/project/src/main.rs"), "__rustc::__rust_alloc", Origin::Internal),
            (None, "<alloc::vec::Vec<T> as core::clone::Clone>::clone", Origin::Internal),
            (None, "mine::run", Origin::Own),
            (None, "qsort", Origin::Internal),
        ];
        for (file, function, expected) in table {
            let code = Code::below(Path::new("/home/u/project"));
            assert_eq!(code.origin(file, function, 1), expected, "{file:?} {function}");
        }
    }

    #[test]
    fn paths_have_slashes_wherever_the_program_was_built() {
        for (path, shown) in [
            (r"src\main.rs", "src/main.rs"),
            (r"C:\work\app\src\main.rs", "C:/work/app/src/main.rs"),
            (r"/rustc/abc\library\std\src\rt.rs", "/rustc/abc/library/std/src/rt.rs"),
            (
                r"/x/lib/rustlib/src/rust/library\std\src\rt.rs",
                "/x/lib/rustlib/src/rust/library/std/src/rt.rs",
            ),
            ("/work/app/src/main.rs", "src/main.rs"),
        ] {
            assert_eq!(relative(path, Path::new("/work/app")), shown);
        }
        #[cfg(not(windows))]
        assert_eq!(relative(r"/work/app/src/a\b.rs", Path::new("/work/app")), r"src/a\b.rs");
        let code = Code::below(Path::new("/work/app"));
        for (path, expected) in [
            (r"C:\Users\u\.cargo\registry\src\index-1\memchr-2.7.0\src\lib.rs", Origin::Dependency),
            (r"/rustc/abc\library\std\src\rt.rs", Origin::Internal),
            (r"C:\work\app\src\main.rs", Origin::Own),
        ] {
            assert_eq!(code.origin(Some(&with_slashes(path)), "f", 1), expected, "{path}");
        }
    }

    #[test]
    fn whose_code_is_own_can_be_set() {
        let members = vec![("/w".into(), "app".into()), ("/w/vendor/kept".into(), "kept".into())];
        let files = [
            "/w/src/main.rs",
            "/w/vendor/kept/src/lib.rs",
            "/w/target/debug/build/app-0123/out/table.rs",
            "/u/path-dep/src/lib.rs",
            "/u/git/checkouts/rand-core-0123abcd/f00/src/lib.rs",
            "/u/registry/src/index-1/mem-chr-2.7.0/src/lib.rs",
            "/w/vendor/regex/src/lib.rs",
            "/w/target/debug/build/serde-0123/out/private.rs",
        ];
        for (words, expected) in [
            (None, 4),
            (Some(&["workspace"][..]), 3),
            (Some(&["workspace", "path", "git"][..]), 5),
            (Some(&["workspace", "path", "git", "registry"][..]), 8),
            (Some(&["path-dep"][..]), 0),
        ] {
            let own = words.map(|words| words.iter().map(|&word| Whose::from(word.to_owned())).collect());
            let code = Code::of(Path::new("/w"), members.clone(), &Sites { own, ..Sites::default() });
            let origins = files.map(|file| code.origin(Some(file), "f", 1));
            let found = origins.iter().take_while(|&&origin| origin == Origin::Own).count();
            assert_eq!(found, expected, "{words:?}: {origins:?}");
        }
        let of = |words: &[&str]| {
            let own = Some(words.iter().map(|&word| Whose::from(word.to_owned())).collect());
            Code::of(Path::new("/w"), members.clone(), &Sites { own, ..Sites::default() })
        };
        for (word, file) in
            [("path-dep", files[3]), ("rand_core", files[4]), ("mem-chr", files[5]), ("regex", files[6])]
        {
            assert_eq!(of(&[word]).origin(Some(file), "f", 1), Origin::Own, "{word}");
            assert_eq!(
                of(&[word]).origin(Some("/u/registry/src/i/other-1.0.0/src/lib.rs"), "f", 1),
                Origin::Dependency
            );
        }
    }

    #[test]
    fn wrappers_stand_for_their_callers() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let through = vec![Glob::try_from("*::my_push".to_owned()).expect("it is valid")];
        let code = Code::of(root, Vec::new(), &Sites { through, ..Sites::default() });
        assert_eq!(code.origin(Some("no/such.rs"), "mine::my_push", 3), Origin::Wrapper);
        assert_eq!(code.origin(Some("no/such.rs"), "mine::push", 3), Origin::Own);
        // The source has the path of a function that debug information gives no more than the name of.
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/origin.rs");
        let (members, of_this) = (vec![(root.to_owned(), "qadapt-code".to_owned())], line!());
        for (pattern, expected) in [
            ("qadapt_code::origin::tests::wrappers_*", Origin::Wrapper),
            ("*::wrappers_stand_for_their_callers", Origin::Wrapper),
            ("other::*", Origin::Own),
        ] {
            let through = vec![Glob::try_from(pattern.to_owned()).expect("it is valid")];
            let code = Code::of(root, members.clone(), &Sites { through, ..Sites::default() });
            assert_eq!(code.origin(Some(file), "wrappers_stand_for<u8>", of_this), expected, "{pattern}");
        }
        assert_eq!(
            code.origin(Some("/u/registry/src/i/x-1.0.0/src/a.rs"), "x::my_push", 3),
            Origin::Dependency
        );
    }

    #[test]
    fn source_files_are_modules() {
        for (file, expected) in [
            ("/w/src/lib.rs", "my_app"),
            ("/w/src/main.rs", "my_app"),
            ("src/audio/mod.rs", "my_app::audio"),
            ("/w/src/audio/gate.rs", "my_app::audio::gate"),
            ("/w/src/bin/radio.rs", "radio"),
            ("/w/src/bin/radio/main.rs", "radio"),
            ("tests/loud.rs", "loud"),
            ("/w/examples/tuner/dial.rs", "tuner::dial"),
        ] {
            assert_eq!(module("my-app", file), expected, "{file}");
        }
    }

    #[test]
    fn paths_inside_the_workspace_are_relative() {
        assert_eq!(relative("/w/src/main.rs", Path::new("/w")), "src/main.rs");
        assert_eq!(relative("/wide/src/main.rs", Path::new("/w")), "/wide/src/main.rs");
        assert_eq!(relative("src/main.rs", Path::new("/w")), "src/main.rs");
    }
}
