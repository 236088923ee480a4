//! Reading machine code, and comparing functions of two builds.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use object::{
    Object, ObjectSection, ObjectSymbol, Relocation, RelocationTarget, SectionIndex, SectionKind, Symbol,
    SymbolKind,
};
use rustc_demangle::demangle;

/// An object file or a linked program.
pub(crate) struct Code {
    path: String,
    bytes: Vec<u8>,
}

/// A function, or a constant that a function refers to: a stretch of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Part {
    section: SectionIndex,
    start: u64,
    size: u64,
}

/// What a relocation refers to.
#[derive(Debug)]
enum Target {
    /// Something outside of the crate, known by its name.
    Name(String),
    /// Something of the crate's own, known by what it is made of, and a distance from there.
    Inside(Part, i64),
}

impl Code {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.display().to_string(), bytes }
    }

    /// True if a function of this name is defined.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.parse().function(function).is_some()
    }

    /// All symbols whose name contains `text`.
    pub(crate) fn symbols_with(&self, text: &str) -> Vec<String> {
        let file = self.parse();
        file.object.symbols().map(|symbol| name_of(&symbol)).filter(|name| name.contains(text)).collect()
    }

    /// The size of a section in bytes; 0 if there is none.
    pub(crate) fn section_size(&self, name: &str) -> u64 {
        self.parse().object.section_by_name(name).map_or(0, |section| section.size())
    }

    /// The names of what a function refers to outside of its crate, also through other functions of the crate.
    pub(crate) fn references(&self, function: &str) -> BTreeSet<String> {
        let file = self.parse();
        let (mut names, mut seen) = (BTreeSet::new(), HashSet::new());
        let mut left = vec![file.expect(function)];
        while let Some(part) = left.pop() {
            if !seen.insert(part) {
                continue;
            }
            for (_, relocation) in file.relocations(part) {
                match file.target(&relocation) {
                    Target::Name(name) => _ = names.insert(name),
                    Target::Inside(part, _) => left.push(part),
                }
            }
        }
        names
    }

    /// Compares a function of this build with the one of the same name in another: their bytes, and what these refer
    /// to.
    ///
    /// # Errors
    /// What differs, if something does.
    pub(crate) fn compare(&self, other: &Self, function: &str) -> Result<(), String> {
        let (a, b) = (self.parse(), other.parse());
        let mut seen = HashSet::new();
        let mut left = vec![(a.expect(function), b.expect(function))];
        while let Some(pair) = left.pop() {
            if seen.insert(pair) {
                left.extend(compare_parts((&a, pair.0), (&b, pair.1))?);
            }
        }
        Ok(())
    }

    fn parse(&self) -> File<'_> {
        let object =
            object::File::parse(&*self.bytes).unwrap_or_else(|error| panic!("{}: {error}", self.path));
        File { object, path: &self.path }
    }
}

/// Compares two parts; returns the pairs that remain to be compared.
fn compare_parts(
    (a, part_a): (&File<'_>, Part),
    (b, part_b): (&File<'_>, Part),
) -> Result<Vec<(Part, Part)>, String> {
    let differ = |what: String| Err(format!("{what}, in {} and {}", a.describe(part_a), b.describe(part_b)));
    if a.bytes(part_a) != b.bytes(part_b) {
        return differ(format!("other machine code, {} and {} bytes", part_a.size, part_b.size));
    }
    let (relocations_a, relocations_b) = (a.relocations(part_a), b.relocations(part_b));
    if relocations_a.len() != relocations_b.len() {
        return differ(format!("{} and {} references", relocations_a.len(), relocations_b.len()));
    }
    let mut pairs = Vec::new();
    for ((at, relocation_a), (at_b, relocation_b)) in relocations_a.iter().zip(&relocations_b) {
        let same_kind = at == at_b && relocation_a.flags() == relocation_b.flags();
        match (a.target(relocation_a), b.target(relocation_b)) {
            (Target::Name(name_a), Target::Name(name_b)) if same_kind && name_a == name_b => {}
            (Target::Inside(part_a, from_a), Target::Inside(part_b, from_b))
                if same_kind && from_a == from_b =>
            {
                pairs.push((part_a, part_b));
            }
            (target_a, target_b) => {
                return differ(format!("at {at:#x} a reference to {target_a:?} and {target_b:?}"));
            }
        }
    }
    Ok(pairs)
}

struct File<'a> {
    object: object::File<'a>,
    path: &'a str,
}

impl File<'_> {
    fn expect(&self, function: &str) -> Part {
        self.function(function).unwrap_or_else(|| panic!("{}: no function {function}", self.path))
    }

    /// The function whose name ends in this.
    fn function(&self, name: &str) -> Option<Part> {
        let symbols = self.object.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let mut found = symbols.filter(|symbol| name_of(symbol).rsplit("::").next() == Some(name));
        let part = part_of(&found.next()?)?;
        assert!(found.next().is_none(), "{}: more than one function {name}", self.path);
        Some(part)
    }

    /// The bytes; what relocations fill in is zero in an object file.
    fn bytes(&self, part: Part) -> &[u8] {
        let section = self.object.section_by_index(part.section).expect("the part's section");
        if section.kind() == SectionKind::UninitializedData {
            return &[];
        }
        section.data_range(part.start, part.size).expect("readable data").expect("a part inside its section")
    }

    /// The relocations in a part, in order, by their distance from its beginning.
    fn relocations(&self, part: Part) -> Vec<(u64, Relocation)> {
        let section = self.object.section_by_index(part.section).expect("the part's section");
        let inside = part.start..part.start + part.size;
        let relocations = section.relocations().filter(|(at, _)| inside.contains(at));
        let mut relocations: Vec<_> =
            relocations.map(|(at, relocation)| (at - part.start, relocation)).collect();
        relocations.sort_by_key(|(at, _)| *at);
        relocations
    }

    fn target(&self, relocation: &Relocation) -> Target {
        let RelocationTarget::Symbol(index) = relocation.target() else {
            panic!("{}: a relocation to no symbol", self.path)
        };
        let symbol = self.object.symbol_by_index(index).expect("the relocation's symbol");
        let name = name_of(&symbol);
        match symbol.kind() {
            SymbolKind::Section => self.in_section(symbol.section_index(), relocation.addend()),
            SymbolKind::Text | SymbolKind::Data | SymbolKind::Unknown if is_own(&name) => {
                match part_of(&symbol) {
                    Some(part) => Target::Inside(part, relocation.addend()),
                    None => Target::Name(name),
                }
            }
            _ => Target::Name(name),
        }
    }

    /// A place in a section: compilers refer so to what has no name of its own.
    fn in_section(&self, index: Option<SectionIndex>, addend: i64) -> Target {
        let section =
            index.and_then(|index| self.object.section_by_index(index).ok()).expect("the symbol's section");
        let name = section.name().unwrap_or_default();
        let whole = Part { section: section.index(), start: 0, size: section.size() };
        // A pool of constants of one size, from all functions. The addend counts from the instruction's end, which is
        // 4 bytes behind the field or more, so the constant is the next one.
        let constant = name.strip_prefix(".rodata.cst").and_then(|size| size.parse::<u64>().ok());
        match constant.zip(u64::try_from(addend + 4).ok()) {
            Some((size, at)) => Target::Inside(Part { start: at.next_multiple_of(size), size, ..whole }, 0),
            None => Target::Inside(whole, addend),
        }
    }

    fn describe(&self, part: Part) -> String {
        let here = |symbol: &Symbol<'_, '_>| part_of(symbol) == Some(part);
        self.object.symbols().find(here).map_or_else(|| format!("{part:?}"), |symbol| name_of(&symbol))
    }
}

/// The name without the hash that tells two builds apart.
fn name_of(symbol: &Symbol<'_, '_>) -> String {
    format!("{:#}", demangle(symbol.name().unwrap_or_default()))
}

/// True for what two builds are compared by: the twins' crate, the guard's, the allocator's entries, constants. What
/// std's functions are made of is std's business.
fn is_own(name: &str) -> bool {
    ["twins", "qadapt", "__rust", ".L", "anon."].iter().any(|own| name.contains(own))
}

/// Where a symbol is defined, if it is.
fn part_of(symbol: &Symbol<'_, '_>) -> Option<Part> {
    Some(Part { section: symbol.section_index()?, start: symbol.address(), size: symbol.size() })
}
