//! Landing pads that catch: where a function goes on after a panic below it.
//!
//! Pads that only clean up belong to panicking paths, which no verdict speaks of. A pad that catches brings control
//! back to a path that may return, so the control flow must have an edge to it.
//!
//! Layout of the language-specific data area: Itanium C++ ABI, "Exception Handling Tables".

use std::collections::HashMap;

use gimli::{BaseAddresses, EhFrame, LittleEndian, Pointer, UnwindSection};
use object::{Object, ObjectSection};

use super::elf::Elf;

/// A call site whose panics are caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Catch {
    /// First address of the covered code.
    pub(crate) start: u64,
    /// The address after it.
    pub(crate) end: u64,
    /// Where control goes.
    pub(crate) pad: u64,
}

/// The functions with exception tables.
#[derive(Debug, Default)]
pub(crate) struct Catches<'a> {
    /// Where functions without one lie, if what there is could not all be read: of all others nothing is known.
    without: Option<Vec<(u64, u64)>>,
    /// Function start, function end, table offset in `table`; sorted.
    functions: Vec<(u64, u64, Option<usize>)>,
    table: &'a [u8],
    table_addr: u64,
}

impl<'a> Catches<'a> {
    /// Indexes the unwind tables of a file.
    pub(crate) fn read(file: &Elf<'a>) -> Self {
        Self::try_read(file).unwrap_or_default()
    }

    fn try_read(file: &Elf<'a>) -> Option<Self> {
        let frame = file.section_by_name(".eh_frame")?;
        let mut bases = BaseAddresses::default().set_eh_frame(frame.address());
        if let Some(text) = file.section_by_name(".text") {
            bases = bases.set_text(text.address());
        }
        if let Some(got) = file.section_by_name(".got") {
            bases = bases.set_got(got.address());
        }
        let table = file.section_by_name(".gcc_except_table");
        let table_data = table.as_ref().and_then(|table| table.data().ok()).unwrap_or_default();
        let table_addr = table.map_or(0, |table| table.address());
        let mut this = Self { without: None, functions: Vec::new(), table: table_data, table_addr };
        let data = frame.data().ok()?;
        let known = with_known_letters(data);
        let section = EhFrame::new(known.as_deref().unwrap_or(data), LittleEndian);
        let mut cies = HashMap::new();
        let mut entries = section.entries(&bases);
        let (mut without, mut is_damaged) = (Vec::new(), false);
        loop {
            let partial = match entries.next() {
                Ok(Some(gimli::CieOrFde::Fde(partial))) => partial,
                Ok(Some(gimli::CieOrFde::Cie(_))) => continue,
                Ok(None) => break,
                Err(_) => {
                    is_damaged = true;
                    break;
                }
            };
            let fde = partial.parse(|section, bases, offset| match cies.get(&offset.0) {
                Some(cie) => Ok(gimli::CommonInformationEntry::clone(cie)),
                None => section.cie_from_offset(bases, offset).inspect(|cie| {
                    cies.insert(offset.0, cie.clone());
                }),
            });
            let Ok(fde) = fde else {
                is_damaged = true;
                continue;
            };
            let start = fde.initial_address();
            let lsda = match fde.lsda() {
                Some(Pointer::Direct(addr)) if addr != 0 => addr,
                Some(Pointer::Indirect(_)) => 0,
                _ => {
                    without.push((start, start.saturating_add(fde.len())));
                    continue;
                }
            };
            let offset = lsda
                .checked_sub(this.table_addr)
                .and_then(|o| usize::try_from(o).ok())
                .filter(|&o| o < table_data.len());
            this.functions.push((start, start.saturating_add(fde.len()), offset));
        }
        this.functions.sort_unstable();
        if is_damaged {
            without.sort_unstable();
            this.without = Some(without);
        }
        Some(this)
    }

    /// The catching call sites of the function that covers `addr`; `None` if it has a table that cannot be read:
    /// then anything may be caught.
    pub(crate) fn of(&self, addr: u64) -> Option<Vec<Catch>> {
        self.read_of(addr, false)
    }

    /// The same with those that only clean up.
    pub(crate) fn pads(&self, addr: u64) -> Option<Vec<Catch>> {
        self.read_of(addr, true)
    }

    fn read_of(&self, addr: u64, cleanups: bool) -> Option<Vec<Catch>> {
        let found = self.functions.partition_point(|f| f.0 <= addr).checked_sub(1).map(|i| self.functions[i]);
        let Some((start, _, offset)) = found.filter(|&(_, end, _)| addr < end) else {
            let has_none = self.without.as_ref().is_none_or(|without| {
                let before = without.partition_point(|f| f.0 <= addr).checked_sub(1);
                before.is_some_and(|i| addr < without[i].1)
            });
            return has_none.then(Vec::new);
        };
        let bytes = offset.and_then(|o| self.table.get(o..))?;
        read_table(bytes, start, cleanups)
    }
}

/// The same entries, where some have a letter that says how return addresses are signed (`B`) or that the stack is tagged (`G`), with
/// which no data comes: as if it were the one for a signal's frame (`S`). None if there are none.
fn with_known_letters(section: &[u8]) -> Option<Vec<u8>> {
    let mut known = None;
    let word = |at: usize| {
        section
            .get(at..at.checked_add(4)?)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    };
    let mut at = 0usize;
    // Entries of more than four gigabytes are made by nobody.
    while let Some(length) = word(at).filter(|&length| length < u32::MAX) {
        let (start, next) = (at + 4, at.checked_add(4 + length as usize)?);
        if length > 0 && word(start) == Some(0) {
            // An id of 0 and a version come before the letters.
            let letters = section.get(start + 5..next.min(section.len())).unwrap_or_default();
            for (i, letter) in letters.iter().enumerate().take_while(|(_, letter)| **letter != 0) {
                if matches!(letter, b'B' | b'G') {
                    known.get_or_insert_with(|| section.to_vec())[start + 5 + i] = b'S';
                }
            }
        }
        at = next;
    }
    known
}

fn read_table(bytes: &[u8], function: u64, cleanups: bool) -> Option<Vec<Catch>> {
    let mut at = Cursor { bytes, pos: 0 };
    let landing_base = at.u8()?;
    if landing_base != 0xff {
        return None;
    }
    if at.u8()? != 0xff {
        at.uleb()?;
    }
    let encoding = at.u8()?;
    let length = usize::try_from(at.uleb()?).ok()?;
    let end = at.pos.checked_add(length).filter(|&e| e <= bytes.len())?;
    let mut catches = Vec::new();
    while at.pos < end {
        let start = at.encoded(encoding)?;
        let len = at.encoded(encoding)?;
        let pad = at.encoded(encoding)?;
        let action = at.uleb()?;
        if pad != 0 && (cleanups || action != 0 && catches_any(bytes, end, action)?) {
            let start = function.checked_add(start)?;
            catches.push(Catch { start, end: start.checked_add(len)?, pad: function.checked_add(pad)? });
        }
    }
    Some(catches)
}

/// Whether a chain of actions has anything but cleanups.
fn catches_any(bytes: &[u8], actions: usize, first: u64) -> Option<bool> {
    let mut pos = actions.checked_add(usize::try_from(first).ok()?.checked_sub(1)?)?;
    for _ in 0..64 {
        let mut at = Cursor { bytes, pos };
        if at.sleb()? != 0 {
            return Some(true);
        }
        let link = at.pos;
        match at.sleb()? {
            0 => return Some(false),
            step => pos = link.checked_add_signed(isize::try_from(step).ok()?)?,
        }
    }
    None
}

struct Cursor<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl Cursor<'_> {
    fn u8(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.pos)?;
        self.pos += 1;
        Some(byte)
    }

    fn uleb(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn sleb(&mut self) -> Option<i64> {
        let mut value = 0i64;
        for shift in (0..63).step_by(7) {
            let byte = self.u8()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let unused = 64 - (shift + 7);
                return Some((value << unused) >> unused);
            }
        }
        None
    }

    fn encoded(&mut self, encoding: u8) -> Option<u64> {
        match encoding {
            0x01 => self.uleb(),
            0x03 | 0x0b => {
                let bytes = self.bytes.get(self.pos..self.pos.checked_add(4)?)?;
                self.pos += 4;
                Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_catching_pads_from_cleanups() {
        // No landing base, a type table, uleb call sites of 8 bytes: one cleanup, one catch; then the actions.
        let table = [
            0xff, 0x9b, 0x15, 0x01, 0x08, 0x00, 0x04, 0x20, 0x00, 0x04, 0x04, 0x30, 0x01, 0x01, 0x00, 0x00,
            0x00,
        ];
        let catch = Catch { start: 0x104, end: 0x108, pad: 0x130 };
        assert_eq!(read_table(&table, 0x100, false), Some(vec![catch]));
        let cleanup = Catch { start: 0x100, end: 0x104, pad: 0x120 };
        assert_eq!(read_table(&table, 0x100, true), Some(vec![cleanup, catch]));
    }

    #[test]
    fn letters_without_data_are_made_known_and_no_other_byte_is_changed() {
        let entry = |letters: &[u8]| {
            let body = [&[0, 0, 0, 0, 1], letters, &[0, b'B', b'G', 0]].concat();
            [&u32::try_from(body.len()).expect("a short one").to_le_bytes()[..], &body].concat()
        };
        // An end in between, and a description of a function, whose id is not 0.
        let between = [0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, b'B', b'G', 0, 0];
        let all = [&entry(b"zRB")[..], &between, &entry(b"zPLRBG"), &entry(b"zR")].concat();
        let known = [&entry(b"zRS")[..], &between, &entry(b"zPLRSS"), &entry(b"zR")].concat();
        assert_eq!(with_known_letters(&all), Some(known));
        assert_eq!(with_known_letters(&entry(b"zR")), None);
        for length in 0..all.len() {
            let cut = with_known_letters(&all[..length]);
            assert!(cut.is_none_or(|cut| cut.len() == length));
        }
    }

    #[test]
    fn a_damaged_table_is_no_table() {
        assert_eq!(read_table(&[0xff, 0xff, 0x01, 0x20, 0x00], 0x100, false), None);
        assert_eq!(read_table(&[0x00], 0x100, false), None);
        assert_eq!(read_table(&[], 0x100, false), None);
    }
}
