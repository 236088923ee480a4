//! Instructions that carry the address of a `core::fmt::Formatter` to where it is not followed: into a vector register, or through a
//! calculation.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, Instruction, InstructionInfoFactory, OpAccess, OpKind, Register};

use super::aarch64_word::{reg, reg_or_sp};
use super::machine::{Code, Machine};
use super::operand::gpr;
use super::spill::Spills;
use super::state::State;
use super::step::{Effect, Reg, Step, Write};
use super::value::Value;

/// What an instruction does that moves values without being followed.
#[derive(Debug, Default)]
struct Moved {
    /// The registers whose values go on in others.
    registers: Vec<Reg>,
    /// The memory that it reads: from where, and which bytes from there on.
    memory: Option<(Option<Reg>, Range<i64>)>,
}

/// Whether a step, whose code is that of a segment, takes the address of a `Formatter` to where it is not followed.
pub(super) fn moves((base, code): (u64, Code<'_>), step: &Step, state: &State, spills: &Spills) -> bool {
    let is_followed = matches!(
        step.effect,
        Effect::Copy(_, _, 64)
            | Effect::Choose(_, _, 64, _)
            | Effect::Load(..)
            | Effect::Pop(_)
            | Effect::Leave
            | Effect::Exchange(..)
            | Effect::Set(..)
            | Effect::Compare(..)
            | Effect::CompareRegs(..)
            | Effect::Test(..)
            // What it says of these, `replaced` says.
            | Effect::Address(..)
            | Effect::ShortAddress(..)
            | Effect::Add(..)
            | Effect::AddConst(..)
    );
    if is_followed {
        return false;
    }
    let at = step.addr.checked_sub(base).and_then(|at| usize::try_from(at).ok());
    let Some(bytes) = at.and_then(|at| code.bytes.get(at..)) else { return false };
    let moved = match code.machine {
        Machine::X86_64 => of_x86(bytes, step.addr),
        Machine::Aarch64 => of_aarch64(bytes, step.write),
    };
    let is_read = |(from, bytes): (Option<Reg>, Range<i64>)| match from.map(|from| state.get(from)) {
        Some(Value::Frame(at)) => {
            let bytes = at.saturating_add(bytes.start)..at.saturating_add(bytes.end);
            spills.has_formatter(&bytes, state)
        }
        _ => false,
    };
    moved.registers.into_iter().any(|reg| state.get(reg).is_formatter()) || moved.memory.is_some_and(is_read)
}

fn of_x86(bytes: &[u8], addr: u64) -> Moved {
    let instruction = Decoder::with_ip(64, bytes, addr, DecoderOptions::NONE).decode();
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(&instruction);
    let of_register =
        |i: u32| (instruction.op_kind(i) == OpKind::Register).then(|| instruction.op_register(i));
    let is_written = |access: OpAccess| {
        use OpAccess::{CondWrite, ReadCondWrite, ReadWrite};
        matches!(access, OpAccess::Write | CondWrite | ReadWrite | ReadCondWrite)
    };
    let operands = || (0..instruction.op_count()).map(|i| (of_register(i), info.op_access(i)));
    // A comparison writes none, and what is written to memory is looked at elsewhere.
    let written = |register: Option<Register>, access| register.is_some() && is_written(access);
    if !operands().any(|(register, access)| written(register, access)) {
        return Moved::default();
    }
    let read = operands().filter(|(_, access)| *access != OpAccess::Write);
    let registers = read.filter_map(|(register, _)| gpr(register?)).collect();
    let into_vector = operands().any(|(register, access)| {
        written(register, access) && register.is_some_and(Register::is_vector_register)
    });
    Moved { registers, memory: into_vector.then(|| read_memory(&instruction)).flatten() }
}

fn read_memory(instruction: &Instruction) -> Option<(Option<Reg>, Range<i64>)> {
    let size = i64::try_from(instruction.memory_size().size()).ok()?;
    let is_memory = (0..instruction.op_count()).any(|i| instruction.op_kind(i) == OpKind::Memory);
    let from = instruction.memory_displacement64().cast_signed();
    // Through an index it is anywhere from there on.
    let end = if instruction.memory_index() == Register::None { from.saturating_add(size) } else { i64::MAX };
    is_memory.then(|| (gpr(instruction.memory_base()), from..end))
}

fn of_aarch64(bytes: &[u8], write: Write) -> Moved {
    let Some(word) = bytes.first_chunk().map(|word| u32::from_le_bytes(*word)) else {
        return Moved::default();
    };
    let field = |at: u32| reg(word >> at & 31);
    let (first, second) = (field(5), field(16));
    let all = match word >> 25 & 15 {
        // Of registers and a number, and of registers alone.
        0b1000 | 0b1001 => vec![first],
        0b0101 | 0b1101 => vec![first, second],
        // To vectors: fmov, fmov to the upper half, dup, ins.
        0b0111 | 0b1111
            if word & 0xffff_fc00 == 0x9e67_0000
                || word & 0xffff_fc00 == 0x9eaf_0000
                || word & 0xbfe0_fc00 == 0x0e00_0c00
                || word & 0xffe0_fc00 == 0x4e00_1c00 =>
        {
            vec![first]
        }
        _ => Vec::new(),
    };
    // A pair of loads: 8 or 16 bytes each, from a distance of seven bits in as many.
    let is_pair = word >> 27 & 7 == 0b101 && word >> 22 & 1 == 1;
    let size: i64 = if word >> 26 & 1 == 1 { 16 } else { 8 };
    let distance = i64::from((word << 10).cast_signed() >> 25).saturating_mul(size);
    let is_behind = word >> 23 & 3 == 1;
    let start = if is_behind { 0 } else { distance };
    let memory = (is_pair && write == Write::None)
        .then(|| (Some(reg_or_sp(word >> 5 & 31)), start..start.saturating_add(2 * size)));
    Moved { registers: all.into_iter().flatten().collect(), memory }
}
