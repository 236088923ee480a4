//! The decoder of aarch64: machine code as [`Step`]s.
//!
//! `disarm64` says which instruction a word is, and this file what that does. A pair of loads and an address that is written back
//! are several steps of one instruction: the first lies at its address, the others at the three bytes behind that, where no
//! instruction can be. What an instruction does not do for sure is a [`Flow::Undecodable`], never nothing.

use disarm64::{InsnOpcode as _, decoder};
use disarm64_defn::{InsnClass, InsnOperandClass};

use super::aarch64_arithmetic::{
    add_constant, add_register, bitfield, logical, logical_constant, move_wide, select,
};
use super::aarch64_memory as memory;
use super::aarch64_word::{Meaning, Part, ZERO, bits, clobber, cond, reg, reg_or_sp, set, signed};
use super::step::{Cond, Effect, Flow, LINK, Mem, Reg, Stack, Step, Via, Write};

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

/// The target of a direct branch.
fn target(word: u32, at: u64, low: u32, count: u32) -> u64 {
    at.wrapping_add_signed(signed(word, low, count) << 2)
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
