//! Places as people know them: file, line and function, through inlined frames.

use std::cell::OnceCell;

use addr2line::Context;
use gimli::{EndianSlice, LittleEndian};
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection};
use serde::Serialize;

use super::load::Image;
use super::place::Place;
use super::policy::demangle;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

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
pub struct Names<'a> {
    image: &'a Image<'a>,
    data: &'a [u8],
    context: OnceCell<Option<Context<Reader<'a>>>>,
}

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

impl<'a> Names<'a> {
    /// Prepares a file; its debug information is read at the first question.
    #[must_use]
    pub fn new(image: &'a Image<'a>, data: &'a [u8]) -> Self {
        Self { image, data, context: OnceCell::new() }
    }

    /// The demangled name of the function that covers an address.
    #[must_use]
    pub fn function(&self, addr: u64) -> String {
        match self.image.function_covering(addr) {
            Some(f) => f.names.first().map_or_else(|| format!("{addr:#x}"), |n| demangle(n)),
            None => format!("{addr:#x}"),
        }
    }

    /// The name with type arguments that the debug information has for the function that begins at `addr`.
    #[must_use]
    pub fn with_arguments(&self, addr: u64) -> Option<String> {
        entry_name(self.context.get_or_init(|| open(self.data)).as_ref()?, addr)
    }

    /// The frames at an instruction, innermost first; never empty.
    #[must_use]
    pub fn frames(&self, addr: u64) -> Vec<Frame> {
        let context = self.context.get_or_init(|| open(self.data));
        let mut frames = context.as_ref().map_or_else(Vec::new, |c| frames(c, addr));
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

/// The name in the debug information of the function that begins at `addr`.
fn entry_name(context: &Context<Reader<'_>>, addr: u64) -> Option<String> {
    let unit = context.find_dwarf_and_unit(addr).skip_all_loads()?;
    let mut entries = unit.entries();
    while let Ok(Some(entry)) = entries.next_dfs() {
        if entry.tag() == gimli::DW_TAG_subprogram
            && let Some(low) = entry.attr_value(gimli::DW_AT_low_pc)
            && unit.attr_address(low).ok().flatten() == Some(addr)
        {
            let mut origin = entry.clone();
            // An out-of-line copy points to its abstract description, which has the name.
            for _ in 0..4 {
                if let Some(name) = origin.attr_value(gimli::DW_AT_name) {
                    let name = unit.attr_string(name).ok()?;
                    return Some(String::from_utf8_lossy(name.slice()).into_owned());
                }
                let link = origin
                    .attr_value(gimli::DW_AT_abstract_origin)
                    .or_else(|| origin.attr_value(gimli::DW_AT_specification));
                let Some(gimli::AttributeValue::UnitRef(offset)) = link else { return None };
                origin = unit.entry(offset).ok()?;
            }
            return None;
        }
    }
    None
}

fn open(data: &[u8]) -> Option<Context<Reader<'_>>> {
    let file = ElfFile64::<Endianness>::parse(data).ok()?;
    let load = |id: gimli::SectionId| -> Result<Reader<'_>, gimli::Error> {
        let bytes = file.section_by_name(id.name()).and_then(|s| s.data().ok()).unwrap_or(&[]);
        Ok(EndianSlice::new(bytes, LittleEndian))
    };
    Context::from_dwarf(gimli::Dwarf::load(load).ok()?).ok()
}

fn frames(context: &Context<Reader<'_>>, addr: u64) -> Vec<Frame> {
    let mut found = Vec::new();
    let Ok(mut iter) = context.find_frames(addr).skip_all_loads() else { return found };
    // A damaged file could nest for ever.
    while found.len() < 256 {
        let Ok(Some(frame)) = iter.next() else { break };
        let function =
            frame.function.as_ref().and_then(|f| f.raw_name().ok()).map(|n| demangle(&n)).unwrap_or_default();
        let file = frame.location.as_ref().and_then(|l| l.file);
        let own = file.map_or_else(|| !is_library(&function), is_own);
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
    !(file.starts_with("/rustc/") || file.contains("/rustlib/src/") || file.contains("/registry/src/"))
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
        assert!(is_library("<alloc::vec::Vec<T>>::push") && is_library("core::ptr::drop_in_place<app::X>"));
        assert!(!is_library("app::core::run") && !is_library("<app::X as core::fmt::Display>::fmt"));
    }
}
