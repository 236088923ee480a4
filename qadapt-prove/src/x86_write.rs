//! What an instruction of x86-64 writes to memory.

use iced_x86::{Code, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};

use super::operand::{gpr, mem};
use super::step::{FP, Mem, SP, Write};

/// What it writes, and where.
pub(super) fn write(i: &Instruction, info: &mut Option<InstructionInfoFactory>) -> Write {
    let top = Mem { base: Some(SP), index: None, disp: 8u64.wrapping_neg() };
    if i.code() == Code::Push_r64
        && let Some(reg) = gpr(i.op0_register())
    {
        return Write::Register(top, reg);
    }
    if matches!(i.code(), Code::Pushq_imm8 | Code::Pushq_imm32) {
        return Write::Number(top, i.immediate(0));
    }
    if i.code() == Code::Mov_rm64_imm32
        && let Some(mem) = mem(i)
    {
        return Write::Number(mem, i.immediate(1));
    }
    if i.op0_kind() == OpKind::Memory && is_plain_store(i.mnemonic()) {
        let size = u8::try_from(i.memory_size().size()).unwrap_or(0);
        return match mem(i) {
            Some(mem) if size > 0 => match gpr(i.op1_register()) {
                Some(reg) if i.mnemonic() == Mnemonic::Mov && i.op1_register().is_gpr64() => {
                    Write::Register(mem, reg)
                }
                _ => Write::Bytes(mem, size),
            },
            _ => Write::Unknown,
        };
    }
    if i.op0_kind() == OpKind::MemoryESRDI {
        let size = u8::try_from(i.memory_size().size()).unwrap_or(u8::MAX);
        let first = Mem { base: gpr(Register::RDI), index: None, disp: 0 };
        let is_repeated = i.has_rep_prefix() || i.has_repne_prefix();
        return if is_repeated { Write::Repeated(first, size) } else { Write::Bytes(first, size) };
    }
    // A register tells which bit of memory is meant, from an address on.
    if matches!(i.mnemonic(), Mnemonic::Bts | Mnemonic::Btr | Mnemonic::Btc)
        && i.op0_kind() == OpKind::Memory
        && i.op1_kind() == OpKind::Register
    {
        return mem(i).map_or(Write::Unknown, |mem| Write::Bytes(mem.onwards(), 8));
    }
    if i.code() == Code::Enterq_imm16_imm8 && i.immediate(1) == 0 {
        return Write::Register(top, FP);
    }
    // The system may write for a call.
    if i.is_string_instruction() || i.is_privileged() || i.mnemonic() == Mnemonic::Syscall {
        return Write::Unknown;
    }
    let info = info.get_or_insert_with(InstructionInfoFactory::new).info(i);
    let mut write = Write::None;
    for used in info.used_memory() {
        if matches!(
            used.access(),
            OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess | OpAccess::None
        ) {
            continue;
        }
        let size = u8::try_from(used.memory_size().size()).unwrap_or(0);
        let place = gpr(used.base()).filter(|_| used.base().is_gpr64() && used.index() == Register::None);
        let tls = matches!(used.segment(), Register::FS | Register::GS);
        write = match place {
            Some(base) if size > 0 && !tls && write == Write::None => {
                Write::Bytes(Mem { base: Some(base), index: None, disp: used.displacement() }, size)
            }
            _ => return Write::Unknown,
        };
    }
    write
}

/// Whether an instruction may write where a register leads.
pub(super) fn may_write_to_stack(i: &Instruction) -> bool {
    match i.op0_kind() {
        // It reads there, and writes to the stack.
        _ if i.mnemonic() == Mnemonic::Push => true,
        OpKind::Memory => {
            i.memory_base() != Register::RIP && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test)
        }
        OpKind::MemoryESDI | OpKind::MemoryESEDI | OpKind::MemoryESRDI => true,
        // Those that do not name the place, or name it by a register.
        _ => matches!(
            i.mnemonic(),
            Mnemonic::Pushfq
                | Mnemonic::Enter
                | Mnemonic::Maskmovq
                | Mnemonic::Maskmovdqu
                | Mnemonic::Vmaskmovdqu
                | Mnemonic::Movdir64b
                | Mnemonic::Enqcmd
                | Mnemonic::Enqcmds
                | Mnemonic::Clzero
        ),
    }
}

/// The commonest instructions that write to their first operand and nowhere else.
pub(super) fn is_plain_store(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Mov
            | Mnemonic::Movups
            | Mnemonic::Movaps
            | Mnemonic::Movupd
            | Mnemonic::Movapd
            | Mnemonic::Movdqu
            | Mnemonic::Movdqa
            | Mnemonic::Movss
            | Mnemonic::Movsd
            | Mnemonic::Movq
            | Mnemonic::Movd
            | Mnemonic::Vmovups
            | Mnemonic::Vmovaps
            | Mnemonic::Vmovdqu
            | Mnemonic::Vmovdqa
    )
}
