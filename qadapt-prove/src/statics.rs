//! The statics of a file, as its symbols name them.

use std::ops::Range;

use object::{Object, ObjectSymbol, SymbolKind, elf};

use super::elf::{Elf, section_ranges};

/// All objects with a symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Statics<'a> {
    /// By address.
    all: Vec<(Range<u64>, &'a str)>,
    /// How far any of them reaches, up to and with each.
    reach: Vec<u64>,
}

impl<'a> Statics<'a> {
    pub(super) fn read(symbols: &Elf<'a>) -> Self {
        let objects = symbols
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.is_definition() && symbol.size() > 0)
            .map(|symbol| {
                let end = symbol.address().saturating_add(symbol.size());
                (symbol.address()..end, symbol.name().unwrap_or_default())
            });
        let mut all: Vec<_> = objects.collect();
        all.sort_unstable_by_key(|(range, _)| (range.start, range.end));
        let farther = |reach: &mut u64, (range, _): &(Range<u64>, &str)| {
            *reach = range.end.max(*reach);
            Some(*reach)
        };
        let reach = all.iter().scan(0, farther).collect();
        Self { all, reach }
    }

    pub(super) fn all(&self) -> &[(Range<u64>, &'a str)] {
        &self.all
    }

    /// Those that an address is of.
    pub(super) fn at(&self, addr: u64) -> impl Iterator<Item = &(Range<u64>, &'a str)> {
        let end = self.all.partition_point(|(range, _)| range.start <= addr);
        let start = self.reach[..end].partition_point(|&reach| reach <= addr);
        self.all[start..end].iter().filter(move |(range, _)| range.contains(&addr))
    }
}

/// The objects of eight bytes that have a symbol of their own, which the dynamic symbols do not name.
pub(super) fn private_pointers(statics: &[(Range<u64>, &str)], file: &Elf<'_>) -> Vec<u64> {
    let mut objects: Vec<(u64, u64)> =
        statics.iter().map(|(range, _)| (range.start, range.end - range.start)).collect();
    objects.dedup();
    let seen: Vec<Range<u64>> = file
        .dynamic_symbols()
        .filter(ObjectSymbol::is_definition)
        .map(|symbol| symbol.address()..symbol.address().saturating_add(symbol.size().max(1)))
        .collect();
    // The linker names the start and the end of a section whose name is a word, for code that goes through all that is in it.
    let lists: Vec<Range<u64>> =
        section_ranges(file, |name, flags| flags.contains(elf::SHF_ALLOC) && is_word(name));
    let lies_in = |ranges: &[Range<u64>], addr: u64| {
        ranges.iter().any(|range| range.start < addr.saturating_add(8) && addr < range.end)
    };
    // Where the objects before this one end.
    let mut end = 0;
    let mut alone = |at: usize, (addr, size): (u64, u64)| {
        let before = end;
        end = before.max(addr.saturating_add(size));
        size == 8
            && before <= addr
            && objects.get(at + 1).is_none_or(|&(next, _)| next >= addr.saturating_add(8))
            && !lies_in(&seen, addr)
            && !lies_in(&lists, addr)
    };
    let found = objects.iter().enumerate().filter(|&(at, &object)| alone(at, object));
    found.map(|(_, &(addr, _))| addr).collect()
}

fn is_word(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_letter) && name.chars().next().is_some_and(|first| !first.is_ascii_digit())
}
