//! Machine code as normalised steps: where control goes next and what happens to the registers.
//!
//! Everything after this module speaks of [`Step`]s only, so that another processor needs another decoder and
//! nothing else.

use std::ops::Range;

use iced_x86::{
    Code, ConditionCode, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpAccess, OpKind, Register,
};

/// A general-purpose register, 0 to 15.
pub type Reg = u8;

/// The number of general-purpose registers.
pub const REGS: usize = 16;

/// Where a function's result is.
pub const RAX: Reg = 0;

/// The stack pointer.
pub const RSP: Reg = 4;

/// The frame pointer, where it is used as one.
pub const RBP: Reg = 5;

/// Registers that a call may change under the System V calling convention, one bit each: rax, rcx, rdx, rsi,
/// rdi, r8 to r11.
pub const CALLER_SAVED: u16 = 0b0000_1111_1100_0111;

/// Registers that a callee gives back as it found them: rbx, rbp, r12 to r15.
pub const CALLEE_SAVED: [Reg; 6] = [3, 5, 12, 13, 14, 15];

/// The registers that pass arguments under that convention: rdi, rsi, rdx, rcx, r8, r9.
pub const ARGUMENTS: [Reg; 6] = [7, 6, 2, 1, 8, 9];

/// `base + index * scale + disp`; an instruction-relative address is all `disp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mem {
    /// The base register.
    pub base: Option<Reg>,
    /// The index register and its factor.
    pub index: Option<(Reg, u8)>,
    /// The displacement.
    pub disp: u64,
}

/// Where an indirect jump or call finds its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// In a register.
    Reg(Reg),
    /// In memory.
    Mem(Mem),
    /// In something that is not tracked.
    Other,
}

/// What a conditional branch says about the last comparison `left ? right` when it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cond {
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
    pub const ALL: [Self; 13] = [
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

    fn of(i: &Instruction) -> Self {
        match i.condition_code() {
            ConditionCode::a => Self::Above,
            ConditionCode::ae => Self::AboveEq,
            ConditionCode::b => Self::Below,
            ConditionCode::be => Self::BelowEq,
            ConditionCode::e => Self::Equal,
            ConditionCode::ne => Self::NotEqual,
            ConditionCode::l => Self::Less,
            ConditionCode::le => Self::LessEq,
            ConditionCode::g => Self::Greater,
            ConditionCode::ge => Self::GreaterEq,
            ConditionCode::s => Self::Negative,
            ConditionCode::ns => Self::NotNegative,
            _ => Self::Other,
        }
    }
}

/// Where control goes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
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
    /// Nowhere: the program dies here.
    Trap,
    /// The bytes are not an instruction, or one that is not understood.
    Undecodable,
}

/// What a step does to the registers, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
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
    /// `dst += src`
    Add(Reg, Reg),
    /// `dst += constant` (64 bits wide).
    AddConst(Reg, u64),
    /// `dst &= mask`, with the upper bits cleared.
    Mask(Reg, u64),
    /// Zero-extends the low `bits` of `src` into `dst`.
    Extend(Reg, Reg, u8),
    /// `dst = dst op operand` of so many bits, 32 or 64; 32 zero the rest.
    Math(Op, Reg, Operand, u8),
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
    /// `rsp = rbp`, and then as [`Effect::Pop`] into rbp.
    Leave,
    /// `dst = memory` at the stack pointer, which moves on by 8 bytes.
    Pop(Reg),
    /// Changes these registers in ways that are not tracked.
    Clobber(u16),
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Their sum.
    Add,
    /// Their difference.
    Sub,
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

impl Op {
    /// The result, of which the low bits count.
    #[must_use]
    pub fn of(self, left: u64, right: u64, bits: u8) -> u64 {
        // The processor takes so many bits of a distance.
        let distance = u32::try_from(right & u64::from(bits - 1)).unwrap_or(0);
        let cut = if bits >= 64 { left } else { left & ((1 << bits) - 1) };
        match self {
            Self::Add => left.wrapping_add(right),
            Self::Sub => left.wrapping_sub(right),
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
pub enum Operand {
    /// In a register.
    Reg(Reg),
    /// In the instruction.
    Number(u64),
}

impl Effect {
    /// Whether a register is something else after it.
    #[must_use]
    pub fn changes(self, reg: Reg) -> bool {
        match self {
            Self::None | Self::Compare(..) | Self::CompareRegs(..) | Self::Test(..) | Self::CompareTop(_) => {
                false
            }
            Self::Set(dst, _)
            | Self::Address(dst, _)
            | Self::Copy(dst, _, _)
            | Self::Load(dst, _)
            | Self::LoadSigned(dst, _)
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
            Self::Align(_) => reg == RSP,
            Self::Leave => reg == RSP || reg == RBP,
            Self::Pop(dst) => reg == RSP || dst == reg,
            Self::Clobber(mask) => mask & (1 << reg) != 0,
        }
    }
}

/// What a step writes to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Nothing.
    None,
    /// A register of eight bytes.
    Register(Mem, Reg),
    /// A number of eight bytes.
    Number(Mem, u64),
    /// So many bytes of something else.
    Bytes(Mem, u8),
    /// It could not be told.
    Unknown,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its address.
    pub addr: u64,
    /// The address after it.
    pub next: u64,
    /// Where control goes.
    pub flow: Flow,
    /// What happens to the registers.
    pub effect: Effect,
    /// Whether the result of the last comparison is lost.
    pub flags_lost: bool,
    /// What it writes to memory; if that was not asked for, only where a register other than rip leads.
    pub write: Write,
    /// What it does with the addresses of the stack; nothing unless that was asked for.
    pub stack: Stack,
}

/// What a step does with the addresses in rsp and rbp, one bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// It takes the one in rsp for more than reading and writing there.
    pub takes_rsp: bool,
    /// It takes what is in rbp so.
    pub takes_rbp: bool,
    /// It writes rbp to the stack.
    pub pushes_rbp: bool,
}

/// Decodes one function's bytes, step by step.
pub struct Steps<'a> {
    decoder: Decoder<'a>,
    instruction: Instruction,
    /// Made when first needed: most functions are looked at only for where they go.
    info: Option<InstructionInfoFactory>,
    base: u64,
    len: usize,
    writes: bool,
}

impl std::fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steps").field("base", &self.base).field("len", &self.len).finish_non_exhaustive()
    }
}

impl<'a> Steps<'a> {
    /// Decodes `code`, whose first byte lies at address `base`.
    #[must_use]
    pub fn new(code: &'a [u8], base: u64) -> Self {
        Self {
            decoder: Decoder::with_ip(64, code, base, DecoderOptions::NONE),
            instruction: Instruction::default(),
            info: None,
            base,
            len: code.len(),
            writes: false,
        }
    }

    /// The same, telling what steps write to memory.
    #[must_use]
    pub fn with_writes(self, writes: bool) -> Self {
        Self { writes, ..self }
    }

    /// The step at `addr`; outside the code it is [`Flow::Undecodable`].
    pub fn at(&mut self, addr: u64) -> Step {
        let mut step = self.flow_at(addr);
        if matches!(step.flow, Flow::Next | Flow::System) {
            self.effect(&mut step);
            if self.writes {
                step.stack = stack(&self.instruction);
            }
            if self.writes || may_write_to_stack(&self.instruction) {
                step.write = self.write();
            }
        }
        step
    }

    /// Whether the instruction at `addr` has an operand that leads into a range relative to itself.
    pub fn speaks_of(&mut self, addr: u64, range: Range<u64>) -> bool {
        self.flow_at(addr);
        let i = &self.instruction;
        i.is_ip_rel_memory_operand() && range.contains(&i.ip_rel_memory_address())
            || matches!(flow(i), Flow::Jump(to) | Flow::Branch(to, _) | Flow::Call(to) if range.contains(&to))
    }

    /// The step at `addr` without its effect.
    pub fn flow_at(&mut self, addr: u64) -> Step {
        let lost = Step {
            addr,
            next: addr.wrapping_add(1),
            flow: Flow::Undecodable,
            effect: Effect::None,
            flags_lost: true,
            write: Write::None,
            stack: Stack::default(),
        };
        let Some(offset) = addr.checked_sub(self.base).and_then(|o| usize::try_from(o).ok()) else {
            return lost;
        };
        if offset >= self.len || self.decoder.set_position(offset).is_err() {
            return lost;
        }
        self.decoder.set_ip(addr);
        self.decoder.decode_out(&mut self.instruction);
        if self.instruction.is_invalid() {
            return lost;
        }
        let flow = flow(&self.instruction);
        let mut step = Step {
            addr,
            next: self.instruction.next_ip(),
            flow,
            effect: Effect::None,
            flags_lost: self.instruction.rflags_modified() != 0,
            write: Write::None,
            stack: Stack::default(),
        };
        if !matches!(
            flow,
            Flow::Next
                | Flow::System
                | Flow::Return
                | Flow::ReturnPast
                | Flow::Trap
                | Flow::Undecodable
                | Flow::Call(_)
                | Flow::CallVia(_)
        ) {
            // `loop` counts in rcx; plain jumps write nothing.
            step.effect = Effect::Clobber(if self.instruction.is_loop() || self.instruction.is_loopcc() {
                2
            } else {
                0
            });
        }
        step
    }

    fn write(&mut self) -> Write {
        let i = &self.instruction;
        if i.code() == Code::Push_r64
            && let Some(reg) = gpr(i.op0_register())
        {
            return Write::Register(Mem { base: Some(RSP), index: None, disp: 8u64.wrapping_neg() }, reg);
        }
        if matches!(i.code(), Code::Pushq_imm8 | Code::Pushq_imm32) {
            let top = Mem { base: Some(RSP), index: None, disp: 8u64.wrapping_neg() };
            return Write::Number(top, i.immediate(0));
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
        // The system may write for a call, and a repeated instruction writes more than once.
        if i.is_string_instruction() || i.is_privileged() || i.mnemonic() == Mnemonic::Syscall {
            return Write::Unknown;
        }
        let info = self.info.get_or_insert_with(InstructionInfoFactory::new).info(&self.instruction);
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

    fn effect(&mut self, step: &mut Step) {
        if let Some(effect) = simple_effect(&self.instruction) {
            step.effect = effect;
            return;
        }
        let mut mask = 0u16;
        let info = self.info.get_or_insert_with(InstructionInfoFactory::new).info(&self.instruction);
        for used in info.used_registers() {
            if matches!(
                used.access(),
                OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
            ) && let Some(reg) = gpr(used.register())
            {
                mask |= 1 << reg;
            }
        }
        step.effect = if mask == 0 { Effect::None } else { Effect::Clobber(mask) };
    }
}

/// Whether an instruction may write where a register leads.
fn may_write_to_stack(i: &Instruction) -> bool {
    match i.op0_kind() {
        OpKind::Memory => {
            i.memory_base() != Register::RIP && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test)
        }
        _ => i.mnemonic() == Mnemonic::Push,
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

/// The commonest instructions that write to their first operand and nowhere else.
fn is_plain_store(mnemonic: Mnemonic) -> bool {
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

/// Whether an instruction makes something of rsp or rbp but a frame: whatever could let an address of the stack out.
fn stack(i: &Instruction) -> Stack {
    let mut stack = Stack::default();
    let mut take = |r: Register| {
        stack.takes_rsp |= r.full_register() == Register::RSP;
        stack.takes_rbp |= r.full_register() == Register::RBP;
    };
    let is_frame = |r: Register| matches!(r, Register::RSP | Register::RBP);
    let to_frame = i.op0_kind() == OpKind::Register && is_frame(i.op0_register());
    // An index is added to something else.
    take(i.memory_index());
    match i.mnemonic() {
        Mnemonic::Lea if to_frame && i.memory_index() == Register::None => {}
        Mnemonic::Lea => take(i.memory_base()),
        Mnemonic::Push if i.op0_kind() == OpKind::Register => {
            stack.pushes_rbp = i.op0_register() == Register::RBP;
            stack.takes_rsp |= i.op0_register().full_register() == Register::RSP;
        }
        Mnemonic::Push | Mnemonic::Pop | Mnemonic::Leave | Mnemonic::Cmp | Mnemonic::Test => {}
        Mnemonic::Add | Mnemonic::Sub if to_frame && i.op_kind(1) != OpKind::Register => {}
        // It is no frame any more, which shows for rsp.
        Mnemonic::And
            if to_frame && i.op0_register() == Register::RSP && i.op_kind(1) != OpKind::Register => {}
        // From one to the other it stays a frame.
        Mnemonic::Mov if to_frame && i.op1_kind() == OpKind::Register && is_frame(i.op1_register()) => {}
        _ => {
            for op in (0..i.op_count()).filter(|&op| i.op_kind(op) == OpKind::Register) {
                take(i.op_register(op));
            }
        }
    }
    stack
}

fn flow(i: &Instruction) -> Flow {
    match i.flow_control() {
        FlowControl::Next => {
            if i.mnemonic() == Mnemonic::Hlt {
                Flow::Trap
            } else {
                Flow::Next
            }
        }
        FlowControl::UnconditionalBranch => {
            if i.op0_kind() == OpKind::NearBranch64 {
                Flow::Jump(i.near_branch_target())
            } else {
                Flow::Undecodable
            }
        }
        FlowControl::ConditionalBranch => {
            if i.op0_kind() == OpKind::NearBranch64 {
                // `loope` stays at the end of its count too, whatever the flags say.
                let cond = if i.is_loop() || i.is_loopcc() { Cond::Other } else { Cond::of(i) };
                Flow::Branch(i.near_branch_target(), cond)
            } else {
                Flow::Undecodable
            }
        }
        FlowControl::IndirectBranch if i.is_jmp_near_indirect() => Flow::JumpVia(via(i)),
        FlowControl::Call if i.op0_kind() == OpKind::NearBranch64 => Flow::Call(i.near_branch_target()),
        // To `iced` a system call is a call; here it is an instruction that spoils rax, rcx and r11.
        FlowControl::Call if i.code() == Code::Syscall => Flow::System,
        FlowControl::IndirectCall if i.is_call_near_indirect() => Flow::CallVia(via(i)),
        FlowControl::Return if i.code() == Code::Retnq => Flow::Return,
        FlowControl::Return if i.code() == Code::Retnq_imm16 && i.immediate(0) == 0 => Flow::Return,
        FlowControl::Return if i.code() == Code::Retnq_imm16 => Flow::ReturnPast,
        FlowControl::Exception if matches!(i.mnemonic(), Mnemonic::Ud2 | Mnemonic::Ud1 | Mnemonic::Ud0) => {
            Flow::Trap
        }
        FlowControl::Interrupt if i.mnemonic() == Mnemonic::Int3 => Flow::Trap,
        _ => Flow::Undecodable,
    }
}

fn via(i: &Instruction) -> Via {
    match i.op0_kind() {
        OpKind::Register => match (gpr(i.op0_register()), i.op0_register().size()) {
            (Some(reg), 8) => Via::Reg(reg),
            _ => Via::Other,
        },
        OpKind::Memory => mem(i).map_or(Via::Other, Via::Mem),
        _ => Via::Other,
    }
}

fn gpr(register: Register) -> Option<Reg> {
    if !register.is_gpr() {
        return None;
    }
    u8::try_from(register.full_register().number()).ok().filter(|&r| usize::from(r) < REGS)
}

fn mem(i: &Instruction) -> Option<Mem> {
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

/// The instructions whose meaning is followed. `None`: ask which registers change.
fn simple_effect(i: &Instruction) -> Option<Effect> {
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
            _ => math(i, Op::Sub),
        },
        Mnemonic::And if i.op0_kind() == OpKind::Register && width() >= 4 => {
            if i.op0_register() == Register::RSP {
                let align = immediate(i, 1, 8)?.wrapping_neg();
                return align.is_power_of_two().then_some(Effect::Align(align));
            }
            match immediate(i, 1, width()) {
                // A sign-extended negative mask keeps upper bits: no bound in that.
                Some(mask) if mask <= u64::from(u32::MAX >> 1) => Some(Effect::Mask(dst()?, mask)),
                _ => math(i, Op::And),
            }
        }
        Mnemonic::Add => math(i, Op::Add),
        Mnemonic::Sub => math(i, Op::Sub),
        Mnemonic::Or => math(i, Op::Or),
        Mnemonic::Xor => math(i, Op::Xor),
        Mnemonic::Shl => math(i, Op::Shl),
        Mnemonic::Shr => math(i, Op::Shr),
        Mnemonic::Inc | Mnemonic::Dec if i.op0_kind() == OpKind::Register && width() >= 4 => {
            let op = if i.mnemonic() == Mnemonic::Inc { Op::Add } else { Op::Sub };
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
            Some(Effect::AddConst(RSP, 8u64.wrapping_neg()))
        }
        Mnemonic::Popfq => Some(Effect::AddConst(RSP, 8)),
        Mnemonic::Pop if i.op0_kind() == OpKind::Memory && i.stack_pointer_increment() == 8 => {
            Some(Effect::AddConst(RSP, 8))
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
            Some(Effect::Choose(dst()?, gpr(i.op1_register())?, bits, Cond::of(i)))
        }
        _ if i.op_count() == 1 && i.op0_kind() == OpKind::Register && is_set_if(i.mnemonic()) => {
            if is_high(i.op0_register()) { None } else { Some(Effect::SetIf(dst()?, Cond::of(i))) }
        }
        _ => None,
    }
}

/// A register that is the second byte of another one.
fn is_high(register: Register) -> bool {
    matches!(register, Register::AH | Register::BH | Register::CH | Register::DH)
}

fn bits_of(register: Register) -> Option<u8> {
    u8::try_from(register.size() * 8).ok()
}

/// An operation on a whole register, or on its lower half.
fn math(i: &Instruction, op: Op) -> Option<Effect> {
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

/// An immediate operand, cut to the operation's width.
fn immediate(i: &Instruction, op: u32, width: usize) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> Step {
        Steps::new(bytes, 0x1000).at(0x1000)
    }

    #[test]
    fn follows_the_instructions_that_matter() {
        let cases: &[(&[u8], Flow, Effect)] = &[
            // call [rip+0x10]
            (
                &[0xff, 0x15, 0x10, 0, 0, 0],
                Flow::CallVia(Via::Mem(Mem { base: None, index: None, disp: 0x1016 })),
                Effect::None,
            ),
            // mov rax, [rip+0]
            (
                &[0x48, 0x8b, 0x05, 0, 0, 0, 0],
                Flow::Next,
                Effect::Load(0, Mem { base: None, index: None, disp: 0x1007 }),
            ),
            // movsxd rax, [rcx+rax*4]
            (
                &[0x48, 0x63, 0x04, 0x81],
                Flow::Next,
                Effect::LoadSigned(0, Mem { base: Some(1), index: Some((0, 4)), disp: 0 }),
            ),
            (&[0x48, 0x01, 0xc8], Flow::Next, Effect::Add(0, 1)),
            (&[0xff, 0xe0], Flow::JumpVia(Via::Reg(0)), Effect::Clobber(0)),
            (&[0x83, 0xf8, 0x05], Flow::Next, Effect::Compare(0, 32, 5)),
            (&[0x3c, 0xff], Flow::Next, Effect::Compare(0, 8, 0xff)),
            (&[0x77, 0x02], Flow::Branch(0x1004, Cond::Above), Effect::Clobber(0)),
            (&[0x7c, 0x02], Flow::Branch(0x1004, Cond::Less), Effect::Clobber(0)),
            // loope, loopne, jrcxz: not what the flags say alone
            (&[0xe1, 0x02], Flow::Branch(0x1004, Cond::Other), Effect::Clobber(2)),
            (&[0xe0, 0x02], Flow::Branch(0x1004, Cond::Other), Effect::Clobber(2)),
            (&[0xe3, 0x02], Flow::Branch(0x1004, Cond::Other), Effect::Clobber(0)),
            (&[0x0f, 0x05], Flow::System, Effect::Clobber(0b1000_0000_0011)),
            (&[0x0f, 0x0b], Flow::Trap, Effect::None),
            (&[0xc3], Flow::Return, Effect::None),
            // ret 8
            (&[0xc2, 8, 0], Flow::ReturnPast, Effect::None),
            // xchg rax, rbx; xchg eax, ebx
            (&[0x48, 0x93], Flow::Next, Effect::Exchange(3, 0)),
            (&[0x93], Flow::Next, Effect::Clobber(0b1001)),
            // leave; push 1; pushfq; cmp rsp, r11
            (&[0xc9], Flow::Next, Effect::Leave),
            // and rsp, -64
            (&[0x48, 0x83, 0xe4, 0xc0], Flow::Next, Effect::Align(64)),
            (&[0x6a, 1], Flow::Next, Effect::AddConst(RSP, 8u64.wrapping_neg())),
            (&[0x9c], Flow::Next, Effect::AddConst(RSP, 8u64.wrapping_neg())),
            (&[0x4c, 0x39, 0xdc], Flow::Next, Effect::CompareTop(11)),
            // movzx eax, ah: not the low byte
            (&[0x0f, 0xb6, 0xc4], Flow::Next, Effect::Clobber(1)),
            // mov rax, fs:[0]: not the memory at address 0
            (&[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0], Flow::Next, Effect::Clobber(1)),
            // and eax, -8: no bound
            (&[0x83, 0xe0, 0xf8], Flow::Next, Effect::Math(Op::And, 0, Operand::Number(0xffff_fff8), 32)),
            // mov al, 3; mov ah, 3
            (&[0xb0, 3], Flow::Next, Effect::SetLow(0, 8, 3)),
            (&[0xb4, 3], Flow::Next, Effect::Clobber(1)),
            // sete cl; sete ch
            (&[0x0f, 0x94, 0xc1], Flow::Next, Effect::SetIf(1, Cond::Equal)),
            (&[0x0f, 0x94, 0xc5], Flow::Next, Effect::Clobber(2)),
            // cmovl eax, ecx; cmovl ax, cx
            (&[0x0f, 0x4c, 0xc1], Flow::Next, Effect::Choose(0, 1, 32, Cond::Less)),
            (&[0x66, 0x0f, 0x4c, 0xc1], Flow::Next, Effect::Clobber(1)),
            // cmp al, cl; cmp al, ch
            (&[0x38, 0xc8], Flow::Next, Effect::CompareRegs(0, 1, 8)),
            (&[0x38, 0xe8], Flow::Next, Effect::None),
            // test eax, eax; test al, 4; test ah, 4; test eax, ecx
            (&[0x85, 0xc0], Flow::Next, Effect::Compare(0, 32, 0)),
            (&[0xa8, 4], Flow::Next, Effect::Test(0, 8, 4)),
            (&[0xf6, 0xc4, 4], Flow::Next, Effect::None),
            (&[0x85, 0xc8], Flow::Next, Effect::None),
            // sub eax, ecx; shr rax, 3; dec eax; dec al
            (&[0x29, 0xc8], Flow::Next, Effect::Math(Op::Sub, 0, Operand::Reg(1), 32)),
            (&[0x48, 0xc1, 0xe8, 3], Flow::Next, Effect::Math(Op::Shr, 0, Operand::Number(3), 64)),
            (&[0xff, 0xc8], Flow::Next, Effect::Math(Op::Sub, 0, Operand::Number(1), 32)),
            (&[0xfe, 0xc8], Flow::Next, Effect::Clobber(1)),
            // a far jump through memory
            (&[0xff, 0x28], Flow::Undecodable, Effect::None),
        ];
        for (bytes, flow, effect) in cases {
            let step = one(bytes);
            assert_eq!((step.flow, step.effect), (*flow, *effect), "{bytes:02x?}");
        }
    }

    #[test]
    fn tells_what_is_written_to_memory() {
        let cases: &[(&[u8], Write)] = &[
            // mov [rsp+0x18], rax
            (
                &[0x48, 0x89, 0x44, 0x24, 0x18],
                Write::Register(Mem { base: Some(4), index: None, disp: 0x18 }, 0),
            ),
            // mov [rsp+0x18], eax
            (&[0x89, 0x44, 0x24, 0x18], Write::Bytes(Mem { base: Some(4), index: None, disp: 0x18 }, 4)),
            // push rbx: below the stack pointer as it was
            (&[0x53], Write::Register(Mem { base: Some(4), index: None, disp: 8u64.wrapping_neg() }, 3)),
            // push 1
            (&[0x6a, 1], Write::Number(Mem { base: Some(4), index: None, disp: 8u64.wrapping_neg() }, 1)),
            // movups [rsp], xmm0
            (&[0x0f, 0x11, 0x04, 0x24], Write::Bytes(Mem { base: Some(4), index: None, disp: 0 }, 16)),
            // inc dword [rbx]
            (&[0xff, 0x03], Write::Bytes(Mem { base: Some(3), index: None, disp: 0 }, 4)),
            // mov [rbx+rcx], rax
            (
                &[0x48, 0x89, 0x04, 0x0b],
                Write::Register(Mem { base: Some(3), index: Some((1, 1)), disp: 0 }, 0),
            ),
            // mov [rbx+rcx], eax: where an index leads is not known either, but the base is
            (&[0x89, 0x04, 0x0b], Write::Bytes(Mem { base: Some(3), index: Some((1, 1)), disp: 0 }, 4)),
            // mov fs:[0x10], rax
            (&[0x64, 0x48, 0x89, 0x04, 0x25, 0x10, 0, 0, 0], Write::Unknown),
            // rep stosq, stosq, syscall, fxsave [rsp]
            (&[0xf3, 0x48, 0xab], Write::Unknown),
            (&[0x48, 0xab], Write::Unknown),
            (&[0x0f, 0x05], Write::Unknown),
            (&[0x0f, 0xae, 0x04, 0x24], Write::Unknown),
            // xchg [rsp], rax
            (&[0x48, 0x87, 0x04, 0x24], Write::Bytes(Mem { base: Some(4), index: None, disp: 0 }, 8)),
            // lock cmpxchg [rbx], rcx
            (&[0xf0, 0x48, 0x0f, 0xb1, 0x0b], Write::Bytes(Mem { base: Some(3), index: None, disp: 0 }, 8)),
            // mov rax, [rsp]; lea rax, [rsp]; cmp [rsp], rax
            (&[0x48, 0x8b, 0x04, 0x24], Write::None),
            (&[0x48, 0x8d, 0x04, 0x24], Write::None),
            (&[0x48, 0x39, 0x04, 0x24], Write::None),
        ];
        for (bytes, write) in cases {
            assert_eq!(Steps::new(bytes, 0x1000).with_writes(true).at(0x1000).write, *write, "{bytes:02x?}");
        }
    }

    #[test]
    fn tells_where_addresses_of_the_stack_go() {
        let cases: &[(&[u8], bool, bool, bool)] = &[
            // mov [rsp+0x18], rax; mov rax, [rbp-8]; sub rsp, 0x48; mov rbp, rsp; lea rsp, [rbp-0x28]
            (&[0x48, 0x89, 0x44, 0x24, 0x18], false, false, false),
            (&[0x48, 0x8b, 0x45, 0xf8], false, false, false),
            (&[0x48, 0x83, 0xec, 0x48], false, false, false),
            (&[0x48, 0x89, 0xe5], false, false, false),
            (&[0x48, 0x8d, 0x65, 0xd8], false, false, false),
            // push rbp; push rsp; push rbx
            (&[0x55], false, false, true),
            (&[0x54], true, false, false),
            (&[0x53], false, false, false),
            // lea rax, [rsp+8]; lea rax, [rbp-8]; lea rax, [rax+rbp]; lea rbp, [rsp+rax]
            (&[0x48, 0x8d, 0x44, 0x24, 0x08], true, false, false),
            (&[0x48, 0x8d, 0x45, 0xf8], false, true, false),
            (&[0x48, 0x8d, 0x04, 0x28], false, true, false),
            (&[0x48, 0x8d, 0x2c, 0x04], true, false, false),
            // mov rax, rsp; mov [rax], rsp; xchg rax, rsp; add rax, rbp; mov eax, esp; movq xmm0, rsp
            (&[0x48, 0x89, 0xe0], true, false, false),
            (&[0x48, 0x89, 0x20], true, false, false),
            (&[0x48, 0x94], true, false, false),
            (&[0x48, 0x01, 0xe8], false, true, false),
            (&[0x89, 0xe0], true, false, false),
            (&[0x66, 0x48, 0x0f, 0x6e, 0xc4], true, false, false),
            // mov rax, [rbx+rbp*8]: as an index; and rbp, -16; mov rbp, rax
            (&[0x48, 0x8b, 0x04, 0xeb], false, true, false),
            (&[0x48, 0x83, 0xe5, 0xf0], false, true, false),
            (&[0x48, 0x89, 0xc5], false, true, false),
        ];
        for &(bytes, takes_rsp, takes_rbp, pushes_rbp) in cases {
            let stack = Steps::new(bytes, 0x1000).with_writes(true).at(0x1000).stack;
            assert_eq!(stack, Stack { takes_rsp, takes_rbp, pushes_rbp }, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_cut_instruction_is_undecodable() {
        assert_eq!(one(&[0xff, 0x15, 0x10]).flow, Flow::Undecodable);
        assert_eq!(one(&[]).flow, Flow::Undecodable);
        assert_eq!(Steps::new(&[0xc3], 0x1000).at(0xfff).flow, Flow::Undecodable);
        assert_eq!(Steps::new(&[0xc3], 0x1000).at(0x1001).flow, Flow::Undecodable);
    }
}
