//! The decoder of x86-64: machine code as [`Step`]s.

use std::ops::Range;

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    OpKind, Register,
};

use super::effect::simple_effect;
use super::operand::{cond, gpr, via};
use super::step::{Cond, Effect, Flow, Regs, Stack, Step, Write};
use super::x86_write::{is_plain_store, may_write_to_stack, write};

/// Decodes one function's bytes, step by step.
pub(crate) struct Steps<'a> {
    decoder: Decoder<'a>,
    instruction: Instruction,
    /// Made when first needed: most functions are looked at only for where they go.
    info: Option<InstructionInfoFactory>,
    base: u64,
    len: usize,
    writes: bool,
}

impl<'a> Steps<'a> {
    /// Decodes `code`, whose first byte lies at address `base`.
    pub(crate) fn new(code: &'a [u8], base: u64) -> Self {
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
    pub(crate) fn with_writes(self, writes: bool) -> Self {
        Self { writes, ..self }
    }

    /// The step at `addr`; outside the code it is [`Flow::Undecodable`].
    pub(crate) fn at(&mut self, addr: u64) -> Step {
        let mut step = self.flow_at(addr);
        if matches!(step.flow, Flow::Next | Flow::System) {
            self.effect(&mut step);
            if self.writes {
                step.stack = stack(&self.instruction);
            }
            if self.writes || may_write_to_stack(&self.instruction) {
                step.write = write(&self.instruction, &mut self.info);
            }
        }
        step
    }

    /// Whether the instruction at `addr` has an operand that leads into a range relative to itself.
    pub(crate) fn speaks_of(&mut self, addr: u64, range: Range<u64>) -> bool {
        self.flow_at(addr);
        let i = &self.instruction;
        i.is_ip_rel_memory_operand() && range.contains(&i.ip_rel_memory_address())
            || matches!(flow(i), Flow::Jump(to) | Flow::Branch(to, _) | Flow::Call(to) if range.contains(&to))
    }

    /// The step at `addr` without its effect.
    pub(crate) fn flow_at(&mut self, addr: u64) -> Step {
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
                | Flow::Breakpoint
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

    fn effect(&mut self, step: &mut Step) {
        if let Some(effect) = simple_effect(&self.instruction) {
            step.effect = effect;
            return;
        }
        // These change no register, and are so many that asking which would show.
        if is_plain_store(self.instruction.mnemonic())
            && (self.instruction.op0_kind() == OpKind::Memory
                || self.instruction.op0_register().is_vector_register())
        {
            return;
        }
        let mut mask: Regs = 0;
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

/// Whether an instruction makes something of rsp or rbp but a frame: whatever could let an address of the stack out.
fn stack(i: &Instruction) -> Stack {
    let mut stack = Stack::default();
    let mut take = |r: Register| {
        stack.takes_sp |= r.full_register() == Register::RSP;
        stack.takes_fp |= r.full_register() == Register::RBP;
    };
    let is_frame = |r: Register| matches!(r, Register::RSP | Register::RBP);
    let to_frame = i.op0_kind() == OpKind::Register && is_frame(i.op0_register());
    // An index is added to something else.
    take(i.memory_index());
    match i.mnemonic() {
        Mnemonic::Lea if to_frame && i.memory_index() == Register::None => {}
        Mnemonic::Lea => take(i.memory_base()),
        Mnemonic::Push if i.op0_kind() == OpKind::Register => {
            stack.pushes_fp = i.op0_register() == Register::RBP;
            stack.takes_sp |= i.op0_register().full_register() == Register::RSP;
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
                let cond = if i.is_loop() || i.is_loopcc() { Cond::Other } else { cond(i) };
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
        FlowControl::Interrupt if i.mnemonic() == Mnemonic::Int3 => Flow::Breakpoint,
        _ => Flow::Undecodable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::{Mem, Operand, Operation, SP, Via};

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
            // int3: a handler comes back from it; int 3: the same in two bytes
            (&[0xcc], Flow::Breakpoint, Effect::None),
            (&[0xcd, 3], Flow::Undecodable, Effect::None),
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
            (&[0x6a, 1], Flow::Next, Effect::AddConst(SP, 8u64.wrapping_neg())),
            (&[0x9c], Flow::Next, Effect::AddConst(SP, 8u64.wrapping_neg())),
            (&[0x4c, 0x39, 0xdc], Flow::Next, Effect::CompareTop(11)),
            // movzx eax, ah: not the low byte
            (&[0x0f, 0xb6, 0xc4], Flow::Next, Effect::Clobber(1)),
            // mov rax, fs:[0]: not the memory at address 0
            (&[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0], Flow::Next, Effect::Clobber(1)),
            // and eax, -8: no bound
            (
                &[0x83, 0xe0, 0xf8],
                Flow::Next,
                Effect::Math(Operation::And, 0, Operand::Number(0xffff_fff8), 32),
            ),
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
            (&[0x29, 0xc8], Flow::Next, Effect::Math(Operation::Sub, 0, Operand::Reg(1), 32)),
            (&[0x48, 0xc1, 0xe8, 3], Flow::Next, Effect::Math(Operation::Shr, 0, Operand::Number(3), 64)),
            (&[0xff, 0xc8], Flow::Next, Effect::Math(Operation::Dec, 0, Operand::Number(1), 32)),
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
            // mov qword [rsp], 6
            (
                &[0x48, 0xc7, 0x04, 0x24, 6, 0, 0, 0],
                Write::Number(Mem { base: Some(4), index: None, disp: 0 }, 6),
            ),
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
            // rep stosq, stosq, movsq
            (&[0xf3, 0x48, 0xab], Write::Repeated(Mem { base: Some(7), index: None, disp: 0 }, 8)),
            (&[0x48, 0xab], Write::Bytes(Mem { base: Some(7), index: None, disp: 0 }, 8)),
            (&[0x48, 0xa5], Write::Bytes(Mem { base: Some(7), index: None, disp: 0 }, 8)),
            // stosd to where edi leads
            (&[0x67, 0xab], Write::Unknown),
            // maskmovdqu xmm0, xmm1; movdir64b rdx, [rcx]
            (&[0x66, 0x0f, 0xf7, 0xc1], Write::Bytes(Mem { base: Some(7), index: None, disp: 0 }, 16)),
            (&[0x66, 0x0f, 0x38, 0xf8, 0x11], Write::Bytes(Mem { base: Some(2), index: None, disp: 0 }, 64)),
            // enter 16, 0: pushes rbp; enter 16, 1
            (
                &[0xc8, 16, 0, 0],
                Write::Register(Mem { base: Some(4), index: None, disp: 8u64.wrapping_neg() }, 5),
            ),
            (&[0xc8, 16, 0, 1], Write::Unknown),
            // pushfq
            (&[0x9c], Write::Bytes(Mem { base: Some(4), index: None, disp: 8u64.wrapping_neg() }, 8)),
            // bts [rbx], rcx: anywhere; bts qword [rbx], 3
            (
                &[0x48, 0x0f, 0xab, 0x0b],
                Write::Bytes(Mem { base: Some(3), index: Some((SP, 1)), disp: 0 }, 8),
            ),
            (&[0x48, 0x0f, 0xba, 0x2b, 3], Write::Bytes(Mem { base: Some(3), index: None, disp: 0 }, 8)),
            // pop [rsp]: where it leads once it has moved
            (&[0x8f, 0x04, 0x24], Write::Bytes(Mem { base: Some(4), index: None, disp: 8 }, 8)),
            // syscall, fxsave [rsp]
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
    fn writes_through_registers_are_told_without_being_asked_for() {
        for bytes in [
            &[0x48, 0x89, 0x04, 0x24][..],
            &[0x50],
            &[0x9c],
            &[0xf3, 0x48, 0xab],
            &[0x48, 0xa5],
            &[0x67, 0xab],
            &[0xc8, 16, 0, 0],
            &[0x66, 0x0f, 0xf7, 0xc1],
            &[0x66, 0x0f, 0x38, 0xf8, 0x11],
        ] {
            let (told, asked) =
                (one(bytes).write, Steps::new(bytes, 0x1000).with_writes(true).at(0x1000).write);
            assert!(told != Write::None && told == asked, "{bytes:02x?}: {told:?}");
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
        for &(bytes, takes_sp, takes_fp, pushes_fp) in cases {
            let stack = Steps::new(bytes, 0x1000).with_writes(true).at(0x1000).stack;
            assert_eq!(stack, Stack { takes_sp, takes_fp, pushes_fp }, "{bytes:02x?}");
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
