//! Where the functions of a program lie, by its symbols. They are read without the prover, which is held against them.

use std::collections::BTreeMap;

use object::{
    File, Object as _, ObjectSection as _, ObjectSymbol as _, SectionIndex, SectionKind, SymbolKind,
};

/// The functions of a program: their addresses and their sizes, which are 0 where the file does not say.
pub(crate) struct Functions(BTreeMap<u64, u64>);

impl Functions {
    /// Reads the symbols of a linked program.
    pub(crate) fn of(data: &[u8]) -> Self {
        let file = File::parse(data).expect("a linked program");
        let is_code = |section: &object::Section<'_, '_>| section.kind() == SectionKind::Text;
        let code: Vec<SectionIndex> =
            file.sections().filter(is_code).map(|section| section.index()).collect();
        let mut found = BTreeMap::new();
        for symbol in file.symbols().chain(file.dynamic_symbols()) {
            let lies_in_code = symbol.section_index().is_some_and(|section| code.contains(&section));
            // A label without size inside of assembly is no function.
            let is_function = symbol.kind() == SymbolKind::Text || symbol.size() > 0 || symbol.is_global();
            if symbol.is_definition() && lies_in_code && is_function {
                let size = found.entry(symbol.address()).or_insert(0);
                *size = symbol.size().max(*size);
            }
        }
        Self(found)
    }

    /// The address of the function that has this address in it.
    pub(crate) fn around(&self, address: u64) -> Option<u64> {
        let (&start, &size) = self.0.range(..=address).next_back()?;
        (address == start || address - start < size).then_some(start)
    }
}
