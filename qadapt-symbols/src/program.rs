//! One ELF file with its debug information.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use addr2line::gimli::{self, AbbreviationsCacheStrategy, Dwarf, DwarfPackage, EndianSlice, NativeEndian};
use addr2line::{LookupContinuation as _, LookupResult, SplitDwarfLoad};
use object::{CompressionFormat, Object, ObjectSection, ObjectSegment, ObjectSymbol, ObjectSymbolTable};

use super::apart;
use super::file::{Elf, open, open_deleted};

/// What is loaded has the machine's own order of bytes.
type Bytes = EndianSlice<'static, NativeEndian>;

/// A function, as the source has it; inlined ones share their place with the function that they are part of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// The name, without the hash at its end.
    pub name: Option<String>,
    /// The file of the source, as the compiler was given it.
    pub file: Option<PathBuf>,
    /// 0 where it is unknown.
    pub line: u32,
    /// The column in the line, from 1.
    pub column: Option<u32>,
}

/// A program or library.
#[expect(missing_debug_implementations, reason = "a mapped file, of megabytes")]
pub struct Program {
    elf: Elf,
    lines: Option<Lines>,
}

impl Program {
    /// Maps a file, and its debug information if lines are asked for. `None` where it cannot be read or is no ELF file of
    /// this machine's kind.
    ///
    /// What is mapped stays so as long as the process lives: a file is loaded once, and kept.
    #[must_use]
    pub fn load(path: &Path, with_lines: bool) -> Option<Self> {
        let elf = open(path).or_else(|| open_deleted(path))?;
        if !with_lines {
            return Some(Self { elf, lines: None });
        }
        let apart = apart::of(&elf, path);
        let lines = Lines::of(apart.as_ref().unwrap_or(&elf), path);
        Some(Self { elf, lines })
    }

    /// The functions at a place in the file, in bytes from its start: inlined ones first, each in the next one. Empty where
    /// neither debug information nor a symbol speaks of it.
    ///
    /// Allocates, and reads what it needs of the debug information.
    #[must_use]
    pub fn functions_at(&self, offset: usize) -> Vec<Function> {
        let Some(address) = self.address_of(offset as u64) else { return Vec::new() };
        let mut functions = self.lines.as_ref().map(|lines| lines.functions_at(address)).unwrap_or_default();
        // Debug information that has lines only does not name every function; the table of symbols has those that were not
        // inlined.
        match functions.last_mut() {
            Some(outermost) if outermost.name.is_none() => outermost.name = self.name_of(address),
            Some(_) => {}
            None => functions.extend(
                self.name_of(address).map(|name| Function { name: Some(name), ..Function::default() }),
            ),
        }
        functions
    }

    /// The address that the file's own tables have for a place in it.
    fn address_of(&self, offset: u64) -> Option<u64> {
        self.elf.segments().find_map(|segment| {
            let (start, size) = segment.file_range();
            let inside = offset.checked_sub(start).filter(|&inside| inside < size)?;
            segment.address().checked_add(inside)
        })
    }

    /// The function that holds an address, from the table of symbols; a stripped file has only what it exports.
    fn name_of(&self, address: u64) -> Option<String> {
        let tables = [self.elf.symbol_table(), self.elf.dynamic_symbol_table()];
        let mut symbols = tables.into_iter().flatten().flat_map(|table| table.symbols());
        let symbol = symbols.find(|symbol| {
            let inside = address.checked_sub(symbol.address());
            symbol.is_definition() && inside.is_some_and(|inside| inside < symbol.size())
        })?;
        symbol.name().ok().map(demangled)
    }
}

/// Debug information.
struct Lines {
    context: addr2line::Context<Bytes>,
    package: Option<DwarfPackage<Bytes>>,
}

impl Lines {
    /// What a file has; `path` is the program's, beside which a package lies.
    fn of(elf: &Elf, path: &Path) -> Option<Self> {
        let context = addr2line::Context::from_dwarf(dwarf(elf, |id| Some(id.name()))?).ok()?;
        let mut package = path.as_os_str().to_owned();
        package.push(".dwp");
        let package = open(Path::new(&package)).and_then(|elf| {
            DwarfPackage::load(
                |id| Ok::<_, gimli::Error>(section(&elf, id.dwo_name())),
                EndianSlice::new(&[], NativeEndian),
            )
            .ok()
        });
        Some(Self { context, package })
    }

    fn functions_at(&self, address: u64) -> Vec<Function> {
        let mut found = Vec::new();
        let mut looked_up = self.context.find_frames(address);
        let frames = loop {
            match looked_up {
                LookupResult::Output(frames) => break frames,
                LookupResult::Load { load, continuation } => {
                    looked_up = continuation.resume(self.split(&load));
                }
            }
        };
        let Ok(mut frames) = frames else { return found };
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.and_then(|function| Some(demangled(&function.raw_name().ok()?)));
            let place = frame.location;
            found.push(Function {
                name,
                file: place.as_ref().and_then(|place| place.file).map(PathBuf::from),
                line: place.as_ref().and_then(|place| place.line).unwrap_or(0),
                column: place.and_then(|place| place.column),
            });
        }
        found
    }

    /// The part of the debug information that was left out of the program, in its package or in a file of its own.
    fn split(&self, load: &SplitDwarfLoad<Bytes>) -> Option<Arc<Dwarf<Bytes>>> {
        if let Some(found) =
            self.package.as_ref().and_then(|package| package.find_cu(load.dwo_id, &load.parent).ok()?)
        {
            return Some(Arc::new(found));
        }
        let folder = load.comp_dir.map_or(OsStr::new(""), |folder| OsStr::from_bytes(folder.slice()));
        let elf = open(&Path::new(folder).join(OsStr::from_bytes(load.path?.slice())))?;
        let mut split = dwarf(&elf, gimli::SectionId::dwo_name)?;
        let header = split.units().next().ok()??;
        if split.unit(header).ok()?.dwo_id != Some(load.dwo_id) {
            return None;
        }
        split.make_dwo(&load.parent);
        Some(Arc::new(split))
    }
}

fn dwarf(elf: &Elf, name: impl Fn(gimli::SectionId) -> Option<&'static str>) -> Option<Dwarf<Bytes>> {
    let mut dwarf = Dwarf::load(|id| Ok::<_, gimli::Error>(section(elf, name(id)))).ok()?;
    // The compiler gives many units one table: it is parsed once then, rather than for each of them.
    dwarf.populate_abbreviations_cache(AbbreviationsCacheStrategy::Duplicates);
    Some(dwarf)
}

/// A section; empty where there is none, or it cannot be decompressed.
fn section(elf: &Elf, name: Option<&str>) -> Bytes {
    let data = name.and_then(|name| elf.section_by_name(name)?.compressed_data().ok());
    let bytes = data.and_then(|data| match data.format {
        CompressionFormat::None => Some(data.data),
        CompressionFormat::Zlib => {
            let size = usize::try_from(data.uncompressed_size).ok()?;
            let bytes = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(data.data, size).ok()?;
            Some(Vec::leak(bytes))
        }
        _ => None,
    });
    EndianSlice::new(bytes.unwrap_or_default(), NativeEndian)
}

/// The alternate form leaves out the hash at the name's end.
fn demangled(name: &(impl AsRef<str> + ?Sized)) -> String {
    format!("{:#}", rustc_demangle::demangle(name.as_ref()))
}
