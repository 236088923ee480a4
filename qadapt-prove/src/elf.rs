//! ELF files for the processors that are read, and what is said of others.

use std::ops::Range;

use object::elf;
use object::read::elf::{ElfFile64, SectionHeader as _};
use object::{Endianness, Object, ObjectSection, ObjectSymbolTable as _};

use super::kind;
use super::machine::Machine;
use super::problem::Problem;

/// An ELF file whose headers are read.
pub(crate) type Elf<'a> = ElfFile64<'a, Endianness>;

/// Reads the headers of any ELF file. All are read here, and each of them once for a proof.
///
/// # Errors
/// If there are none, or they are damaged.
pub(crate) fn parse(data: &[u8]) -> object::Result<Elf<'_>> {
    #[cfg(test)]
    PARSED.with(|parsed| parsed.set(parsed.get() + 1));
    Elf::parse(data)
}

#[cfg(test)]
thread_local! {
    /// How many files this thread has parsed.
    pub(crate) static PARSED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The processor that a file is for.
///
/// # Errors
/// If its code is not read.
pub(crate) fn machine(file: &Elf<'_>) -> Result<Machine, Problem> {
    match file.elf_header().e_machine.get(file.endian()) {
        elf::EM_X86_64 => Ok(Machine::X86_64),
        elf::EM_AARCH64 if file.endian() == Endianness::Little => Ok(Machine::Aarch64),
        _ => Err(Problem::Other("its code is for another processor".into())),
    }
}

/// Reads the headers of a file that is to be proven.
///
/// # Errors
/// If it is no such file.
pub(crate) fn headers(data: &[u8]) -> Result<Elf<'_>, Problem> {
    if let Some(other) = kind::refusal(data) {
        return Err(Problem::Other(other));
    }
    if data.len() < 4 || data[..4] != elf::ELFMAG {
        return Err(Problem::NoElf);
    }
    let file = parse(data).map_err(|e| Problem::Headers(e.into()))?;
    if is_without_its_code(&file) {
        return Err(Problem::OnlyDebugInformation);
    }
    Ok(file)
}

/// Whether it has sections of code and the bytes of none, as `objcopy --only-keep-debug` leaves it.
fn is_without_its_code(file: &Elf<'_>) -> bool {
    let endian = file.endian();
    let mut code = file
        .elf_section_table()
        .iter()
        .filter(|section| {
            section.sh_flags(endian).contains(elf::SHF_EXECINSTR) && section.sh_size(endian) > 0
        })
        .peekable();
    code.peek().is_some() && code.all(|section| section.sh_type(endian) == elf::SHT_NOBITS)
}

/// Whether a file's own functions have names.
pub(crate) fn has_names(file: &Elf<'_>) -> bool {
    file.symbol_table().is_some_and(|table| table.symbols().next().is_some())
}

/// Says whether the functions of a file have names, in itself or in the file that was taken from it before it was stripped: only
/// names tell an allocator.
///
/// # Errors
/// If they have none.
pub(crate) fn named(file: &Elf<'_>, separate: Option<&Elf<'_>>) -> Result<(), Problem> {
    if has_names(file) || separate.is_some_and(has_names) {
        return Ok(());
    }
    Err(Problem::NoSymbols)
}

/// Where the sections lie that are wanted.
pub(super) fn section_ranges(
    file: &Elf<'_>,
    want: impl Fn(&str, elf::SectionFlags) -> bool,
) -> Vec<Range<u64>> {
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
