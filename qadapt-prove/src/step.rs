//! Machine code as normalised steps: where control goes next and what happens to the registers.
//!
//! Everything after [`decode`](super::decode) speaks of [`Step`]s only, so that another processor needs another decoder and
//! nothing else.
//!
//! Registers are numbered as x86-64 numbers them, and those of another processor by the part that they have in its calling
//! convention, so that nearly all that is said of calls holds for each:
//!
//! ```text
//! number   0   1   2   3   4   5   6   7   8   9   10  11  12..15   16..20   21..29  30   31
//! x86-64   rax rcx rdx rbx rsp rbp rsi rdi r8  r9  r10 r11 r12..r15
//! aarch64  x8  x3  x2  x19 sp  x29 x1  x0  x4  x5  x6  x7  x20..x23 x24..x28 x9..x17 x18  x30
//! ```

/// A general-purpose register, 0 to 31.
pub(crate) type Reg = u8;

/// A set of registers, one bit each.
pub(crate) type Regs = u32;

/// The number of general-purpose registers.
pub(crate) const REGS: usize = 32;

/// The stack pointer.
pub(crate) const SP: Reg = 4;

/// The frame pointer, where it is used as one.
pub(crate) const FP: Reg = 5;

/// Where a call leaves the return address, on a processor that does not push it.
pub(crate) const LINK: Reg = 31;

/// Registers that a call may change: rax, rcx, rdx, rsi, rdi, r8 to r11; x0 to x18 and x30.
pub(crate) const CALLER_SAVED: Regs = 0b1111_1111_1110_0000_0000_1111_1100_0111;

/// Registers that a callee gives back as it found them: rbx, rbp, r12 to r15; x19 to x29.
pub(crate) const CALLEE_SAVED: [Reg; 11] = [3, 5, 12, 13, 14, 15, 16, 17, 18, 19, 20];

/// The registers that a function needs as they were to come back: those that it must give back, and the one with the return
/// address.
pub(crate) const KEPT: [Reg; CALLEE_SAVED.len() + 1] = {
    let mut kept = [LINK; CALLEE_SAVED.len() + 1];
    let mut i = 0;
    while i < CALLEE_SAVED.len() {
        kept[i] = CALLEE_SAVED[i];
        i += 1;
    }
    kept
};

/// `base + index * scale + disp`; an instruction-relative address is all `disp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mem {
    /// The base register.
    pub(crate) base: Option<Reg>,
    /// The index register and its factor.
    pub(crate) index: Option<(Reg, u8)>,
    /// The displacement.
    pub(crate) disp: u64,
}

impl Mem {
    /// Somewhere from here on: the stack pointer, which is never an index, stands for one that is not known.
    pub(crate) fn onwards(self) -> Self {
        Self { index: Some((SP, 1)), ..self }
    }
}

/// Where an indirect jump or call finds its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// In a register.
    Reg(Reg),
    /// In memory.
    Mem(Mem),
    /// In something that is not tracked.
    Other,
}

/// What a conditional branch says about the last comparison `left ? right` when it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cond {
    /// Unsigned `left > right`.
    Above,
    /// Unsigned `left >= right`.
    AboveEq,
    /// Unsigned `left < right`.
    Below,
    /// Unsigned `left <= right`.
    BelowEq,
    /// `left == right`.
    Equal,
    /// `left != right`.
    NotEqual,
    /// Signed `left < right`.
    Less,
    /// Signed `left <= right`.
    LessEq,
    /// Signed `left > right`.
    Greater,
    /// Signed `left >= right`.
    GreaterEq,
    /// `left - right` has its highest bit set.
    Negative,
    /// It has not.
    NotNegative,
    /// Anything else.
    Other,
}

impl Cond {
    /// All conditions.
    pub(crate) const ALL: [Self; 13] = [
        Self::Above,
        Self::AboveEq,
        Self::Below,
        Self::BelowEq,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessEq,
        Self::Greater,
        Self::GreaterEq,
        Self::Negative,
        Self::NotNegative,
        Self::Other,
    ];
}

/// Where control goes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// To the next instruction.
    Next,
    /// To a fixed address.
    Jump(u64),
    /// To a fixed address or to the next instruction.
    Branch(u64, Cond),
    /// To a computed address.
    JumpVia(Via),
    /// To a function and back.
    Call(u64),
    /// To a computed function and back.
    CallVia(Via),
    /// Back to the caller, if the stack pointer leads to its address.
    Return,
    /// The same, and it takes arguments off the stack, which no callee may.
    ReturnPast,
    /// Into the system and on with the next instruction.
    System,
    /// Into a debugger or a handler of signals, and on with the next instruction.
    Breakpoint,
    /// Nowhere: the program dies here.
    Trap,
    /// The bytes are not an instruction, or one that is not understood.
    Undecodable,
}

/// What a step does to the registers, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing that is tracked.
    None,
    /// `dst = value`
    Set(Reg, u64),
    /// `dst = address`
    Address(Reg, Mem),
    /// `dst = src`, of which the low `bits` survive (32 zero the rest).
    Copy(Reg, Reg, u8),
    /// `dst = memory`, 8 bytes.
    Load(Reg, Mem),
    /// `dst = memory`, 4 bytes, sign-extended.
    LoadSigned(Reg, Mem),
    /// `dst = memory`, so many bytes, fewer than 8; the rest is zero.
    LoadShort(Reg, Mem, u8),
    /// `dst += src`
    Add(Reg, Reg),
    /// `dst += constant` (64 bits wide).
    AddConst(Reg, u64),
    /// `dst &= mask`, with the upper bits cleared.
    Mask(Reg, u64),
    /// Zero-extends the low `bits` of `src` into `dst`.
    Extend(Reg, Reg, u8),
    /// `dst = dst op operand` of so many bits, 32 or 64; 32 zero the rest.
    Math(Operation, Reg, Operand, u8),
    /// `dst = left op operand` of so many bits, 32 or 64; 32 zero the rest. It leaves the flags alone, or loses them.
    Calculate(Operation, Reg, Reg, Operand, u8),
    /// `dst = address`, cut to 32 bits, which zero the rest.
    ShortAddress(Reg, Mem),
    /// The low `bits` of `dst`, which are fewer than 32, become this number; the rest stays.
    SetLow(Reg, u8, u64),
    /// The low 8 bits become 1 if a condition holds, else 0; the rest stays.
    SetIf(Reg, Cond),
    /// Compares the low `bits` of a register with a constant.
    Compare(Reg, u8, u64),
    /// Compares the low `bits` of two registers.
    CompareRegs(Reg, Reg, u8),
    /// Compares what a mask leaves of the low `bits` of a register with zero.
    Test(Reg, u8, u64),
    /// Compares the stack pointer with a register.
    CompareTop(Reg),
    /// Rounds the stack pointer down to a multiple of this power of two.
    Align(u64),
    /// Exchanges two registers.
    Exchange(Reg, Reg),
    /// `dst = src` of so many bits, 32 or 64, if a condition holds; 32 zero the rest in any case.
    Choose(Reg, Reg, u8, Cond),
    /// `sp = fp`, and then as [`Effect::Pop`] into the frame pointer.
    Leave,
    /// `dst = memory` at the stack pointer, which moves on by 8 bytes.
    Pop(Reg),
    /// Changes these registers in ways that are not tracked.
    Clobber(Regs),
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Their sum.
    Add,
    /// Their difference.
    Sub,
    /// The same, which leaves the carry as it was.
    Dec,
    /// The bits that are set in both.
    And,
    /// The bits that are set in one at least.
    Or,
    /// The bits that are set in one of them.
    Xor,
    /// The first, its bits moved up.
    Shl,
    /// The first, its bits moved down, zeros behind them.
    Shr,
}

impl Operation {
    /// The result, of which the low bits count.
    pub(crate) fn of(self, left: u64, right: u64, bits: u8) -> u64 {
        // The processor takes so many bits of a distance.
        let distance = u32::try_from(right & u64::from(bits - 1)).unwrap_or(0);
        let cut = if bits >= 64 { left } else { left & ((1 << bits) - 1) };
        match self {
            Self::Add => left.wrapping_add(right),
            Self::Sub | Self::Dec => left.wrapping_sub(right),
            Self::And => left & right,
            Self::Or => left | right,
            Self::Xor => left ^ right,
            Self::Shl => left.wrapping_shl(distance),
            Self::Shr => cut.wrapping_shr(distance),
        }
    }
}

/// The second of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// In a register.
    Reg(Reg),
    /// In the instruction.
    Number(u64),
}

impl Effect {
    /// Whether a register is something else after it.
    pub(crate) fn changes(self, reg: Reg) -> bool {
        match self {
            Self::None | Self::Compare(..) | Self::CompareRegs(..) | Self::Test(..) | Self::CompareTop(_) => {
                false
            }
            Self::Set(dst, _)
            | Self::Address(dst, _)
            | Self::Copy(dst, _, _)
            | Self::Load(dst, _)
            | Self::LoadSigned(dst, _)
            | Self::LoadShort(dst, ..)
            | Self::Calculate(_, dst, ..)
            | Self::Add(dst, _)
            | Self::AddConst(dst, _)
            | Self::Mask(dst, _)
            | Self::Extend(dst, _, _)
            | Self::Math(_, dst, ..)
            | Self::ShortAddress(dst, _)
            | Self::SetLow(dst, ..)
            | Self::SetIf(dst, _)
            | Self::Choose(dst, ..) => dst == reg,
            Self::Exchange(a, b) => a == reg || b == reg,
            Self::Align(_) => reg == SP,
            Self::Leave => reg == SP || reg == FP,
            Self::Pop(dst) => reg == SP || dst == reg,
            Self::Clobber(mask) => mask & (1 << reg) != 0,
        }
    }
}

/// What a step writes to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Nothing.
    None,
    /// A register of eight bytes.
    Register(Mem, Reg),
    /// A number of eight bytes.
    Number(Mem, u64),
    /// So many bytes of something else.
    Bytes(Mem, u8),
    /// So many bytes of something else, again and again from there upwards, as often as rcx says.
    Repeated(Mem, u8),
    /// It could not be told.
    Unknown,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its address.
    pub(crate) addr: u64,
    /// The address after it.
    pub(crate) next: u64,
    /// Where control goes.
    pub(crate) flow: Flow,
    /// What happens to the registers.
    pub(crate) effect: Effect,
    /// Whether the result of the last comparison is lost; with a branch, behind it.
    pub(crate) flags_lost: bool,
    /// What it writes to memory; if that was not asked for, only where a register other than the instruction pointer leads.
    pub(crate) write: Write,
    /// What it does with the addresses of the stack; nothing unless that was asked for.
    pub(crate) stack: Stack,
}

/// What a step does with the addresses in the stack pointer and the frame pointer, one bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// It takes the one in the stack pointer for more than reading and writing there.
    pub(crate) takes_sp: bool,
    /// It takes what is in the frame pointer so.
    pub(crate) takes_fp: bool,
    /// It writes the frame pointer to the stack.
    pub(crate) pushes_fp: bool,
}
