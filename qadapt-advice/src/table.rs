//! The catalogue, packed.

use core::fmt;

use crate::packed::{Calls, Pattern, Rule, Sizes, Table, Text};
use crate::rules::ENTRIES;

const SIZES: Sizes = Sizes::of(ENTRIES);

static TABLE: Table<{ SIZES.text }, { SIZES.patterns }, { ENTRIES.len() }> = Table::of(ENTRIES);

/// The texts of all rules.
const TEXT: &str = match core::str::from_utf8(&TABLE.text) {
    Ok(text) => text,
    Err(_) => panic!("texts in a row are a text"),
};

/// The rules, in the catalogue's order.
pub(crate) static RULES: &[Rule] = &TABLE.rules;

/// What rules recognise, each rule's in a row.
static PATTERNS: &[Pattern] = &TABLE.patterns;

impl Text {
    pub(crate) fn get(self) -> &'static str {
        &TEXT[usize::from(self.start)..usize::from(self.end)]
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl Calls {
    pub(crate) fn get(self) -> &'static [Pattern] {
        &PATTERNS[usize::from(self.start)..usize::from(self.end)]
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.get()).finish()
    }
}
