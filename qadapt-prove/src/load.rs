//! What the prover needs from an ELF file: mapped bytes, function symbols, pointers fixed up by the loader.
//!
//! Nothing here trusts the file: every offset is checked by `object` or by `get`.

use std::ops::Range;

use object::elf;
use object::read::elf::{ElfSection64, ProgramHeader, SectionHeader};
use object::{
    Endianness, Object, ObjectSection, ObjectSymbol, ObjectSymbolTable, RelocationFlags, RelocationTarget,
    SymbolKind,
};

use super::elf::{Elf, has_names, machine, section_ranges};
use super::fixups::{Fixup, Slot, has_more, read_fixups};
use super::functions::{
    Function, Rust, is_by_tools_that_name, is_of_rust, is_of_std_or_alloc, read_functions,
};
use super::import::{Import, Linkage};
use super::machine::{Code, Machine};
use super::problem::Problem;
use super::statics::{Statics, private_pointers};

#[derive(Clone, Debug)]
struct Segment<'a> {
    range: Range<u64>,
    data: &'a [u8],
    writable: bool,
    executable: bool,
}

/// A loaded executable or shared library.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    machine: Machine,
    segments: Vec<Segment<'a>>,
    relro: Vec<Range<u64>>,
    text: Vec<Range<u64>>,
    got: Vec<Range<u64>>,
    functions: Vec<Function<'a>>,
    fixups: Vec<(u64, Fixup)>,
    imports: Vec<Import<'a>>,
    /// The C library's function for any system call, if it is linked in.
    syscall: Option<u64>,
    /// What it takes up where it is linked for a fixed place; nothing where the loader chooses the place.
    fixed: Vec<Range<u64>>,
    /// Where the loader writes to code.
    fixed_code: Vec<u64>,
    rust: Rust,
    loses_names: bool,
    is_dynamic: bool,
    /// Objects of eight bytes that no other file sees.
    pointers: Vec<u64>,
    statics: Statics<'a>,
    /// Where the loader is told what to write where.
    for_loader: Vec<Range<u64>>,
    /// Objects that the loader copies from other files.
    copied: Vec<Range<u64>>,
}

impl<'a> Image<'a> {
    /// Reads the tables of an ELF file whose headers are read, with the symbols of the one that was taken from it before it was stripped.
    ///
    /// # Errors
    /// If it is not a linked ELF file that can be read.
    pub(crate) fn of(file: &Elf<'a>, separate: Option<&Elf<'a>>) -> Result<Self, Problem> {
        let data = file.data();
        let header = file.elf_header();
        let endian = file.endian();
        if !matches!(header.e_type.get(endian), elf::ET_EXEC | elf::ET_DYN) {
            return Err(Problem::NotLinked);
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
            return Err(Problem::NoCode);
        }
        let mut image = Self {
            machine: machine(file)?,
            segments,
            relro,
            text: section_ranges(file, |_, flags| flags.contains(elf::SHF_EXECINSTR)),
            got: section_ranges(file, |name, _| matches!(name, ".got" | ".got.plt")),
            functions: Vec::new(),
            fixups: Vec::new(),
            imports: Vec::new(),
            syscall: None,
            fixed: Vec::new(),
            fixed_code: Vec::new(),
            pointers: Vec::new(),
            statics: Statics::default(),
            for_loader: for_loader(file),
            copied: copied(file),
            rust: Rust::None,
            loses_names: false,
            is_dynamic: file.elf_dynamic_table().is_ok_and(|t| t.iter().any(|d| d.tag == elf::DT_NEEDED))
                || header.e_type.get(endian) == elf::ET_DYN
                    && file.dynamic_symbols().any(|s| s.is_definition()),
        };
        if header.e_type.get(endian) == elf::ET_EXEC {
            image.fixed = image.segments.iter().map(|s| s.range.clone()).collect();
        }
        (image.fixups, image.imports) = read_fixups(file, &Linkage::parse(file, data));
        image.fixed_code =
            image.fixups.iter().map(|&(at, _)| at).filter(|&at| image.touches_code(at)).collect();
        let has_more = has_more(file);
        if has_more {
            image.relro.clear();
        }
        // The dynamic symbols are the file's own in both.
        let symbols = separate.filter(|_| !has_names(file)).unwrap_or(file);
        let is_code = |addr| image.segments.iter().any(|s| s.executable && s.range.contains(&addr));
        image.loses_names |=
            !symbols.symbols().any(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_local());
        image.functions = read_functions(symbols.symbols().chain(file.dynamic_symbols()), is_code);
        image.statics = Statics::read(symbols);
        // In a program at fixed addresses any number may be the address of a static.
        if header.e_type.get(endian) == elf::ET_DYN && !has_more {
            image.pointers = private_pointers(image.statics.all(), file);
        }
        let comment = file.section_by_name(".comment").and_then(|s| s.data().ok()).unwrap_or(&[]);
        image.loses_names |=
            file.section_by_name(".note.gnu.gold-version").is_some() || !is_by_tools_that_name(comment);
        let names = || image.functions.iter().flat_map(|f| f.names.iter());
        let says_so = comment.windows(13).any(|w| w == b"rustc version");
        let of_rust = names().any(|n| is_of_rust(n));
        image.rust = match of_rust {
            _ if names().any(|n| is_of_std_or_alloc(n)) => Rust::Any,
            true => Rust::NoAlloc,
            false if says_so => Rust::Any,
            false => Rust::None,
        };
        // Where others are loaded it is one of theirs, and what has its name here may be anything.
        let syscall = image.functions.iter().find(|f| f.names.contains(&"syscall"));
        image.syscall = syscall.filter(|_| !image.is_dynamic).map(|f| f.addr);
        Ok(image)
    }

    /// The processor that it is for.
    pub(crate) fn machine(&self) -> Machine {
        self.machine
    }

    /// How much of Rust the file has.
    pub(crate) fn rust(&self) -> Rust {
        self.rust
    }

    /// Whether a function that was folded into an equal one may have left no name: gold and mold drop private ones then, and a file
    /// without any has been through something that drops them all.
    pub(crate) fn loses_names(&self) -> bool {
        self.loses_names
    }

    /// Whether other objects are loaded with this one.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.is_dynamic
    }

    /// The address of the C library's function for any system call, if it is linked in.
    pub(crate) fn syscall(&self) -> Option<u64> {
        self.syscall
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
    pub(crate) fn segment_of(&self, addr: u64) -> (u64, Code<'a>) {
        let segment = self.segments.iter().find(|s| s.executable && s.range.contains(&addr));
        let (start, bytes) = segment.map_or((addr, &[][..]), |s| (s.range.start, s.data));
        (start, Code { machine: self.machine, bytes })
    }

    /// Whether the loader writes to these eight bytes.
    pub(crate) fn is_fixed_up(&self, addr: u64) -> bool {
        self.touches_fixup(addr, 8)
    }

    /// Whether the loader writes to an instruction, so that what the file has of it is not what runs.
    pub(crate) fn is_fixed_up_code(&self, addr: u64, next: u64) -> bool {
        !self.fixed_code.is_empty() && self.touches_fixup(addr, next.saturating_sub(addr))
    }

    fn touches_code(&self, addr: u64) -> bool {
        self.segments
            .iter()
            .any(|s| s.executable && s.range.start < addr.saturating_add(8) && addr < s.range.end)
    }

    /// Where the tables begin from whose addresses code may count.
    pub(crate) fn tables(&self) -> impl Iterator<Item = u64> {
        self.got.iter().map(|range| range.start)
    }

    /// How many bytes of code the file has.
    pub(crate) fn code_bytes(&self) -> u64 {
        self.segments.iter().filter(|s| s.executable).map(|s| s.data.len() as u64).sum()
    }

    /// The bytes of code from `addr` on, up to `end`; empty when that is not code in the file.
    pub(crate) fn code(&self, addr: u64, end: u64) -> Code<'a> {
        Code { machine: self.machine, bytes: self.code_bytes_of(addr, end) }
    }

    fn code_bytes_of(&self, addr: u64, end: u64) -> &'a [u8] {
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
        let mut found = self.statics.at(addr);
        let (first, other) = (found.next()?, found.next());
        other.is_none().then_some(first.1)
    }

    /// Where the objects with a symbol lie that an address is of, taken together.
    pub(crate) fn object_at(&self, addr: u64) -> Option<Range<u64>> {
        let found = self.statics.at(addr).map(|(range, _)| range.clone());
        found.reduce(|all, one| all.start.min(one.start)..all.end.max(one.end))
    }

    /// All objects that have a symbol.
    pub(crate) fn statics(&self) -> impl Iterator<Item = &(Range<u64>, &'a str)> {
        self.statics.all().iter()
    }

    /// The pointer-sized value that the loader leaves in memory before any code runs.
    pub(crate) fn initial(&self, addr: u64) -> Option<Slot> {
        match self.fixups.binary_search_by_key(&addr, |f| f.0).ok().map(|i| self.fixups[i].1) {
            Some(Fixup::Opaque) => None,
            Some(Fixup::Known(slot)) => Some(slot),
            None if self.touches_fixup(addr, 8) || self.is_copied(addr, 8) => None,
            None => match self.read(addr, 8) {
                Some(bytes) => Some(Slot::Addr(u64::from_le_bytes(bytes.try_into().ok()?))),
                // Beyond what the file has of the segment all is zero.
                None => self.segments.iter().any(|s| s.range.contains(&addr)).then_some(Slot::Addr(0)),
            },
        }
    }

    /// All objects of just eight bytes that have a symbol and that no other file sees, by address.
    pub(crate) fn private_pointers(&self) -> &[u64] {
        &self.pointers
    }

    /// Where the loader writes addresses of the file, and which.
    pub(crate) fn addresses_written(&self) -> impl Iterator<Item = (u64, u64)> {
        self.fixups.iter().filter_map(|&(at, fixup)| match fixup {
            Fixup::Known(Slot::Addr(addr)) => Some((at, addr)),
            _ => None,
        })
    }

    /// Whether eight bytes are a slot of the global offset table whose content is the same at any time.
    pub(crate) fn is_slot(&self, addr: u64) -> bool {
        self.is_got_like(addr) && self.is_frozen(addr, 8)
    }

    /// Whether it is one of the tables that tell the loader what to write.
    pub(crate) fn is_for_loader(&self, addr: u64) -> bool {
        self.for_loader.iter().any(|range| range.contains(&addr))
    }

    /// All bytes of the file that are loaded, each part with its address, and whether it is code.
    pub(crate) fn all_bytes(&self) -> impl Iterator<Item = (u64, &'a [u8], bool)> {
        self.segments.iter().map(|s| (s.range.start, s.data, s.executable))
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
        if self.is_copied(addr, len) {
            return false;
        }
        if self.relro.iter().any(|r| r.start <= addr && end <= r.end) {
            return true;
        }
        self.segments.iter().any(|s| !s.writable && s.range.start <= addr && end <= s.range.end)
            && !self.segments.iter().any(|s| s.writable && s.range.start < end && addr < s.range.end)
    }

    fn is_copied(&self, addr: u64, len: u64) -> bool {
        let i = self.copied.partition_point(|object| object.end <= addr);
        self.copied.get(i).is_some_and(|object| object.start < addr.saturating_add(len))
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

/// Objects of other files for which there is room in this one: the file has zeros there, and the loader copies what they are.
fn copied(file: &Elf<'_>) -> Vec<Range<u64>> {
    let Some(symbols) = file.dynamic_symbol_table() else { return Vec::new() };
    let is_copy = |kind| matches!(kind, elf::R_X86_64_COPY | elf::R_AARCH64_COPY);
    let mut found = Vec::new();
    for (at, relocation) in file.dynamic_relocations().into_iter().flatten() {
        let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
        if let RelocationTarget::Symbol(index) = relocation.target()
            && is_copy(r_type)
        {
            let size = symbols.symbol_by_index(index).map_or(u64::MAX, |symbol| symbol.size());
            found.push(at..at.saturating_add(size));
        }
    }
    found.sort_unstable_by_key(|object| object.start);
    found.dedup_by(|next, last| {
        let overlaps = next.start <= last.end;
        if overlaps {
            last.end = last.end.max(next.end);
        }
        overlaps
    });
    found
}
