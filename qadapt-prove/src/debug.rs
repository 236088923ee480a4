//! Debug information, wherever it lies: in the file, in a file of its own, in a package or in an object beside; and what else
//! lies beside.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use addr2line::{Context, LookupContinuation, LookupResult};
use gimli::{DwarfPackage, DwoId, EndianSlice, LittleEndian, Section as _, SectionId, Unit, UnitRef};
use memmap2::Mmap;
use object::{Object, ObjectSection};
use sha2::{Digest as _, Sha256};

use super::elf::{Elf, parse};
use super::identity::hexadecimal;
use super::mapped::mapped;
use super::sources::{self, Source};

/// How debug information is read.
pub(crate) type Reader<'a> = EndianSlice<'a, LittleEndian>;
type Dwarf<'a> = gimli::Dwarf<Reader<'a>>;

/// What lies beside an executable and may be its debug information, mapped: it outlives what is parsed of it, so that no file is
/// parsed twice.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Files that may be separate ones, the likeliest first.
    near: OnceCell<Vec<(PathBuf, Mmap)>>,
    package: OnceCell<Option<Mmap>>,
    /// The file of each unit, if it is there.
    units: OnceCell<Vec<Option<Mmap>>>,
}

impl Beside {
    /// The file with the symbols and the debug information of an executable that has none. The notes get what is used, and what could
    /// not be.
    pub(crate) fn separate(&self, path: &Path, file: &Elf<'_>, notes: &mut Vec<String>) -> Option<Elf<'_>> {
        if file.section_by_name(".debug_info").is_some() {
            return None;
        }
        let id = file.build_id().ok().flatten();
        let link = file.gnu_debuglink().ok().flatten();
        let near = self.near.get_or_init(|| {
            let candidates = candidates(path, id, link.map(|link| link.0)).into_iter();
            candidates.filter_map(|candidate| mapped(&candidate).ok().map(|data| (candidate, data))).collect()
        });
        for (candidate, data) in near {
            let other = parse(data).ok().filter(|other| match id {
                Some(id) => other.build_id() == Ok(Some(id)),
                None => link.is_some_and(|link| crc32(data) == link.1),
            });
            if other.is_some() {
                notes.push(format!("debug information: {}", candidate.display()));
                return other;
            }
            notes.push(format!(
                "{} is of another build, or cannot be told to be of this one",
                candidate.display()
            ));
        }
        None
    }

    fn package(&self, path: &Path) -> Option<Elf<'_>> {
        let package = self.package.get_or_init(|| mapped(&with_suffix(path, ".dwp")).ok());
        parse(package.as_deref()?).ok()
    }

    /// The units that these files describe; the notes get those that do not.
    fn units(&self, wanted: &[(DwoId, PathBuf)], notes: &mut Vec<String>) -> Vec<(DwoId, Elf<'_>)> {
        let files = self.units.get_or_init(|| wanted.iter().map(|(_, path)| mapped(path).ok()).collect());
        let mut found = Vec::new();
        for ((id, path), data) in wanted.iter().zip(files) {
            let unit = data.as_deref().and_then(|data| parse(data).ok());
            match unit.filter(|unit| is_unit(unit, *id)) {
                Some(unit) => found.push((*id, unit)),
                None => notes.push(format!(
                    "split debug information is missing or of another build: {}",
                    path.display()
                )),
            }
        }
        found
    }
}

/// The files beside an executable that its debug information lies in.
#[derive(Debug, Default)]
pub(crate) struct DebugFiles<'a> {
    /// `objcopy --only-keep-debug` made it of the same build.
    separate: Option<Elf<'a>>,
    /// The `.dwp`.
    package: Option<Elf<'a>>,
    /// The `.dwo` of each unit.
    units: Vec<(DwoId, Elf<'a>)>,
    /// Sections that had to be unpacked.
    unpacked: Unpacked,
    /// What is used, and what could not be, in words.
    notes: Vec<String>,
    /// The executable, beside which a list of its sources may lie.
    executable: PathBuf,
    /// Those sources, once they are asked for.
    sources: OnceCell<Vec<Source>>,
}

/// Sections that had to be unpacked, by file and name.
type Unpacked = HashMap<(usize, String), Vec<u8>>;

impl<'a> DebugFiles<'a> {
    /// Looks for what belongs to this file.
    pub(crate) fn of(path: &Path, file: &Elf<'_>, beside: &'a Beside) -> Self {
        let mut notes = Vec::new();
        let separate = beside.separate(path, file, &mut notes);
        let package = beside.package(path);
        let main = separate.as_ref().unwrap_or(file);
        let mut unpacked = Unpacked::default();
        unpack(main, 0, &mut unpacked);
        if let Some(package) = &package {
            unpack(package, 1, &mut unpacked);
        }
        let units = beside.units(&split_units(main, package.as_ref(), &unpacked), &mut notes);
        for (number, (_, unit)) in units.iter().enumerate() {
            unpack(unit, number + 2, &mut unpacked);
        }
        let (executable, sources) = (path.to_owned(), OnceCell::new());
        Self { separate, package, units, unpacked, notes, executable, sources }
    }

    /// The file that has the symbols and the debug information, if the executable has not.
    pub(crate) fn separate(&self) -> Option<&Elf<'a>> {
        self.separate.as_ref()
    }

    /// What is used, and what could not be.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The executable's sources, if a list of these lies beside it. They are read at the first question.
    pub(crate) fn sources(&self) -> &[Source] {
        self.sources.get_or_init(|| sources::sources(&self.executable))
    }

    /// The SHA-256 of all files with debug information that lie beside the executable, one after the other.
    pub(crate) fn digest(&self) -> String {
        let alone = [&self.separate, &self.package].map(|file| file.as_ref().map_or(&[][..], Elf::data));
        let mut found = String::new();
        for file in alone.into_iter().chain(self.units.iter().map(|(_, unit)| unit.data())) {
            found += &hexadecimal(&Sha256::digest(file));
        }
        found
    }

    /// Reads the debug information of an executable: of this file, the executable or what stands in for it.
    pub(crate) fn open(&'a self, main: &Elf<'a>) -> Option<Debug<'a>> {
        let load = || dwarf(main, 0, false, &self.unpacked);
        let mut dwarf = load()?;
        dwarf.populate_abbreviations_cache(gimli::AbbreviationsCacheStrategy::Duplicates);
        let context = Context::from_dwarf(dwarf).ok()?;
        let package = self.package.as_ref().and_then(|package| packed(package, &self.unpacked));
        Some(Debug { files: self, main: load()?, context, package, skeletons: OnceCell::new() })
    }
}

fn dwarf<'a>(file: &Elf<'a>, number: usize, split: bool, unpacked: &'a Unpacked) -> Option<Dwarf<'a>> {
    gimli::Dwarf::load(|id: SectionId| {
        let name = if split { id.dwo_name() } else { Some(id.name()) };
        Ok::<_, gimli::Error>(section(file, number, name, unpacked))
    })
    .ok()
}

/// The units of a package.
fn packed<'a>(file: &Elf<'a>, unpacked: &'a Unpacked) -> Option<DwarfPackage<Reader<'a>>> {
    let load = |id: SectionId| Ok::<_, gimli::Error>(section(file, 1, id.dwo_name(), unpacked));
    DwarfPackage::load(load, EndianSlice::new(&[], LittleEndian)).ok()
}

fn section<'a>(file: &Elf<'a>, number: usize, name: Option<&str>, unpacked: &'a Unpacked) -> Reader<'a> {
    let bytes = name.and_then(|name| match unpacked.get(&(number, name.to_owned())) {
        Some(unpacked) => Some(unpacked.as_slice()),
        None => file.section_by_name(name).and_then(|section| section.data().ok()),
    });
    EndianSlice::new(bytes.unwrap_or(&[]), LittleEndian)
}

/// The debug information of one executable.
pub(crate) struct Debug<'a> {
    files: &'a DebugFiles<'a>,
    /// What is in the executable itself.
    main: Dwarf<'a>,
    context: Context<Reader<'a>>,
    package: Option<DwarfPackage<Reader<'a>>>,
    /// The units in the executable that stand for those which lie elsewhere, once one is asked for.
    skeletons: OnceCell<HashMap<DwoId, Unit<Reader<'a>>>>,
}

impl<'a> Debug<'a> {
    /// What answers questions about addresses.
    pub(crate) fn context(&self) -> &Context<Reader<'a>> {
        &self.context
    }

    /// Finishes a question, with the units that it needs.
    pub(crate) fn answer<L: LookupContinuation<Buf = Reader<'a>>>(
        &self,
        mut lookup: LookupResult<L>,
    ) -> L::Output {
        loop {
            lookup = match lookup {
                LookupResult::Output(output) => return output,
                LookupResult::Load { load, continuation } => {
                    continuation.resume(self.unit(load.dwo_id, &load.parent).map(Arc::new))
                }
            };
        }
    }

    /// The unit in the executable that stands for one which lies elsewhere: it has the names of the source files.
    pub(crate) fn skeleton(&self, id: DwoId) -> Option<UnitRef<'_, Reader<'a>>> {
        let skeletons = self.skeletons.get_or_init(|| {
            let mut found = HashMap::new();
            let mut headers = self.main.units();
            while let Ok(Some(header)) = headers.next() {
                if let Ok(unit) = self.main.unit(header)
                    && let Some(id) = unit.dwo_id
                {
                    found.insert(id, unit);
                }
            }
            found
        });
        Some(skeletons.get(&id)?.unit_ref(&self.main))
    }

    /// Looks at each unit, where it lies; at none that is missing.
    pub(crate) fn each_unit(&self, look: &mut dyn FnMut(UnitRef<'_, Reader<'a>>)) {
        let mut headers = self.main.units();
        while let Ok(Some(header)) = headers.next() {
            let Ok(unit) = self.main.unit(header) else { continue };
            let Some(id) = unit.dwo_id else {
                look(unit.unit_ref(&self.main));
                continue;
            };
            let Some(split) = self.unit(id, &self.main) else { continue };
            let mut headers = split.units();
            while let Ok(Some(header)) = headers.next() {
                let Ok(mut elsewhere) = split.unit(header) else { continue };
                if elsewhere.dwo_id == Some(id) {
                    elsewhere.copy_relocated_attributes(&unit);
                    look(elsewhere.unit_ref(&split));
                }
            }
        }
    }

    fn unit(&self, id: DwoId, parent: &Dwarf<'a>) -> Option<Dwarf<'a>> {
        if let Some(package) = &self.package
            && let Ok(Some(unit)) = package.find_cu(id, parent)
        {
            return Some(unit);
        }
        let place = self.files.units.iter().position(|unit| unit.0 == id)?;
        let mut unit = dwarf(&self.files.units[place].1, place + 2, true, &self.files.unpacked)?;
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
    let mut seen = HashSet::from([path.to_owned()]);
    found.retain(|candidate| seen.insert(candidate.clone()));
    found
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The checksum of `.gnu_debuglink`.
fn crc32(data: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(data);
    sum.sum()
}

/// Unpacks the compressed sections of a file.
fn unpack(file: &Elf<'_>, number: usize, unpacked: &mut Unpacked) {
    for section in file.sections() {
        let Ok(name) = section.name() else { continue };
        // Older tools say by the name that a section is compressed.
        let plain_name = name.replacen(".zdebug_", ".debug_", 1);
        let Ok(data) = section.compressed_data() else { continue };
        if plain_name.starts_with(".debug_")
            && data.format != object::CompressionFormat::None
            && let Ok(plain) = data.decompress()
        {
            unpacked.insert((number, plain_name), plain.into_owned());
        }
    }
}

/// The units whose description lies in files of their own that no package has, with the paths of those.
fn split_units(main: &Elf<'_>, package: Option<&Elf<'_>>, unpacked: &Unpacked) -> Vec<(DwoId, PathBuf)> {
    let Some(dwarf) = dwarf(main, 0, false, unpacked) else { return Vec::new() };
    let package = package.and_then(|package| packed(package, unpacked));
    let mut found = Vec::new();
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        // From version 5 on the header says so. Before, what lies elsewhere counts addresses from a section of its own.
        let may_be_split = match header.version() {
            ..5 => !dwarf.debug_addr.reader().is_empty(),
            _ => matches!(header.type_(), gimli::UnitType::Skeleton(_)),
        };
        if !may_be_split {
            continue;
        }
        let Ok(unit) = dwarf.unit(header) else { continue };
        let Some(id) = unit.dwo_id else { continue };
        if package.as_ref().is_some_and(|p| p.find_cu(id, &dwarf).is_ok_and(|unit| unit.is_some())) {
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
fn is_unit(file: &Elf<'_>, id: DwoId) -> bool {
    let unpacked = Unpacked::default();
    let Some(dwarf) = dwarf(file, 0, true, &unpacked) else { return false };
    let Ok(Some(header)) = dwarf.units().next() else { return false };
    dwarf.unit(header).is_ok_and(|unit| unit.dwo_id == Some(id))
}
