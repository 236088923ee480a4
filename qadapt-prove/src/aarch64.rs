//! The decoder of aarch64: machine code as [`Step`]s.
//!
//! `disarm64` says which instruction a word is, and this file what that does. A pair of loads and an address that is written back
//! are several steps of one instruction: the first lies at its address, the others at the three bytes behind that, where no
//! instruction can be. What an instruction does not do for sure is a [`Flow::Undecodable`], never nothing.

use disarm64::{InsnOpcode as _, decoder};
use disarm64_defn::{InsnClass, InsnOperandClass};

use super::aarch64_memory as memory;
use super::step::{Cond, Effect, Flow, LINK, Mem, Op, Operand, Reg, SP, Stack, Step, Via, Write};

/// The number of the register that is zero, or the stack pointer.
pub(super) const ZERO: u32 = 31;

/// What a register is called elsewhere; none of the one that is zero.
pub(super) fn reg(number: u32) -> Option<Reg> {
    const NAMES: [Reg; 31] = [
        7, 6, 2, 1, 8, 9, 10, 11, 0, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 3, 12, 13, 14, 15, 16, 17, 18,
        19, 20, 5, LINK,
    ];
    NAMES.get(number as usize).copied()
}

/// The same where the last number means the stack pointer.
pub(super) fn reg_or_sp(number: u32) -> Reg {
    reg(number).unwrap_or(SP)
}

/// So many bits of a word from this one on.
pub(super) fn bits(word: u32, low: u32, count: u32) -> u32 {
    word >> low & ((1 << count) - 1)
}

/// The same as a number with a sign.
pub(super) fn signed(word: u32, low: u32, count: u32) -> i64 {
    let number = i64::from(bits(word, low, count));
    number << (64 - count) >> (64 - count)
}

/// What one step of an instruction does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) effect: Effect,
    pub(super) write: Write,
}

/// What an instruction does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    pub(super) flow: Flow,
    parts: [Part; 4],
    count: usize,
    pub(super) flags_lost: bool,
}

impl Meaning {
    /// It does nothing that is tracked.
    pub(super) fn none() -> Self {
        let part = Part { effect: Effect::None, write: Write::None };
        Self { flow: Flow::Next, parts: [part; 4], count: 0, flags_lost: false }
    }

    /// It goes somewhere.
    fn flow(flow: Flow) -> Self {
        Self { flow, ..Self::none() }
    }

    pub(super) fn undecodable() -> Self {
        Self { flags_lost: true, ..Self::flow(Flow::Undecodable) }
    }

    pub(super) fn effect(effect: Effect) -> Self {
        Self::none().then(effect, Write::None)
    }

    /// One step more.
    pub(super) fn then(mut self, effect: Effect, write: Write) -> Self {
        if let Some(part) = self.parts.get_mut(self.count) {
            *part = Part { effect, write };
            self.count += 1;
            self
        } else {
            Self::undecodable()
        }
    }

    fn losing_flags(self) -> Self {
        Self { flags_lost: true, ..self }
    }
}

/// Decodes one function's bytes, step by step.
pub(crate) struct Steps<'a> {
    code: &'a [u8],
    base: u64,
    writes: bool,
}

impl<'a> Steps<'a> {
    /// Decodes `code`, whose first byte lies at address `base`.
    pub(crate) fn new(code: &'a [u8], base: u64) -> Self {
        Self { code, base, writes: false }
    }

    /// The same, telling what steps do with the addresses of the stack.
    pub(crate) fn with_writes(self, writes: bool) -> Self {
        Self { writes, ..self }
    }

    /// The step at `addr`; outside the code it is [`Flow::Undecodable`].
    pub(crate) fn at(&self, addr: u64) -> Step {
        let start = addr & !3;
        let (meaning, stack) = match self.word(start) {
            Some(word) => (meaning(word, start), if self.writes { stack(word) } else { Stack::default() }),
            None => (Meaning::undecodable(), Stack::default()),
        };
        let number = usize::try_from(addr & 3).unwrap_or(0);
        // A branch is a step of its own behind what it compares.
        let steps = meaning.count
            + usize::from(meaning.flow != Flow::Next && meaning.count > 0 && is_behind(meaning.flow));
        let is_last = number + 1 >= steps;
        let part = if number < meaning.count {
            meaning.parts[number]
        } else {
            Part { effect: Effect::None, write: Write::None }
        };
        let flow = if number > 0 && number >= steps {
            Flow::Undecodable
        } else if is_last {
            meaning.flow
        } else {
            Flow::Next
        };
        Step {
            addr,
            next: if is_last { start.wrapping_add(4) } else { addr.wrapping_add(1) },
            flow,
            effect: part.effect,
            flags_lost: meaning.flags_lost,
            write: part.write,
            stack: if number == 0 { stack } else { Stack::default() },
        }
    }

    fn word(&self, addr: u64) -> Option<u32> {
        let offset = usize::try_from(addr.checked_sub(self.base)?).ok()?;
        let bytes = self.code.get(offset..offset.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

/// Whether what goes somewhere does so after its parts, and not with the last of them.
fn is_behind(flow: Flow) -> bool {
    matches!(flow, Flow::Branch(..))
}

/// What the instruction at an address does.
fn meaning(word: u32, at: u64) -> Meaning {
    if word >> 16 == 0 {
        // `udf`
        return Meaning::flow(Flow::Trap);
    }
    let Some(opcode) = decoder::decode(word) else { return Meaning::undecodable() };
    let definition = opcode.definition();
    let (rd, rn) = (bits(word, 0, 5), bits(word, 5, 5));
    let is_integer = |operand: usize| {
        definition.operands.get(operand).is_some_and(|operand| operand.class == InsnOperandClass::INT_REG)
    };
    match definition.class {
        InsnClass::BRANCH_IMM => branch(word, at),
        InsnClass::CONDBRANCH => match cond(bits(word, 0, 4)) {
            Some(cond) => Meaning::flow(Flow::Branch(target(word, at, 5, 19), cond)),
            None => Meaning::flow(Flow::Jump(target(word, at, 5, 19))),
        },
        InsnClass::COMPBRANCH if bits(word, 25, 6) == 0b01_1010 => compare_and_branch(word, at),
        InsnClass::TESTBRANCH if bits(word, 25, 6) == 0b01_1011 => test_and_branch(word, at),
        InsnClass::BRANCH_REG => branch_via(word),
        InsnClass::EXCEPTION => exception(word),
        InsnClass::IC_SYSTEM => system(word),
        InsnClass::PCRELADDR => {
            let distance = signed(bits(word, 5, 19) << 2 | bits(word, 29, 2), 0, 21);
            let disp = if word >> 31 == 0 {
                at.wrapping_add_signed(distance)
            } else {
                (at & !0xfff).wrapping_add_signed(distance << 12)
            };
            set(rd, |dst| Effect::Address(dst, Mem { base: None, index: None, disp }))
        }
        InsnClass::ADDSUB_IMM if bits(word, 23, 6) == 0b10_0010 => add_constant(word),
        InsnClass::ADDSUB_SHIFT if bits(word, 24, 5) == 0b0_1011 && bits(word, 21, 1) == 0 => {
            let is_plain = bits(word, 22, 2) == 0;
            let sources = reg(rn).zip(reg(bits(word, 16, 5)));
            add_register(word, reg(rd), sources, bits(word, 10, 6), is_plain)
        }
        InsnClass::ADDSUB_EXT if bits(word, 24, 5) == 0b0_1011 && bits(word, 21, 3) == 1 => {
            let sets_flags = bits(word, 29, 1) != 0;
            let dst = if sets_flags { reg(rd) } else { Some(reg_or_sp(rd)) };
            let is_plain = bits(word, 13, 3) == 0b011 && word >> 31 == 1;
            let sources = Some(reg_or_sp(rn)).zip(reg(bits(word, 16, 5)));
            add_register(word, dst, sources, bits(word, 10, 3), is_plain)
        }
        InsnClass::LOG_IMM if bits(word, 23, 6) == 0b10_0100 => logical_constant(word),
        InsnClass::LOG_SHIFT if bits(word, 24, 5) == 0b0_1010 => logical(word),
        InsnClass::MOVEWIDE if bits(word, 23, 6) == 0b10_0101 => move_wide(word),
        InsnClass::BITFIELD if bits(word, 23, 6) == 0b10_0110 => bitfield(word),
        InsnClass::CONDSEL if bits(word, 21, 8) == 0b1101_0100 => select(word),
        InsnClass::ADDSUB_CARRY
        | InsnClass::EXTRACT
        | InsnClass::DP_2SRC
        | InsnClass::DP_3SRC
        | InsnClass::DP_1SRC
            if is_integer(0) =>
        {
            // Division, shifts and checksums; what is not so common may mean the stack pointer by the last number.
            let is_common = definition.class != InsnClass::DP_2SRC
                || bits(word, 29, 1) == 0 && matches!(bits(word, 10, 6), 2 | 3 | 8..=11 | 16..=23);
            if is_common { clobber(rd).losing_flags() } else { Meaning::undecodable() }
        }
        InsnClass::CONDCMP_IMM | InsnClass::CONDCMP_REG | InsnClass::FLOATCMP | InsnClass::FLOATCCMP => {
            Meaning::none().losing_flags()
        }
        InsnClass::FLOAT2FIX | InsnClass::FLOAT2INT | InsnClass::ASIMDINS => {
            if is_integer(0) {
                clobber(rd).losing_flags()
            } else {
                Meaning::none()
            }
        }
        InsnClass::ASIMDALL
        | InsnClass::ASIMDDIFF
        | InsnClass::ASIMDELEM
        | InsnClass::ASIMDEXT
        | InsnClass::ASIMDIMM
        | InsnClass::ASIMDMISC
        | InsnClass::ASIMDPERM
        | InsnClass::ASIMDSAME
        | InsnClass::ASIMDSHF
        | InsnClass::ASIMDTBL
        | InsnClass::ASISDDIFF
        | InsnClass::ASISDELEM
        | InsnClass::ASISDMISC
        | InsnClass::ASISDONE
        | InsnClass::ASISDPAIR
        | InsnClass::ASISDSAME
        | InsnClass::ASISDSHF
        | InsnClass::CRYPTOAES
        | InsnClass::CRYPTOSHA2
        | InsnClass::CRYPTOSHA3
        | InsnClass::DOTPRODUCT
        | InsnClass::FLOATDP1
        | InsnClass::FLOATDP2
        | InsnClass::FLOATDP3
        | InsnClass::FLOATIMM
        | InsnClass::FLOATSEL
            if !is_integer(0) =>
        {
            Meaning::none()
        }
        class => memory::meaning(word, at, class).unwrap_or_else(Meaning::undecodable),
    }
}

/// An instruction that makes something of its first register, if that is one.
fn set(rd: u32, effect: impl FnOnce(Reg) -> Effect) -> Meaning {
    Meaning::effect(reg(rd).map_or(Effect::None, effect))
}

/// One that changes it in a way that is not followed.
fn clobber(rd: u32) -> Meaning {
    set(rd, |dst| Effect::Clobber(1 << dst))
}

/// The target of a direct branch.
fn target(word: u32, at: u64, low: u32, count: u32) -> u64 {
    at.wrapping_add_signed(signed(word, low, count) << 2)
}

/// A condition; none that always holds.
fn cond(number: u32) -> Option<Cond> {
    Some(match number {
        0 => Cond::Equal,
        1 => Cond::NotEqual,
        2 => Cond::AboveEq,
        3 => Cond::Below,
        4 => Cond::Negative,
        5 => Cond::NotNegative,
        8 => Cond::Above,
        9 => Cond::BelowEq,
        10 => Cond::GreaterEq,
        11 => Cond::Less,
        12 => Cond::Greater,
        13 => Cond::LessEq,
        14 | 15 => return None,
        _ => Cond::Other,
    })
}

fn branch(word: u32, at: u64) -> Meaning {
    let target = target(word, at, 0, 26);
    Meaning::flow(match bits(word, 26, 6) {
        0b00_0101 => Flow::Jump(target),
        0b10_0101 => Flow::Call(target),
        _ => Flow::Undecodable,
    })
}

fn branch_via(word: u32) -> Meaning {
    let via = reg(bits(word, 5, 5)).map(Via::Reg);
    Meaning::flow(match (word & !(31 << 5), via) {
        // A return to anywhere is a jump; the others are `retaa`, `retab`.
        (0xd65f_0000, Some(Via::Reg(LINK))) | (0xd65f_081f | 0xd65f_0c1f, None) => Flow::Return,
        (0xd61f_0000 | 0xd65f_0000, Some(via)) => Flow::JumpVia(via),
        (0xd63f_0000, Some(via)) => Flow::CallVia(via),
        _ => Flow::Undecodable,
    })
}

fn exception(word: u32) -> Meaning {
    match (word & !(0xffff << 5), bits(word, 5, 16)) {
        // `svc`: the system gives its answer in x0.
        (0xd400_0001, _) => Meaning { flow: Flow::System, ..set(0, |dst| Effect::Clobber(1 << dst)) },
        // `brk`: what compilers write for a trap.
        (0xd420_0000, 1 | 1000) => Meaning::flow(Flow::Trap),
        (0xd420_0000, _) => Meaning::flow(Flow::Breakpoint),
        _ => Meaning::undecodable(),
    }
}

/// Hints, barriers, registers of the system.
fn system(word: u32) -> Meaning {
    let rt = bits(word, 0, 5);
    if bits(word, 22, 10) != 0b11_0101_0100 {
        return Meaning::undecodable();
    }
    match (bits(word, 21, 1), bits(word, 19, 2)) {
        // `mrs`, `sysl`
        (1, _) => clobber(rt).losing_flags(),
        (_, 2 | 3) => Meaning::none().losing_flags(),
        // `dc zva` writes as much as a cache line.
        (_, 1) => Meaning::none().then(Effect::None, Write::Unknown),
        _ if word & 0xffff_f01f == 0xd503_201f => match bits(word, 5, 7) {
            // `pacia1716` and its kin, `chkfeat`
            8 | 10 | 12 | 14 => clobber(17),
            40 => clobber(16),
            // Among them those that sign the return address and check it again: for all who follow it, it stays the same.
            _ => Meaning::none(),
        },
        _ if word & 0xffff_f01f == 0xd503_301f => Meaning::none(),
        // `msr` of a number: `cfinv` changes the flags.
        _ if bits(word, 12, 4) == 4 && rt == ZERO => Meaning::none().losing_flags(),
        _ => Meaning::undecodable(),
    }
}

/// `cbz`, `cbnz`: they leave the flags alone, so that what they compare is forgotten behind them.
fn compare_and_branch(word: u32, at: u64) -> Meaning {
    let width = if word >> 31 == 0 { 32 } else { 64 };
    let cond = if bits(word, 24, 1) == 0 { Cond::Equal } else { Cond::NotEqual };
    branch_after(word, at, 19, cond, |reg| Effect::Compare(reg, width, 0))
}

/// `tbz`, `tbnz`
fn test_and_branch(word: u32, at: u64) -> Meaning {
    let bit = bits(word, 31, 1) << 5 | bits(word, 19, 5);
    let cond = if bits(word, 24, 1) == 0 { Cond::Equal } else { Cond::NotEqual };
    branch_after(word, at, 14, cond, |reg| Effect::Test(reg, 64, 1 << bit))
}

fn branch_after(word: u32, at: u64, count: u32, cond: Cond, compare: impl FnOnce(Reg) -> Effect) -> Meaning {
    let to = target(word, at, 5, count);
    match reg(bits(word, 0, 5)) {
        Some(reg) => {
            let compared = Meaning::effect(compare(reg));
            Meaning { flow: Flow::Branch(to, cond), ..compared }.losing_flags()
        }
        None => Meaning::flow(Flow::Branch(to, Cond::Other)),
    }
}

/// `add`, `sub`, `cmp` and `mov` of a register and a number.
fn add_constant(word: u32) -> Meaning {
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
fn add_register(
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
            Effect::Calculate(Op::Sub, dst, left, Operand::Reg(right), width)
        }
        (Some(dst), _) => Effect::Clobber(1 << dst),
    };
    Meaning { flags_lost: sets_flags, ..Meaning::effect(effect) }
}

fn operation(word: u32) -> Op {
    match bits(word, 29, 2) {
        1 => Op::Or,
        2 => Op::Xor,
        _ => Op::And,
    }
}

/// `and`, `orr`, `eor`, `ands` of a register and a mask.
fn logical_constant(word: u32) -> Meaning {
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
        (Some(dst), None) if op == Op::Or => Effect::Set(dst, mask),
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
fn logical(word: u32) -> Meaning {
    let (rd, rn, rm) = (bits(word, 0, 5), bits(word, 5, 5), bits(word, 16, 5));
    let width = if word >> 31 == 1 { 64 } else { 32 };
    let sets_flags = bits(word, 29, 2) == 3;
    let is_plain = bits(word, 10, 6) == 0 && bits(word, 21, 3) == 0;
    let op = operation(word);
    let meaning = set(rd, |dst| match (reg(rn), reg(rm)) {
        _ if !is_plain => Effect::Clobber(1 << dst),
        (None, None) => Effect::Set(dst, 0),
        (None, Some(src)) if op == Op::Or => Effect::Copy(dst, src, width),
        (Some(left), Some(right)) => Effect::Calculate(op, dst, left, Operand::Reg(right), width),
        _ => Effect::Clobber(1 << dst),
    });
    Meaning { flags_lost: sets_flags, ..meaning }
}

/// `movz`, `movn`, `movk`
fn move_wide(word: u32) -> Meaning {
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
            Meaning::effect(keep(Op::And, others)).then(keep(Op::Or, number), Write::None)
        }
        _ => Meaning::undecodable(),
    }
}

/// `lsl`, `lsr`, `ubfx`, `uxtb` and their kin.
fn bitfield(word: u32) -> Meaning {
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
        return Meaning::effect(calculate(Op::Shr, src, u64::from(from)));
    }
    if to + 1 == from {
        return Meaning::effect(calculate(Op::Shl, src, u64::from(last - to)));
    }
    if from > to {
        return clobber(rd);
    }
    let mask = (1u64 << (to - from + 1)) - 1;
    match (from, to) {
        (0, 7) => Meaning::effect(Effect::Extend(dst, src, 8)),
        (0, 15) => Meaning::effect(Effect::Extend(dst, src, 16)),
        (0, 31) => Meaning::effect(Effect::Copy(dst, src, 32)),
        (0, _) => Meaning::effect(calculate(Op::And, src, mask)),
        _ => Meaning::effect(calculate(Op::Shr, src, u64::from(from)))
            .then(calculate(Op::And, dst, mask), Write::None),
    }
}

/// `csel`, `cset`
fn select(word: u32) -> Meaning {
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

/// Whether an instruction makes something of the stack pointer or the frame pointer but a frame.
fn stack(word: u32) -> Stack {
    const FRAME: u32 = 29;
    let mut stack = Stack::default();
    let Some(opcode) = decoder::decode(word) else { return stack };
    let definition = opcode.definition();
    let is_frame = |number: u32| number == FRAME || number == ZERO;
    let (rd, rn) = (bits(word, 0, 5), bits(word, 5, 5));
    if let Some(is_load) = memory::is_plain(word, definition.class) {
        stack.pushes_fp = !is_load && memory::data(word, definition.class).contains(&Some(FRAME));
        // An index is added to something else.
        stack.takes_fp = definition.class == InsnClass::LDST_REGOFF && bits(word, 16, 5) == FRAME;
        return stack;
    }
    if definition.class == InsnClass::ADDSUB_IMM {
        let sets_flags = bits(word, 29, 1) == 1;
        let is_plain = if sets_flags { rd == ZERO } else { is_frame(rd) };
        if !is_plain {
            stack.takes_sp = rn == ZERO;
            stack.takes_fp = rn == FRAME || rd == FRAME;
        } else if !is_frame(rn) && !sets_flags {
            // Something else becomes the one or the other.
            stack.takes_fp = rd == FRAME;
        }
        return stack;
    }
    // Compared, or made of itself; the second source is never the stack pointer.
    stack.takes_sp = definition.class == InsnClass::ADDSUB_EXT && rn == ZERO && rd != ZERO;
    let is_number = |class| {
        matches!(
            class,
            InsnOperandClass::INT_REG | InsnOperandClass::MODIFIED_REG | InsnOperandClass::ADDRESS
        )
    };
    let fields = definition
        .operands
        .iter()
        .filter(|operand| is_number(operand.class))
        .flat_map(|operand| operand.bit_fields);
    stack.takes_fp =
        fields.into_iter().any(|field| bits(word, field.lsb.into(), 5) == FRAME && field.width == 5);
    stack
}
