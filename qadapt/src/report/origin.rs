//! Whose code a function is.

use std::borrow::Cow;
use std::path::Path;

use qadapt_trace::asks_allocator;

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
            // Paths of programs for Windows have both kinds of separators, in all mixtures.
            let slashed =
                if path.contains('\\') { path.replace('\\', "/").into() } else { Cow::Borrowed(&*path) };
            return if is_std(&slashed) {
                Self::Std
            } else if is_qadapt(&path) {
                Self::Guard
            } else if slashed.contains("/registry/src/") || slashed.contains("/git/checkouts/") {
                Self::Dependency
            } else {
                Self::Own
            };
        }
        let name = function.unwrap_or_default().trim_start_matches(['<', '&']);
        if name.starts_with("qadapt::") {
            return Self::Guard;
        }
        let std = ["std::", "core::", "alloc::", "_start", "__libc_start", "test::"];
        if name == "main" || std.iter().any(|prefix| name.starts_with(prefix)) {
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

/// The standard library's sources lie in `/rustc/HASH/library`, or in the sysroot's `rust/library`. Its start code
/// in C has relative paths.
fn is_std(path: &str) -> bool {
    path.starts_with("/rustc/")
        || path.contains("/rust/library/")
        || path.contains("/rust/deps/")
        || path.contains("/csu/")
        || path.contains("/sysdeps/")
        || path.contains("nptl/")
}

/// QADAPT's own sources lie in the folder of this file's parent, which debug information gives as the compiler was
/// given it: below the package's folder, or relative to the workspace.
fn is_qadapt(path: &str) -> bool {
    let own = file!().strip_suffix("report/origin.rs").unwrap_or(file!());
    path.starts_with(concat!(env!("CARGO_MANIFEST_DIR"), "/src/"))
        || Path::new(path).parent().is_some_and(|folder| {
            folder.to_string_lossy().contains(own.trim_end_matches('/')) && own.len() > "src/".len()
        })
        || path.contains("/backtrace-0.")
        || path.contains("/qadapt-spin/src/")
        || is_malloc(Path::new(path))
}

/// True for a source file of `qadapt-malloc`, or of its library for `LD_PRELOAD`.
pub(super) fn is_malloc(file: &Path) -> bool {
    let mut parts = file.iter().rev().skip(1).map(|part| part.to_string_lossy());
    parts.next().is_some_and(|folder| folder == "src")
        && parts.next().is_some_and(|package| package.starts_with("qadapt-malloc"))
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
    fn files_that_replace_malloc_are_known() {
        for (file, expected) in [
            ("/home/u/qadapt/qadapt-malloc/src/define.rs", true),
            ("/home/u/.cargo/registry/src/index/qadapt-malloc-0.1.0/src/define.rs", true),
            ("/home/u/mine/src/define.rs", false),
            ("define.rs", false),
        ] {
            assert_eq!(is_malloc(Path::new(file)), expected, "{file}");
        }
    }
}
