//! What the prover needs from an ELF file: mapped bytes, function symbols, pointers fixed up by the loader.
//!
//! Nothing here trusts the file: every offset is checked by `object` or by `get`.

use std::collections::HashMap;
use std::ops::Range;

use object::elf;
use object::read::elf::{ElfFile64, ElfSection64, ProgramHeader, SectionHeader, Sym};
use object::{
    Endianness, Object, ObjectSection, ObjectSymbol, ObjectSymbolTable, RelocationFlags, RelocationTarget,
    SymbolKind,
};

use super::import::{Import, Linkage};
use super::kind;

/// A pointer-sized constant that the loader leaves in memory before `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    /// An address inside the image (or a plain number).
    Addr(u64),
    /// A symbol that another object provides, or may: an index for [`Image::import`].
    Import(u32),
}

/// One named function of the image.
#[derive(Clone, Debug)]
pub(crate) struct Function<'a> {
    /// First address.
    pub(crate) addr: u64,
    /// Length in bytes; 0 when the file does not say.
    pub(crate) size: u64,
    /// All mangled names that stand for this address (identical functions are folded into one).
    pub(crate) names: Vec<&'a str>,
}

impl Function<'_> {
    /// Whether this is no function but a part of one that the compiler has moved away: control comes by a jump, on the
    /// stack of the function that it is a part of.
    pub(crate) fn is_fragment(&self) -> bool {
        self.names.iter().any(|n| {
            n.starts_with("OUTLINED_FUNCTION_")
                || n.rsplit_once(".cold").is_some_and(|(_, number)| {
                    number.is_empty()
                        || number.starts_with('.') && number[1..].bytes().all(|b| b.is_ascii_digit())
                })
        })
    }

    /// Whether this is a part of `whole`, by its name: `f.cold`, `f.cold.0`.
    pub(crate) fn is_fragment_of(&self, whole: &Function<'_>) -> bool {
        let is_of = |part: &str, whole: &str| {
            part.strip_prefix(whole).and_then(|rest| rest.strip_prefix(".cold")).is_some()
        };
        whole.names.iter().any(|whole| self.names.iter().any(|part| is_of(part, whole)))
    }
}

#[derive(Clone, Debug)]
struct Segment<'a> {
    range: Range<u64>,
    data: &'a [u8],
    writable: bool,
    executable: bool,
}

#[derive(Clone, Copy, Debug)]
enum Fixup {
    Known(Slot),
    Opaque,
}

/// A loaded executable or shared library.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    segments: Vec<Segment<'a>>,
    relro: Vec<Range<u64>>,
    text: Vec<Range<u64>>,
    got: Vec<Range<u64>>,
    functions: Vec<Function<'a>>,
    fixups: Vec<(u64, Fixup)>,
    imports: Vec<Import<'a>>,
    has_symtab: bool,
    /// The C library's function for any system call, if it is linked in.
    syscall: Option<u64>,
    /// What it takes up where it is linked for a fixed place; nothing where the loader chooses the place.
    fixed: Vec<Range<u64>>,
    may_have_rust_alloc: bool,
    is_dynamic: bool,
    /// Objects of eight bytes that no other file sees.
    pointers: Vec<u64>,
    /// All objects with a symbol, by address.
    statics: Vec<(Range<u64>, &'a str)>,
    /// Where the loader is told what to write where.
    for_loader: Vec<Range<u64>>,
}

/// An ELF file whose headers are read.
pub(crate) type Elf<'a> = ElfFile64<'a, Endianness>;

/// Reads the headers of a file.
///
/// # Errors
/// Says in words what the file is, if it is no ELF file for x86-64.
pub(crate) fn headers(data: &[u8]) -> Result<Elf<'_>, String> {
    if let Some(other) = kind::refusal(data) {
        return Err(other);
    }
    if data.len() < 4 || data[..4] != elf::ELFMAG {
        return Err("it is not an ELF file; give the linked executable or shared library".into());
    }
    Elf::parse(data)
        .map_err(|e| format!("its ELF headers are damaged or of another kind ({e}); build it again"))
}

impl<'a> Image<'a> {
    /// Reads the tables of an ELF file.
    ///
    /// # Errors
    /// Says in words what the file is, if it is not a linked x86-64 ELF file that can be read.
    pub(crate) fn parse(data: &'a [u8]) -> Result<Self, String> {
        Self::of(&headers(data)?, None)
    }

    /// The same of a file whose headers are read, with the symbols of the one that was taken from it before it was stripped.
    ///
    /// # Errors
    /// As [`Image::parse`].
    pub(crate) fn of(file: &Elf<'a>, separate: Option<&Elf<'a>>) -> Result<Self, String> {
        let data = file.data();
        let header = file.elf_header();
        let endian = file.endian();
        if !matches!(header.e_type.get(endian), elf::ET_EXEC | elf::ET_DYN) {
            return Err("it is not linked; give the executable or shared library, not an object file".into());
        }
        let mut segments = Vec::new();
        let mut relro = Vec::new();
        for ph in file.elf_program_headers() {
            let start = ph.p_vaddr(endian);
            let Some(end) = start.checked_add(ph.p_memsz(endian)) else { continue };
            match ph.p_type(endian) {
                elf::PT_LOAD => {
                    let flags = ph.p_flags(endian);
                    let bytes = ph.data(endian, data).unwrap_or(&[]);
                    segments.push(Segment {
                        range: start..end,
                        data: bytes,
                        writable: flags.contains(elf::PF_W),
                        executable: flags.contains(elf::PF_X),
                    });
                }
                elf::PT_GNU_RELRO => relro.push(start..end),
                _ => {}
            }
        }
        if segments.iter().all(|s| !s.executable) {
            return Err("it has no executable segment".into());
        }
        let mut image = Self {
            segments,
            relro,
            text: section_ranges(file, |_, flags| flags.contains(elf::SHF_EXECINSTR)),
            got: section_ranges(file, |name, _| matches!(name, ".got" | ".got.plt")),
            functions: Vec::new(),
            fixups: Vec::new(),
            imports: Vec::new(),
            has_symtab: file.symbol_table().is_some_and(|t| t.symbols().next().is_some()),
            syscall: None,
            fixed: Vec::new(),
            pointers: Vec::new(),
            statics: Vec::new(),
            for_loader: for_loader(file),
            may_have_rust_alloc: false,
            is_dynamic: file.elf_dynamic_table().is_ok_and(|t| t.iter().any(|d| d.tag == elf::DT_NEEDED))
                || header.e_type.get(endian) == elf::ET_DYN
                    && file.dynamic_symbols().any(|s| s.is_definition()),
        };
        if header.e_type.get(endian) == elf::ET_EXEC {
            image.fixed = image.segments.iter().map(|s| s.range.clone()).collect();
        }
        image.read_fixups(file, &Linkage::parse(file, data));
        // The dynamic symbols are the file's own in both.
        let symbols = separate.filter(|_| !image.has_symtab).unwrap_or(file);
        image.has_symtab |= symbols.symbol_table().is_some_and(|t| t.symbols().next().is_some());
        image.functions = read_functions(symbols.symbols().chain(file.dynamic_symbols()), &image);
        image.statics = read_statics(symbols);
        // In a program at fixed addresses any number may be the address of a static.
        if header.e_type.get(endian) == elf::ET_DYN {
            image.pointers = private_pointers(&image.statics, file);
        }
        let comment = file.section_by_name(".comment").and_then(|s| s.data().ok()).unwrap_or(&[]);
        let names = || image.functions.iter().flat_map(|f| f.names.iter());
        let says_so = comment.windows(13).any(|w| w == b"rustc version");
        // With names that are all of `core` and of crates above it there is no global allocator.
        let of_rust = names().any(|n| is_of_rust(n));
        image.may_have_rust_alloc = names().any(|n| is_of_std_or_alloc(n)) || (says_so && !of_rust);
        image.syscall = image.functions.iter().find(|f| f.names.contains(&"syscall")).map(|f| f.addr);
        Ok(image)
    }

    fn read_fixups(&mut self, file: &Elf<'a>, linkage: &Linkage<'a>) {
        let mut seen: HashMap<usize, Fixup> = HashMap::new();
        let Some(relocations) = file.dynamic_relocations() else { return };
        for (at, relocation) in relocations {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            let addend = relocation.addend();
            let fixup = match r_type {
                elf::R_X86_64_RELATIVE => Fixup::Known(Slot::Addr(addend.cast_unsigned())),
                elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT | elf::R_X86_64_64 => match relocation
                    .target()
                {
                    RelocationTarget::Symbol(index) => {
                        let base = *seen.entry(index.0).or_insert_with(|| {
                            let symbol =
                                file.dynamic_symbol_table().and_then(|t| t.symbol_by_index(index).ok());
                            let Some(symbol) = symbol else { return Fixup::Opaque };
                            let raw = symbol.elf_symbol();
                            let defined = raw.st_shndx(file.endian()) != elf::SHN_UNDEF;
                            if raw.st_type() == elf::STT_GNU_IFUNC && defined {
                                // What its resolver returns.
                                return Fixup::Opaque;
                            }
                            let own = defined.then(|| symbol.address());
                            if let Some(own) = own.filter(|_| !linkage.is_overridable(raw)) {
                                return Fixup::Known(Slot::Addr(own));
                            }
                            let Ok(name) = symbol.name() else { return Fixup::Opaque };
                            let of_c_library = !defined && linkage.is_of_c_library(file.endian(), index);
                            self.imports.push(Import { name, of_c_library, own });
                            u32::try_from(self.imports.len() - 1)
                                .map_or(Fixup::Opaque, |i| Fixup::Known(Slot::Import(i)))
                        });
                        match base {
                            Fixup::Known(Slot::Addr(a)) if r_type == elf::R_X86_64_64 => {
                                Fixup::Known(Slot::Addr(a.wrapping_add(addend.cast_unsigned())))
                            }
                            Fixup::Known(Slot::Import(_)) if addend != 0 && r_type == elf::R_X86_64_64 => {
                                Fixup::Opaque
                            }
                            other => other,
                        }
                    }
                    _ => Fixup::Opaque,
                },
                _ => Fixup::Opaque,
            };
            self.fixups.push((at, fixup));
        }
        self.fixups.sort_by_key(|&(at, _)| at);
        // Two fixups of one place: whichever the loader applies last would win. Not worth knowing.
        self.fixups.dedup_by(|b, a| {
            let same = a.0 == b.0;
            if same {
                a.1 = Fixup::Opaque;
            }
            same
        });
    }

    /// Whether the file has code that may use Rust's global allocator.
    pub(crate) fn may_have_rust_alloc(&self) -> bool {
        self.may_have_rust_alloc
    }

    /// Whether other objects are loaded with this one.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.is_dynamic
    }

    /// The address of the C library's function for any system call, if it is linked in.
    pub(crate) fn syscall(&self) -> Option<u64> {
        self.syscall
    }

    /// Whether names of local functions are known; without them allocator entries cannot be told.
    pub(crate) fn has_symbols(&self) -> bool {
        self.has_symtab
    }

    /// All named functions, by address.
    pub(crate) fn functions(&self) -> &[Function<'a>] {
        &self.functions
    }

    /// All symbols that the loader looks up.
    pub(crate) fn imports(&self) -> &[Import<'a>] {
        &self.imports
    }

    /// The name of a symbol that the loader looks up.
    pub(crate) fn import(&self, index: u32) -> &'a str {
        self.imports.get(index as usize).map_or("?", |import| import.name)
    }

    /// Whether it comes from the C library.
    pub(crate) fn is_of_c_library(&self, index: u32) -> bool {
        self.imports.get(index as usize).is_some_and(|import| import.of_c_library)
    }

    /// The function of this file that such a symbol stands for, unless another object overrides it.
    pub(crate) fn own_definition(&self, index: u32) -> Option<u64> {
        self.imports.get(index as usize)?.own
    }

    /// The function whose symbol starts at exactly this address.
    pub(crate) fn function_at(&self, addr: u64) -> Option<&Function<'a>> {
        self.functions.binary_search_by_key(&addr, |f| f.addr).ok().map(|i| &self.functions[i])
    }

    /// The function whose symbol covers this address.
    pub(crate) fn function_covering(&self, addr: u64) -> Option<&Function<'a>> {
        let i = self.functions.partition_point(|f| f.addr <= addr);
        let f = &self.functions[i.checked_sub(1)?];
        (addr - f.addr < f.size || addr == f.addr).then_some(f)
    }

    /// The addresses that belong to the function of which `addr` is a part: its symbol, else the gap up to the
    /// next symbol or the end of the section. Empty when `addr` is not code.
    pub(crate) fn bounds(&self, addr: u64) -> Range<u64> {
        let Some(limit) = self.code_range(addr) else { return addr..addr };
        let i = self.functions.partition_point(|f| f.addr <= addr);
        let next = self.functions.get(i).map_or(limit.end, |f| f.addr.min(limit.end));
        if let Some(f) = i.checked_sub(1).map(|i| &self.functions[i])
            && f.addr >= limit.start
        {
            let end = f.addr.saturating_add(f.size);
            if f.size == 0 {
                return f.addr..next;
            }
            if addr < end {
                return f.addr..end.min(limit.end);
            }
            return end..next;
        }
        limit.start..next
    }

    fn code_range(&self, addr: u64) -> Option<Range<u64>> {
        if let Some(section) = self.text.iter().find(|r| r.contains(&addr)) {
            let segment = self.segments.iter().find(|s| s.executable && s.range.contains(&addr))?;
            return Some(section.start.max(segment.range.start)..section.end.min(segment.range.end));
        }
        self.segments.iter().find(|s| s.executable && s.range.contains(&addr)).map(|s| s.range.clone())
    }

    /// Whether this is the address of code.
    pub(crate) fn is_code(&self, addr: u64) -> bool {
        self.code_range(addr).is_some()
    }

    /// The executable segment around an address: where it begins, and its bytes.
    pub(crate) fn segment_of(&self, addr: u64) -> (u64, &'a [u8]) {
        let segment = self.segments.iter().find(|s| s.executable && s.range.contains(&addr));
        segment.map_or((addr, &[]), |s| (s.range.start, s.data))
    }

    /// Whether the loader writes to these eight bytes.
    pub(crate) fn is_fixed_up(&self, addr: u64) -> bool {
        self.touches_fixup(addr, 8)
    }

    /// The parts of the file that hold code, each with its address.
    pub(crate) fn code_segments(&self) -> impl Iterator<Item = (u64, &'a [u8])> {
        self.segments.iter().filter(|s| s.executable).map(|s| (s.range.start, s.data))
    }

    /// How many bytes of code the file has.
    pub(crate) fn code_bytes(&self) -> u64 {
        self.segments.iter().filter(|s| s.executable).map(|s| s.data.len() as u64).sum()
    }

    /// The bytes of code from `addr` on, up to `end`; empty when that is not code in the file.
    pub(crate) fn code(&self, addr: u64, end: u64) -> &'a [u8] {
        let Some(s) = self.segments.iter().find(|s| s.executable && s.range.contains(&addr)) else {
            return &[];
        };
        let Ok(start) = usize::try_from(addr - s.range.start) else { return &[] };
        let stop = usize::try_from(end.saturating_sub(s.range.start)).unwrap_or(usize::MAX).min(s.data.len());
        s.data.get(start..stop).unwrap_or(&[])
    }

    /// The pointer-sized value that a read of `addr` yields at any time after loading, if that is certain: the
    /// memory must be read-only, or a slot of the global offset table.
    pub(crate) fn constant(&self, addr: u64) -> Option<Slot> {
        let fixup = self.fixups.binary_search_by_key(&addr, |f| f.0).ok().map(|i| self.fixups[i].1);
        match fixup {
            Some(Fixup::Opaque) => None,
            // A slot for another object's symbol is written by the loader alone, wherever it lies.
            Some(Fixup::Known(slot)) => {
                let is_got = matches!(slot, Slot::Import(_)) && self.is_got_like(addr);
                (is_got || self.is_frozen(addr, 8)).then_some(slot)
            }
            None if self.touches_fixup(addr, 8) || !self.is_frozen(addr, 8) => None,
            None => Some(Slot::Addr(u64::from_le_bytes(self.read(addr, 8)?.try_into().ok()?))),
        }
    }

    /// Whether an object of just these eight bytes has a symbol, and no other file sees it; of none in a program that is
    /// linked for fixed addresses.
    pub(crate) fn is_private_pointer(&self, addr: u64) -> bool {
        self.pointers.binary_search(&addr).is_ok()
    }

    /// The symbol of the object that an address lies in, if it is of one only.
    pub(crate) fn static_at(&self, addr: u64) -> Option<&'a str> {
        let mut found = self.statics.iter().filter(|(range, _)| range.contains(&addr));
        let (first, other) = (found.next()?, found.next());
        other.is_none().then_some(first.1)
    }

    /// All objects that have a symbol.
    pub(crate) fn statics(&self) -> impl Iterator<Item = &(Range<u64>, &'a str)> {
        self.statics.iter()
    }

    /// The pointer-sized value that the loader leaves in memory before any code runs.
    pub(crate) fn initial(&self, addr: u64) -> Option<Slot> {
        match self.fixups.binary_search_by_key(&addr, |f| f.0).ok().map(|i| self.fixups[i].1) {
            Some(Fixup::Opaque) => None,
            Some(Fixup::Known(slot)) => Some(slot),
            None if self.touches_fixup(addr, 8) => None,
            None => match self.read(addr, 8) {
                Some(bytes) => Some(Slot::Addr(u64::from_le_bytes(bytes.try_into().ok()?))),
                // Beyond what the file has of the segment all is zero.
                None => self.segments.iter().any(|s| s.range.contains(&addr)).then_some(Slot::Addr(0)),
            },
        }
    }

    /// All numbers of eight bytes in memory that can be addresses: what the loader writes, and each one in the file's data.
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> {
        let fixed = self.fixups.iter().filter_map(|fixup| match fixup.1 {
            Fixup::Known(Slot::Addr(addr)) => Some(addr),
            _ => None,
        });
        let data = self.segments.iter().filter(|s| !s.executable).flat_map(|s| {
            let of_loader = |at: u64| self.for_loader.iter().any(|range| range.contains(&at));
            let words = (s.range.start..).zip(s.data.windows(8));
            words.filter(move |&(at, _)| !of_loader(at)).map(|(_, bytes)| bytes)
        });
        fixed.chain(data.filter_map(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?))))
    }

    /// Whether a constant is the entry of a function, or the address of a vtable (drop, size, alignment, methods;
    /// or a single method, for a drop that does nothing).
    pub(crate) fn leads_to_code(&self, constant: u64) -> bool {
        let is_entry = |addr| self.function_at(addr).is_some();
        is_entry(constant)
            || [24, 0].iter().filter_map(|&o| self.constant(constant.checked_add(o)?)).any(
                |slot| match slot {
                    Slot::Addr(addr) => is_entry(addr),
                    Slot::Import(_) => true,
                },
            )
    }

    /// Bytes that are the same at any time after loading.
    pub(crate) fn frozen(&self, addr: u64, len: usize) -> Option<&'a [u8]> {
        let known = !self.touches_fixup(addr, len as u64) && self.is_frozen(addr, len as u64);
        if known { self.read(addr, len) } else { None }
    }

    /// A 32-bit number in read-only memory.
    pub(crate) fn constant_i32(&self, addr: u64) -> Option<i32> {
        if self.touches_fixup(addr, 4) || !self.is_frozen(addr, 4) {
            return None;
        }
        Some(i32::from_le_bytes(self.read(addr, 4)?.try_into().ok()?))
    }

    /// Whether a number in an instruction can be an address of the file: where it is linked for a fixed place, if something
    /// lies there.
    pub(crate) fn may_be_address(&self, number: u64) -> bool {
        self.fixed.iter().any(|range| range.contains(&number))
    }

    fn is_got_like(&self, addr: u64) -> bool {
        // `.got.plt` of a lazily bound object is writable for ever; only the dynamic linker writes there. A
        // pointer in `.data` that was initialised with an imported function may be changed by the program.
        self.got.iter().any(|r| r.contains(&addr))
    }

    fn is_frozen(&self, addr: u64, len: u64) -> bool {
        let Some(end) = addr.checked_add(len) else { return false };
        if self.relro.iter().any(|r| r.start <= addr && end <= r.end) {
            return true;
        }
        self.segments.iter().any(|s| !s.writable && s.range.start <= addr && end <= s.range.end)
            && !self.segments.iter().any(|s| s.writable && s.range.start < end && addr < s.range.end)
    }

    fn touches_fixup(&self, addr: u64, len: u64) -> bool {
        let i = self.fixups.partition_point(|f| f.0.saturating_add(8) <= addr);
        self.fixups.get(i).is_some_and(|f| f.0 < addr.saturating_add(len))
    }

    fn read(&self, addr: u64, len: usize) -> Option<&'a [u8]> {
        let s = self.segments.iter().find(|s| s.range.contains(&addr))?;
        let start = usize::try_from(addr - s.range.start).ok()?;
        s.data.get(start..start.checked_add(len)?)
    }
}

/// Where relocations and the symbols for other files lie: the loader reads them, and the program does not.
fn for_loader(file: &Elf<'_>) -> Vec<Range<u64>> {
    let is_loaders = |section: &ElfSection64<'_, '_, Endianness>| {
        let kind = section.elf_section_header().sh_type(file.endian());
        matches!(kind, elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR | elf::SHT_DYNSYM)
    };
    let sections = file.sections().filter(|section| section.address() > 0 && is_loaders(section));
    sections.map(|section| section.address()..section.address().saturating_add(section.size())).collect()
}

/// All objects with a symbol, by address.
fn read_statics<'a>(symbols: &Elf<'a>) -> Vec<(Range<u64>, &'a str)> {
    let statics = symbols
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.is_definition() && symbol.size() > 0)
        .map(|symbol| {
            let end = symbol.address().saturating_add(symbol.size());
            (symbol.address()..end, symbol.name().unwrap_or_default())
        });
    let mut statics: Vec<_> = statics.collect();
    statics.sort_unstable_by_key(|(range, _)| (range.start, range.end));
    statics
}

/// The objects of eight bytes that have a symbol of their own, which the dynamic symbols do not name.
fn private_pointers(statics: &[(Range<u64>, &str)], file: &Elf<'_>) -> Vec<u64> {
    let mut objects: Vec<(u64, u64)> =
        statics.iter().map(|(range, _)| (range.start, range.end - range.start)).collect();
    objects.dedup();
    let seen: Vec<Range<u64>> = file
        .dynamic_symbols()
        .filter(ObjectSymbol::is_definition)
        .map(|symbol| symbol.address()..symbol.address().saturating_add(symbol.size().max(1)))
        .collect();
    let alone = |at: usize, (addr, size): (u64, u64)| {
        let before = at.checked_sub(1).and_then(|before| objects.get(before));
        size == 8
            && before.is_none_or(|&(start, size)| start.saturating_add(size) <= addr)
            && objects.get(at + 1).is_none_or(|&(next, _)| next >= addr.saturating_add(8))
            && !seen.iter().any(|range| range.start < addr.saturating_add(8) && addr < range.end)
    };
    let found = objects.iter().enumerate().filter(|&(at, &object)| alone(at, object));
    found.map(|(_, &(addr, _))| addr).collect()
}

/// Whether a symbol is mangled as only Rust does.
fn is_of_rust(symbol: &str) -> bool {
    symbol.starts_with("_R")
        || (symbol.starts_with("_ZN") && symbol.contains("17h"))
        || symbol == "rust_begin_unwind"
}

/// Whether a symbol is of the crates that allocate, or has to do with one of their types.
fn is_of_std_or_alloc(symbol: &str) -> bool {
    is_of_rust(symbol) && ["3std", "5alloc", "std..", "alloc.."].iter().any(|krate| symbol.contains(krate))
}

fn section_ranges(file: &Elf<'_>, want: impl Fn(&str, elf::SectionFlags) -> bool) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    for section in file.sections() {
        if let object::SectionFlags::Elf { sh_flags, .. } = section.flags()
            && want(section.name().unwrap_or(""), sh_flags)
            && let Some(end) = section.address().checked_add(section.size())
        {
            ranges.push(section.address()..end);
        }
    }
    ranges
}

fn read_functions<'a>(
    symbols: impl Iterator<Item = impl ObjectSymbol<'a>>,
    image: &Image<'a>,
) -> Vec<Function<'a>> {
    let mut all: Vec<(u64, u64, &'a str)> = Vec::new();
    for symbol in symbols {
        let is_code = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Label | SymbolKind::Unknown);
        if !is_code || !symbol.is_definition() {
            continue;
        }
        let Ok(name) = symbol.name() else { continue };
        let addr = symbol.address();
        if !name.is_empty() && image.segments.iter().any(|s| s.executable && s.range.contains(&addr)) {
            let typed = symbol.kind() == SymbolKind::Text;
            // Untyped labels inside a function (of assembly) must not cut it in two.
            if typed || symbol.size() > 0 || symbol.is_global() {
                all.push((addr, symbol.size(), name));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    let mut functions: Vec<Function<'a>> = Vec::new();
    for (addr, size, name) in all {
        match functions.last_mut() {
            Some(last) if last.addr == addr => {
                last.size = last.size.max(size);
                if !last.names.contains(&name) {
                    last.names.push(name);
                }
            }
            _ => functions.push(Function { addr, size, names: vec![name] }),
        }
    }
    functions
}
