//! ELF files for x86-64, and what is said of others.

use object::Endianness;
use object::elf;
use object::read::elf::ElfFile64;

use super::kind;

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
