//! Whose code a frame is, as far as the guard and the tools that read its traces must agree: the standard library's, and
//! the guard's.
//!
//! Paths may have backslashes for slashes, in all mixtures, as programs for Windows have them. Nothing here allocates.

/// True for a source file of the standard library: those lie in `/rustc/HASH/library`, or in the sysroot's `rustlib/src/rust/library`. So is
/// C++'s, whose headers lie below `include/c++`, and what starts programs and threads in C, which glibc has and builds by relative paths or in a
/// folder of its name.
///
/// # Examples
/// ```
/// use qadapt_trace::is_std;
///
/// assert!(is_std("/rustc/0/library/alloc/src/vec/mod.rs"));
/// assert!(is_std("../sysdeps/x86_64/start.S"));
/// assert!(is_std("/usr/include/c++/12/bits/stl_vector.h"));
/// assert!(!is_std("src/main.rs"));
/// ```
#[must_use]
pub fn is_std(file: &str) -> bool {
    let is_below = |folder| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with(SEPARATORS));
    is_below("/rustc")
        || is_below("/rust/deps")
        || has(file, "/rustlib/src/rust/library/")
        || is_cxx(file)
        || is_glibc(file)
}

/// GCC's headers lie in a folder of its version, LLVM's in `v1`.
fn is_cxx(file: &str) -> bool {
    let is_version = |rest: &[u8]| rest.starts_with(b"v1") || rest.first().is_some_and(u8::is_ascii_digit);
    after(file, "/include/c++/").is_some_and(is_version)
}

fn is_glibc(file: &str) -> bool {
    // People have such folders too.
    let is_theirs = (file.starts_with('.') || has(file, "/glibc")) && file.rsplit('.').next() != Some("rs");
    is_theirs && ["/csu/", "/sysdeps/", "/nptl/"].iter().any(|part| has(file, part))
}

/// True for a function of the standard library, or of the code that starts a program, by its name alone.
///
/// # Examples
/// ```
/// use qadapt_trace::is_std_function;
///
/// assert!(is_std_function("<alloc::vec::Vec<T> as core::clone::Clone>::clone"));
/// assert!(!is_std_function("radio::main"));
/// ```
#[must_use]
pub fn is_std_function(function: &str) -> bool {
    let name = function.trim_start_matches(['<', '&']);
    let prefixes = ["std::", "core::", "alloc::", "test::", "_start", "__libc_start"];
    name == "main" || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// True for a source file of the guard, or of a crate that it is made of: those lie in a folder `qadapt` or `qadapt-VERSION`,
/// and alike. Inlined functions have no crate in their name, so that the file alone tells.
///
/// # Examples
/// ```
/// use qadapt_trace::is_guard;
///
/// assert!(is_guard("/home/u/.cargo/registry/src/index/qadapt-0.1.0/src/region/plain.rs"));
/// // A program can be called like the guard.
/// assert!(!is_guard("/home/u/qadapt/src/main.rs"));
/// ```
#[must_use]
pub fn is_guard(file: &str) -> bool {
    let (mut package, mut source) = ("", "");
    for name in file.split(SEPARATORS) {
        if source == "src" && holds(package, name) {
            return true;
        }
        (package, source) = (source, name);
    }
    is_malloc(file)
}

/// True for a source file of `qadapt-malloc`, or of its library for `LD_PRELOAD`.
///
/// # Examples
/// ```
/// use qadapt_trace::is_malloc;
///
/// assert!(is_malloc("/home/u/.cargo/registry/src/index/qadapt-malloc-0.1.0/src/define.rs"));
/// assert!(!is_malloc("/home/u/mine/src/define.rs"));
/// ```
#[must_use]
pub fn is_malloc(file: &str) -> bool {
    let (mut package, mut source, mut inside) = ("", "", "");
    for name in file.split(SEPARATORS) {
        (package, source, inside) = (source, inside, name);
    }
    !inside.is_empty() && source == "src" && package.starts_with("qadapt-malloc")
}

const SEPARATORS: [char; 2] = ['/', '\\'];

/// What lies in the source folder of the guard. Programs called `qadapt` have other files, as a rule.
const GUARD: [&str; 9] =
    ["checks.rs", "hot", "lib.rs", "mark.rs", "model", "region", "report", "sys", "unhosted.rs"];

/// The crates that the guard is made of, whose names no program has.
const PARTS: [&str; 4] = ["qadapt-calls", "qadapt-spin", "qadapt-symbols", "qadapt-trace"];

/// True if a package's folder is the guard's, and what lies in its source folder too.
fn holds(package: &str, inside: &str) -> bool {
    let is = |name| {
        let version = package.strip_prefix(name).map(|rest| rest.strip_prefix('-').unwrap_or(rest));
        version.is_some_and(|version| version.is_empty() || version.starts_with(|c: char| c.is_ascii_digit()))
    };
    is("qadapt") && GUARD.contains(&inside) || PARTS.into_iter().any(is)
}

/// True if a path has this part, whose slashes may be backslashes there.
fn has(file: &str, part: &str) -> bool {
    after(file, part).is_some()
}

/// What a path has behind this part, whose slashes may be backslashes there. Not `str::find`, which is large wherever it is called.
fn after<'f>(file: &'f str, part: &str) -> Option<&'f [u8]> {
    let is = |(&found, &wanted): (&u8, &u8)| found == wanted || (wanted == b'/' && found == b'\\');
    let mut places = file.as_bytes().windows(part.len());
    let place = places.position(|bytes| bytes.iter().zip(part.as_bytes()).all(is))?;
    file.as_bytes().get(place + part.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart() {
        const STD: (bool, bool) = (true, false);
        const GUARD: (bool, bool) = (false, true);
        const OTHER: (bool, bool) = (false, false);
        for (file, expected) in [
            ("/rustc/abc/library/alloc/src/vec/mod.rs", STD),
            (r"/rustc/abc\library\std\src\rt.rs", STD),
            ("/home/u/x/lib/rustlib/src/rust/library/core/src/ops.rs", STD),
            (r"C:\Users\u\x\lib\rustlib\src\rust\library\core\src\ops.rs", STD),
            ("/rust/deps/hashbrown-0.16.0/src/raw.rs", STD),
            (r"/rust/deps\hashbrown-0.16.0\src\raw.rs", STD),
            ("../csu/libc-start.c", STD),
            ("../sysdeps/x86_64/start.S", STD),
            ("./nptl/pthread_create.c", STD),
            ("./csu/../sysdeps/nptl/libc_start_call_main.h", STD),
            ("/usr/src/debug/glibc-2.39/csu/libc-start.c", STD),
            ("/usr/include/c++/12/bits/new_allocator.h", STD),
            ("/usr/lib/llvm-14/bin/../include/c++/v1/vector", STD),
            ("/home/u/include/c++/mixer.hpp", OTHER),
            ("/home/csu/project/src/main.rs", OTHER),
            ("/home/u/rust/library/src/lib.rs", OTHER),
            ("/home/u/rust/deps/mine/src/lib.rs", OTHER),
            ("/home/u/sysdeps/native/mix.c", OTHER),
            ("/home/u/mynptl/src/lib.rs", OTHER),
            ("/home/u/work/qadapt/src/hot/allocator.rs", GUARD),
            ("qadapt/src/sys/linux.rs", GUARD),
            ("/home/u/qadapt/src/checks.rs", GUARD),
            ("/home/u/qadapt/src/unhosted.rs", GUARD),
            ("/home/u/.cargo/registry/src/index/qadapt-1.2.0/src/region/plain.rs", GUARD),
            (r"C:\Users\u\.cargo\registry\src\index\qadapt-1.2.0\src\report\live.rs", GUARD),
            ("/home/u/qadapt/qadapt-spin/src/lock.rs", GUARD),
            ("/home/u/.cargo/registry/src/index/qadapt-spin-0.1.0/src/stack_table.rs", GUARD),
            ("/home/u/qadapt/qadapt-malloc/src/define.rs", GUARD),
            ("/home/u/.cargo/registry/src/index/qadapt-malloc-0.1.0/src/define.rs", GUARD),
            ("/home/u/qadapt/qadapt-malloc-preload/src/guard.rs", GUARD),
            ("/home/u/qadapt-fan/src/region/plain.rs", OTHER),
            ("/home/u/qadapt/src/main.rs", OTHER),
            ("/home/u/qadapt/qadapt-spin/tests/lock.rs", OTHER),
            ("/home/u/mine/src/define.rs", OTHER),
            ("/home/u/project/src/main.rs", OTHER),
            ("define.rs", OTHER),
            ("", OTHER),
        ] {
            assert_eq!((is_std(file), is_guard(file)), expected, "{file}");
        }
    }

    #[test]
    fn functions_are_told_apart() {
        for (function, expected) in [
            ("<alloc::vec::Vec<T> as core::clone::Clone>::clone", true),
            ("std::rt::lang_start", true),
            ("main", true),
            ("mine::main", false),
            ("<mine::T as core::fmt::Display>::fmt", false),
            ("", false),
        ] {
            assert_eq!(is_std_function(function), expected, "{function}");
        }
    }
}
