//! What a file is that the prover does not read: its format and its processor, by name.

use object::{Architecture, FileKind, Object as _, elf};

/// Says of a file of a known kind what it is, and what to prove instead; nothing of an ELF file for x86-64 or aarch64,
/// and of a file that is no program.
pub(crate) fn refusal(data: &[u8]) -> Option<String> {
    let (format, formats) = match FileKind::parse(data) {
        Ok(FileKind::Elf32 | FileKind::Elf64) => ("an ELF file", None),
        Ok(FileKind::MachO32 | FileKind::MachO64) => ("a Mach-O file", Some("Mach-O files")),
        Ok(FileKind::MachOFat32 | FileKind::MachOFat64) => ("a universal Mach-O file", Some("Mach-O files")),
        Ok(FileKind::Pe32 | FileKind::Pe64) => ("a PE file", Some("PE files")),
        Ok(FileKind::Archive) => return Some("it is a static library; give what it is linked into".into()),
        _ if data.starts_with(b"\0asm") => ("a WebAssembly module", None),
        _ => return None,
    };
    let processor = processor(data);
    if data.starts_with(&elf::ELFMAG) && matches!(processor.as_deref(), Some("x86-64" | "aarch64")) {
        return None;
    }
    let is_aarch64 = processor.as_deref() == Some("aarch64");
    let target = if is_aarch64 { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
    let later = formats.map_or_else(String::new, |formats| format!("; a later version will read {formats}"));
    Some(format!(
        "it is {format}{}, and cargo-qadapt {} reads ELF files for x86-64 and aarch64 alone{later}. Prove a build of \
         the same code for Linux: `cargo build --target {target}`, and give its file with --binary",
        processor.map_or_else(String::new, |processor| format!(" for {processor}")),
        env!("CARGO_PKG_VERSION")
    ))
}

/// The processor that a file is for; none where the file does not say.
fn processor(data: &[u8]) -> Option<String> {
    if data.starts_with(&elf::ELFMAG) {
        return machine(data);
    }
    match object::File::parse(data).ok()?.architecture() {
        Architecture::Unknown => None,
        Architecture::X86_64 => Some("x86-64".into()),
        Architecture::I386 => Some("i686".into()),
        other => Some(format!("{other:?}").to_lowercase()),
    }
}

/// The same of an ELF file, whose tables may be damaged: from its head alone.
fn machine(data: &[u8]) -> Option<String> {
    let bytes = [*data.get(18)?, *data.get(19)?];
    let is_big = data.get(5) == Some(&elf::ELFDATA2MSB.0);
    let number = if is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    let name = match elf::Machine(number) {
        elf::EM_X86_64 if data.get(4) == Some(&elf::ELFCLASS64.0) => "x86-64",
        elf::EM_X86_64 => "x32",
        elf::EM_386 => "i686",
        elf::EM_AARCH64 if is_big => "aarch64 in big-endian order",
        elf::EM_AARCH64 if data.get(4) == Some(&elf::ELFCLASS32.0) => "aarch64 with 32-bit addresses",
        elf::EM_AARCH64 => "aarch64",
        elf::EM_ARM => "arm",
        elf::EM_RISCV => "riscv",
        elf::EM_PPC64 => "powerpc64",
        elf::EM_S390 => "s390x",
        elf::EM_LOONGARCH => "loongarch",
        _ => return Some(format!("processor {number} of ELF's list")),
    };
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of an ELF file.
    fn head(class: u8, order: u8, machine: [u8; 2]) -> Vec<u8> {
        let mut head = vec![0; 64];
        head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order]);
        head[18..20].copy_from_slice(&machine);
        head
    }

    /// The first bytes of a program for Windows: the head of DOS, which says where that of PE lies, and no section.
    fn pe(machine: [u8; 2]) -> Vec<u8> {
        let mut head = vec![0; 0x400];
        head[..2].copy_from_slice(b"MZ");
        head[0x3c] = 0x80;
        head[0x80..0x84].copy_from_slice(b"PE\0\0");
        head[0x84..0x86].copy_from_slice(&machine);
        // So long is the optional header, of this kind, with so many tables.
        head[0x94] = 0xf0;
        head[0x98..0x9a].copy_from_slice(&[0x0b, 0x02]);
        head[0x104] = 16;
        head
    }

    #[test]
    fn files_are_named_by_format_and_processor() {
        for (data, name) in [
            (head(2, 2, [0, 183]), "an ELF file for aarch64 in big-endian order, and"),
            (head(1, 1, [183, 0]), "an ELF file for aarch64 with 32-bit addresses, and"),
            (head(1, 1, [3, 0]), "an ELF file for i686, and"),
            (head(1, 1, [62, 0]), "an ELF file for x32, and"),
            (head(2, 2, [0, 22]), "an ELF file for s390x, and"),
            (head(2, 1, [99, 1]), "an ELF file for processor 355 of ELF's list, and"),
            (pe([0x64, 0x86]), "a PE file for x86-64, and"),
            (pe([0x64, 0xaa]), "a PE file for aarch64, and"),
            (b"\xcf\xfa\xed\xfe\x0c\0\0\x01............".to_vec(), "a Mach-O file, and"),
            (b"\xca\xfe\xba\xbe\0\0\0\x02............".to_vec(), "a universal Mach-O file, and"),
            (b"\0asm\x01\0\0\0".to_vec(), "a WebAssembly module, and"),
            (b"!<arch>\nlib.o/          ".to_vec(), "a static library"),
        ] {
            let said = refusal(&data).unwrap_or_default();
            assert!(said.starts_with(&format!("it is {name}")), "{name}: {said}");
        }
    }

    #[test]
    fn what_can_be_read_or_is_no_program_has_no_name() {
        for data in [
            head(2, 1, [62, 0]),
            head(2, 1, [183, 0]),
            b"#!/bin/sh\nexit 0\n".to_vec(),
            Vec::new(),
            b"MZ\x90\0".to_vec(),
        ] {
            assert_eq!(refusal(&data), None);
        }
    }

    #[test]
    fn what_a_later_version_reads_is_promised_of_it_alone() {
        let mach = refusal(b"\xcf\xfa\xed\xfe\x0c\0\0\x01............").unwrap_or_default();
        assert!(mach.contains("a later version will read Mach-O files."), "{mach}");
        let pe = refusal(&pe([0x64, 0xaa])).unwrap_or_default();
        assert!(pe.contains("a later version will read PE files."), "{pe}");
        assert!(pe.contains("`cargo build --target aarch64-unknown-linux-gnu`"), "{pe}");
        let riscv = refusal(&head(2, 1, [0xf3, 0])).unwrap_or_default();
        assert!(
            riscv.starts_with("it is an ELF file for riscv") && !riscv.contains("later version"),
            "{riscv}"
        );
    }
}
