//! Names of functions, as symbols and debug information spell them.

use crate::event::Frame;

/// A function's name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    /// All of it.
    pub(crate) full: &'a str,
    /// Its last part, without type arguments.
    pub(crate) function: &'a str,
    /// The type arguments of its last part, without the brackets.
    pub(crate) types: &'a str,
    file: &'a str,
}

impl<'a> Name<'a> {
    pub(crate) fn of(frame: &Frame<'a>) -> Self {
        let full = frame.function;
        let (rest, types) = split_types(full);
        let function = rest.rfind("::").and_then(|at| rest.get(at + 2..)).unwrap_or(rest);
        Self { full, function, types, file: frame.file }
    }

    /// True if the function is the standard library's, or nothing tells whose it is.
    pub(crate) fn is_in_std(&self) -> bool {
        if self.file.is_empty() {
            // The names of methods begin with their type or their trait; names without a path are C's or inlined.
            !self.full.contains("::") || STD.iter().any(|krate| is_in_path(self.full, krate))
        } else {
            is_std_file(self.file)
        }
    }

    /// True if the function is in this module, or below it.
    pub(crate) fn is_in(&self, module: &str) -> bool {
        is_in_file(self.file, module) || is_in_path(self.full, module)
    }
}

/// The crates of the standard library, and those that it is built with, whose sources lie beside its own.
const STD: [&str; 5] = ["core", "alloc", "std", "test", "proc_macro"];

/// True for sources of the standard library.
fn is_std_file(file: &str) -> bool {
    // Paths of programs for Windows have both kinds of separators, in all mixtures.
    file.split(['/', '\\']).any(|part| part == "library") && STD.iter().any(|krate| is_in_file(file, krate))
        || ["/rust/deps/", "/rust/deps\\"].iter().any(|folder| file.contains(folder))
}

/// Cuts `push<u64>` and `push::<u64>` into `push` and `u64`.
fn split_types(name: &str) -> (&str, &str) {
    let whole = (name, "");
    let Some(inner) = name.strip_suffix('>') else { return whole };
    let mut depth = 0_usize;
    let mut after = '>';
    for (at, character) in inner.char_indices().rev() {
        match character {
            // The `>` of an arrow closes nothing.
            '-' if after == '>' && inner.get(at + 1..at + 2) == Some(">") => depth = depth.saturating_sub(1),
            '>' => depth += 1,
            '<' if depth == 0 => {
                let rest = inner.get(..at).unwrap_or_default();
                let types = inner.get(at + 1..).unwrap_or_default();
                return (rest.strip_suffix("::").unwrap_or(rest), types);
            }
            '<' => depth -= 1,
            _ => {}
        }
        after = character;
    }
    whole
}

/// True if a symbol's path starts in this module, or that of the type or trait that it belongs to does.
fn is_in_path(name: &str, module: &str) -> bool {
    let starts = |path: &str| {
        let path = path.trim_start_matches(['<', '&', '(', '[']);
        path.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
    };
    starts(name)
        || name.match_indices(" as ").any(|(at, by)| starts(name.get(at + by.len()..).unwrap_or_default()))
}

/// True if a source file holds this module or one below it: `DIR/alloc/src/vec/mod.rs` is in `alloc::vec`.
fn is_in_file(file: &str, module: &str) -> bool {
    let separators = ['/', '\\'];
    let mut modules = module.split("::");
    let Some(at) = file.rfind("/src/").max(file.rfind("\\src\\")) else { return false };
    let (folder, inside) = (&file[..at], &file[at + "/src/".len()..]);
    let package = folder.rsplit(separators).next().unwrap_or_default();
    if !is_package(package, modules.next().unwrap_or_default()) {
        return false;
    }
    let mut parts = inside.strip_suffix(".rs").unwrap_or(inside).split(separators);
    modules.all(|module| parts.next() == Some(module))
}

/// True if a package's folder, `hashbrown-0.16.1` or `alloc`, is that of this crate.
fn is_package(folder: &str, krate: &str) -> bool {
    let name = match folder.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => name,
        _ => folder,
    };
    name.len() == krate.len()
        && name
            .bytes()
            .zip(krate.bytes())
            .all(|(ours, theirs)| ours == theirs || (ours == b'-' && theirs == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_and_its_types() {
        let table = [
            ("push<u64>", "push", "u64"),
            ("alloc::fmt::format", "format", ""),
            ("<alloc::vec::Vec<u8>>::extend_from_slice", "extend_from_slice", ""),
            ("alloc::slice::<impl [T]>::sort", "sort", ""),
            ("<T as alloc::slice::<impl [T]>::to_vec_in::ConvertVec>::to_vec", "to_vec", ""),
            ("core::ptr::drop_in_place<alloc::vec::Vec<u64>>", "drop_in_place", "alloc::vec::Vec<u64>"),
            (
                "core::ptr::drop_in_place::<alloc::boxed::Box<dyn Fn() -> u8>>",
                "drop_in_place",
                "alloc::boxed::Box<dyn Fn() -> u8>",
            ),
            ("sort<u64, fn(&u64, &u64) -> bool, Vec<u64>>", "sort", "u64, fn(&u64, &u64) -> bool, Vec<u64>"),
            ("sort<fn(u8) -> bool>", "sort", "fn(u8) -> bool"),
            ("{closure#0}<u8>", "{closure#0}", "u8"),
            ("", "", ""),
            (">", ">", ""),
        ];
        for (full, function, types) in table {
            let name = Name::of(&Frame::foreign(full, ""));
            assert_eq!((name.function, name.types), (function, types), "{full}");
        }
    }

    #[test]
    fn modules_by_path() {
        let table = [
            ("alloc::vec::Vec<T,A>::push", "alloc::vec", true),
            ("<alloc::vec::Vec<u8>>::push", "alloc::vec", true),
            ("<T as alloc::string::ToString>::to_string", "alloc::string", true),
            ("<[u8] as alloc::borrow::ToOwned>::to_owned", "alloc::borrow", true),
            ("alloc::vector::push", "alloc::vec", false),
            ("mine::alloc::vec::push", "alloc::vec", false),
            ("push<alloc::vec::Vec<u8>>", "alloc::vec", false),
        ];
        for (name, module, expected) in table {
            assert_eq!(Name::of(&Frame::foreign(name, "")).is_in(module), expected, "{name} in {module}");
        }
    }

    #[test]
    fn std_by_file() {
        let table = [
            ("/rustc/59807616/library/alloc/src/vec/mod.rs", true),
            (r"/rustc/59807616/library\alloc\src\vec\mod.rs", true),
            (r"/home/u/x/lib/rustlib/src/rust/library\alloc\src\vec\mod.rs", true),
            (r"C:\x\lib\rustlib\src\rust\library\alloc\src\vec\mod.rs", true),
            ("/rust/deps/hashbrown-0.16.1/src/map.rs", true),
            (r"/rust/deps\hashbrown-0.16.1\src\map.rs", true),
            (r"C:\work\library\app\src\main.rs", false),
            ("/work/library/app/src/main.rs", false),
            ("/work/alloc/src/main.rs", false),
        ];
        for (file, expected) in table {
            assert_eq!(is_std_file(file), expected, "{file}");
        }
    }

    #[test]
    fn modules_by_file() {
        let table = [
            ("/rustc/59807616/library/alloc/src/vec/mod.rs", "alloc::vec", true),
            ("/rustc/59807616/library/alloc/src/vec/spec_extend.rs", "alloc::vec", true),
            ("/rustc/59807616/library/alloc/src/vec/mod.rs", "alloc", true),
            ("/rustc/59807616/library/alloc/src/string.rs", "alloc::string", true),
            ("/rustc/59807616/library/alloc/src/string.rs", "alloc::str", false),
            ("/rustc/59807616/library/alloc/src/string.rs", "core::string", false),
            ("/rust/deps/hashbrown-0.16.1/src/map.rs", "hashbrown::map", true),
            (
                "/u/registry/src/index-1/futures-channel-0.3.31/src/oneshot.rs",
                "futures_channel::oneshot",
                true,
            ),
            ("C:\\rust\\library\\std\\src\\io\\stdio.rs", "std::io::stdio", true),
            ("alloc/vec/mod.rs", "alloc::vec", false),
            ("", "alloc", false),
        ];
        for (file, module, expected) in table {
            assert_eq!(Name::of(&Frame::foreign("push", file)).is_in(module), expected, "{file} in {module}");
        }
    }
}
