//! Instructions of aarch64 that make numbers of numbers.

use super::aarch64_word::{Meaning, ZERO, bits, clobber, cond, reg, reg_or_sp, set};
use super::step::{Effect, Mem, Operand, Operation, Reg, SP, Write};

/// `add`, `sub`, `cmp` and `mov` of a register and a number.
pub(super) fn add_constant(word: u32) -> Meaning {
    let (rd, rn) = (bits(word, 0, 5), reg_or_sp(bits(word, 5, 5)));
    let is_wide = word >> 31 == 1;
    let number = u64::from(bits(word, 10, 12)) << (12 * bits(word, 22, 1));
    let is_sub = bits(word, 30, 1) == 1;
    let mem = Mem { base: Some(rn), index: None, disp: if is_sub { number.wrapping_neg() } else { number } };
    let sets_flags = bits(word, 29, 1) == 1;
    if sets_flags && rd == ZERO {
        let is_compared = is_sub && rn != SP;
        let compare = Effect::Compare(rn, if is_wide { 64 } else { 32 }, number);
        return Meaning::effect(if is_compared { compare } else { Effect::None }).losing_flags();
    }
    let dst = if sets_flags { reg(rd) } else { Some(reg_or_sp(rd)) };
    let Some(dst) = dst else { return Meaning::undecodable() };
    let effect = if is_wide {
        sum(dst, mem)
    } else if dst == SP || rn == SP {
        Effect::Clobber(1 << dst)
    } else {
        Effect::ShortAddress(dst, mem)
    };
    Meaning { flags_lost: sets_flags, ..Meaning::effect(effect) }
}

/// A sum of 64 bits.
fn sum(dst: Reg, mem: Mem) -> Effect {
    match mem {
        Mem { base: Some(base), index: None, disp: 0 } => Effect::Copy(dst, base, 64),
        Mem { base: Some(base), index: None, disp } if base == dst => Effect::AddConst(dst, disp),
        Mem { base: Some(base), index: Some((index, 1)), disp: 0 } if base == dst => Effect::Add(dst, index),
        _ => Effect::Address(dst, mem),
    }
}

/// The same of two registers, the second of them moved up by so many bits, if that is plain.
pub(super) fn add_register(
    word: u32,
    dst: Option<Reg>,
    sources: Option<(Reg, Reg)>,
    shift: u32,
    is_plain: bool,
) -> Meaning {
    let is_wide = word >> 31 == 1;
    let width = if is_wide { 64 } else { 32 };
    let (is_sub, sets_flags) = (bits(word, 30, 1) == 1, bits(word, 29, 1) == 1);
    let effect = match (dst, sources.filter(|_| is_plain)) {
        // Without flags nothing is left of it.
        (None, _) if !sets_flags => Effect::None,
        (None, Some((SP, other))) if is_sub && shift == 0 => Effect::CompareTop(other),
        (None, Some((left, right))) if is_sub && shift == 0 && left != SP => {
            Effect::CompareRegs(left, right, width)
        }
        (None, _) => Effect::None,
        (Some(dst), Some((left, right))) if !is_sub && shift <= 3 => {
            let mem = Mem { base: Some(left), index: Some((right, 1 << shift)), disp: 0 };
            if is_wide { sum(dst, mem) } else { Effect::ShortAddress(dst, mem) }
        }
        (Some(dst), Some((left, right))) if is_sub && shift == 0 && (is_wide || dst != SP && left != SP) => {
            Effect::Calculate(Operation::Sub, dst, left, Operand::Reg(right), width)
        }
        (Some(dst), _) => Effect::Clobber(1 << dst),
    };
    Meaning { flags_lost: sets_flags, ..Meaning::effect(effect) }
}

fn operation(word: u32) -> Operation {
    match bits(word, 29, 2) {
        1 => Operation::Or,
        2 => Operation::Xor,
        _ => Operation::And,
    }
}

/// `and`, `orr`, `eor`, `ands` of a register and a mask.
pub(super) fn logical_constant(word: u32) -> Meaning {
    let (rd, rn) = (bits(word, 0, 5), bits(word, 5, 5));
    let width = if word >> 31 == 1 { 64 } else { 32 };
    let Some(mask) = mask(bits(word, 22, 1), bits(word, 10, 6), bits(word, 16, 6), width) else {
        return Meaning::undecodable();
    };
    let sets_flags = bits(word, 29, 2) == 3;
    let op = operation(word);
    let effect = match (reg(rd), reg(rn)) {
        (None, _) if sets_flags => Effect::None,
        (None, _) => Effect::Clobber(1 << SP),
        (Some(dst), None) if op == Operation::Or => Effect::Set(dst, mask),
        (Some(dst), Some(src)) => Effect::Calculate(op, dst, src, Operand::Number(mask), width),
        (Some(dst), None) => Effect::Clobber(1 << dst),
    };
    Meaning { flags_lost: sets_flags, ..Meaning::effect(effect) }
}

/// A mask as the instruction tells it: a run of ones, turned and repeated (`DecodeBitMasks` of the architecture's manual).
fn mask(n: u32, ones: u32, turn: u32, width: u8) -> Option<u64> {
    let length = 31u32.checked_sub((n << 6 | (!ones & 0x3f)).leading_zeros())?;
    if length == 0 || width == 32 && n == 1 {
        return None;
    }
    let size = 1u32 << length;
    let (ones, turn) = (ones & (size - 1), turn & (size - 1));
    if ones == size - 1 {
        return None;
    }
    let all = if size == 64 { u64::MAX } else { (1 << size) - 1 };
    let run = (1u64 << (ones + 1)) - 1;
    let element = if turn == 0 { run } else { (run >> turn | run << (size - turn)) & all };
    let mut found = 0u64;
    let mut at = 0;
    while at < u32::from(width) {
        found |= element << at;
        at += size;
    }
    Some(found)
}

/// The same of two registers, and `mov`.
pub(super) fn logical(word: u32) -> Meaning {
    let (rd, rn, rm) = (bits(word, 0, 5), bits(word, 5, 5), bits(word, 16, 5));
    let width = if word >> 31 == 1 { 64 } else { 32 };
    let sets_flags = bits(word, 29, 2) == 3;
    let is_plain = bits(word, 10, 6) == 0 && bits(word, 21, 3) == 0;
    let op = operation(word);
    let meaning = set(rd, |dst| match (reg(rn), reg(rm)) {
        _ if !is_plain => Effect::Clobber(1 << dst),
        (None, None) => Effect::Set(dst, 0),
        (None, Some(src)) if op == Operation::Or => Effect::Copy(dst, src, width),
        (Some(left), Some(right)) => Effect::Calculate(op, dst, left, Operand::Reg(right), width),
        _ => Effect::Clobber(1 << dst),
    });
    Meaning { flags_lost: sets_flags, ..meaning }
}

/// `movz`, `movn`, `movk`
pub(super) fn move_wide(word: u32) -> Meaning {
    let width = if word >> 31 == 1 { 64 } else { 32 };
    let all = if width == 64 { u64::MAX } else { 0xffff_ffff };
    let shift = 16 * bits(word, 21, 2);
    let number = u64::from(bits(word, 5, 16)) << shift;
    let Some(dst) = reg(bits(word, 0, 5)) else { return Meaning::none() };
    let keep = |op, number| Effect::Calculate(op, dst, dst, Operand::Number(number), width);
    match bits(word, 29, 2) {
        0 => Meaning::effect(Effect::Set(dst, !number & all)),
        2 => Meaning::effect(Effect::Set(dst, number)),
        3 => {
            let others = !(0xffff << shift) & all;
            Meaning::effect(keep(Operation::And, others)).then(keep(Operation::Or, number), Write::None)
        }
        _ => Meaning::undecodable(),
    }
}

/// `lsl`, `lsr`, `ubfx`, `uxtb` and their kin.
pub(super) fn bitfield(word: u32) -> Meaning {
    let (rd, rn) = (bits(word, 0, 5), bits(word, 5, 5));
    let width: u8 = if word >> 31 == 1 { 64 } else { 32 };
    let (from, to) = (bits(word, 16, 6), bits(word, 10, 6));
    let is_unsigned = bits(word, 29, 2) == 2;
    let (Some(dst), Some(src), true) = (reg(rd), reg(rn), is_unsigned) else { return clobber(rd) };
    let last = u32::from(width) - 1;
    let calculate = |op, src, number| Effect::Calculate(op, dst, src, Operand::Number(number), width);
    if from > last || to > last {
        return Meaning::undecodable();
    }
    if to == last {
        return Meaning::effect(calculate(Operation::Shr, src, u64::from(from)));
    }
    if to + 1 == from {
        return Meaning::effect(calculate(Operation::Shl, src, u64::from(last - to)));
    }
    if from > to {
        return clobber(rd);
    }
    let mask = (1u64 << (to - from + 1)) - 1;
    match (from, to) {
        (0, 7) => Meaning::effect(Effect::Extend(dst, src, 8)),
        (0, 15) => Meaning::effect(Effect::Extend(dst, src, 16)),
        (0, 31) => Meaning::effect(Effect::Copy(dst, src, 32)),
        (0, _) => Meaning::effect(calculate(Operation::And, src, mask)),
        _ => Meaning::effect(calculate(Operation::Shr, src, u64::from(from)))
            .then(calculate(Operation::And, dst, mask), Write::None),
    }
}

/// `csel`, `cset`
pub(super) fn select(word: u32) -> Meaning {
    let (rd, rn, rm) = (bits(word, 0, 5), bits(word, 5, 5), bits(word, 16, 5));
    let width = if word >> 31 == 1 { 64 } else { 32 };
    let number = bits(word, 12, 4);
    let (Some(cond), Some(otherwise)) = (cond(number), cond(number ^ 1)) else { return clobber(rd) };
    let Some(dst) = reg(rd) else { return Meaning::none() };
    match (bits(word, 30, 1), bits(word, 10, 2), reg(rn), reg(rm)) {
        (0, 1, None, None) => {
            Meaning::effect(Effect::Set(dst, 0)).then(Effect::SetIf(dst, otherwise), Write::None)
        }
        (0, 0, Some(left), Some(right)) if left == dst => {
            Meaning::effect(Effect::Choose(dst, right, width, otherwise))
        }
        (0, 0, Some(left), Some(right)) if right == dst => {
            Meaning::effect(Effect::Choose(dst, left, width, cond))
        }
        (0, 0, Some(left), Some(right)) => Meaning::effect(Effect::Copy(dst, right, 64))
            .then(Effect::Choose(dst, left, width, cond), Write::None),
        _ => clobber(rd),
    }
}
