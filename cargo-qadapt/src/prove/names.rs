//! Places as people know them: file, line and function, through inlined frames.

use std::cell::OnceCell;

use serde::Serialize;

use super::debug::{Debug, DebugFiles};
use super::load::Image;
use super::place::Place;
use super::policy::demangle;

/// One frame of source code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// The function, demangled.
    pub function: String,
    /// The place, if the debug information says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// Whether it is neither of the standard library nor of a registry crate.
    pub own: bool,
}

/// Resolves addresses of one file.
#[derive(Debug)]
pub struct Names<'a> {
    image: &'a Image<'a>,
    data: &'a [u8],
    files: &'a DebugFiles,
    debug: OnceCell<Option<Debug<'a>>>,
}

impl<'a> Names<'a> {
    /// Prepares a file; its debug information is read at the first question.
    #[must_use]
    pub fn new(image: &'a Image<'a>, data: &'a [u8], files: &'a DebugFiles) -> Self {
        Self { image, data, files, debug: OnceCell::new() }
    }

    /// The debug information, if there is any.
    #[must_use]
    pub fn debug(&self) -> Option<&Debug<'a>> {
        self.debug.get_or_init(|| self.files.open(self.data)).as_ref()
    }

    /// The demangled name of the function that covers an address.
    #[must_use]
    pub fn function(&self, addr: u64) -> String {
        match self.image.function_covering(addr) {
            Some(f) => f.names.first().map_or_else(|| format!("{addr:#x}"), |n| demangle(n)),
            None => format!("{addr:#x}"),
        }
    }

    /// The demangled names of all functions whose code is the one that covers an address: identical ones are folded.
    #[must_use]
    pub fn functions(&self, addr: u64) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.image.function_covering(addr).map_or(&[][..], |f| &f.names) {
            let name = demangle(name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The frames at an instruction, innermost first; never empty.
    #[must_use]
    pub fn frames(&self, addr: u64) -> Vec<Frame> {
        let mut frames = self.debug().map_or_else(Vec::new, |debug| frames(debug, addr));
        if frames.is_empty() {
            let function = self.function(addr);
            let own = !is_library(&function);
            frames.push(Frame { function, at: None, own });
        }
        if let Some(outer) = frames.last_mut()
            && outer.function.is_empty()
        {
            outer.function = self.function(addr);
        }
        frames
    }
}

fn frames(debug: &Debug<'_>, addr: u64) -> Vec<Frame> {
    let mut found = Vec::new();
    let Ok(mut iter) = debug.answer(debug.context().find_frames(addr)) else { return found };
    // A damaged file could nest for ever.
    while found.len() < 256 {
        let Ok(Some(frame)) = iter.next() else { break };
        let function =
            frame.function.as_ref().and_then(|f| f.raw_name().ok()).map(|n| demangle(&n)).unwrap_or_default();
        let file = frame.location.as_ref().and_then(|l| l.file);
        // The allocator's entries stand at the attribute that makes an allocator the program's.
        let entry = function.starts_with("__rust_") || function.starts_with("__rustc::");
        let own = !entry && file.map_or_else(|| !is_library(&function), is_own);
        let location = frame.location.as_ref();
        let at = file.map(|file| Place {
            file: file.to_owned(),
            line: location.and_then(|l| l.line).unwrap_or(0),
            column: location.and_then(|l| l.column).unwrap_or(0),
        });
        found.push(Frame { function, at, own });
    }
    found
}

fn is_own(file: &str) -> bool {
    let library =
        file.starts_with("/rustc/") || file.contains("/rustlib/src/") || file.contains("/registry/src/");
    !library && !is_guard(file)
}

/// Whether a file is one of the guard's own.
#[must_use]
pub fn is_guard(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    parts.windows(3).any(|window| {
        let version = window[0].strip_prefix("qadapt-");
        let is_ours =
            window[0] == "qadapt" || version.is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
        is_ours
            && window[1] == "src"
            && matches!(window[2], "hot" | "lib.rs" | "mark.rs" | "model" | "region" | "report")
    })
}

/// Whether a function is the standard library's, by its name alone.
fn is_library(function: &str) -> bool {
    let path = function.trim_start_matches(['<', '&', '(', '[']);
    ["core::", "alloc::", "std::", "__rustc::"].iter().any(|krate| path.starts_with(krate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_own_files_from_others() {
        assert!(is_own("src/main.rs"));
        assert!(!is_own("/rustc/59807616e1fa/library/alloc/src/raw_vec.rs"));
        assert!(!is_own("/home/u/.cargo/registry/src/index-1/smallvec-1.0/src/lib.rs"));
        for own in ["/home/u/qadapt/qadapt/src/region/plain.rs", "/r/index-1/qadapt-1.2.3/src/mark.rs"] {
            assert!(is_guard(own) && !is_own(own), "{own}");
        }
        for other in ["src/main.rs", "/home/u/qadapt/src/main.rs", "/home/u/qadapt-app/src/region/a.rs"] {
            assert!(!is_guard(other), "{other}");
        }
        assert!(is_library("<alloc::vec::Vec<T>>::push") && is_library("core::ptr::drop_in_place<app::X>"));
        assert!(!is_library("app::core::run") && !is_library("<app::X as core::fmt::Display>::fmt"));
    }
}
