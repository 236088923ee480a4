//! What the guard leaves in a file for the prover: a label at the entry of each region, and a list of source regions.
//!
//! `qadapt/src/mark.rs` describes the labels, `qadapt/src/region/note.rs` the list.

use std::collections::BTreeMap;

use object::{Object, ObjectSection, ObjectSymbol};

use super::elf::Elf;
use super::methods;
use super::place::Place;
use super::problem::Problem;
use super::symbol::demangle;

/// The section of the labels.
const LABELS: &str = ".qadapt.marks";
/// The section of the notes.
const NOTES: &str = ".note.qadapt.regions";

/// What kind of region a label opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The closure of a region.
    Region,
    /// The same, and it must be proven.
    Required,
    /// A poll of a future.
    Poll,
    /// What the guard does in a poll of something.
    Part,
    /// A region that begins here and ends somewhere else.
    Extent,
    /// No region: from here on a future's drop is one.
    Drops,
    /// No region: something is made here whose polls are regions.
    Made,
    /// No region: a permit begins.
    Permit,
    /// No region: a permit ends.
    PermitEnd,
    /// No region: the next one forbids permits.
    Forbid,
    /// No region: the next one has a budget.
    Budget,
    /// No region: a deferral of frees begins.
    Deferral,
    /// The closure of a region that may allocate, but must not wait.
    Quiet,
    /// A poll of a future that may allocate, but must not wait.
    QuietPoll,
    /// No region, and without a label: the body of such a deferral.
    Deferred,
}

impl Kind {
    /// All kinds that regions are made of, with their numbers.
    pub(crate) const ALL: [(u64, Self); 9] = [
        (1, Self::Region),
        (2, Self::Required),
        (3, Self::Poll),
        (4, Self::Part),
        (5, Self::Extent),
        (6, Self::Drops),
        (7, Self::Made),
        (13, Self::Quiet),
        (14, Self::QuietPoll),
    ];

    /// The kinds that say what holds inside a region, with their numbers.
    const RULES: [(u64, Self); 5] = [
        (8, Self::Permit),
        (9, Self::PermitEnd),
        (10, Self::Forbid),
        (11, Self::Budget),
        (12, Self::Deferral),
    ];

    /// Whether it says what holds inside a region.
    pub(crate) fn is_rule(self) -> bool {
        Self::RULES.iter().any(|&(_, kind)| kind == self)
    }

    /// Whether a region begins there.
    pub(crate) const fn is_region(self) -> bool {
        matches!(self, Self::Region | Self::Required | Self::Poll | Self::Part | Self::Extent)
            || self.may_allocate()
    }

    /// Whether it is a region that may allocate, but must not wait.
    pub(crate) const fn may_allocate(self) -> bool {
        matches!(self, Self::Quiet | Self::QuietPoll)
    }

    fn of(number: u64) -> Option<Self> {
        Self::ALL.iter().chain(&Self::RULES).find(|kind| kind.0 == number).map(|kind| kind.1)
    }

    /// The kind that the guard's function of this name marks.
    pub(crate) fn of_function(name: &str) -> Option<Self> {
        let name = name.strip_prefix("__qadapt_")?;
        match name.split('<').next()? {
            "region" => Some(Self::Region),
            "quiet" => Some(Self::Quiet),
            "quiet_poll" => Some(Self::QuietPoll),
            "required" => Some(Self::Required),
            "poll" => Some(Self::Poll),
            "part" => Some(Self::Part),
            "extent" => Some(Self::Extent),
            "drops" => Some(Self::Drops),
            "made" => Some(Self::Made),
            "permit" => Some(Self::Permit),
            "deferral" => Some(Self::Deferral),
            "deferred" => Some(Self::Deferred),
            _ => None,
        }
    }
}

/// The entry of one copy of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label {
    /// Where it is.
    pub(crate) addr: u64,
    /// What it opens.
    pub(crate) kind: Kind,
}

/// A region of the source, of which the binary may have copies or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Note {
    /// Its name in reports.
    pub(crate) name: String,
    /// Where its attribute stands.
    pub(crate) at: Place,
    /// Whether its author requires a proof.
    pub(crate) required: bool,
    /// Whether it may allocate, but must not wait.
    pub(crate) may_allocate: bool,
}

/// What a file says of its regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The labels by address; a place with two regions has two, in the order of the code.
    pub(crate) labels: Vec<Label>,
    /// The regions that attributes have made.
    pub(crate) notes: Vec<Note>,
    /// Whether the file has its labels, which may all be of code that the linker left out.
    pub(crate) has_labels: bool,
    /// Whether it says that it has regions: each that an attribute has made has a note.
    pub(crate) has_notes: bool,
}

impl Marks {
    /// Reads the marks of a file, or of the file that was taken from it before it was stripped.
    ///
    /// # Errors
    /// If they are not what this version of the prover understands.
    pub(crate) fn read(file: &Elf<'_>, separate: Option<&Elf<'_>>) -> Result<Self, Problem> {
        let mut marks = Self::default();
        let mut found = Vec::new();
        for file in [Some(file), separate].into_iter().flatten() {
            let section =
                |name| file.section_by_name(name).and_then(|s| s.data().ok()).filter(|d| !d.is_empty());
            if let Some(labels) = section(LABELS)
                && !marks.has_labels
            {
                marks.labels = read_labels(labels)?;
                marks.has_labels = true;
            }
            if let Some(notes) = section(NOTES)
                && found.is_empty()
            {
                found = read_notes(notes)?;
            }
            // Which of the two files has symbols does not matter: they have the same addresses.
            if let Some(section) = file.section_by_name(NOTES) {
                name_by_type(&mut found, file, section.address());
            }
        }
        // In LLD's files somebody has taken the labels away, or there were none; others have left them out themselves.
        if !marks.has_labels && !found.is_empty() && !is_by_lld(file) {
            return Err(Problem::NoLabels(LABELS));
        }
        marks.has_notes = !found.is_empty();
        marks.notes = found.into_iter().map(|(_, note)| note).collect();
        marks.notes.sort();
        marks.notes.dedup();
        Ok(marks)
    }
}

/// Whether LLD has linked a file, which keeps all labels that the compiler wrote.
fn is_by_lld(file: &Elf<'_>) -> bool {
    let comment = file.section_by_name(".comment").and_then(|s| s.data().ok()).unwrap_or(&[]);
    comment.windows(11).any(|word| word == b"Linker: LLD")
}

fn read_labels(data: &[u8]) -> Result<Vec<Label>, Problem> {
    let word = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or_default();
    let mut labels = Vec::new();
    for entry in data.chunks(16) {
        let (Some(addr), Some(kind)) = (entry.get(..8).map(word), entry.get(8..16).map(word)) else {
            return Err(Problem::Section(LABELS));
        };
        let kind = Kind::of(kind).ok_or(Problem::Label(LABELS, kind))?;
        // The linker leaves out functions that nobody calls, and then has no address for their labels.
        if addr > 1 {
            labels.push(Label { addr, kind });
        }
    }
    // The assembler wrote them in the order of the code.
    labels.sort_by_key(|label| label.addr);
    Ok(labels)
}

/// Names notes of methods by their types, as their symbols do.
fn name_by_type(notes: &mut [(usize, Note)], file: &Elf<'_>, start: u64) {
    let symbols: BTreeMap<u64, &str> = file
        .symbols()
        .filter_map(|symbol| Some((symbol.address(), symbol.name().ok()?)))
        .filter(|(_, name)| name.contains("QADAPT_NOTE"))
        .collect();
    for (at, note) in notes {
        if let Some(symbol) = symbols.get(&start.wrapping_add(*at as u64)) {
            note.name = methods::of_note(&note.name, &demangle(symbol));
        }
    }
}

/// The notes have the owner `qadapt`, of kind 1. Each comes with its place in the section.
fn read_notes(data: &[u8]) -> Result<Vec<(usize, Note)>, Problem> {
    let damaged = || Problem::Section(NOTES);
    let mut notes = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let number = |at: usize| -> Option<usize> {
            let bytes = rest.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let (Some(owner), Some(text), Some(kind)) = (number(0), number(4), number(8)) else {
            return Err(damaged());
        };
        let after = |from: usize, length: usize| Some(from.checked_add(length)?.next_multiple_of(4));
        let text_at = after(12, owner).ok_or_else(damaged)?;
        let end = after(text_at, text).ok_or_else(damaged)?;
        let owner = rest.get(12..12 + owner).ok_or_else(damaged)?;
        let text = rest.get(text_at..text_at + text).ok_or_else(damaged)?;
        if kind == 1 && owner == b"qadapt\0" {
            notes.push((data.len() - rest.len(), parsed(text).ok_or_else(damaged)?));
        }
        rest = rest.get(end..).unwrap_or(&[]);
    }
    Ok(notes)
}

/// Name, file, line, column, and whether a proof is required, each closed by a zero byte.
fn parsed(text: &[u8]) -> Option<Note> {
    let mut parts = std::str::from_utf8(text).ok()?.split('\0');
    let name = parts.next()?.to_owned();
    let at = Place {
        file: parts.next()?.to_owned(),
        line: parts.next()?.parse().ok()?,
        column: parts.next()?.parse().ok()?,
    };
    let kind = parts.next()?;
    Some(Note { name, at, required: kind == "1", may_allocate: kind == "2" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap();
        let mut note = [7, length, 1].map(u32::to_le_bytes).concat();
        note.extend(b"qadapt\0\0");
        note.extend(text);
        note.resize(note.len().next_multiple_of(4), 0);
        note
    }

    #[test]
    fn records_are_read_with_their_places() {
        let notes =
            [note(b"app::mix\0src/main.rs\x0012\x005\x001\0"), note(b"app::eq\0src/eq.rs\x003\x001\x000\0")];
        let notes = read_notes(&notes.concat()).unwrap();
        let found: Vec<_> =
            notes.iter().map(|(at, r)| (*at, r.name.as_str(), r.at.line, r.at.column, r.required)).collect();
        let after = |notes: usize| notes + note(b"app::mix\0src/main.rs\x0012\x005\x001\0").len();
        assert_eq!(found[0], (0, "app::mix", 12, 5, true));
        assert_eq!(found[1], (after(0), "app::eq", 3, 1, false));
    }

    #[test]
    fn damage_is_an_error_and_no_panic() {
        let whole = note(b"app::mix\0src/main.rs\x0012\x005\x001\0");
        for length in 1..whole.len() - 4 {
            assert!(read_notes(&whole[..length]).is_err(), "{length}");
        }
        let mut long = whole.clone();
        long[4..8].fill(0xff);
        assert!(read_notes(&long).is_err());
        assert!(read_labels(&[1; 24]).is_err() && read_labels(&[0; 8]).is_err());
    }

    #[test]
    fn labels_of_functions_that_the_linker_left_out_are_none() {
        let words = [0x2000u64, 3, 0, 1, 0x1000, 1].map(u64::to_le_bytes).concat();
        let labels = read_labels(&words).unwrap();
        assert_eq!(
            labels,
            [Label { addr: 0x1000, kind: Kind::Region }, Label { addr: 0x2000, kind: Kind::Poll }]
        );
        let unknown = [0x1000u64, 77].map(u64::to_le_bytes).concat();
        assert!(matches!(read_labels(&unknown), Err(Problem::Label(..))));
    }
}
