//! What debug information says of the allocator: the entries that were inlined, those that were not, and which code it describes.
//!
//! An inlined copy may be described or not: a crate may have no debug information, and copies that the optimiser merges lose theirs. So
//! what is described shows copies that do not hold, and which allocator the program has; that all others hold it does not show.

use std::collections::HashMap;
use std::ops::Range;

use gimli::{AttributeValue, DebuggingInformationEntry, UnitRef};
use qadapt_code::origin::is_guard;

use super::addr_map::AddrSet;
use super::debug::{Debug, Reader};
use super::functions::is_of_std_or_alloc;
use super::inlined::{called_in, ranges, text};
use super::marks::Kind;
use super::symbol::demangle;

type Unit<'u, 'r> = UnitRef<'u, Reader<'r>>;
type Die<'r> = DebuggingInformationEntry<Reader<'r>>;

/// An entry of an allocator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name, without its path.
    pub(super) name: &'static str,
    /// The unit that it was compiled in, by folder and name; in a copy too.
    pub(super) unit: String,
}

impl Entry {
    /// Whether it is the standard library's, in front of the system's allocator. The compiler calls it where the program has
    /// no allocator of its own, and nobody else calls it.
    pub(super) fn is_default(&self) -> bool {
        self.name.starts_with("__rdl_") && self.unit.contains("/@/std.")
    }
}

/// A place where an entry was inlined.
#[derive(Clone, Debug)]
pub(super) struct Inlined {
    /// What was inlined.
    pub(super) entry: Entry,
    /// Where its code lies.
    pub(super) ranges: Vec<Range<u64>>,
    /// Where the code of the function lies that has it.
    pub(super) function: Vec<Range<u64>>,
    /// Whether that function also has a mark of the guard's: a region, a permit.
    pub(super) is_marked: bool,
}

/// What the debug information of a file says of allocators.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// The inlined entries.
    pub(super) inlined: Vec<Inlined>,
    /// The entries that are functions of the file, with their addresses.
    pub(super) functions: Vec<(u64, Entry)>,
    /// What entries have inlined of the allocator's methods.
    pub(super) methods: Methods,
    /// Whether there is code of `alloc` or `std`, inlined or not.
    pub(super) has_alloc: bool,
    /// Where code lies that is described; in order, once all is read.
    code: Vec<Range<u64>>,
}

impl Described {
    /// Reads all of it.
    pub(super) fn read(debug: &Debug<'_>) -> Self {
        let mut found = Self::default();
        let mut names = Names::default();
        let mut marked = AddrSet::default();
        debug.each_unit(&mut |unit| found.add(unit, &mut names, &mut marked));
        for one in &mut found.inlined {
            one.is_marked = one.function.iter().any(|range| marked.contains(&range.start));
        }
        found.code = joined(found.code);
        found
    }

    /// Whether a function begins at an address that is described.
    pub(super) fn covers(&self, addr: u64) -> bool {
        let after = self.code.partition_point(|range| range.start <= addr);
        after.checked_sub(1).is_some_and(|last| self.code[last].contains(&addr))
    }

    fn add(&mut self, unit: Unit<'_, '_>, names: &mut Names, marked: &mut AddrSet) {
        self.has_alloc |= has_files_of_alloc(unit);
        let mut entries = unit.entries();
        // The open functions, each with its depth, and all that is inlined into them.
        let mut open: Vec<(isize, Vec<Range<u64>>)> = Vec::new();
        let mut around: Vec<(isize, Around)> = Vec::new();
        while let Ok(Some(die)) = entries.next_dfs() {
            let depth = die.depth();
            while open.last().is_some_and(|&(outer, _)| outer >= depth) {
                open.pop();
            }
            while around.last().is_some_and(|&(outer, _)| outer >= depth) {
                around.pop();
            }
            match die.tag() {
                // With line tables alone a function has a description if something is inlined into it. A unit has the code of its own
                // functions, and not what lies between that has no description (LLVM's `DwarfCompileUnit::addRange`).
                gimli::DW_TAG_compile_unit => self.code.extend(ranges(unit, die)),
                gimli::DW_TAG_subprogram => {
                    let symbol = text(unit, die, gimli::DW_AT_linkage_name);
                    self.has_alloc |= symbol.is_some_and(|symbol| is_of_std_or_alloc(&symbol));
                    let code = ranges(unit, die);
                    let mut is = Around::Other;
                    if let Some(first) = code.first()
                        && let Some(Named::Entry(entry)) = names.of(unit, die)
                    {
                        self.functions.push((first.start, entry));
                        is = Around::Entry;
                    }
                    around.push((depth, is));
                    self.code.extend(code.iter().cloned());
                    open.push((depth, code));
                }
                gimli::DW_TAG_inlined_subroutine => {
                    let Some((_, function)) = open.last() else { continue };
                    let outer = around.last().map_or(Around::Other, |&(_, outer)| outer);
                    let mut is = Around::Other;
                    match names.of(unit, die) {
                        Some(Named::Entry(entry)) => {
                            let (ranges, function) = (ranges(unit, die), function.clone());
                            self.inlined.push(Inlined { entry, ranges, function, is_marked: false });
                            is = Around::Entry;
                        }
                        Some(Named::Mark) => marked.extend(function.iter().map(|range| range.start)),
                        None => is = self.methods.add(outer, unit, die),
                    }
                    around.push((depth, is));
                }
                _ => {}
            }
        }
    }
}

/// What a program's allocator is, by the methods that its entries have inlined: a program has one allocator.
#[derive(Debug, Default)]
pub(super) struct Methods {
    /// Some are of an allocator that comes to the malloc family on each way.
    are_known: bool,
    /// Some are of another one.
    are_others: bool,
}

/// What another function is inlined into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// An entry.
    Entry,
    /// A method, in an entry, of an allocator round one of [`KNOWN`].
    Wrapper,
    /// Anything else.
    Other,
}

/// The allocators whose methods come to one of the malloc family on each way, whatever they are asked for.
const KNOWN: [&str; 6] = [
    "std::alloc::System",
    "qadapt_malloc::direct::Direct",
    "mimalloc::MiMalloc",
    "tikv_jemallocator::Jemalloc",
    "jemallocator::Jemalloc",
    "snmalloc_rs::SnMalloc",
];

impl Methods {
    /// Whether each copy of an entry comes to the malloc family, also one that has no description: the optimiser may have merged it
    /// with another one, or its crate has none.
    pub(super) const fn show_the_allocator(&self) -> bool {
        self.are_known && !self.are_others
    }

    /// Takes in what is inlined into another function.
    fn add<'r>(&mut self, outer: Around, unit: Unit<'_, 'r>, die: &Die<'r>) -> Around {
        match outer {
            Around::Entry => {
                let Some((name, symbol)) = names(unit, die, 0) else { return Around::Other };
                let (method, arguments) = name.split_once('<').unwrap_or((&name, ""));
                if !METHODS.contains(&method) {
                    return Around::Other;
                }
                let symbol = symbol.map(|symbol| demangle(&symbol)).unwrap_or_default();
                let of = |known: &&str| {
                    symbol.starts_with(&format!("<{known} as core::alloc::global::GlobalAlloc>"))
                };
                if KNOWN.iter().any(of) {
                    self.are_known = true;
                } else if is_round_known(arguments.strip_suffix('>').unwrap_or_default()) {
                    return Around::Wrapper;
                } else {
                    self.are_others = true;
                }
                Around::Other
            }
            // Which wrapper it is tells the file that its code is in.
            Around::Wrapper => {
                match called_in(unit, die) {
                    Some(file) if is_guard(&file) => self.are_known = true,
                    Some(_) => self.are_others = true,
                    None => {}
                }
                Around::Other
            }
            Around::Other => Around::Other,
        }
    }
}

/// Whether a type is an allocator that is known, or one of the guard's round it, such as `qadapt::hot::allocator::Qadapt<_>`.
fn is_round_known(of: &str) -> bool {
    let inner = || of.strip_prefix("qadapt::hot::")?.split_once('<')?.1.strip_suffix('>');
    KNOWN.contains(&of) || inner().is_some_and(is_round_known)
}

/// Ranges in order, those that touch as one.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// What matters of a function, by its name.
#[derive(Clone, Debug)]
enum Named {
    /// It is an entry.
    Entry(Entry),
    /// It is a mark of the guard's.
    Mark,
}

/// Which descriptions are those of such functions, by the place of the unit, and of the description in it.
#[derive(Debug, Default)]
struct Names(HashMap<(u64, usize), Option<Named>>);

impl Names {
    /// What a function is, or is a copy of.
    fn of<'r>(&mut self, unit: Unit<'_, 'r>, die: &Die<'r>) -> Option<Named> {
        match die.attr_value(gimli::DW_AT_abstract_origin) {
            Some(AttributeValue::UnitRef(offset)) => {
                // Units that lie elsewhere all begin at the same place.
                let Some(home) = unit.header.debug_info_offset().filter(|_| unit.dwo_id.is_none()) else {
                    return named(unit, &unit.entry(offset).ok()?, 0);
                };
                let key = (home.0 as u64, offset.0);
                let found = || named(unit, &unit.entry(offset).ok()?, 0);
                self.0.entry(key).or_insert_with(found).clone()
            }
            Some(AttributeValue::DebugInfoRef(offset)) => {
                let key = (u64::MAX, offset.0);
                self.0.entry(key).or_insert_with(|| named(unit, die, 0)).clone()
            }
            _ => named(unit, die, 0),
        }
    }
}

/// What a description is of.
fn named<'r>(unit: Unit<'_, 'r>, die: &Die<'r>, hops: u32) -> Option<Named> {
    described(unit, die, hops, &|unit, _, name| {
        if Kind::of_function(name).is_some() {
            return Some(Named::Mark);
        }
        let name = *ENTRIES.iter().find(|entry| **entry == name)?;
        let folder = unit.comp_dir.map_or_else(String::new, |folder| folder.to_string_lossy().into_owned());
        let file = unit.name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Some(Named::Entry(Entry { name, unit: format!("{folder} {file}") }))
    })
}

/// The name of what is described, and its symbol, if it is told.
fn names<'r>(unit: Unit<'_, 'r>, die: &Die<'r>, hops: u32) -> Option<(String, Option<String>)> {
    described(unit, die, hops, &|unit, die, name| {
        Some((name.to_owned(), text(unit, die, gimli::DW_AT_linkage_name)))
    })
}

/// What is made of the description that has the name of what another one is a copy of.
fn described<'r, T>(
    unit: Unit<'_, 'r>,
    die: &Die<'r>,
    hops: u32,
    make: &dyn Fn(Unit<'_, 'r>, &Die<'r>, &str) -> Option<T>,
) -> Option<T> {
    if let Some(name) = text(unit, die, gimli::DW_AT_name) {
        return make(unit, die, &name);
    }
    let link = die
        .attr_value(gimli::DW_AT_abstract_origin)
        .or_else(|| die.attr_value(gimli::DW_AT_specification))
        // A damaged file could go in circles.
        .filter(|_| hops < 4)?;
    match link {
        AttributeValue::UnitRef(offset) => described(unit, &unit.entry(offset).ok()?, hops + 1, make),
        AttributeValue::DebugInfoRef(offset) => elsewhere(unit, offset, hops, make),
        _ => None,
    }
}

/// The same of a description in another unit.
fn elsewhere<'r, T>(
    unit: Unit<'_, 'r>,
    offset: gimli::DebugInfoOffset<usize>,
    hops: u32,
    make: &dyn Fn(Unit<'_, 'r>, &Die<'r>, &str) -> Option<T>,
) -> Option<T> {
    let mut headers = unit.dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let Some(within) = offset.to_unit_offset(&header) else { continue };
        let other = unit.dwarf.unit(header).ok()?;
        let die = other.entry(within).ok()?;
        return described(other.unit_ref(unit.dwarf), &die, hops + 1, make);
    }
    None
}

/// The entries: the program's, those that the standard library has for it, and those of its own allocator in older versions.
const ENTRIES: [&str; 12] = [
    "__rust_alloc",
    "__rust_alloc_zeroed",
    "__rust_realloc",
    "__rust_dealloc",
    "__rdl_alloc",
    "__rdl_alloc_zeroed",
    "__rdl_realloc",
    "__rdl_dealloc",
    "__rg_alloc",
    "__rg_alloc_zeroed",
    "__rg_realloc",
    "__rg_dealloc",
];

/// The methods that entries stand for.
pub(super) const METHODS: [&str; 4] = ["alloc", "alloc_zeroed", "realloc", "dealloc"];

/// Whether a unit has lines of the crates that allocate.
fn has_files_of_alloc(unit: Unit<'_, '_>) -> bool {
    let Some(program) = &unit.line_program else { return false };
    let header = program.header();
    let names = header.file_names().iter().map(gimli::FileEntry::path_name);
    header.include_directories().iter().copied().chain(names).any(|part| {
        let part = unit.attr_string(part).map(|part| part.to_string_lossy().into_owned());
        // A path that cannot be read may be any.
        part.map_or(true, |part| part.contains("library/alloc/") || part.contains("library/std/"))
    })
}
