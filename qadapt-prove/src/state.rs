//! What is known of the registers at one point of a function, and what a step makes of it.

use super::fixups::Slot;
use super::flags::{Compared, Flags};
use super::fmt_write;
use super::load::Image;
use super::number::low_bits;
use super::step::{CALLEE_SAVED, CALLER_SAVED, Effect, FP, KEPT, LINK, Mem, REGS, Reg, Regs, SP};
use super::value::{Bound, Last, Offsets, Value, add};

/// How many places on the stack a state speaks of.
pub(crate) const SPILLS: usize = 6;

/// What is known of a register that was put away on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spill {
    Any,
    Const(u64),
    Formatter(u64),
    MaybeFormatter,
}

impl Spill {
    fn is_formatter(self) -> bool {
        matches!(self, Self::Formatter(_) | Self::MaybeFormatter)
    }
}

/// What is known of all registers, and of some that were put away on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(super) regs: [Value; REGS],
    spills: [Spill; SPILLS],
    pub(super) compared: Option<Compared>,
    /// What the flags can say, if anything is known of that.
    pub(super) flags: Option<Flags>,
    /// The register that the stack pointer was last compared with.
    pub(super) compared_top: Option<Reg>,
    /// Whether the return address lies on the stack where the caller put it. Only where it is not given in [`LINK`].
    pub(super) home: bool,
    /// Whether the return address is given in [`LINK`].
    pub(super) links: bool,
    /// Where what a function needs to come back lies on the stack, by its place in [`KEPT`]; 0: nowhere.
    pub(super) saved: [i64; KEPT.len()],
    /// The eight bytes that were pushed last: where they lie, and what they are.
    pub(super) pushed: (i64, Value),
    /// A place of the rounded stack with an address above it, and how far that is from the entry's; 0: none.
    pub(super) kept: (i64, i64),
    /// Where on the stack a builder of `core::fmt` lies, its size, and the vtable of its writer; size 0: none.
    pub(super) builder: (i64, i64, u64),
}

impl State {
    /// Nothing is known.
    pub(crate) fn unknown() -> Self {
        Self {
            regs: [Value::Any; REGS],
            spills: [Spill::Any; SPILLS],
            compared: None,
            flags: None,
            compared_top: None,
            home: false,
            links: false,
            saved: [0; KEPT.len()],
            pushed: (0, Value::Any),
            kept: (0, 0),
            builder: (0, 0, 0),
        }
    }

    /// What every function may rely on when it is called.
    pub(crate) fn entry() -> Self {
        let mut state = Self { home: true, ..Self::unknown() };
        for reg in CALLEE_SAVED {
            state.set(reg, Value::Saved(reg));
        }
        state.set(SP, Value::Frame(0));
        state
    }

    /// The function's processor gives the return address in [`LINK`].
    pub(crate) fn link(&mut self) {
        self.links = true;
        if self.home {
            self.set(LINK, Value::Saved(LINK));
        }
    }

    /// What is left of this when a call ends in a panic that is caught: the stack, and nothing else that is worth
    /// following.
    pub(crate) fn caught(&self) -> Self {
        let mut state = Self {
            home: self.home,
            links: self.links,
            saved: self.saved,
            kept: self.kept,
            ..Self::unknown()
        };
        for reg in CALLEE_SAVED.into_iter().chain([SP]) {
            if let value @ (Value::Frame(_) | Value::Saved(_)) = self.get(reg) {
                state.set(reg, value);
            }
        }
        state
    }

    /// What is known of a register.
    pub(crate) fn get(&self, reg: Reg) -> Value {
        self.regs[usize::from(reg)]
    }

    /// Adds a fact from outside, such as a constant argument.
    pub(crate) fn set(&mut self, reg: Reg, value: Value) {
        self.regs[usize::from(reg)] = value;
        if self.compared.is_some_and(|c| c.reg == reg) {
            self.compared = None;
        }
        if self.compared_top.is_some_and(|r| r == reg || reg == SP) {
            self.compared_top = None;
        }
    }

    /// What lies in a place on the stack.
    pub(crate) fn spill(&self, place: usize) -> Value {
        match self.spills.get(place) {
            Some(&Spill::Const(c)) => Value::Const(c),
            Some(&Spill::Formatter(vtable)) => Value::Formatter(vtable),
            Some(&Spill::MaybeFormatter) => Value::MaybeFormatter,
            _ => Value::Any,
        }
    }

    /// Puts a value into a place on the stack.
    pub(crate) fn set_spill(&mut self, place: usize, value: Value) {
        if let Some(spill) = self.spills.get_mut(place) {
            *spill = match value {
                Value::Const(c) => Spill::Const(c),
                Value::Formatter(vtable) => Spill::Formatter(vtable),
                Value::MaybeFormatter => Spill::MaybeFormatter,
                _ => Spill::Any,
            };
        }
    }

    /// Keeps only what holds in both; says whether this state changed. With `numbers`, that is a few numbers where one in
    /// each is known.
    pub(crate) fn join(&mut self, other: &Self, numbers: bool) -> bool {
        let mut changed = false;
        // The others are there on aarch64 alone.
        let count = if self.links { REGS } else { 16 };
        for (mine, theirs) in self.regs.iter_mut().zip(&other.regs).take(count) {
            // Most often nothing is known, and then there is nothing to lose.
            if matches!(mine, Value::Any) && !theirs.is_formatter() {
                continue;
            }
            let joined = if numbers { mine.join_numbers(*theirs) } else { mine.join(*theirs) };
            changed |= joined != *mine;
            *mine = joined;
        }
        for (mine, theirs) in self.spills.iter_mut().zip(&other.spills) {
            let joined = match (*mine, *theirs) {
                (mine, theirs) if mine == theirs => mine,
                (mine, theirs) if mine.is_formatter() || theirs.is_formatter() => Spill::MaybeFormatter,
                _ => Spill::Any,
            };
            changed |= joined != *mine;
            *mine = joined;
        }
        if self.compared.is_some() && self.compared != other.compared {
            self.compared = None;
            changed = true;
        }
        if let Some(mine) = self.flags {
            let both = other.flags.map(|theirs| mine.or(theirs));
            changed |= self.flags != both;
            self.flags = both;
        }
        if self.compared_top.is_some() && self.compared_top != other.compared_top {
            self.compared_top = None;
            changed = true;
        }
        if self.home && !other.home {
            self.home = false;
            changed = true;
        }
        for (mine, theirs) in self.saved.iter_mut().zip(&other.saved) {
            if *mine != 0 && mine != theirs {
                *mine = 0;
                changed = true;
            }
        }
        if self.kept.0 != 0 && self.kept != other.kept {
            self.kept = (0, 0);
            changed = true;
        }
        if self.pushed.1 != Value::Any && self.pushed != other.pushed {
            self.pushed = (0, Value::Any);
            changed = true;
        }
        if self.builder.1 != 0 && self.builder != other.builder {
            self.forget_builder();
            changed = true;
        }
        changed
    }

    /// After a call that followed the calling convention, but for the registers in `loose`.
    pub(crate) fn after_call(&mut self, loose: Regs) {
        self.clobber(CALLER_SAVED | loose);
        self.compared = None;
        self.flags = None;
        self.compared_top = None;
        // What lies below the stack pointer is the callee's.
        if let Value::Frame(top) = self.get(SP) {
            for place in &mut self.saved {
                if *place < top {
                    *place = 0;
                }
            }
            if self.kept.0 < top {
                self.kept = (0, 0);
            }
        }
        self.forget_pushed();
        self.forget_builder();
    }

    /// After a call of the C library's function for any system call, in the place of this function.
    pub(super) fn after_system_call(&mut self) {
        self.clobber(CALLER_SAVED);
        self.compared = None;
        self.flags = None;
        self.compared_top = None;
        self.forget_builder();
    }

    /// The builder at this place of the stack: its size, and the vtable of its writer.
    pub(crate) fn builder(&self, place: i64) -> Option<(i64, u64)> {
        let (at, size, vtable) = self.builder;
        (size != 0 && at == place).then_some((size, vtable))
    }

    /// A builder of `core::fmt` of this size lies here, whose writer has this vtable.
    pub(crate) fn set_builder(&mut self, place: i64, size: i64, vtable: u64) {
        self.builder = (place, size, vtable);
    }

    /// Somebody may have written to it.
    pub(crate) fn forget_builder(&mut self) {
        self.builder = (0, 0, 0);
    }

    /// Whether the address of a `Formatter` is known to be somewhere.
    pub(crate) fn has_formatters(&self) -> bool {
        self.regs.iter().any(|value| value.is_formatter())
            || self.spills.iter().any(|spill| spill.is_formatter())
    }

    /// Somebody may have given a `Formatter` another writer.
    pub(crate) fn forget_formatters(&mut self) {
        for reg in (0u8..).take(REGS) {
            if self.get(reg).is_formatter() {
                self.set(reg, Value::Any);
            }
        }
        for spill in self.spills.iter_mut().filter(|spill| spill.is_formatter()) {
            *spill = Spill::Any;
        }
        self.forget_builder();
    }

    fn clobber(&mut self, mut mask: Regs) {
        for reg in 0u8.. {
            if mask == 0 {
                break;
            }
            if mask & 1 != 0 {
                self.set(reg, Value::Any);
            }
            mask >>= 1;
        }
    }

    /// The constant address that a memory operand names.
    pub(crate) fn address(&self, mem: &Mem) -> Option<u64> {
        let mut sum = mem.disp;
        if let Some(base) = mem.base {
            let c = self.get(base).exact()?;
            sum = sum.wrapping_add(c);
        }
        if let Some((index, scale)) = mem.index {
            let c = self.get(index).exact()?;
            sum = sum.wrapping_add(c.wrapping_mul(u64::from(scale)));
        }
        Some(sum)
    }

    /// The table and the highest index of an operand `[table + index * size]`.
    pub(crate) fn table(&self, mem: &Mem, size: u8) -> Option<(u64, Last)> {
        let (index, scale) = mem.index?;
        // With a known index it is one place.
        if scale != size || self.get(index).exact().is_some() {
            return None;
        }
        let base = match mem.base {
            None => 0,
            Some(base) => match self.get(base) {
                Value::Const(c) => c,
                _ => return None,
            },
        };
        Some((base.wrapping_add(mem.disp), self.get(index).last_index()))
    }

    /// What a pointer-sized read yields.
    pub(crate) fn load(&self, mem: &Mem, image: &Image<'_>) -> Value {
        if let Mem { base: Some(base), index: None, disp: fmt_write::VTABLE } = *mem
            && let Value::Formatter(vtable) = self.get(base)
        {
            return Value::Const(vtable);
        }
        match self.address(mem).and_then(|a| image.constant(a)) {
            Some(Slot::Addr(a)) => Value::Const(a),
            Some(Slot::Import(i)) => Value::Import(i),
            None => Value::Any,
        }
    }

    /// The last comparison says nothing any more.
    pub(crate) fn forget_flags(&mut self) {
        self.compared = None;
        self.flags = None;
        self.compared_top = None;
    }

    /// Carries out one step.
    pub(crate) fn apply(&mut self, effect: Effect, flags_lost: bool, image: &Image<'_>) {
        if flags_lost {
            self.forget_flags();
        }
        match effect {
            Effect::None => {}
            Effect::Set(dst, value) if image.may_be_address(value) => self.set(dst, Value::Const(value)),
            Effect::Set(dst, value) => self.set(dst, Value::Number(value)),
            Effect::Address(dst, mem) => {
                let is_number = |reg| matches!(self.get(reg), Value::Number(_));
                let value = match (self.address(&mem), mem.base, mem.index) {
                    (Some(sum), Some(base), None) if is_number(base) => Value::Number(sum),
                    (Some(sum), Some(base), Some((index, _))) if is_number(base) && is_number(index) => {
                        Value::Number(sum)
                    }
                    (Some(sum), ..) => Value::Const(sum),
                    (None, ..) => self.sum_of(&mem),
                };
                self.set(dst, value);
            }
            Effect::ShortAddress(dst, mem) => {
                let value = self.sum(&mem, 32);
                self.set(dst, value);
            }
            Effect::Math(op, dst, operand, bits) => self.math(op, dst, operand, bits),
            Effect::SetLow(dst, bits, number) => self.set_low(dst, bits, number),
            Effect::SetIf(dst, cond) => self.set_if(dst, cond),
            Effect::Copy(dst, src, bits) | Effect::Extend(dst, src, bits) => {
                let value = self.low(src, bits);
                self.set(dst, value);
            }
            Effect::Load(dst, mem) => {
                let value = match self.own_read(effect) {
                    Value::Any => self.load(&mem, image),
                    own => own.of_memory(),
                };
                self.set(dst, value);
            }
            Effect::LoadSigned(dst, mem) => {
                let value = match self.table(&mem, 4) {
                    Some((table, last)) => Value::Entry { table, offsets: Offsets::Words, last },
                    None => match self.address(&mem).and_then(|a| image.constant_i32(a)) {
                        Some(n) => Value::Number(i64::from(n).cast_unsigned()),
                        None => Value::Any,
                    },
                };
                self.set(dst, value);
            }
            Effect::LoadShort(dst, mem, bytes) => {
                let offsets = match bytes {
                    1 => Some(Offsets::Bytes),
                    2 => Some(Offsets::Halves),
                    _ => None,
                };
                let value = match offsets.zip(self.table(&mem, bytes)) {
                    Some((offsets, (table, last))) => Value::Entry { table, offsets, last },
                    None => {
                        Value::AtMost { bits: 64, max: low_bits(bytes.saturating_mul(8)), from: Bound::Width }
                    }
                };
                self.set(dst, value);
            }
            Effect::Calculate(op, dst, left, operand, bits) => {
                let value = self.calculate(op, left, operand, bits);
                self.set(dst, value);
            }
            Effect::Add(dst, src) => {
                let value = add(self.get(dst), self.get(src));
                self.set(dst, value);
            }
            Effect::AddConst(dst, n) => {
                let value = add(self.get(dst), Value::Number(n));
                self.set(dst, value);
            }
            Effect::Mask(dst, mask) => self.mask(dst, mask),
            Effect::Pop(dst) => {
                let value = self.own_read(effect).of_memory();
                self.set(dst, value);
                let top = add(self.get(SP), Value::Const(8));
                self.set(SP, top);
            }
            Effect::Leave => {
                let value = self.own_read(effect);
                let top = add(self.get(FP), Value::Const(8));
                self.set(FP, value);
                self.set(SP, top);
            }
            Effect::Exchange(a, b) => {
                let (at_a, at_b) = (self.get(a), self.get(b));
                self.set(a, at_b);
                self.set(b, at_a);
            }
            Effect::Choose(dst, src, bits, cond) => self.choose(dst, src, bits, cond),
            // Whoever knows how often tells with `align`.
            Effect::Align(_) => self.set(SP, Value::Any),
            Effect::CompareTop(reg) => self.compared_top = Some(reg),
            Effect::Compare(reg, bits, with) => self.compare(reg, bits, u64::MAX, with),
            Effect::Test(reg, bits, mask) => self.compare(reg, bits, mask, 0),
            Effect::CompareRegs(left, right, bits) => self.compare_regs(left, right, bits),
            Effect::Clobber(mask) => self.clobber(mask),
        }
    }

    fn sum_of(&self, mem: &Mem) -> Value {
        match (mem.base, mem.index, mem.disp) {
            (Some(a), Some((b, 1)), 0) => add(self.get(a), self.get(b)),
            (Some(a), None, disp) => add(self.get(a), Value::Number(disp)),
            (Some(a), Some((b, 4)), 0) => match (self.get(a), self.get(b)) {
                (
                    Value::Const(base) | Value::Number(base),
                    Value::Entry { table, offsets: offsets @ (Offsets::Halves | Offsets::Bytes), last },
                ) => Value::Target { table, offsets, base, last },
                _ => self.sum(mem, 64),
            },
            _ => self.sum(mem, 64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_keeps_what_is_equal() {
        let mut a = State::unknown();
        a.set(0, Value::Const(1));
        a.set(1, Value::Const(2));
        let mut b = a;
        b.set(1, Value::Const(3));
        assert!(a.join(&b, false));
        assert_eq!((a.get(0), a.get(1)), (Value::Const(1), Value::Any));
        assert!(!a.join(&b, false));
    }
}
