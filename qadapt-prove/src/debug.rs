//! Debug information, wherever it lies: in the file, in a file of its own, in a package or in an object beside; and what else
//! lies beside.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use addr2line::{Context, LookupContinuation, LookupResult};
use gimli::{DwarfPackage, DwoId, EndianSlice, LittleEndian, SectionId};
use memmap2::Mmap;
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection};
use qadapt_code::map::map;

use super::identity::{build_id, hexadecimal};
use super::sources::{self, Opened};

/// How debug information is read.
pub type Reader<'a> = EndianSlice<'a, LittleEndian>;
type Dwarf<'a> = gimli::Dwarf<Reader<'a>>;
type Elf<'a> = ElfFile64<'a, Endianness>;

/// The files beside an executable that its debug information lies in.
#[derive(Debug, Default)]
pub struct DebugFiles {
    /// `objcopy --only-keep-debug` made it of the same build.
    separate: Option<Mmap>,
    /// The `.dwp`.
    package: Option<Mmap>,
    /// The `.dwo` of each unit.
    units: Vec<(DwoId, Mmap)>,
    /// Sections that had to be unpacked, by file and name.
    unpacked: HashMap<(usize, String), Vec<u8>>,
    /// What is used, and what could not be, in words.
    notes: Vec<String>,
    /// The regions that calls open in the executable's sources.
    opened: Vec<Opened>,
}

impl DebugFiles {
    /// Looks for what belongs to this file.
    #[must_use]
    pub fn beside(path: &Path, data: &[u8]) -> Self {
        let mut files = Self { opened: sources::opened(path), ..Self::default() };
        let Ok(file) = Elf::parse(data) else { return files };
        if file.section_by_name(".debug_info").is_none() {
            files.find_separate(path, &file);
        }
        files.package = open(&with_suffix(path, ".dwp"));
        let main = files.separate.as_deref().unwrap_or(data);
        let unpacked = unpack(main);
        let wanted = split_units(main, &unpacked, files.package.as_deref());
        for (id, path) in wanted {
            match open(&path).filter(|data| is_unit(data, id)) {
                Some(data) => files.units.push((id, data)),
                None => files.notes.push(format!(
                    "split debug information is missing or of another build: {}",
                    path.display()
                )),
            }
        }
        let sources = files.sources(data).map(|(number, data)| (number, unpack(data)));
        let unpacked: Vec<_> = sources.collect();
        files.unpacked = unpacked
            .into_iter()
            .flat_map(|(number, sections)| {
                sections.into_iter().map(move |(name, data)| ((number, name), data))
            })
            .collect();
        files
    }

    /// The file that has the symbols and the debug information, if the executable has not.
    #[must_use]
    pub fn separate(&self) -> Option<&[u8]> {
        self.separate.as_deref()
    }

    /// What is used, and what could not be.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The regions that calls open in the executable's sources, if a list of these lies beside it.
    #[must_use]
    pub fn opened(&self) -> &[Opened] {
        &self.opened
    }

    fn find_separate(&mut self, path: &Path, file: &Elf<'_>) {
        let id = file.build_id().ok().flatten();
        let link = file.gnu_debuglink().ok().flatten();
        for candidate in candidates(path, id, link.map(|link| link.0)) {
            let Some(data) = open(&candidate) else { continue };
            let same_id = id.is_some() && build_id(&data).as_deref() == id;
            let same_sum = link.is_some_and(|link| crc32(&data) == link.1);
            if same_id || (id.is_none() && same_sum) {
                self.notes.push(format!("debug information: {}", candidate.display()));
                self.separate = Some(data);
                return;
            }
            self.notes.push(format!(
                "{} is of another build, or cannot be told to be of this one",
                candidate.display()
            ));
        }
    }

    /// All files, each with its number: the executable or what stands in for it, the package, the units.
    fn sources<'a>(&'a self, data: &'a [u8]) -> impl Iterator<Item = (usize, &'a [u8])> {
        let main = self.separate.as_deref().unwrap_or(data);
        let package = self.package.as_deref().unwrap_or(&[]);
        [main, package].into_iter().chain(self.units.iter().map(|unit| &*unit.1)).enumerate()
    }

    /// Reads the debug information of an executable.
    #[must_use]
    pub fn open<'a>(&'a self, data: &'a [u8]) -> Option<Debug<'a>> {
        let main = self.separate.as_deref().unwrap_or(data);
        let mut dwarf = self.dwarf(main, 0, false)?;
        dwarf.populate_abbreviations_cache(gimli::AbbreviationsCacheStrategy::Duplicates);
        let context = Context::from_dwarf(dwarf).ok()?;
        let package = self.package.as_deref().and_then(|data| {
            let file = Elf::parse(data).ok()?;
            let load = |id: SectionId| Ok::<_, gimli::Error>(self.section(&file, 1, id.dwo_name()));
            DwarfPackage::load(load, EndianSlice::new(&[], LittleEndian)).ok()
        });
        Some(Debug { files: self, context, package })
    }

    fn dwarf<'a>(&'a self, data: &'a [u8], number: usize, split: bool) -> Option<Dwarf<'a>> {
        let file = Elf::parse(data).ok()?;
        gimli::Dwarf::load(|id: SectionId| {
            let name = if split { id.dwo_name() } else { Some(id.name()) };
            Ok::<_, gimli::Error>(self.section(&file, number, name))
        })
        .ok()
    }

    fn section<'a>(&'a self, file: &Elf<'a>, number: usize, name: Option<&str>) -> Reader<'a> {
        let bytes = name.and_then(|name| match self.unpacked.get(&(number, name.to_owned())) {
            Some(unpacked) => Some(unpacked.as_slice()),
            None => file.section_by_name(name).and_then(|section| section.data().ok()),
        });
        EndianSlice::new(bytes.unwrap_or(&[]), LittleEndian)
    }
}

/// The debug information of one executable.
pub struct Debug<'a> {
    files: &'a DebugFiles,
    context: Context<Reader<'a>>,
    package: Option<DwarfPackage<Reader<'a>>>,
}

impl std::fmt::Debug for Debug<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Debug").finish_non_exhaustive()
    }
}

impl<'a> Debug<'a> {
    /// What answers questions about addresses.
    #[must_use]
    pub fn context(&self) -> &Context<Reader<'a>> {
        &self.context
    }

    /// Finishes a question, with the units that it needs.
    pub fn answer<L: LookupContinuation<Buf = Reader<'a>>>(&self, mut lookup: LookupResult<L>) -> L::Output {
        loop {
            lookup = match lookup {
                LookupResult::Output(output) => return output,
                LookupResult::Load { load, continuation } => {
                    continuation.resume(self.unit(load.dwo_id, &load.parent).map(Arc::new))
                }
            };
        }
    }

    fn unit(&self, id: DwoId, parent: &Dwarf<'a>) -> Option<Dwarf<'a>> {
        if let Some(package) = &self.package
            && let Ok(Some(unit)) = package.find_cu(id, parent)
        {
            return Some(unit);
        }
        let place = self.files.units.iter().position(|unit| unit.0 == id)?;
        let mut unit = self.files.dwarf(&self.files.units[place].1, place + 2, true)?;
        unit.make_dwo(parent);
        Some(unit)
    }
}

/// Where debug information of its own may lie, the likeliest place first.
fn candidates(path: &Path, id: Option<&[u8]>, link: Option<&[u8]>) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    if let Some(name) = link.and_then(|name| std::str::from_utf8(name).ok()) {
        found.push(folder.join(name));
        found.push(folder.join(".debug").join(name));
        if let Ok(full) = folder.canonicalize()
            && let Ok(below) = full.strip_prefix("/")
        {
            found.push(Path::new("/usr/lib/debug").join(below).join(name));
        }
    }
    found.push(with_suffix(path, ".debug"));
    if let Some([first, rest @ ..]) = id {
        let rest = hexadecimal(rest);
        found.push(PathBuf::from(format!("/usr/lib/debug/.build-id/{first:02x}/{rest}.debug")));
    }
    found.dedup();
    found.retain(|candidate| candidate != path);
    found
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn open(path: &Path) -> Option<Mmap> {
    map(&std::fs::File::open(path).ok()?).ok()
}

/// The checksum of `.gnu_debuglink`.
fn crc32(data: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(data);
    sum.sum()
}

/// The compressed sections of a file, unpacked.
fn unpack(data: &[u8]) -> Vec<(String, Vec<u8>)> {
    let Ok(file) = Elf::parse(data) else { return Vec::new() };
    let mut unpacked = Vec::new();
    for section in file.sections() {
        let Ok(name) = section.name() else { continue };
        let Ok(data) = section.compressed_data() else { continue };
        if name.starts_with(".debug_")
            && data.format != object::CompressionFormat::None
            && let Ok(plain) = data.decompress()
        {
            unpacked.push((name.to_owned(), plain.into_owned()));
        }
    }
    unpacked
}

/// The units whose description lies in files of their own that no package has, with the paths of those.
fn split_units(main: &[u8], unpacked: &[(String, Vec<u8>)], package: Option<&[u8]>) -> Vec<(DwoId, PathBuf)> {
    let unpacked = unpacked.iter().map(|(name, data)| ((0, name.clone()), data.clone())).collect();
    let files = DebugFiles { unpacked, ..DebugFiles::default() };
    let Some(dwarf) = files.dwarf(main, 0, false) else { return Vec::new() };
    let packed = package.and_then(|data| {
        let file = Elf::parse(data).ok()?;
        let load = |id: SectionId| Ok::<_, gimli::Error>(files.section(&file, 1, id.dwo_name()));
        DwarfPackage::load(load, EndianSlice::new(&[], LittleEndian)).ok()
    });
    let mut found = Vec::new();
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let Ok(unit) = dwarf.unit(header) else { continue };
        let Some(id) = unit.dwo_id else { continue };
        if packed.as_ref().is_some_and(|p| p.find_cu(id, &dwarf).is_ok_and(|unit| unit.is_some())) {
            continue;
        }
        let Ok(Some(name)) = unit.dwo_name() else { continue };
        let Ok(name) = dwarf.attr_string(&unit, name) else { continue };
        let folder = unit.comp_dir.map_or_else(String::new, |dir| dir.to_string_lossy().into_owned());
        found.push((id, Path::new(&folder).join(&*name.to_string_lossy())));
    }
    found
}

/// Whether a file describes this unit.
fn is_unit(data: &[u8], id: DwoId) -> bool {
    let files = DebugFiles::default();
    let Some(dwarf) = files.dwarf(data, 0, true) else { return false };
    let Ok(Some(header)) = dwarf.units().next() else { return false };
    dwarf.unit(header).is_ok_and(|unit| unit.dwo_id == Some(id))
}
