//! What a line of code called, in few words that do not depend on how it was compiled.
//!
//! A function that was inlined has the bare name in its debug information (`push<u64, alloc::alloc::Global>`), one that
//! was not has its whole path (`alloc::vec::Vec<T,A>::push`).

use super::figures::Frame;

/// What the name of a value begins with that is dropped.
pub const DROP_OF: &str = "drop of ";

/// The function of a frame: `vec::push`, or `drop of Vec<u64>`.
#[must_use]
pub fn called(frame: &Frame) -> String {
    let name = frame.function.as_str();
    if let Some(dropped) = name.split_once("drop_in_place<").and_then(|(_, rest)| rest.strip_suffix('>')) {
        return format!("{DROP_OF}{}", simple(dropped));
    }
    let bare = bare(name);
    match frame.file.as_deref().and_then(library_module) {
        Some(module) => format!("{module}::{bare}"),
        None => bare.to_owned(),
    }
}

/// A function's own name, without the path before it and the type arguments behind it.
#[must_use]
pub fn bare(name: &str) -> &str {
    let arguments = if name.ends_with('>') { opening(name).filter(|&at| at > 0) } else { None };
    let end = arguments.unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name).trim_end_matches("::");
    name.rsplit("::").find(|part| !part.starts_with('{')).unwrap_or(name)
}

/// Where the type arguments at a name's end begin.
fn opening(name: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in name.bytes().enumerate().rev() {
        match byte {
            // The arrow of a function's type is no bracket.
            b'>' if !name[..at].ends_with('-') => depth += 1,
            b'<' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// A type without the modules of its parts and without the default allocator.
fn simple(name: &str) -> String {
    let name = name.replace(", alloc::alloc::Global", "").replace(",alloc::alloc::Global", "");
    let mut shown = String::new();
    let mut word = String::new();
    for c in name.chars() {
        match c {
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            ':' => word.clear(),
            c => {
                shown.push_str(&word);
                word.clear();
                shown.push(c);
            }
        }
    }
    shown + &word
}

/// The module that a file of the standard library is: `/rustc/HASH/library/alloc/src/vec/mod.rs` is `vec`.
fn library_module(file: &str) -> Option<&str> {
    let inside = file.split_once("/library/")?.1.split_once("/src/")?.1;
    let parts: Vec<&str> = inside.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect();
    parts.first().copied().filter(|module| *module != "lib")
}

#[cfg(test)]
mod tests {
    use super::*;
    use qadapt_code::origin::Origin;

    #[test]
    fn inlined_or_not_a_function_is_called_the_same() {
        let library = |file: &str| Some(format!("/rustc/abc/library/alloc/src/{file}"));
        let table = [
            ("push<u64, alloc::alloc::Global>", library("vec/mod.rs"), "vec::push"),
            ("alloc::vec::Vec<T,A>::push", library("vec/mod.rs"), "vec::push"),
            ("alloc::boxed::Box<T>::new", library("boxed.rs"), "boxed::new"),
            ("new<[u8; 32]>", library("boxed.rs"), "boxed::new"),
            ("<T as alloc::string::ToString>::to_string", library("string.rs"), "string::to_string"),
            ("radio::tune::{{closure}}", Some("src/lib.rs".into()), "tune"),
            ("tune<fn(u8) -> u8>", None, "tune"),
            (
                "drop_in_place<alloc::vec::Vec<u64, alloc::alloc::Global>>",
                library("../../core/src/ptr/mod.rs"),
                "drop of Vec<u64>",
            ),
            ("core::ptr::drop_in_place<(alloc::string::String, radio::Set)>", None, "drop of (String, Set)"),
        ];
        for (function, file, expected) in table {
            let frame =
                Frame { function: function.into(), file, line: 1, column: 1, origin: Origin::Internal };
            assert_eq!(called(&frame), expected, "{function}");
        }
    }
}
