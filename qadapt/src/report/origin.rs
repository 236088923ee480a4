//! Whose code a function is.

use std::borrow::Cow;
use std::path::Path;

use qadapt_trace::{asks_allocator, is_guard, is_std, is_std_function};

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// QADAPT's: folded.
    Guard,
    /// The standard library's, or the compiler's: folded.
    Std,
    /// Of an allocator around QADAPT, whoever's it is: folded.
    Allocator,
    /// A crate's from a registry.
    Dependency,
    /// The user's own, or nobody knows.
    Own,
}

impl Origin {
    /// Tells by the source file whose code a frame is; by the function's name only where there is no file.
    pub(super) fn of(file: Option<&Path>, function: Option<&str>) -> Self {
        // The compiler's allocator entries have the line of the program's `#[global_allocator]`.
        if function.is_some_and(|name| name.starts_with("__rustc::") || name.starts_with("__r")) {
            return Self::Std;
        }
        if let Some(file) = file {
            let path = file.to_string_lossy();
            return if is_std(&path) {
                Self::Std
            } else if is_qadapt(&path) {
                Self::Guard
            } else if is_foreign(&path) {
                Self::Dependency
            } else {
                Self::Own
            };
        }
        let name = function.unwrap_or_default();
        if name.trim_start_matches(['<', '&']).starts_with("qadapt::") {
            Self::Guard
        } else if is_std_function(name) {
            Self::Std
        } else {
            Self::Own
        }
    }

    /// True for what reports fold.
    pub(super) fn is_internal(self) -> bool {
        matches!(self, Self::Guard | Self::Std | Self::Allocator)
    }

    /// True inside the allocator's call.
    pub(super) fn is_inside(self) -> bool {
        matches!(self, Self::Guard | Self::Allocator)
    }
}

/// True for a frame of the program's side of its global allocator: what is further in is the allocator's.
pub(super) fn is_outside(file: Option<&Path>, function: Option<&str>) -> bool {
    asks_allocator(function.unwrap_or_default(), &file.unwrap_or(Path::new("")).to_string_lossy())
}

/// True for a source file of QADAPT's, and of what walks stacks for it. What [`is_guard`] tells by the names of folders is told
/// here also where the package's folder has another name: this file's parent lies in it, which debug information gives as
/// the compiler was given it, below the package's folder or relative to the workspace.
fn is_qadapt(path: &str) -> bool {
    let own = file!().strip_suffix("report/origin.rs").unwrap_or(file!());
    is_guard(path)
        || path.starts_with(concat!(env!("CARGO_MANIFEST_DIR"), "/src/"))
        || Path::new(path).parent().is_some_and(|folder| {
            folder.to_string_lossy().contains(own.trim_end_matches('/')) && own.len() > "src/".len()
        })
        || path.contains("/backtrace-0.")
}

/// True for a source file from a registry or a git checkout. Paths of programs for Windows have both kinds of separators, in
/// all mixtures.
fn is_foreign(path: &str) -> bool {
    let slashed = if path.contains('\\') { path.replace('\\', "/").into() } else { Cow::Borrowed(path) };
    slashed.contains("/registry/src/") || slashed.contains("/git/checkouts/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart_by_their_file() {
        let table = [
            ("/rustc/abc/library/alloc/src/vec/mod.rs", Origin::Std),
            ("/home/u/.rustup/toolchains/x/lib/rustlib/src/rust/library/core/src/ops.rs", Origin::Std),
            // With std's sources installed, for Windows.
            (r"/home/u/x/lib/rustlib/src/rust/library\core\src\ops.rs", Origin::Std),
            (r"C:\Users\u\x\lib\rustlib\src\rust\library\core\src\ops.rs", Origin::Std),
            (concat!(env!("CARGO_MANIFEST_DIR"), "/src/hot/event.rs"), Origin::Guard),
            (r"C:\Users\u\.cargo\registry\src\index\memchr-2.7.0\src\lib.rs", Origin::Dependency),
            ("/home/u/.cargo/registry/src/index/memchr-2.7.0/src/lib.rs", Origin::Dependency),
            ("/home/u/project/src/main.rs", Origin::Own),
            ("src/main.rs", Origin::Own),
            ("../sysdeps/x86_64/start.S", Origin::Std),
            ("/home/u/.cargo/registry/src/index/qadapt-spin-0.1.0/src/lock.rs", Origin::Guard),
        ];
        for (path, expected) in table {
            assert_eq!(Origin::of(Some(Path::new(path)), Some("alloc::fake")), expected, "{path}");
        }
    }

    #[test]
    fn the_allocator_ends_where_it_was_asked() {
        let table = [
            (None, "__rust_alloc", true),
            (Some("/home/u/project/src/main.rs"), "__rustc::__rg_realloc", true),
            (Some("/rustc/abc/library/alloc/src/alloc.rs"), "dealloc", true),
            (Some("/home/u/project/src/alloc.rs"), "mine::alloc", false),
            (Some("/rustc/abc/library/alloc/src/vec/mod.rs"), "alloc::vec::Vec<T>::extend", false),
            (Some("/rustc/abc/library/alloc/src/raw_vec/mod.rs"), "try_allocate_in<Global>", true),
            (Some(r"/rustc/abc/library\alloc\src\raw_vec\mod.rs"), "try_allocate_in<Global>", true),
            (Some("/home/u/lib/rustlib/src/rust/library/alloc/src/alloc.rs"), "dealloc", true),
            (Some("/home/u/project/library/alloc/src/alloc.rs"), "mine::alloc", false),
            (Some("/rustc/abc/library/core/src/ops/function.rs"), "call_once<fn()>", false),
            (None, "<mine::Tap as core::alloc::GlobalAlloc>::alloc", false),
            (
                Some("/rustc/abc/library/std/src/sys/backtrace.rs"),
                "__rust_begin_short_backtrace<fn(), ()>",
                false,
            ),
        ];
        for (file, name, expected) in table {
            assert_eq!(is_outside(file.map(Path::new), Some(name)), expected, "{name}");
        }
    }

    #[test]
    fn without_a_file_the_name_decides() {
        for name in
            ["<alloc::vec::Vec<T> as core::clone::Clone>::clone", "std::rt::lang_start", "__rust_alloc"]
        {
            assert_eq!(Origin::of(None, Some(name)), Origin::Std, "{name}");
        }
        for name in ["mine::run", "allocate", "<mine::T as core::fmt::Display>::fmt"] {
            assert_eq!(Origin::of(None, Some(name)), Origin::Own, "{name}");
        }
        assert_eq!(Origin::of(None, None), Origin::Own);
    }

    #[test]
    fn all_that_lies_in_the_source_folder_is_the_guards() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for entry in std::fs::read_dir(source).expect("the sources are there") {
            let name = entry.expect("a readable folder").file_name();
            let name = Path::new(&name);
            let file = if name.extension().is_some() { name.to_owned() } else { name.join("mod.rs") };
            let file = Path::new("/home/u/.cargo/registry/src/index/qadapt-1.2.0/src").join(file);
            assert!(is_guard(&file.to_string_lossy()), "{}: qadapt-trace does not list it", file.display());
        }
    }
}
