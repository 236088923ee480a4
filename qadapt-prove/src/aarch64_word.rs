//! A word of aarch64 in its parts, and what is said of an instruction.

use super::step::{Cond, Effect, Flow, LINK, Reg, SP, Write};

/// The number of the register that is zero, or the stack pointer.
pub(super) const ZERO: u32 = 31;

/// What a register is called elsewhere; none of the one that is zero.
pub(super) const fn reg(number: u32) -> Option<Reg> {
    const NAMES: [Reg; 31] = [
        7, 6, 2, 1, 8, 9, 10, 11, 0, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 3, 12, 13, 14, 15, 16, 17, 18,
        19, 20, 5, LINK,
    ];
    if (number as usize) < NAMES.len() { Some(NAMES[number as usize]) } else { None }
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
    pub(super) parts: [Part; 4],
    pub(super) count: usize,
    pub(super) flags_lost: bool,
}

impl Meaning {
    /// It does nothing that is tracked.
    pub(super) fn none() -> Self {
        let part = Part { effect: Effect::None, write: Write::None };
        Self { flow: Flow::Next, parts: [part; 4], count: 0, flags_lost: false }
    }

    /// It goes somewhere.
    pub(super) fn flow(flow: Flow) -> Self {
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

    pub(super) fn losing_flags(self) -> Self {
        Self { flags_lost: true, ..self }
    }
}

/// An instruction that makes something of its first register, if that is one.
pub(super) fn set(rd: u32, effect: impl FnOnce(Reg) -> Effect) -> Meaning {
    Meaning::effect(reg(rd).map_or(Effect::None, effect))
}

/// One that changes it in a way that is not followed.
pub(super) fn clobber(rd: u32) -> Meaning {
    set(rd, |dst| Effect::Clobber(1 << dst))
}

/// A condition; none that always holds.
pub(super) fn cond(number: u32) -> Option<Cond> {
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
