//! Which inlined functions one function of a file consists of, as the debug information has it.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use gimli::{AttributeValue, DebugInfoOffset, DebuggingInformationEntry, UnitRef};

use super::addr_map::AddrMap;
use super::debug::{Debug, Reader};
use super::marks::Kind;
use super::place::Place;

type Unit<'u, 'r> = UnitRef<'u, Reader<'r>>;
type Entry<'r> = DebuggingInformationEntry<Reader<'r>>;

/// A function, or a copy of one that was inlined.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Where its code lies.
    pub(crate) ranges: Vec<Range<u64>>,
    /// The scope that it is in, as an index; none for the function itself.
    pub(crate) parent: Option<usize>,
    /// The call that was inlined; its numbers are 0 where they are not known.
    pub(crate) call: Place,
    /// Its name, without its path.
    pub(crate) name: String,
    /// Its symbol, where the debug information has symbols.
    pub(crate) symbol: Option<String>,
    /// The unit with the entry that describes all its copies, and that entry.
    pub(crate) origin: (u64, u64),
    /// What kind of region it is, or that it is a permit, if it is the guard's mark of one.
    pub(crate) mark: Option<Kind>,
}

impl Scope {
    /// Whether an instruction is part of it.
    pub(crate) fn contains(&self, addr: u64) -> bool {
        self.ranges.iter().any(|range| range.contains(&addr))
    }

    /// Whether a label there can be its: a label takes no room, so that it can stand behind all other code of a range.
    pub(crate) fn touches(&self, addr: u64) -> Touch {
        let touch = |range: &Range<u64>| match range.contains(&addr) {
            true => Touch::Inside,
            false if range.end == addr && range.start == addr => Touch::Inside,
            false if range.end == addr => Touch::End,
            false => Touch::No,
        };
        self.ranges.iter().map(touch).max().unwrap_or(Touch::No)
    }
}

/// How an address stands to a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touch {
    /// It is elsewhere.
    No,
    /// It is the end of a range.
    End,
    /// It is in a range, or an empty range is there.
    Inside,
}

/// A function with all that was inlined into it. The first scope is the function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// The scopes, each after the one that it is in.
    pub(crate) scopes: Vec<Scope>,
}

impl Tree {
    /// The scopes at an instruction, from the function inwards.
    pub(crate) fn chain(&self, addr: u64) -> Vec<usize> {
        let mut chain: Vec<usize> = Vec::new();
        for (index, scope) in self.scopes.iter().enumerate() {
            if scope.parent == chain.last().copied() && scope.contains(addr) {
                chain.push(index);
            }
        }
        chain
    }

    /// A scope and all that it lies in, outwards.
    pub(crate) fn outwards(&self, scope: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(scope), |&scope| self.scopes[scope].parent)
    }

    /// The regions, as indices.
    pub(crate) fn regions(&self) -> impl Iterator<Item = usize> {
        let is_region = |scope: &Scope| scope.mark.is_some_and(|kind| kind != Kind::Permit);
        self.scopes.iter().enumerate().filter(move |(_, scope)| is_region(scope)).map(|(index, _)| index)
    }
}

/// The trees of functions, by one of the addresses in each.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    found: AddrMap<u64, Rc<Tree>>,
    /// What entries of other units say: name and symbol.
    described: HashMap<u64, Described>,
}

/// Some of these functions, by where they lie.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    /// In the order of addresses.
    functions: Vec<(Range<u64>, Rc<Tree>)>,
}

impl Spans {
    /// Of functions, of which each can be there several times.
    pub(crate) fn of(trees: impl IntoIterator<Item = Rc<Tree>>) -> Self {
        let mut functions = Vec::new();
        for tree in trees {
            let ranges = tree.scopes.first().map_or(&[][..], |function| &function.ranges);
            functions.extend(ranges.iter().map(|range| (range.clone(), Rc::clone(&tree))));
        }
        functions.sort_by_key(|(range, _): &(Range<u64>, _)| (range.start, range.end));
        functions.dedup_by(|a, b| a.0 == b.0);
        Self { functions }
    }

    /// The one that an address is in.
    pub(crate) fn at(&self, addr: u64) -> Option<&Tree> {
        let i = self.functions.partition_point(|(range, _)| range.start <= addr);
        let (range, tree) = &self.functions[i.checked_sub(1)?];
        range.contains(&addr).then_some(tree)
    }
}

#[derive(Clone, Debug, Default)]
struct Described {
    name: String,
    symbol: Option<String>,
    entry: (u64, u64),
}

impl Trees {
    /// Reads the functions that contain these addresses, which ascend.
    pub(crate) fn at(debug: &Debug<'_>, addresses: &[u64]) -> Self {
        let mut trees = Self::default();
        for &addr in addresses {
            if trees.found.contains_key(&addr) {
                continue;
            }
            if let Some(unit) = debug.answer(debug.context().find_dwarf_and_unit(addr)) {
                let wanted = |ranges: &[Range<u64>]| {
                    ranges.iter().any(|range| {
                        let first = addresses.partition_point(|&addr| addr < range.start);
                        addresses.get(first).is_some_and(|&addr| addr < range.end)
                    })
                };
                // A unit that lies elsewhere leaves the names of its source files in the executable.
                let elsewhere = unit.dwo_id.filter(|_| unit.line_program.is_none());
                let lines = elsewhere.and_then(|id| debug.skeleton(id)).unwrap_or(unit);
                for tree in trees.read(unit, lines, &wanted) {
                    let tree = Rc::new(tree);
                    let inside = addresses.iter().copied().filter(|&addr| tree.scopes[0].contains(addr));
                    trees.found.extend(inside.map(|addr| (addr, Rc::clone(&tree))));
                }
            }
        }
        trees
    }

    /// The function that contains an address, which must be one of those that were asked for.
    pub(crate) fn of(&self, addr: u64) -> Option<Rc<Tree>> {
        self.found.get(&addr).cloned()
    }

    /// The functions of a unit whose code is wanted; `lines` is the unit that has the names of its source files.
    fn read<'r>(
        &mut self,
        unit: Unit<'_, 'r>,
        lines: Unit<'_, 'r>,
        wanted: &dyn Fn(&[Range<u64>]) -> bool,
    ) -> Vec<Tree> {
        let mut trees: Vec<Tree> = Vec::new();
        let mut entries = unit.entries();
        // The open scopes of the last tree, each with its depth.
        let mut open: Vec<(isize, usize)> = Vec::new();
        while let Ok(Some(entry)) = entries.next_dfs() {
            let depth = entry.depth();
            while open.last().is_some_and(|&(outer, _)| outer >= depth) {
                open.pop();
            }
            match entry.tag() {
                gimli::DW_TAG_subprogram if open.is_empty() => {
                    let ranges = ranges(unit, entry);
                    if wanted(&ranges) {
                        let function = self.scope(unit, lines, entry, ranges, None);
                        trees.push(Tree { scopes: vec![function] });
                        open.push((depth, 0));
                    }
                }
                gimli::DW_TAG_inlined_subroutine => {
                    let (Some(&(_, parent)), Some(tree)) = (open.last(), trees.last_mut()) else { continue };
                    let scope = self.scope(unit, lines, entry, ranges(unit, entry), Some(parent));
                    open.push((depth, tree.scopes.len()));
                    tree.scopes.push(scope);
                }
                _ => {}
            }
        }
        trees
    }

    fn scope<'r>(
        &mut self,
        unit: Unit<'_, 'r>,
        lines: Unit<'_, 'r>,
        entry: &Entry<'r>,
        ranges: Vec<Range<u64>>,
        parent: Option<usize>,
    ) -> Scope {
        let described = self.describe(unit, entry, 0);
        Scope {
            ranges,
            parent,
            call: call(lines, entry),
            mark: Kind::of_function(&described.name),
            name: described.name,
            symbol: described.symbol,
            origin: described.entry,
        }
    }

    /// Name and symbol of an entry, or of the one that describes all its copies.
    fn describe<'r>(&mut self, unit: Unit<'_, 'r>, entry: &Entry<'r>, hops: u32) -> Described {
        let symbol = text(unit, entry, gimli::DW_AT_linkage_name);
        if let Some(name) = text(unit, entry, gimli::DW_AT_name) {
            let home = unit.header.debug_info_offset().map_or(0, |offset| offset.0 as u64);
            return Described { name, symbol, entry: (home, entry.offset().0 as u64) };
        }
        let link = entry
            .attr_value(gimli::DW_AT_abstract_origin)
            .or_else(|| entry.attr_value(gimli::DW_AT_specification));
        // A damaged file could go in circles.
        if hops > 4 {
            return Described::default();
        }
        let mut described = match link {
            Some(AttributeValue::UnitRef(offset)) => match unit.entry(offset) {
                Ok(entry) => self.describe(unit, &entry, hops + 1),
                Err(_) => Described::default(),
            },
            Some(AttributeValue::DebugInfoRef(offset)) => self.elsewhere(unit, offset, hops),
            _ => Described::default(),
        };
        described.symbol = symbol.or(described.symbol);
        described
    }

    /// The same for an entry of another unit.
    fn elsewhere(&mut self, unit: Unit<'_, '_>, offset: DebugInfoOffset<usize>, hops: u32) -> Described {
        let key = offset.0 as u64;
        if let Some(known) = self.described.get(&key) {
            return known.clone();
        }
        let mut described = Described::default();
        let mut headers = unit.dwarf.units();
        while let Ok(Some(header)) = headers.next() {
            let Some(within) = offset.to_unit_offset(&header) else { continue };
            if let Ok(other) = unit.dwarf.unit(header)
                && let Ok(entry) = other.entry(within)
            {
                described = self.describe(other.unit_ref(unit.dwarf), &entry, hops + 1);
            }
            break;
        }
        self.described.insert(key, described.clone());
        described
    }
}

/// What an attribute of an entry says in words.
pub(super) fn text<'r>(unit: Unit<'_, 'r>, entry: &Entry<'r>, name: gimli::DwAt) -> Option<String> {
    let text = unit.attr_string(entry.attr_value(name)?).ok()?;
    Some(text.to_string_lossy().into_owned())
}

/// Where the code of an entry lies.
pub(super) fn ranges<'r>(unit: Unit<'_, 'r>, entry: &Entry<'r>) -> Vec<Range<u64>> {
    let mut found = Vec::new();
    if let Ok(mut ranges) = unit.die_ranges(entry) {
        while let Ok(Some(range)) = ranges.next() {
            // A region that nothing is left of but its label has an empty one.
            if range.begin <= range.end {
                found.push(range.begin..range.end);
            }
        }
    }
    found
}

/// The call that an entry was inlined for.
fn call<'r>(lines: Unit<'_, 'r>, entry: &Entry<'r>) -> Place {
    let number = |name| {
        let value = entry.attr_value(name).and_then(|value| value.udata_value());
        value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
    };
    Place {
        file: called_in(lines, entry).unwrap_or_default(),
        line: number(gimli::DW_AT_call_line),
        column: number(gimli::DW_AT_call_column),
    }
}

/// The file of the call that an entry was inlined for.
pub(super) fn called_in<'r>(lines: Unit<'_, 'r>, entry: &Entry<'r>) -> Option<String> {
    match entry.attr_value(gimli::DW_AT_call_file)? {
        AttributeValue::FileIndex(index) => file(lines, index),
        _ => None,
    }
}

/// The path of a file of a unit.
fn file(unit: Unit<'_, '_>, index: u64) -> Option<String> {
    let header = unit.line_program.as_ref()?.header();
    let file = header.file(index)?;
    let mut path = String::new();
    let mut push = |part: &str| {
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    };
    if let Some(folder) = &unit.comp_dir {
        push(&folder.to_string_lossy());
    }
    if (file.directory_index() != 0 || header.version() >= 5)
        && let Some(folder) = file.directory(header)
    {
        push(&unit.attr_string(folder).ok()?.to_string_lossy());
    }
    push(&unit.attr_string(file.path_name()).ok()?.to_string_lossy());
    Some(path)
}
