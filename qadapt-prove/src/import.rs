//! Symbols that the loader looks up: in which library a name is to be found, and who may come before it.
//!
//! A name alone says little: any library may define a `send` of its own. glibc's symbols carry a version, and the file
//! notes with each version from which library it comes. musl has no versions, and is the only library of the programs
//! that use it, or its names say nothing.

use object::read::elf::{ElfFile64, FileHeader, ProgramHeader, VersionTable};
use object::{Endianness, SymbolIndex, elf};

/// A symbol that the loader looks up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Import<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Whether it comes from the C library or the compiler's.
    pub(crate) of_c_library: bool,
    /// Where this file defines it, if it does. Another object may define it too, and come first.
    pub(crate) own: Option<u64>,
}

/// The libraries that make up glibc, and the compiler's.
const GLIBC: [&str; 11] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libmvec.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];

/// How the symbols of one file are looked up.
#[derive(Debug)]
pub(crate) struct Linkage<'a> {
    versions: VersionTable<'a, elf::FileHeader64<Endianness>>,
    only_musl: bool,
    overridable: bool,
}

impl<'a> Linkage<'a> {
    /// Reads the dynamic section of a file.
    pub(crate) fn parse(file: &ElfFile64<'a, Endianness>, data: &'a [u8]) -> Self {
        let endian = file.endian();
        let (mut needed, mut symbolic, mut pie, mut debug) = (Vec::new(), false, false, false);
        if let Ok(table) = file.elf_dynamic_table() {
            for entry in &table {
                match entry.tag {
                    elf::DT_NEEDED => needed.push(table.string(entry).unwrap_or(b"?")),
                    elf::DT_DEBUG => debug = true,
                    elf::DT_SYMBOLIC => symbolic = true,
                    elf::DT_FLAGS => symbolic |= entry.val & elf::DF_SYMBOLIC.0 != 0,
                    elf::DT_FLAGS_1 => pie |= entry.val & elf::DF_1_PIE.0 != 0,
                    _ => {}
                }
            }
        }
        let header = file.elf_header();
        let interpreted = file.elf_program_headers().iter().any(|p| p.p_type(endian) == elf::PT_INTERP);
        // A program is first in the loader's list: nobody comes before it. Libraries that can be run too name a loader as programs do; but
        // linkers leave room for a debugger in programs alone.
        let program = header.e_type(endian) == elf::ET_EXEC || pie || (interpreted && debug);
        let is_musl = |name: &&[u8]| *name == b"libc.so" || name.starts_with(b"libc.musl-");
        let with_musl = |name: &&[u8]| is_musl(name) || *name == b"libgcc_s.so.1";
        Self {
            versions: file.elf_section_table().versions(endian, data).ok().flatten().unwrap_or_default(),
            only_musl: needed.iter().any(is_musl) && needed.iter().all(with_musl),
            overridable: !program && !symbolic,
        }
    }

    /// Whether a symbol that is not defined here comes from the C library.
    pub(crate) fn is_of_c_library(&self, endian: Endianness, index: SymbolIndex) -> bool {
        match self.versions.version(self.versions.version_index(endian, index).index()) {
            Ok(Some(version)) => {
                let of = |prefix: &[u8]| version.name().starts_with(prefix);
                (of(b"GLIBC_") || of(b"GCC_"))
                    && version.file().is_some_and(|f| GLIBC.iter().any(|lib| lib.as_bytes() == f))
            }
            Ok(None) => self.only_musl,
            Err(_) => false,
        }
    }

    /// Whether another object may define a symbol that this one defines, and come first.
    pub(crate) fn is_overridable(&self, symbol: &elf::Sym64<Endianness>) -> bool {
        self.overridable && symbol.st_bind() != elf::STB_LOCAL && symbol.st_visibility() == elf::STV_DEFAULT
    }
}
