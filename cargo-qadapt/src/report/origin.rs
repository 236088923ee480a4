//! Whose code a frame is, and how its path is shown.

use std::path::Path;

use super::figures::Origin;

/// Tells by the source file whose code a function is; by its name where there is no file.
#[must_use]
pub fn origin(file: Option<&str>, function: &str) -> Origin {
    if is_own_work(function) {
        return Origin::Internal;
    }
    let Some(file) = file else {
        return if is_runtime(function) { Origin::Internal } else { Origin::Own };
    };
    if is_std(file) || is_guard(file) {
        Origin::Internal
    } else if file.contains("/registry/src/") || file.contains("/git/checkouts/") || file.contains("/vendor/")
    {
        Origin::Dependency
    } else {
        Origin::Own
    }
}

/// True for the guard's own functions and for the compiler's entries to the allocator.
#[must_use]
pub fn is_guards(file: &str, function: &str) -> bool {
    is_own_work(function) || is_guard(file)
}

/// A path relative to the workspace where it lies there.
#[must_use]
pub fn relative(path: &str, root: &Path) -> String {
    match Path::new(path).strip_prefix(root) {
        Ok(inside) => inside.to_string_lossy().into_owned(),
        Err(_) => path.to_owned(),
    }
}

/// The guard's functions, and the compiler's entries to the allocator, whose line is that of `#[global_allocator]`.
fn is_own_work(function: &str) -> bool {
    let name = function.trim_start_matches(['<', '&']);
    ["qadapt::", "qadapt_spin::", "qadapt_trace::", "__rustc::", "__rust_", "__rg_", "__rdl_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The standard library's sources lie in `/rustc/HASH/library`, or in the sysroot's `rust/library`; its start code in C
/// has relative paths.
fn is_std(file: &str) -> bool {
    file.starts_with("/rustc/")
        || file.contains("/rust/library/")
        || file.contains("/rust/deps/")
        || file.contains("/csu/")
        || file.contains("nptl/")
}

/// The guard's sources lie in a folder `qadapt` or `qadapt-VERSION`; inlined functions have no crate in their name.
fn is_guard(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    parts.windows(3).any(|window| {
        let [folder, source, layer] = window else { return false };
        let version = folder.strip_prefix("qadapt").map(|rest| rest.trim_start_matches('-'));
        version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()) || version.is_empty())
            && *source == "src"
            && ["hot", "region", "report", "model"].contains(layer)
    })
}

fn is_runtime(function: &str) -> bool {
    let name = function.trim_start_matches(['<', '&']);
    ["std::", "core::", "alloc::", "test::", "_start", "__libc_start"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || name == "main"
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
            (Some("/home/u/qadapt-fan/src/region/plain.rs"), "fan", Origin::Own),
            (Some("/home/u/qadapt/src/main.rs"), "main", Origin::Own),
            (Some("/home/u/project/src/main.rs"), "__rustc::__rust_alloc", Origin::Internal),
            (None, "<alloc::vec::Vec<T> as core::clone::Clone>::clone", Origin::Internal),
            (None, "mine::run", Origin::Own),
        ];
        for (file, function, expected) in table {
            assert_eq!(origin(file, function), expected, "{file:?} {function}");
        }
    }

    #[test]
    fn paths_inside_the_workspace_are_relative() {
        assert_eq!(relative("/w/src/main.rs", Path::new("/w")), "src/main.rs");
        assert_eq!(relative("/wide/src/main.rs", Path::new("/w")), "/wide/src/main.rs");
        assert_eq!(relative("src/main.rs", Path::new("/w")), "src/main.rs");
    }
}
