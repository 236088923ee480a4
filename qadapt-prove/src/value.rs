//! What is known of the registers at one point of a function: constants, and enough about indices to read jump
//! tables.

use super::decode::{CALLEE_SAVED, CALLER_SAVED, Effect, Mem, RBP, REGS, RSP, Reg};
use super::flags::{Compared, Flags};
use super::fmt_write;
use super::load::{Image, Slot};
use super::number::{Few, low_bits};

/// What is known of one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Any,
    /// Exactly this address, from where the file would lie if it were loaded where it says; a number too where it is not told.
    Const(u64),
    /// Exactly this number, which does not depend on where the file is loaded.
    Number(u64),
    /// The address of a symbol of another object.
    Import(u32),
    /// This far from the stack pointer at the function's entry; beyond [`ALIGNED`](super::own::ALIGNED), from what it was once rounded
    /// down to.
    Frame(i64),
    /// What this register, which a callee must keep, held at the function's entry.
    Saved(Reg),
    /// The address that the function is to return to.
    Home,
    /// The address of a `core::fmt::Formatter` whose writer has this vtable.
    Formatter(u64),
    /// The low `bits` are at most `max`.
    AtMost {
        /// How many low bits the bound speaks of; 64 for the whole register.
        bits: u8,
        /// The bound, inclusive.
        max: u64,
        /// Where it comes from.
        from: Bound,
    },
    /// The low bits are one of these; for a whole register, of two at least.
    Few(Few),
    /// A sign-extended entry of the table of 32-bit offsets at `table`.
    Entry {
        /// Address of entry 0.
        table: u64,
        /// What is known of the highest index.
        last: Last,
    },
    /// `base` plus an entry of the table of 32-bit offsets at `table`.
    Target {
        /// Address of entry 0.
        table: u64,
        /// What the entry is added to.
        base: u64,
        /// What is known of the highest index.
        last: Last,
    },
}

/// Where a bound comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// More does not fit.
    Width,
    /// A mask.
    Mask,
    /// A comparison.
    Check,
}

/// What is known of the highest index into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Last {
    /// Nothing.
    Unknown,
    /// A wider index does not fit where it comes from; the table may well be shorter.
    Width(u32),
    /// The code cuts it to this; the table may be shorter.
    Masked(u32),
    /// The code checks it: the table has all entries up to it.
    Checked(u32),
}

impl Value {
    fn join(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        // Only the bound of a table's index may differ: keep the table, forget the bound.
        match (self, other) {
            (Self::Entry { table: a, .. }, Self::Entry { table: b, .. }) if a == b => {
                Self::Entry { table: a, last: Last::Unknown }
            }
            (Self::Target { table: a, base: x, .. }, Self::Target { table: b, base: y, .. })
                if a == b && x == y =>
            {
                Self::Target { table: a, base: x, last: Last::Unknown }
            }
            _ => Self::Any,
        }
    }

    /// The same of two values where it matters which numbers there can be.
    #[must_use]
    pub(super) fn join_numbers(self, other: Self) -> Self {
        match self.join(other) {
            Self::Any => {}
            joined => return joined,
        }
        if let (Some(a), Some(b)) = (self.few(), other.few())
            && let Some(both) = a.or(b)
        {
            return Self::of_few(both);
        }
        match (self.most(), other.most()) {
            (Some(a), Some(b)) => Self::AtMost { bits: 64, max: a.max(b), from: Bound::Mask },
            _ => Self::Any,
        }
    }

    /// The value that is one of these numbers.
    #[must_use]
    pub fn of_few(few: Few) -> Self {
        match few.only() {
            Some(number) if few.bits() >= 64 => Self::Number(number),
            _ => Self::Few(few),
        }
    }

    /// The numbers that the low bits can be, if they are few; of as many bits as is known.
    #[must_use]
    pub fn few(self) -> Option<Few> {
        match self {
            // The loader moves an address: what becomes of that in calculations and comparisons is not known.
            Self::Number(number) => Few::of(64, [number]),
            Self::Few(few) => Some(few),
            Self::AtMost { bits, max, .. } if max < 64 => Few::of(bits, 0..=max),
            _ => None,
        }
    }

    /// The address or number that it is exactly.
    #[must_use]
    pub fn exact(self) -> Option<u64> {
        match self {
            Self::Const(number) | Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The same of so many bits.
    #[must_use]
    pub fn few_of(self, bits: u8) -> Option<Few> {
        self.few()?.cut(bits)
    }

    /// The highest number that the whole register can be, if that is no address.
    fn most(self) -> Option<u64> {
        let max = match self {
            Self::Number(number) => number,
            Self::Few(few) if few.bits() >= 64 => few.iter().max()?,
            Self::AtMost { bits: 64, max, .. } => max,
            _ => return None,
        };
        u32::try_from(max).is_ok().then_some(max)
    }

    /// What is believed of it once it is read back from the function's own stack: no number, which others may reach there.
    fn of_memory(self) -> Self {
        match self {
            Self::Number(_) | Self::Few(_) | Self::AtMost { .. } => Self::Any,
            other => other,
        }
    }

    pub(super) fn last_index(self) -> Last {
        if let (Self::Few(_), Some(Ok(max))) = (self, self.most().map(u32::try_from)) {
            return Last::Masked(max);
        }
        let Self::AtMost { bits: 64, max, from } = self else { return Last::Unknown };
        match (u32::try_from(max), from) {
            (Ok(max), Bound::Check) => Last::Checked(max),
            (Ok(max), Bound::Mask) => Last::Masked(max),
            (Ok(max), Bound::Width) => Last::Width(max),
            _ => Last::Unknown,
        }
    }
}

/// More numbers than that are not followed through calculations: a loop would make one more each time.
const MOST_NUMBERS: u32 = 8;

/// How many places on the stack a state speaks of.
pub const SPILLS: usize = 6;

/// What is known of a register that was put away on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spill {
    Any,
    Const(u64),
    Formatter(u64),
}

/// What is known of all registers, and of some that were put away on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub(super) regs: [Value; REGS],
    spills: [Spill; SPILLS],
    pub(super) compared: Option<Compared>,
    /// What the flags can say, if anything is known of that.
    pub(super) flags: Option<Flags>,
    /// The register that the stack pointer was last compared with.
    pub(super) compared_top: Option<Reg>,
    /// Whether the return address lies where the caller put it.
    pub(super) home: bool,
    /// Where the registers that a callee must keep lie on the stack, by their place in [`CALLEE_SAVED`]; 0: nowhere.
    pub(super) saved: [i64; CALLEE_SAVED.len()],
    /// The eight bytes that were pushed last: where they lie, and what they are.
    pub(super) pushed: (i64, Value),
    /// A place of the rounded stack with an address above it, and how far that is from the entry's; 0: none.
    pub(super) kept: (i64, i64),
}

impl State {
    /// Nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            regs: [Value::Any; REGS],
            spills: [Spill::Any; SPILLS],
            compared: None,
            flags: None,
            compared_top: None,
            home: false,
            saved: [0; CALLEE_SAVED.len()],
            pushed: (0, Value::Any),
            kept: (0, 0),
        }
    }

    /// What every function may rely on when it is called.
    #[must_use]
    pub fn entry() -> Self {
        let mut state = Self { home: true, ..Self::unknown() };
        for reg in CALLEE_SAVED {
            state.set(reg, Value::Saved(reg));
        }
        state.set(RSP, Value::Frame(0));
        state
    }

    /// What is left of this when a call ends in a panic that is caught: the stack, and nothing else that is worth
    /// following.
    #[must_use]
    pub fn caught(&self) -> Self {
        let mut state = Self { home: self.home, saved: self.saved, kept: self.kept, ..Self::unknown() };
        for reg in CALLEE_SAVED.into_iter().chain([RSP]) {
            if let value @ (Value::Frame(_) | Value::Saved(_)) = self.get(reg) {
                state.set(reg, value);
            }
        }
        state
    }

    /// What is known of a register.
    #[must_use]
    pub fn get(&self, reg: Reg) -> Value {
        self.regs[usize::from(reg)]
    }

    /// Adds a fact from outside, such as a constant argument.
    pub fn set(&mut self, reg: Reg, value: Value) {
        self.regs[usize::from(reg)] = value;
        if self.compared.is_some_and(|c| c.reg == reg) {
            self.compared = None;
        }
        if self.compared_top.is_some_and(|r| r == reg || reg == RSP) {
            self.compared_top = None;
        }
    }

    /// What lies in a place on the stack.
    #[must_use]
    pub fn spill(&self, place: usize) -> Value {
        match self.spills.get(place) {
            Some(&Spill::Const(c)) => Value::Const(c),
            Some(&Spill::Formatter(vtable)) => Value::Formatter(vtable),
            _ => Value::Any,
        }
    }

    /// Puts a value into a place on the stack.
    pub fn set_spill(&mut self, place: usize, value: Value) {
        if let Some(spill) = self.spills.get_mut(place) {
            *spill = match value {
                Value::Const(c) => Spill::Const(c),
                Value::Formatter(vtable) => Spill::Formatter(vtable),
                _ => Spill::Any,
            };
        }
    }

    /// Keeps only what holds in both; says whether this state changed. With `numbers`, that is a few numbers where one in
    /// each is known.
    pub fn join(&mut self, other: &Self, numbers: bool) -> bool {
        let mut changed = false;
        for (mine, theirs) in self.regs.iter_mut().zip(&other.regs) {
            // Most often nothing is known, and then there is nothing to lose.
            if matches!(mine, Value::Any) {
                continue;
            }
            let joined = if numbers { mine.join_numbers(*theirs) } else { mine.join(*theirs) };
            changed |= joined != *mine;
            *mine = joined;
        }
        for (mine, theirs) in self.spills.iter_mut().zip(&other.spills) {
            if !matches!(mine, Spill::Any) && mine != theirs {
                *mine = Spill::Any;
                changed = true;
            }
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
        changed
    }

    /// After a call that followed the calling convention, but for the registers in `loose`.
    pub fn after_call(&mut self, loose: u16) {
        self.clobber(CALLER_SAVED | loose);
        self.compared = None;
        self.flags = None;
        self.compared_top = None;
        // What lies below the stack pointer is the callee's.
        if let Value::Frame(top) = self.get(RSP) {
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
    }

    /// After a call of the C library's function for any system call, in the place of this function.
    pub(super) fn after_system_call(&mut self) {
        self.clobber(CALLER_SAVED);
        self.compared = None;
        self.flags = None;
        self.compared_top = None;
    }

    fn clobber(&mut self, mask: u16) {
        for reg in 0..16u8 {
            if mask & (1 << reg) != 0 {
                self.set(reg, Value::Any);
            }
        }
    }

    /// The constant address that a memory operand names.
    #[must_use]
    pub fn address(&self, mem: &Mem) -> Option<u64> {
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
    #[must_use]
    pub fn table(&self, mem: &Mem, size: u8) -> Option<(u64, Last)> {
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
    #[must_use]
    pub fn load(&self, mem: &Mem, image: &Image<'_>) -> Value {
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

    /// Carries out one step.
    pub fn apply(&mut self, effect: Effect, flags_lost: bool, image: &Image<'_>) {
        if flags_lost {
            self.compared = None;
            self.flags = None;
            self.compared_top = None;
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
                    Some((table, last)) => Value::Entry { table, last },
                    None => match self.address(&mem).and_then(|a| image.constant_i32(a)) {
                        Some(n) => Value::Number(i64::from(n).cast_unsigned()),
                        None => Value::Any,
                    },
                };
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
                let top = add(self.get(RSP), Value::Const(8));
                self.set(RSP, top);
            }
            Effect::Leave => {
                let value = self.own_read(effect);
                let top = add(self.get(RBP), Value::Const(8));
                self.set(RBP, value);
                self.set(RSP, top);
            }
            Effect::Exchange(a, b) => {
                let (at_a, at_b) = (self.get(a), self.get(b));
                self.set(a, at_b);
                self.set(b, at_a);
            }
            Effect::Choose(dst, src, bits, cond) => self.choose(dst, src, bits, cond),
            // Whoever knows how often tells with `align`.
            Effect::Align(_) => self.set(RSP, Value::Any),
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
            _ => self.sum(mem, 64),
        }
    }
}

/// What becomes of any two of these numbers, cut to so many bits; the rest is zero.
pub(super) fn numbers(left: Few, right: Few, bits: u8, what: impl Fn(u64, u64) -> u64) -> Value {
    if left.count().saturating_mul(right.count()) > MOST_NUMBERS {
        return Value::Any;
    }
    let what = &what;
    let all = left.iter().flat_map(|a| right.iter().map(move |b| what(a, b) & low_bits(bits)));
    Few::of(64, all).map_or(Value::Any, Value::of_few)
}

/// The sum of two values.
pub(super) fn add(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Const(x), Value::Const(y) | Value::Number(y)) | (Value::Number(y), Value::Const(x)) => {
            Value::Const(x.wrapping_add(y))
        }
        (Value::Number(x), Value::Number(y)) => Value::Number(x.wrapping_add(y)),
        (Value::Frame(at), Value::Const(by) | Value::Number(by))
        | (Value::Const(by) | Value::Number(by), Value::Frame(at)) => {
            Value::Frame(at.wrapping_add_unsigned(by))
        }
        (Value::Entry { table, last }, Value::Const(base) | Value::Number(base))
        | (Value::Const(base) | Value::Number(base), Value::Entry { table, last }) => {
            Value::Target { table, base, last }
        }
        (Value::AtMost { bits: 64, max, from }, Value::Const(0) | Value::Number(0)) => {
            Value::AtMost { bits: 64, max, from }
        }
        (Value::Few(_), Value::Number(_) | Value::Few(_)) | (Value::Number(_), Value::Few(_)) => {
            match (a.few_of(64), b.few_of(64)) {
                (Some(a), Some(b)) => numbers(a, b, 64, u64::wrapping_add),
                _ => Value::Any,
            }
        }
        _ => Value::Any,
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
