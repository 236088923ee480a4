//! The catalogue as programs carry it: without an address in it.
//!
//! The loader writes every address of a program's data at each start, and a text by reference is one. So the texts of all
//! rules are one text, and a rule says where its own lie in it.

use crate::entry::{Call, Entry, Reach};
use crate::rule::{Calls, Pattern, Reached, Rule, Text};
use crate::rules::ENTRIES;

const SIZES: Sizes = Sizes::of(ENTRIES);

static TABLE: Table<{ SIZES.text }, { SIZES.patterns }, { ENTRIES.len() }> = Table::of(ENTRIES);

/// The texts of all rules.
pub(crate) const TEXT: &str = match core::str::from_utf8(&TABLE.text) {
    Ok(text) => text,
    Err(_) => panic!("texts in a row are a text"),
};

/// The rules, in the catalogue's order.
pub(crate) static RULES: &[Rule] = &TABLE.rules;

/// What rules recognise, each rule's in a row.
pub(crate) static PATTERNS: &[Pattern] = &TABLE.patterns;

/// How much there is of everything.
struct Sizes {
    text: usize,
    patterns: usize,
}

impl Sizes {
    const fn of(entries: &[Entry]) -> Self {
        let mut sizes = Self { text: 0, patterns: 0 };
        let mut rest = entries;
        while let [entry, others @ ..] = rest {
            sizes.text += entry.id.len() + entry.habit.len() + entry.advice.len();
            sizes.add(entry.calls);
            sizes.add(entry.through);
            if let Reach::Region(by) = entry.reach {
                sizes.add(by);
            }
            rest = others;
        }
        sizes
    }

    const fn add(&mut self, calls: &[Call]) {
        let mut rest = calls;
        while let [call, others @ ..] = rest {
            self.text += call.module.len() + call.functions.len() + call.types.len() + call.mention.len();
            self.patterns += 1;
            rest = others;
        }
    }
}

struct Table<const TEXT: usize, const PATTERNS: usize, const RULES: usize> {
    text: [u8; TEXT],
    patterns: [Pattern; PATTERNS],
    rules: [Rule; RULES],
}

impl<const TEXT: usize, const PATTERNS: usize, const RULES: usize> Table<TEXT, PATTERNS, RULES> {
    const fn of(entries: &[Entry]) -> Self {
        let mut table = Self {
            text: [0; TEXT],
            patterns: [Pattern::NONE; PATTERNS],
            rules: [const { Rule::NONE }; RULES],
        };
        let mut filled = Sizes { text: 0, patterns: 0 };
        let mut rule = 0;
        while rule < entries.len() {
            let entry = &entries[rule];
            table.rules[rule] = Rule {
                id: table.text(&mut filled, entry.id),
                habit: table.text(&mut filled, entry.habit),
                advice: table.text(&mut filled, entry.advice),
                calls: table.calls(&mut filled, entry.calls),
                through: table.calls(&mut filled, entry.through),
                on: entry.on,
                reach: match entry.reach {
                    Reach::Own => Reached::Own,
                    Reach::Region(by) => Reached::Region(table.calls(&mut filled, by)),
                },
                once: entry.once,
            };
            rule += 1;
        }
        assert!(filled.text == TEXT && filled.patterns == PATTERNS);
        table
    }

    const fn text(&mut self, filled: &mut Sizes, text: &str) -> Text {
        let start = filled.text;
        let mut rest = text.as_bytes();
        while let [byte, others @ ..] = rest {
            self.text[filled.text] = *byte;
            filled.text += 1;
            rest = others;
        }
        Text { start: short(start), end: short(filled.text) }
    }

    const fn calls(&mut self, filled: &mut Sizes, calls: &[Call]) -> Calls {
        let start = filled.patterns;
        let mut rest = calls;
        while let [call, others @ ..] = rest {
            self.patterns[filled.patterns] = Pattern {
                module: self.text(filled, call.module),
                functions: self.text(filled, call.functions),
                types: self.text(filled, call.types),
                mention: self.text(filled, call.mention),
            };
            filled.patterns += 1;
            rest = others;
        }
        Calls { start: short(start), end: short(filled.patterns) }
    }
}

/// A place in the table, which is small.
#[expect(clippy::cast_possible_truncation, reason = "it is compared first")]
const fn short(place: usize) -> u16 {
    assert!(place <= u16::MAX as usize);
    place as u16
}
