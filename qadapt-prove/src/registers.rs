//! Which general-purpose registers an instruction of x86-64 reads, and which it leaves nothing of.

use iced_x86::{Decoder, DecoderOptions, InstructionInfoFactory, OpAccess};

use super::operand::gpr;
use super::step::Regs;

/// What an instruction does with general-purpose registers, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registers {
    /// It reads them or a part of them, also to tell an address.
    pub(crate) reads: Regs,
    /// Nothing of what was in them is left.
    pub(crate) overwrites: Regs,
}

/// What the instruction at `addr` does with them, in code that begins at `base`; none if that is no instruction.
pub(crate) fn registers(code: &[u8], base: u64, addr: u64) -> Option<Registers> {
    let bytes = code.get(usize::try_from(addr.checked_sub(base)?).ok()?..)?;
    let instruction = Decoder::with_ip(64, bytes, addr, DecoderOptions::NONE).decode();
    if instruction.is_invalid() {
        return None;
    }
    let mut found = Registers { reads: 0, overwrites: 0 };
    let mut factory = InstructionInfoFactory::new();
    for used in factory.info(&instruction).used_registers() {
        let Some(reg) = gpr(used.register()) else { continue };
        match used.access() {
            // A write of fewer bytes leaves the others, one of four zeroes them.
            OpAccess::Write if used.register().size() >= 4 => found.overwrites |= 1 << reg,
            OpAccess::Write | OpAccess::None | OpAccess::NoMemAccess => {}
            _ => found.reads |= 1 << reg,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_register_counts() {
        let (rax, rcx, rsp) = (1, 2, 1 << 4);
        for (bytes, reads, overwrites) in [
            // mov [rcx], rax
            (&[0x48, 0x89, 0x01][..], rax | rcx, 0),
            // mov rax, [rcx]
            (&[0x48, 0x8b, 0x01], rcx, rax),
            // mov eax, ecx
            (&[0x89, 0xc8], rcx, rax),
            // mov al, cl
            (&[0x88, 0xc8], rcx, 0),
            // xor eax, eax
            (&[0x31, 0xc0], 0, rax),
            // cmove rax, rcx
            (&[0x48, 0x0f, 0x44, 0xc1], rax | rcx, 0),
            // push rcx
            (&[0x51], rcx | rsp, 0),
            // xchg rax, rcx
            (&[0x48, 0x91], rax | rcx, 0),
        ] {
            let found = registers(bytes, 0x1000, 0x1000).expect("an instruction");
            assert_eq!((found.reads, found.overwrites & !rsp), (reads, overwrites), "{bytes:x?}");
        }
        assert_eq!(registers(&[0x06], 0x1000, 0x1000), None);
    }
}
