//! The statics of a file, as its symbols name them.

use std::ops::Range;

use object::{Object, ObjectSymbol, SymbolKind};

use super::elf::Elf;

/// All objects with a symbol, by address.
pub(super) fn read_statics<'a>(symbols: &Elf<'a>) -> Vec<(Range<u64>, &'a str)> {
    let statics = symbols
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.is_definition() && symbol.size() > 0)
        .map(|symbol| {
            let end = symbol.address().saturating_add(symbol.size());
            (symbol.address()..end, symbol.name().unwrap_or_default())
        });
    let mut statics: Vec<_> = statics.collect();
    statics.sort_unstable_by_key(|(range, _)| (range.start, range.end));
    statics
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
    let alone = |at: usize, (addr, size): (u64, u64)| {
        let before = at.checked_sub(1).and_then(|before| objects.get(before));
        size == 8
            && before.is_none_or(|&(start, size)| start.saturating_add(size) <= addr)
            && objects.get(at + 1).is_none_or(|&(next, _)| next >= addr.saturating_add(8))
            && !seen.iter().any(|range| range.start < addr.saturating_add(8) && addr < range.end)
    };
    let found = objects.iter().enumerate().filter(|&(at, &object)| alone(at, object));
    found.map(|(_, &(addr, _))| addr).collect()
}
