//! Thunks that stand for one instruction: what retpolines call and jump to instead of jumping through a register or
//! returning, and the entries of a procedure linkage table.
//!
//! `-mindirect-branch` and `-mfunction-return` (gcc), `-mretpoline` and `-mlvi-cfi` (clang) make them, under names such as
//! `__x86_indirect_thunk_rax` and `__llvm_retpoline_r11`. They are known by what they do: they call a place in themselves,
//! and there overwrite or drop the return address.

use super::aarch64_word::reg;
use super::decode::Steps;
use super::load::Image;
use super::machine::Machine;
use super::step::{Effect, Flow, Mem, Reg, SP, Step, Via, Write};

/// The instruction that a thunk stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thunk {
    /// A jump through this register.
    Via(Reg),
    /// A return.
    Return,
    /// A jump through this memory: an entry of a procedure linkage table.
    Memory(Mem),
}

/// The registers between a caller and a callee on aarch64: x16 and x17.
const SCRATCH: [Option<Reg>; 2] = [reg(16), reg(17)];

/// The register between a caller and a callee on x86-64.
const R11: Reg = 11;

/// Where a call has left the return address.
const TOP: Mem = Mem { base: Some(SP), index: None, disp: 0 };

/// How `mov r11, [rip + ..]` begins.
const LOAD_OF_R11: [u8; 3] = [0x4c, 0x8b, 0x1d];

/// How far a thunk's parts lie from each other at most; clang aligns the second to 16 bytes.
const LONGEST: u64 = 64;

/// The instruction that the function at `addr` stands for, if it is a thunk.
pub(crate) fn thunk(image: &Image<'_>, addr: u64) -> Option<Thunk> {
    let code = image.code(addr, addr.checked_add(2 * LONGEST)?);
    // Most functions begin with none of these: a call, a jump through a register, `endbr64`, `lfence`.
    if image.machine() == Machine::Aarch64 {
        return stub(image, addr);
    }
    if code.bytes.starts_with(&LOAD_OF_R11) {
        return retpoline_entry(image, addr);
    }
    if !matches!(code.bytes.first()?, 0xe8 | 0xff | 0x41 | 0xf3 | 0x0f) {
        return None;
    }
    let mut steps = Steps::new(code, addr);
    let first = past_nothing(&mut steps, addr);
    let inner = match first.flow {
        Flow::JumpVia(Via::Reg(reg)) => return Some(Thunk::Via(reg)),
        // With a name it is a function of the program's, which people want to see.
        Flow::JumpVia(Via::Mem(mem @ Mem { base: None, index: None, .. }))
            if image.function_at(addr).is_none() =>
        {
            return Some(Thunk::Memory(mem));
        }
        Flow::Call(target) if target > first.addr && target - addr < LONGEST => target,
        _ => return None,
    };
    let change = past_nothing(&mut steps, inner);
    if past_nothing(&mut steps, change.next).flow != Flow::Return {
        return None;
    }
    match (change.write, change.effect) {
        (Write::Register(mem, reg), _) if mem == TOP => Some(Thunk::Via(reg)),
        (Write::None, Effect::AddConst(SP, 8)) => Some(Thunk::Return),
        (Write::None, Effect::Address(SP, Mem { base: Some(SP), index: None, disp: 8 })) => {
            Some(Thunk::Return)
        }
        _ => None,
    }
}

/// The slot that an entry of a procedure linkage table jumps through as LLD makes it with `-z retpolineplt`:
///
/// ```text
/// mov   r11, [rip + slot]
/// jmp   retpoline          or, where the slot is filled at the first call: call changed
///
/// changed:
/// mov   [rsp], r11
/// ret
/// ```
fn retpoline_entry(image: &Image<'_>, addr: u64) -> Option<Thunk> {
    if image.function_at(addr).is_some() {
        return None;
    }
    let mut steps = Steps::new(image.code(addr, addr.checked_add(LONGEST)?), addr);
    let load = steps.at(addr);
    // No caller believes in r11, and no callee looks at it.
    let Effect::Load(R11, mem @ Mem { base: None, index: None, .. }) = load.effect else { return None };
    let is_through = match steps.at(load.next).flow {
        // An entry that jumps to an entry leads nowhere.
        Flow::Jump(target) if !is_entry(image, target) => thunk(image, target) == Some(Thunk::Via(R11)),
        Flow::Call(target) => {
            let mut steps = Steps::new(image.code(target, target.checked_add(LONGEST)?), target);
            let change = steps.at(target);
            change.write == Write::Register(TOP, R11) && steps.at(change.next).flow == Flow::Return
        }
        _ => false,
    };
    is_through.then_some(Thunk::Memory(mem))
}

fn is_entry(image: &Image<'_>, addr: u64) -> bool {
    image.code(addr, addr.saturating_add(LOAD_OF_R11.len() as u64)).bytes.starts_with(&LOAD_OF_R11)
}

/// The slot that an entry of a procedure linkage table jumps through on aarch64, where it makes the address in steps:
///
/// ```text
/// bti   c                  or nothing
/// adrp  x16, page
/// ldr   x17, [x16, #slot]
/// add   x16, x16, #slot
/// br    x17
/// ```
fn stub(image: &Image<'_>, addr: u64) -> Option<Thunk> {
    if image.function_at(addr).is_some() {
        return None;
    }
    let mut steps = Steps::new(image.code(addr, addr.checked_add(LONGEST)?), addr);
    let first = past_nothing(&mut steps, addr);
    let Effect::Address(base, Mem { base: None, index: None, disp: page }) = first.effect else {
        return None;
    };
    let read = steps.at(first.next);
    let Effect::Load(target, Mem { base: Some(from), index: None, disp }) = read.effect else { return None };
    let add = steps.at(read.next);
    let is_added = matches!(add.effect, Effect::AddConst(reg, _) if reg == base && reg != target);
    let jump = steps.at(add.next);
    let is_stub = from == base && is_added && jump.flow == Flow::JumpVia(Via::Reg(target));
    // x16 and x17, which no caller believes in, and no callee looks at.
    let is_stub = is_stub && [base, target].iter().all(|&reg| SCRATCH.contains(&Some(reg)));
    let mem = Mem { base: None, index: None, disp: page.wrapping_add(disp) };
    is_stub.then_some(Thunk::Memory(mem))
}

/// Whether a call of a place in the calling function itself is no call: what lies there takes, replaces or drops the
/// return address.
pub(crate) fn is_jump(image: &Image<'_>, target: u64) -> bool {
    const LOOKED_AT: usize = 4;
    if image.machine().links() {
        return false;
    }
    let mut steps = Steps::new(image.code(target, target.saturating_add(LONGEST)), target);
    let (mut at, mut depth) = (target, 0i64);
    for _ in 0..LOOKED_AT {
        let step = steps.at(at);
        if !matches!(step.flow, Flow::Next) {
            return false;
        }
        if let Write::Register(mem, _) | Write::Number(mem, _) | Write::Bytes(mem, _) = step.write
            && mem.base == Some(SP)
            && (-7..8).contains(&mem.disp.cast_signed().wrapping_add(depth))
        {
            return true;
        }
        match step.effect {
            Effect::Pop(_) => depth += 8,
            Effect::AddConst(SP, n) => depth = depth.wrapping_add(n.cast_signed()),
            Effect::Address(SP, Mem { base: Some(SP), index: None, disp }) => {
                depth = depth.wrapping_add(disp.cast_signed());
            }
            _ => {}
        }
        if depth > 0 {
            return true;
        }
        at = step.next;
    }
    false
}

/// The first step from here that does anything.
fn past_nothing(steps: &mut Steps<'_>, mut at: u64) -> Step {
    loop {
        let step = steps.at(at);
        if step.flow != Flow::Next || step.effect != Effect::None || step.write != Write::None {
            return step;
        }
        at = step.next;
    }
}
