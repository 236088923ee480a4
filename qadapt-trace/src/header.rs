//! The head of the file: what a reader needs to find everything else.

use core::mem::{offset_of, size_of};

use crate::bytes::field;
use crate::error::Error;
use crate::format::{MAGIC, SECTIONS, Table, Text, VERSION, Version, flags};
use crate::layout::{HEADER_SIZE, HeaderRow, SectionRow};
use crate::live::{Live, Total};

/// Where a table is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its first byte.
    pub offset: u64,
    /// Bytes of one entry.
    pub entry_size: u64,
    /// Entries in use.
    pub used: u64,
    /// Entries that there was no room for.
    pub lost: u64,
}

impl Section {
    /// Bytes in use. [`Header::parse`] has checked that they can be counted.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.used * self.entry_size
    }
}

/// The head of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The file's version.
    pub version: Version,
    /// See [`flags`].
    pub flags: u64,
    /// The process that wrote it.
    pub pid: u64,
    /// The process that forked that one; 0 where it was started as a program.
    pub parent: u64,
    /// Events in regions, of all kinds.
    pub events: u64,
    /// Events that a region disallowed.
    pub disallowed: u64,
    /// The program's path.
    pub program: Text,
    /// The one test that the process runs, if it is known to run one; else empty.
    pub test: Text,
    /// All blocks together, where they were followed.
    pub live: Option<Total>,
    /// The number of the last peak.
    peak: u64,
    sections: [Section; SECTIONS],
}

impl Header {
    /// Reads the first [`HEADER_SIZE`] bytes of a file.
    ///
    /// # Errors
    /// If they are no header, or of another version, or contradict themselves.
    ///
    /// # Examples
    /// ```
    /// use qadapt_trace::{Error, HEADER_SIZE, Header};
    ///
    /// assert_eq!(Header::parse(b"QADAPTtr"), Err(Error::Short { length: 8 }));
    /// assert_eq!(Header::parse(b"\x7fELF"), Err(Error::Foreign));
    /// assert_eq!(Header::parse(&[b'x'; HEADER_SIZE]), Err(Error::Foreign));
    /// assert_eq!(Header::parse(&[0; HEADER_SIZE]), Err(Error::Unfinished));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let begins_so = bytes.iter().zip(MAGIC.to_ne_bytes()).all(|(&byte, expected)| byte == expected);
        let short = if begins_so { Error::Short { length: bytes.len() } } else { Error::Foreign };
        let bytes = bytes.get(..HEADER_SIZE).ok_or(short)?;
        let number = |offset| field::<8>(bytes, offset).map(u64::from_ne_bytes).ok_or(short);
        match number(offset_of!(HeaderRow, magic))? {
            MAGIC => {}
            0 if bytes.iter().all(|&byte| byte == 0) => return Err(Error::Unfinished),
            other if other == MAGIC.swap_bytes() => return Err(Error::ByteOrder),
            _ => return Err(Error::Foreign),
        }
        let version = Version::from_code(number(offset_of!(HeaderRow, version))?);
        if version.major != VERSION.major {
            return Err(Error::Version { found: version });
        }
        let mut sections = [Section { offset: 0, entry_size: 0, used: 0, lost: 0 }; SECTIONS];
        for (index, section) in sections.iter_mut().enumerate() {
            let at = offset_of!(HeaderRow, sections) + index * size_of::<SectionRow>();
            let capacity = number(at + offset_of!(SectionRow, capacity))?;
            let used = number(at + offset_of!(SectionRow, used))?;
            *section = Section {
                offset: number(at + offset_of!(SectionRow, offset))?,
                entry_size: number(at + offset_of!(SectionRow, entry_size))?,
                // Entries are claimed before the table is known to be full.
                used: used.min(capacity),
                lost: number(at + offset_of!(SectionRow, lost))?,
            };
            section.check(capacity)?;
        }
        let set = number(offset_of!(HeaderRow, flags))?;
        let is_followed = set & (flags::LIVE | flags::SAMPLED) != 0;
        let live = Total::parse(bytes, set).filter(|_| is_followed);
        Ok(Self {
            version,
            flags: set,
            live: live.map(|(total, _)| total),
            peak: live.map_or(0, |(_, peak)| peak),
            pid: number(offset_of!(HeaderRow, pid))?,
            parent: number(offset_of!(HeaderRow, parent))?,
            events: number(offset_of!(HeaderRow, events))?,
            disallowed: number(offset_of!(HeaderRow, disallowed))?,
            program: Text::from_code(number(offset_of!(HeaderRow, program))?),
            test: Text::from_code(number(offset_of!(HeaderRow, test))?),
            sections,
        })
    }

    /// What a site's entry says of its blocks; none where they were not followed.
    #[must_use]
    pub fn live(&self, entry: &[u8]) -> Option<Live> {
        self.live.and_then(|_| Live::parse(entry, self.peak))
    }

    /// Where a table is.
    #[must_use]
    pub const fn section(&self, table: Table) -> Section {
        *table.of(&self.sections)
    }

    /// True if all of these [`flags`] are set.
    #[must_use]
    pub const fn has(&self, flags: u64) -> bool {
        self.flags & flags == flags
    }
}

impl Section {
    /// The largest file that a header may speak of: 1 GiB.
    const LIMIT: u64 = 1 << 30;

    fn check(&self, capacity: u64) -> Result<(), Error> {
        if self.entry_size == 0 || self.entry_size > 4096 {
            return Err(Error::Corrupt { what: "an entry's size" });
        }
        let length = capacity.checked_mul(self.entry_size);
        let end = length.and_then(|length| length.checked_add(self.offset));
        if self.offset < HEADER_SIZE as u64 || end.is_none_or(|end| end > Self::LIMIT) {
            return Err(Error::Corrupt { what: "a table's place" });
        }
        Ok(())
    }
}
