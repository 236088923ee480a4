//! Numbers in registers: what calculations make of them, and what comparisons say of them.

use super::flags::{self, Compared, Flags};
use super::number::{Few, low_bits};
use super::state::State;
use super::step::{Cond, Mem, Operand, Operation, Reg, SP};
use super::value::{Bound, Value, add, numbers};

impl State {
    /// What is known on one side of a conditional branch.
    pub(crate) fn refine(&mut self, cond: Cond, taken: bool) {
        if let Some(reg) = self.compared_top
            && matches!((cond, taken), (Cond::Equal, true) | (Cond::NotEqual, false))
            && let value @ Value::Frame(_) = self.get(reg)
        {
            // The end of a loop that touches each page of a large frame.
            self.regs[usize::from(SP)] = value;
        }
        let Some(Compared { reg, bits, mask, with }) = self.compared else { return };
        let old = self.get(reg);
        if let Value::Number(_) | Value::Few(_) = old
            && let Some(few) = old.few().filter(|few| few.bits() >= bits)
        {
            let left = few.that(|number| flags::holds(cond, number & mask, with, bits) != Some(!taken));
            // With none left nobody comes here.
            if let Some(left) = left.filter(|left| *left != few) {
                self.regs[usize::from(reg)] = Value::of_few(left);
                self.compare(reg, bits, mask, with);
            }
            return;
        }
        if mask != u64::MAX {
            return;
        }
        let is_equal = matches!((cond, taken), (Cond::Equal, true) | (Cond::NotEqual, false));
        if is_equal && matches!(old, Value::Any | Value::AtMost { .. } | Value::Few(_)) {
            let whole = matches!(old, Value::AtMost { bits: 64, max, .. } if max <= low_bits(bits));
            let bits = if whole { 64 } else { bits };
            self.regs[usize::from(reg)] = Few::of(bits, [with]).map_or(Value::Any, Value::of_few);
            return;
        }
        let max = match (cond, taken) {
            (Cond::Above, false) | (Cond::BelowEq, true) => Some(with),
            (Cond::AboveEq, false) | (Cond::Below, true) => with.checked_sub(1),
            _ => None,
        };
        let Some(max) = max else { return };
        let bits = match old {
            Value::AtMost { bits: 64, max: old, .. } if old < max => return,
            Value::AtMost { bits: 64, max: old, .. } if bits < 64 && old >> bits == 0 => 64,
            Value::Any | Value::AtMost { .. } => bits,
            _ => return,
        };
        self.regs[usize::from(reg)] = Value::AtMost { bits, max, from: Bound::Check };
    }

    /// Whether a condition may hold, or may not hold if `holds` is false.
    pub(crate) fn may(&self, cond: Cond, holds: bool) -> bool {
        self.flags.is_none_or(|flags| flags.may(cond, holds))
    }

    /// What a mask leaves of the low bits of a register is compared with a number.
    pub(super) fn compare(&mut self, reg: Reg, bits: u8, mask: u64, with: u64) {
        self.compared = Some(Compared { reg, bits, mask, with });
        let value = self.get(reg);
        let few = value.few().filter(|few| few.bits() >= bits);
        self.flags = match (few, value) {
            (Some(few), _) => {
                let masked = Few::of(bits, few.iter().map(|number| number & mask));
                masked.zip(Few::of(bits, [with])).and_then(|(left, right)| Flags::of(left, right))
            }
            (None, Value::AtMost { bits: known, max, .. })
                if known >= bits && max <= low_bits(bits) && mask == u64::MAX =>
            {
                Some(Flags::up_to(max, with, bits))
            }
            _ => None,
        };
    }

    /// What becomes of a register and an operand.
    pub(super) fn calculate(&self, op: Operation, left: Reg, operand: Operand, bits: u8) -> Value {
        let old = self.get(left);
        let right = match operand {
            Operand::Reg(reg) => self.get(reg).few_of(bits),
            Operand::Number(number) => Few::of(bits, [number]),
        };
        let value = match (old, old.few_of(bits), right) {
            (_, Some(left), Some(right)) => numbers(left, right, bits, |a, b| op.of(a, b, bits)),
            (Value::Frame(_), _, Some(right)) if op == Operation::Sub && bits == 64 => {
                right.only().map_or(Value::Any, |by| add(old, Value::Number(by.wrapping_neg())))
            }
            _ => Value::Any,
        };
        match (value, op, old, operand) {
            (Value::Any, Operation::Shr, Value::AtMost { bits: 64, max, .. }, Operand::Number(number))
                if max <= low_bits(bits) =>
            {
                Value::AtMost { bits: 64, max: op.of(max, number, bits), from: Bound::Mask }
            }
            (Value::Any, Operation::And, _, Operand::Number(mask)) if u32::try_from(mask).is_ok() => {
                Value::AtMost { bits: 64, max: mask, from: Bound::Mask }
            }
            (value, ..) => value,
        }
    }

    pub(super) fn math(&mut self, op: Operation, dst: Reg, operand: Operand, bits: u8) {
        let old = self.get(dst);
        let right = match operand {
            Operand::Reg(reg) => self.get(reg).few_of(bits),
            Operand::Number(number) => Few::of(bits, [number]),
        };
        let value = self.calculate(op, dst, operand, bits);
        self.set(dst, value);
        match op {
            // As a comparison of the result with zero.
            Operation::And | Operation::Or | Operation::Xor => self.compare(dst, bits, u64::MAX, 0),
            Operation::Sub | Operation::Dec => {
                let flags = old.few_of(bits).zip(right).and_then(|(left, right)| Flags::of(left, right));
                self.flags = if op == Operation::Dec { flags.map(Flags::with_any_carry) } else { flags };
            }
            Operation::Add | Operation::Shl | Operation::Shr => {}
        }
    }

    /// The low bits of the first register are compared with those of the second.
    pub(super) fn compare_regs(&mut self, left: Reg, right: Reg, bits: u8) {
        let Some(right) = self.get(right).few_of(bits) else { return };
        match right.only() {
            Some(with) => self.compare(left, bits, u64::MAX, with),
            None => self.flags = self.get(left).few_of(bits).and_then(|left| Flags::of(left, right)),
        }
    }

    /// The low bits become a number.
    pub(super) fn set_low(&mut self, dst: Reg, bits: u8, number: u64) {
        let value = match self.get(dst) {
            Value::Number(old) => Value::Number(old & !low_bits(bits) | number),
            _ => Few::of(bits, [number]).map_or(Value::Any, Value::Few),
        };
        self.set(dst, value);
    }

    /// The low 8 bits say whether a condition holds.
    pub(super) fn set_if(&mut self, dst: Reg, cond: Cond) {
        let can = [0u64, 1].into_iter().filter(|&set| self.may(cond, set == 1));
        let few = match self.get(dst) {
            Value::Number(old) => Few::of(64, can.map(|set| old & !0xff | set)),
            _ => Few::of(8, can),
        };
        self.set(dst, few.map_or(Value::Any, Value::of_few));
    }

    /// Only the bits of a mask of 31 bits stay.
    pub(super) fn mask(&mut self, dst: Reg, mask: u64) {
        let bits = if mask <= 0xff { 8 } else { 32 };
        let few = match self.get(dst) {
            value @ (Value::Number(_) | Value::Few(_)) => value.few_of(bits),
            _ => None,
        };
        let value = match few.and_then(|few| Few::of(64, few.iter().map(|number| number & mask))) {
            Some(few) => Value::of_few(few),
            None => Value::AtMost { bits: 64, max: mask, from: Bound::Mask },
        };
        self.set(dst, value);
        self.compare(dst, 64, u64::MAX, 0);
    }

    /// A register takes the value of another one if a condition holds.
    pub(super) fn choose(&mut self, dst: Reg, src: Reg, bits: u8, cond: Cond) {
        let sides = [(false, dst), (true, src)].map(|(holds, reg)| {
            self.may(cond, holds).then(|| {
                let mut side = *self;
                side.refine(cond, holds);
                if bits >= 64 { side.get(reg) } else { side.low(reg, bits) }
            })
        });
        let value = match sides {
            [Some(old), Some(new)] => old.join_numbers(new),
            [Some(value), None] | [None, Some(value)] => value,
            [None, None] => Value::Any,
        };
        self.set(dst, value);
    }

    /// The low `bits` of a register, the rest zero.
    pub(super) fn low(&self, src: Reg, bits: u8) -> Value {
        let value = self.get(src);
        if bits >= 64 {
            return value;
        }
        let mask = low_bits(bits);
        if let Value::Few(few) = value
            && let Some(few) = few.cut(bits).and_then(|few| Few::of(64, few.iter()))
        {
            return Value::of_few(few);
        }
        match value {
            Value::Number(c) => Value::Number(c & mask),
            Value::AtMost { bits: known, max, from } if known >= bits && max <= mask => {
                Value::AtMost { bits: 64, max, from }
            }
            _ => Value::AtMost { bits: 64, max: mask, from: Bound::Width },
        }
    }

    /// The address that a memory operand names as a number, cut to so many bits.
    pub(super) fn sum(&self, mem: &Mem, bits: u8) -> Value {
        if mem.base.is_none() && mem.index.is_none() {
            // A place in the file, which the loader may move.
            return Value::AtMost { bits: 64, max: low_bits(bits), from: Bound::Width };
        }
        let part = |reg: Option<Reg>| match reg {
            Some(reg) => self.get(reg).few_of(bits),
            None => Few::of(bits, [0]),
        };
        let scale = mem.index.map_or(1, |(_, scale)| u64::from(scale));
        match (part(mem.base), part(mem.index.map(|(index, _)| index))) {
            (Some(base), Some(index)) => numbers(base, index, bits, |base, index| {
                base.wrapping_add(index.wrapping_mul(scale)).wrapping_add(mem.disp)
            }),
            _ => Value::Any,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Last;
    use super::*;

    #[test]
    fn a_bound_on_the_low_bits_says_nothing_of_the_whole_register() {
        let mut state = State::unknown();
        state.compared = Some(Compared { reg: 0, bits: 32, mask: u64::MAX, with: 5 });
        state.refine(Cond::Above, false);
        assert_eq!(state.get(0).last_index(), Last::Unknown, "the upper half may be anything");
        assert_eq!(state.low(0, 32).last_index(), Last::Checked(5));
        assert_eq!(state.low(0, 16).last_index(), Last::Checked(5));
    }

    #[test]
    fn the_bound_holds_on_the_right_side_only() {
        for (cond, taken, bound) in [
            (Cond::Above, false, Last::Checked(5)),
            (Cond::Above, true, Last::Unknown),
            (Cond::AboveEq, false, Last::Checked(4)),
            (Cond::Below, true, Last::Checked(4)),
            (Cond::Below, false, Last::Unknown),
            (Cond::BelowEq, true, Last::Checked(5)),
            (Cond::Other, true, Last::Unknown),
        ] {
            let mut state = State::unknown();
            state.compared = Some(Compared { reg: 3, bits: 64, mask: u64::MAX, with: 5 });
            state.refine(cond, taken);
            assert_eq!(state.get(3).last_index(), bound, "{cond:?} {taken}");
        }
    }

    #[test]
    fn a_place_in_the_file_is_no_number() {
        let state = State::unknown();
        let place = Mem { base: None, index: None, disp: 0x4040 };
        assert_eq!(state.sum(&place, 32), state.low(0, 32));
    }

    #[test]
    fn a_write_forgets_the_comparison() {
        let mut state = State::unknown();
        state.compared = Some(Compared { reg: 3, bits: 64, mask: u64::MAX, with: 5 });
        state.set(3, Value::Any);
        state.refine(Cond::Above, false);
        assert_eq!(state.get(3), Value::Any);
    }
}
