//! Entries as programs carry them: without an address in them.
//!
//! The loader writes every address of a program's data at each start, and a text by reference is one. So the texts of all
//! rules are one text, and a rule says where its own lie in it.

use crate::entry::{Call, Entry, Reach};
use crate::on::On;

/// A known habit that touches the allocator or may wait, and what to do instead.
///
/// # Examples
/// ```
/// let sort = qadapt_advice::rules().find(|rule| rule.id() == "stable-sort").expect("it is in the catalogue");
/// assert!(sort.advice().starts_with("sort with `sort_unstable`"));
/// ```
#[derive(Debug)]
pub struct Rule {
    pub(crate) id: Text,
    pub(crate) habit: Text,
    pub(crate) advice: Text,
    pub(crate) calls: Calls,
    pub(crate) through: Calls,
    pub(crate) on: On,
    pub(crate) reach: Reached,
    pub(crate) once: bool,
}

impl Rule {
    /// What stands in a table before it is filled.
    const NONE: Self = Self {
        id: Text::NONE,
        habit: Text::NONE,
        advice: Text::NONE,
        calls: Calls::NONE,
        through: Calls::NONE,
        on: On::ANY,
        reach: Reached::Own,
        once: false,
    };
}

/// How far a rule looks: an entry's `Reach`, packed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reached {
    Own,
    Region(Calls),
}

/// Functions of one module: an entry's `Call`, packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern {
    pub(crate) module: Text,
    pub(crate) functions: Text,
    pub(crate) types: Text,
    pub(crate) mention: Text,
}

impl Pattern {
    /// What stands in a table before it is filled.
    const NONE: Self =
        Self { module: Text::NONE, functions: Text::NONE, types: Text::NONE, mention: Text::NONE };
}

/// Where a text lies among those of all rules.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub(crate) start: u16,
    pub(crate) end: u16,
}

impl Text {
    const NONE: Self = Self { start: 0, end: 0 };
}

/// Where a rule's calls lie among those of all rules.
#[derive(Clone, Copy)]
pub(crate) struct Calls {
    pub(crate) start: u16,
    pub(crate) end: u16,
}

impl Calls {
    const NONE: Self = Self { start: 0, end: 0 };
}

/// How much there is of everything.
pub(crate) struct Sizes {
    pub(crate) text: usize,
    pub(crate) patterns: usize,
}

impl Sizes {
    pub(crate) const fn of(entries: &[Entry]) -> Self {
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

/// Entries, packed.
pub(crate) struct Table<const TEXT: usize, const PATTERNS: usize, const RULES: usize> {
    pub(crate) text: [u8; TEXT],
    pub(crate) patterns: [Pattern; PATTERNS],
    pub(crate) rules: [Rule; RULES],
}

impl<const TEXT: usize, const PATTERNS: usize, const RULES: usize> Table<TEXT, PATTERNS, RULES> {
    pub(crate) const fn of(entries: &[Entry]) -> Self {
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
