//! What instructions of x86-64 do to the registers, as far as their meaning is followed.

use iced_x86::{Code, Instruction, Mnemonic, OpKind, Register};

use super::operand::{bits_of, cond, gpr, immediate, is_high, mem};
use super::step::{Effect, Operand, Operation, SP};

/// The instructions whose meaning is followed. `None`: ask which registers change.
pub(super) fn simple_effect(i: &Instruction) -> Option<Effect> {
    let dst = || gpr(i.op0_register());
    let width = || i.op0_register().size();
    match i.mnemonic() {
        Mnemonic::Mov => match (i.op0_kind(), i.op1_kind()) {
            (OpKind::Register, OpKind::Register) => match width() {
                8 => Some(Effect::Copy(dst()?, gpr(i.op1_register())?, 64)),
                4 => Some(Effect::Copy(dst()?, gpr(i.op1_register())?, 32)),
                _ => None,
            },
            (OpKind::Register, OpKind::Memory) if width() == 8 => Some(Effect::Load(dst()?, mem(i)?)),
            (OpKind::Register, OpKind::Immediate32 | OpKind::Immediate32to64 | OpKind::Immediate64) => {
                match width() {
                    8 | 4 => Some(Effect::Set(dst()?, i.immediate(1))),
                    _ => None,
                }
            }
            (OpKind::Register, OpKind::Immediate8 | OpKind::Immediate16) if !is_high(i.op0_register()) => {
                Some(Effect::SetLow(dst()?, bits_of(i.op0_register())?, immediate(i, 1, width())?))
            }
            _ => None,
        },
        Mnemonic::Lea if width() == 8 => Some(Effect::Address(dst()?, mem(i)?)),
        Mnemonic::Lea if width() == 4 => Some(Effect::ShortAddress(dst()?, mem(i)?)),
        Mnemonic::Movsxd if width() == 8 && i.op1_kind() == OpKind::Memory => {
            Some(Effect::LoadSigned(dst()?, mem(i)?))
        }
        Mnemonic::Movzx if i.op1_kind() == OpKind::Register && width() >= 4 => {
            let src = i.op1_register();
            let bits = if src.size() == 1 { 8 } else { 16 };
            if is_high(src) { None } else { Some(Effect::Extend(dst()?, gpr(src)?, bits)) }
        }
        Mnemonic::Xor
            if i.op0_kind() == OpKind::Register
                && i.op1_kind() == OpKind::Register
                && i.op0_register() == i.op1_register()
                && width() >= 4 =>
        {
            Some(Effect::Set(dst()?, 0))
        }
        Mnemonic::Add if i.op0_kind() == OpKind::Register && width() == 8 => match i.op1_kind() {
            OpKind::Register => Some(Effect::Add(dst()?, gpr(i.op1_register())?)),
            OpKind::Immediate8to64 | OpKind::Immediate32to64 => {
                Some(Effect::AddConst(dst()?, i.immediate(1)))
            }
            _ => None,
        },
        Mnemonic::Sub if i.op0_kind() == OpKind::Register && width() == 8 => match i.op1_kind() {
            OpKind::Immediate8to64 | OpKind::Immediate32to64 => {
                Some(Effect::AddConst(dst()?, i.immediate(1).wrapping_neg()))
            }
            _ => math(i, Operation::Sub),
        },
        Mnemonic::And if i.op0_kind() == OpKind::Register && width() >= 4 => {
            if i.op0_register() == Register::RSP {
                let align = immediate(i, 1, 8)?.wrapping_neg();
                return align.is_power_of_two().then_some(Effect::Align(align));
            }
            match immediate(i, 1, width()) {
                // A sign-extended negative mask keeps upper bits: no bound in that.
                Some(mask) if mask <= u64::from(u32::MAX >> 1) => Some(Effect::Mask(dst()?, mask)),
                _ => math(i, Operation::And),
            }
        }
        Mnemonic::Add => math(i, Operation::Add),
        Mnemonic::Sub => math(i, Operation::Sub),
        Mnemonic::Or => math(i, Operation::Or),
        Mnemonic::Xor => math(i, Operation::Xor),
        Mnemonic::Shl => math(i, Operation::Shl),
        Mnemonic::Shr => math(i, Operation::Shr),
        Mnemonic::Inc | Mnemonic::Dec if i.op0_kind() == OpKind::Register && width() >= 4 => {
            let op = if i.mnemonic() == Mnemonic::Inc { Operation::Add } else { Operation::Dec };
            Some(Effect::Math(op, dst()?, Operand::Number(1), bits_of(i.op0_register())?))
        }
        Mnemonic::Xchg if i.code() == Code::Xchg_rm64_r64 || i.code() == Code::Xchg_r64_RAX => {
            match (i.op0_kind(), i.op1_kind()) {
                (OpKind::Register, OpKind::Register) => {
                    Some(Effect::Exchange(dst()?, gpr(i.op1_register())?))
                }
                _ => None,
            }
        }
        Mnemonic::Leave if i.code() == Code::Leaveq => Some(Effect::Leave),
        Mnemonic::Nop | Mnemonic::Endbr64 => Some(Effect::None),
        Mnemonic::Syscall => Some(Effect::Clobber(1 | 2 | 1 << 11)),
        Mnemonic::Pop if i.code() == Code::Pop_r64 && i.op0_register() != Register::RSP => {
            Some(Effect::Pop(dst()?))
        }
        Mnemonic::Push | Mnemonic::Pushfq if i.stack_pointer_increment() == -8 => {
            Some(Effect::AddConst(SP, 8u64.wrapping_neg()))
        }
        Mnemonic::Popfq => Some(Effect::AddConst(SP, 8)),
        Mnemonic::Pop if i.op0_kind() == OpKind::Memory && i.stack_pointer_increment() == 8 => {
            Some(Effect::AddConst(SP, 8))
        }
        _ => effect_of_flags(i),
    }
}

/// The same of instructions that only compare, and of those that do what the flags say.
fn effect_of_flags(i: &Instruction) -> Option<Effect> {
    let dst = || gpr(i.op0_register());
    let width = || i.op0_register().size();
    match i.mnemonic() {
        Mnemonic::Cmp if i.op0_kind() == OpKind::Register && i.op1_kind() == OpKind::Register => {
            match (i.op0_register(), i.op1_register()) {
                (Register::RSP, other) | (other, Register::RSP) => Some(Effect::CompareTop(gpr(other)?)),
                (left, right) if is_high(left) || is_high(right) => None,
                (left, right) => Some(Effect::CompareRegs(gpr(left)?, gpr(right)?, bits_of(left)?)),
            }
        }
        Mnemonic::Cmp if i.op0_kind() == OpKind::Register && !is_high(i.op0_register()) => {
            Some(Effect::Compare(dst()?, bits_of(i.op0_register())?, immediate(i, 1, width())?))
        }
        Mnemonic::Test => Some(test(i).unwrap_or(Effect::None)),
        mnemonic if is_conditional_move(mnemonic) && width() >= 4 && i.op1_kind() == OpKind::Register => {
            let bits = bits_of(i.op0_register())?;
            Some(Effect::Choose(dst()?, gpr(i.op1_register())?, bits, cond(i)))
        }
        _ if i.op_count() == 1 && i.op0_kind() == OpKind::Register && is_set_if(i.mnemonic()) => {
            if is_high(i.op0_register()) { None } else { Some(Effect::SetIf(dst()?, cond(i))) }
        }
        _ => None,
    }
}

/// An operation on a whole register, or on its lower half.
fn math(i: &Instruction, op: Operation) -> Option<Effect> {
    let width = i.op0_register().size();
    if i.op0_kind() != OpKind::Register || i.op_count() != 2 || width < 4 {
        return None;
    }
    let operand = match i.op1_kind() {
        OpKind::Register => Operand::Reg(gpr(i.op1_register())?),
        _ => Operand::Number(immediate(i, 1, width)?),
    };
    Some(Effect::Math(op, gpr(i.op0_register())?, operand, bits_of(i.op0_register())?))
}

/// A test of some bits of a register.
fn test(i: &Instruction) -> Option<Effect> {
    let left = i.op0_register();
    if i.op0_kind() != OpKind::Register || is_high(left) {
        return None;
    }
    let bits = bits_of(left)?;
    match i.op1_kind() {
        // As a comparison with zero.
        OpKind::Register if i.op1_register() == left => Some(Effect::Compare(gpr(left)?, bits, 0)),
        OpKind::Register => None,
        _ => Some(Effect::Test(gpr(left)?, bits, immediate(i, 1, left.size())?)),
    }
}

fn is_conditional_move(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Cmova
            | Mnemonic::Cmovae
            | Mnemonic::Cmovb
            | Mnemonic::Cmovbe
            | Mnemonic::Cmove
            | Mnemonic::Cmovne
            | Mnemonic::Cmovg
            | Mnemonic::Cmovge
            | Mnemonic::Cmovl
            | Mnemonic::Cmovle
            | Mnemonic::Cmovs
            | Mnemonic::Cmovns
            | Mnemonic::Cmovo
            | Mnemonic::Cmovno
            | Mnemonic::Cmovp
            | Mnemonic::Cmovnp
    )
}

fn is_set_if(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Seta
            | Mnemonic::Setae
            | Mnemonic::Setb
            | Mnemonic::Setbe
            | Mnemonic::Sete
            | Mnemonic::Setne
            | Mnemonic::Setg
            | Mnemonic::Setge
            | Mnemonic::Setl
            | Mnemonic::Setle
            | Mnemonic::Sets
            | Mnemonic::Setns
            | Mnemonic::Seto
            | Mnemonic::Setno
            | Mnemonic::Setp
            | Mnemonic::Setnp
    )
}
