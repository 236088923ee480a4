//! What a stretch of code without branches has stored on its own stack: constants, by their distance from the stack
//! pointer at the function's entry.
//!
//! Nothing is believed beyond that stretch. A call, a write through any pointer that is not known to lead to a place on
//! this stack, and a write that is not understood forget everything: whoever has been given the address of a local
//! variable may write to it at those points and at no others.

use super::state::State;
use super::step::Write;
use super::value::Value;

/// More than an argument list needs; what does not fit is not known.
const MOST: usize = 64;

/// Constants of eight bytes on the stack.
#[derive(Debug, Default)]
pub(crate) struct Slots(Vec<(i64, Value)>);

impl Slots {
    /// Nothing is known.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// What the eight bytes at this distance hold.
    pub(crate) fn get(&self, at: i64) -> Value {
        self.0.iter().find(|slot| slot.0 == at).map_or(Value::Any, |slot| slot.1)
    }

    /// Carries out a write, with the registers as they are before it.
    pub(crate) fn write(&mut self, write: Write, state: &State) {
        let (mem, size, value) = match write {
            Write::None => return,
            Write::Unknown => return self.forget(),
            Write::Register(mem, reg) => (mem, 8, state.get(reg)),
            Write::Number(mem, number) => (mem, 8, Value::Const(number)),
            Write::Bytes(mem, size) => (mem, i64::from(size), Value::Any),
            Write::Repeated(mem, size) => (mem.onwards(), i64::from(size), Value::Any),
        };
        let (Some(base), None) = (mem.base, mem.index) else { return self.forget() };
        let Value::Frame(base) = state.get(base) else { return self.forget() };
        let at = base.wrapping_add(mem.disp.cast_signed());
        // An overlap at either end spoils a slot.
        self.0.retain(|&(slot, _)| slot.saturating_add(8) <= at || slot >= at.saturating_add(size));
        if matches!(value, Value::Const(_) | Value::Import(_)) && self.0.len() < MOST {
            self.0.push((at, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::Mem;

    fn at(reg: u8, disp: i64) -> Mem {
        Mem { base: Some(reg), index: None, disp: disp.cast_unsigned() }
    }

    /// rsp leads 16 bytes below the entry's; rax holds 7.
    fn state() -> State {
        let mut state = State::unknown();
        state.set(4, Value::Frame(-16));
        state.set(0, Value::Const(7));
        state
    }

    fn one() -> Slots {
        let mut slots = Slots::default();
        slots.write(Write::Register(at(4, 8), 0), &state());
        assert_eq!(slots.get(-8), Value::Const(7));
        slots
    }

    #[test]
    fn only_what_cannot_touch_it_leaves_a_slot_known() {
        for (write, stays) in [
            (Write::None, true),
            (Write::Bytes(at(4, 0), 8), true),
            (Write::Bytes(at(4, 16), 8), true),
            (Write::Bytes(at(4, 0), 9), false),
            (Write::Bytes(at(4, 15), 1), false),
            (Write::Bytes(at(4, -8), 64), false),
            (Write::Register(at(4, 4), 0), false),
            (Write::Register(at(3, 0), 0), false),
            (Write::Bytes(Mem { base: Some(4), index: Some((3, 1)), disp: 0 }, 1), false),
            (Write::Bytes(Mem { base: None, index: None, disp: 0x1000 }, 1), false),
            (Write::Unknown, false),
        ] {
            let mut slots = one();
            slots.write(write, &state());
            assert_eq!(slots.get(-8) == Value::Const(7), stays, "{write:?}");
        }
    }

    #[test]
    fn what_is_not_constant_is_not_kept() {
        let mut slots = one();
        slots.write(Write::Register(at(4, 8), 3), &state());
        assert_eq!(slots.get(-8), Value::Any);
    }
}
