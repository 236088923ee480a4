//! The operands of an instruction of x86-64: registers, memory, numbers, conditions.

use iced_x86::{ConditionCode, Instruction, OpKind, Register};

use super::step::{Cond, Mem, Reg, Via};

/// The condition under which an instruction does what it does.
pub(super) fn cond(i: &Instruction) -> Cond {
    match i.condition_code() {
        ConditionCode::a => Cond::Above,
        ConditionCode::ae => Cond::AboveEq,
        ConditionCode::b => Cond::Below,
        ConditionCode::be => Cond::BelowEq,
        ConditionCode::e => Cond::Equal,
        ConditionCode::ne => Cond::NotEqual,
        ConditionCode::l => Cond::Less,
        ConditionCode::le => Cond::LessEq,
        ConditionCode::g => Cond::Greater,
        ConditionCode::ge => Cond::GreaterEq,
        ConditionCode::s => Cond::Negative,
        ConditionCode::ns => Cond::NotNegative,
        _ => Cond::Other,
    }
}

/// Where a computed jump or call finds its target.
pub(super) fn via(i: &Instruction) -> Via {
    match i.op0_kind() {
        OpKind::Register => match (gpr(i.op0_register()), i.op0_register().size()) {
            (Some(reg), 8) => Via::Reg(reg),
            _ => Via::Other,
        },
        OpKind::Memory => mem(i).map_or(Via::Other, Via::Mem),
        _ => Via::Other,
    }
}

/// The general-purpose register that another one is or is a part of.
pub(super) fn gpr(register: Register) -> Option<Reg> {
    if !register.is_gpr() {
        return None;
    }
    u8::try_from(register.full_register().number()).ok().filter(|&r| r < 16)
}

/// Where an operand leads, if that is within the memory that all threads share and told by whole registers.
pub(super) fn mem(i: &Instruction) -> Option<Mem> {
    if matches!(i.memory_segment(), Register::FS | Register::GS) {
        return None;
    }
    if i.is_ip_rel_memory_operand() {
        return Some(Mem { base: None, index: None, disp: i.ip_rel_memory_address() });
    }
    let base = match i.memory_base() {
        Register::None => None,
        r if r.is_gpr64() => Some(gpr(r)?),
        _ => return None,
    };
    let index = match i.memory_index() {
        Register::None => None,
        r if r.is_gpr64() => Some((gpr(r)?, u8::try_from(i.memory_index_scale()).ok()?)),
        _ => return None,
    };
    Some(Mem { base, index, disp: i.memory_displacement64() })
}

/// A register that is the second byte of another one.
pub(super) fn is_high(register: Register) -> bool {
    matches!(register, Register::AH | Register::BH | Register::CH | Register::DH)
}

/// The width of a register.
pub(super) fn bits_of(register: Register) -> Option<u8> {
    u8::try_from(register.size() * 8).ok()
}

/// An immediate operand, cut to the operation's width.
pub(super) fn immediate(i: &Instruction, op: u32, width: usize) -> Option<u64> {
    match i.op_kind(op) {
        OpKind::Immediate8
        | OpKind::Immediate16
        | OpKind::Immediate32
        | OpKind::Immediate64
        | OpKind::Immediate8to16
        | OpKind::Immediate8to32
        | OpKind::Immediate8to64
        | OpKind::Immediate32to64 => {
            let value = i.immediate(op);
            Some(match width {
                1 => value & 0xff,
                2 => value & 0xffff,
                4 => value & 0xffff_ffff,
                _ => value,
            })
        }
        _ => None,
    }
}
