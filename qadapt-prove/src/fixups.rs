//! Pointers that the loader fixes up: what it writes where.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use object::elf;
use object::read::elf::{ProgramHeader, SectionHeader, Sym};
use object::{Object, ObjectSection, ObjectSymbol, ObjectSymbolTable, RelocationFlags, RelocationTarget};

use super::elf::Elf;
use super::import::{Import, Linkage};

/// A pointer-sized constant that the loader leaves in memory before `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    /// An address inside the image (or a plain number).
    Addr(u64),
    /// A symbol that another object provides, or may: an index for `Image::import`.
    Import(u32),
}

/// What the loader writes to one place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fixup {
    /// This.
    Known(Slot),
    /// What cannot be told.
    Opaque,
}

/// What the loader writes, each with its address, in their order; and the symbols that it looks up for that.
pub(super) fn read_fixups<'a>(file: &Elf<'a>, linkage: &Linkage<'a>) -> (Vec<(u64, Fixup)>, Vec<Import<'a>>) {
    let (mut fixups, mut imports) = (Vec::new(), Vec::new());
    let mut seen: HashMap<usize, Fixup> = HashMap::new();
    for (at, relocation) in file.dynamic_relocations().into_iter().flatten() {
        let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
        let addend = relocation.addend();
        let is_sum = !matches!(r_type, elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT);
        if is_sum && relocation.has_implicit_addend() {
            // It lies where the loader writes (`-z rel`).
            fixups.push((at, Fixup::Opaque));
            continue;
        }
        if r_type == elf::R_AARCH64_TLSDESC {
            // It has two words.
            fixups.push((at.wrapping_add(8), Fixup::Opaque));
        }
        let fixup = match r_type {
            elf::R_X86_64_RELATIVE | elf::R_AARCH64_RELATIVE => {
                Fixup::Known(Slot::Addr(addend.cast_unsigned()))
            }
            elf::R_X86_64_GLOB_DAT
            | elf::R_X86_64_JUMP_SLOT
            | elf::R_X86_64_64
            | elf::R_AARCH64_GLOB_DAT
            | elf::R_AARCH64_JUMP_SLOT
            | elf::R_AARCH64_ABS64 => {
                match relocation.target() {
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
                            imports.push(Import { name, of_c_library, own });
                            u32::try_from(imports.len() - 1)
                                .map_or(Fixup::Opaque, |i| Fixup::Known(Slot::Import(i)))
                        });
                        match base {
                            Fixup::Known(Slot::Addr(a)) if is_sum => {
                                Fixup::Known(Slot::Addr(a.wrapping_add(addend.cast_unsigned())))
                            }
                            Fixup::Known(Slot::Import(_)) if addend != 0 && is_sum => Fixup::Opaque,
                            other => other,
                        }
                    }
                    _ => Fixup::Opaque,
                }
            }
            _ => Fixup::Opaque,
        };
        fixups.push((at, fixup));
    }
    let others = others(file);
    let known: HashSet<u64> = fixups.iter().map(|&(at, _)| at).collect();
    fixups.extend(others.into_iter().filter(|at| !known.contains(at)).map(|at| (at, Fixup::Opaque)));
    fixups.sort_by_key(|&(at, _)| at);
    // Two fixups of one place: whichever the loader applies last would win. Not worth knowing.
    fixups.dedup_by(|b, a| {
        let same = a.0 == b.0;
        if same {
            a.1 = Fixup::Opaque;
        }
        same
    });
    (fixups, imports)
}

/// What a program that is linked statically writes itself as it starts, where functions choose other functions: such relocations
/// are loaded, and belong to no symbols.
fn others(file: &Elf<'_>) -> Vec<u64> {
    let (endian, data) = (file.endian(), file.data());
    let mut found = Vec::new();
    for section in file.sections() {
        let header = section.elf_section_header();
        if !header.sh_flags(endian).contains(elf::SHF_ALLOC) {
            continue;
        }
        if let Ok(Some((all, _))) = header.rela(endian, data) {
            found.extend(all.iter().map(|one| one.r_offset.get(endian)));
        }
        if let Ok(Some((all, _))) = header.rel(endian, data) {
            found.extend(all.iter().map(|one| one.r_offset.get(endian)));
        }
    }
    found
}

/// Whether the loader may write more to a file than [`read_fixups`] reads: tables that are packed as Android packs them, or that no
/// section header speaks of.
pub(super) fn has_more(file: &Elf<'_>) -> bool {
    let endian = file.endian();
    let is_table = |kind| matches!(kind, elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR);
    let tables: Vec<Range<u64>> = file
        .sections()
        .filter(|section| is_table(section.elf_section_header().sh_type(endian)))
        .map(|section| section.address()..section.address().saturating_add(section.size()))
        .collect();
    let is_unread = |tag, address: u64| match tag {
        elf::DT_RELA | elf::DT_REL | elf::DT_RELR | elf::DT_JMPREL => {
            !tables.iter().any(|table| table.contains(&address))
        }
        elf::DT_ANDROID_RELA | elf::DT_ANDROID_REL | elf::DT_ANDROID_RELR => true,
        _ => false,
    };
    let is_dynamic = file.elf_program_headers().iter().any(|p| p.p_type(endian) == elf::PT_DYNAMIC);
    let Ok(dynamic) = file.elf_dynamic_table() else { return true };
    file.sections().next().is_none()
        || is_dynamic && dynamic.iter().next().is_none()
        || dynamic.iter().any(|entry| is_unread(entry.tag, entry.val))
}
