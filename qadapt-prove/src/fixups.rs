//! Pointers that the loader fixes up: what it writes where.

use std::collections::HashMap;

use object::elf;
use object::read::elf::Sym;
use object::{Object, ObjectSymbol, ObjectSymbolTable, RelocationFlags, RelocationTarget};

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
    let Some(relocations) = file.dynamic_relocations() else { return (fixups, imports) };
    for (at, relocation) in relocations {
        let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
        let addend = relocation.addend();
        let is_sum = !matches!(r_type, elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT);
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
