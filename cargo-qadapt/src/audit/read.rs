//! One trace file, read as far as it can be.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use qadapt_code::origin::with_slashes;
use qadapt_trace::{HEADER_SIZE, Header, Live, Module, Region, Site, Stack, Table, Text, text};

use super::bundle::{Bundle, is_doctest};
use crate::error::{Error, Result};

/// What a trace file holds.
#[derive(Debug)]
pub struct Trace {
    /// Its head.
    pub header: Header,
    /// The regions by number; none where the entry makes no sense.
    pub regions: Vec<Option<Region>>,
    /// The sites.
    pub sites: Vec<Site>,
    /// What became of the sites' blocks; empty where they were not followed.
    pub live: Vec<Live>,
    /// What was loaded.
    pub modules: Vec<Module>,
    /// The entries that the file is too short for, or that make no sense.
    pub unreadable: u64,
    stacks: Vec<u8>,
    stack_size: usize,
    frames: Vec<u8>,
    strings: Vec<u8>,
    /// Where doctests are written that rustdoc has joined in the program.
    bundle: Bundle,
}

impl Trace {
    /// Reads a file: of the tables only what is in use.
    ///
    /// # Errors
    /// If it cannot be read, or its head is no trace's.
    pub fn read(path: &Path) -> Result<Self> {
        let io = |e| Error::io("read the trace", path, e);
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut head = vec![0; usize::try_from(length).unwrap_or(HEADER_SIZE).min(HEADER_SIZE)];
        file.read_exact(&mut head).map_err(io)?;
        let header = Header::parse(&head).map_err(|e| Error::input("trace", path, e))?;
        let mut missing = 0;
        let mut section = |kind| -> Result<Vec<u8>> {
            let section = header.section(kind);
            let there = length.saturating_sub(section.offset).min(section.length());
            let whole = there - there % section.entry_size;
            missing += (section.length() - whole) / section.entry_size;
            let mut bytes = vec![0; usize::try_from(whole).unwrap_or(0)];
            file.seek(SeekFrom::Start(section.offset)).map_err(io)?;
            file.read_exact(&mut bytes).map_err(io)?;
            Ok(bytes)
        };
        let size = |kind| usize::try_from(header.section(kind).entry_size).unwrap_or(usize::MAX);
        let strings = section(Table::Strings)?;
        let regions = section(Table::Regions)?;
        let regions = regions.chunks_exact(size(Table::Regions)).map(Region::parse).collect();
        let modules = section(Table::Modules)?;
        let modules: Vec<Module> =
            modules.chunks_exact(size(Table::Modules)).filter_map(Module::parse).collect();
        let entries = section(Table::Sites)?;
        let sites: Vec<Site> = entries.chunks_exact(size(Table::Sites)).filter_map(Site::parse).collect();
        // Entries without a site, which were claimed and never written, have nothing here either.
        let written = entries.chunks_exact(size(Table::Sites)).filter(|entry| Site::parse(entry).is_some());
        let live = written.filter_map(|entry| header.live(entry)).collect();
        let stacks = section(Table::Stacks)?;
        let frames = section(Table::Frames)?;
        let path_of = |module: &Module| PathBuf::from(&*String::from_utf8_lossy(text(&strings, module.path)));
        let program = modules.iter().map(path_of).find(|program| is_doctest(program));
        let bundle = program.map(|program| Bundle::beside(&program)).unwrap_or_default();
        Ok(Self {
            header,
            regions,
            sites,
            live,
            modules,
            unreadable: missing,
            stacks,
            stack_size: size(Table::Stacks),
            frames,
            strings,
            bundle,
        })
    }

    /// Whether some region was entered.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        self.regions.iter().flatten().any(|region| region.calls > 0)
    }

    /// A stack by its number.
    #[must_use]
    pub fn stack(&self, number: u32) -> Option<Stack> {
        let start = (number as usize).checked_mul(self.stack_size)?;
        Stack::parse(self.stacks.get(start..)?.get(..self.stack_size)?)
    }

    /// The return addresses of a stack.
    pub fn frames(&self, stack: &Stack) -> impl Iterator<Item = u64> {
        stack.frames(&self.frames)
    }

    /// Where a region is opened: of a doctest that rustdoc has joined with others, where that is written.
    #[must_use]
    pub fn place(&self, region: &Region) -> (String, u32) {
        let file = self.text(region.file);
        match self.bundle.place(&with_slashes(&file), region.line) {
            Some((source, line)) => (source.to_owned(), line),
            None => (file, region.line),
        }
    }

    /// The bytes of a string.
    #[must_use]
    pub fn bytes(&self, at: Text) -> &[u8] {
        text(&self.strings, at)
    }

    /// A string, with what is no UTF-8 replaced.
    #[must_use]
    pub fn text(&self, at: Text) -> String {
        String::from_utf8_lossy(self.bytes(at)).into_owned()
    }
}

/// The traces of a directory by name, and of those inside it.
///
/// # Errors
/// If the directory cannot be read.
pub fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let io = |e| Error::io("read the folder", directory, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "qtrace") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
