//! What a function needs to come back, followed on its own stack: the return address, the registers that a callee must give
//! back, and where the stack pointer was.
//!
//! ```text
//!    8  the caller's
//!    0  return address          <- rsp at the entry; `Value::Home`
//!   -8  push rbx                   `Value::Saved(rbx)`
//!  -16  push rax                   the eight bytes that were pushed last
//!    :  and rsp, -64
//!  ALIGNED + 0                  <- rsp; how far below -16 is known up to 64 bytes
//! ```
//!
//! Nobody else writes there: a callee that is given the address of a local variable writes to that.

use super::state::State;
use super::step::{CALLEE_SAVED, Effect, FP, KEPT, LINK, Mem, Reg, Regs, SP, Write};
use super::value::{Value, add};

/// The [`Value::Frame`] of a stack pointer that was rounded down: lower than any other, as it is in memory.
pub(crate) const ALIGNED: i64 = -1 << 40;

/// Whatever lies above a place on a function's own stack ends within so many bytes.
const BEYOND: i64 = 1 << 32;

/// rcx, which counts the rounds of a repeated instruction.
const COUNT: Reg = 1;

/// How a function has rounded its stack pointer down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aligned {
    /// Where it led before.
    pub(crate) from: i64,
    /// To a multiple of this.
    pub(crate) to: u64,
}

/// A write to the function's own stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnWrite {
    at: i64,
    size: i64,
    value: Value,
}

impl State {
    /// Whether the stack is as it was at the function's entry, so that a return goes back to the caller.
    pub(crate) fn is_home(&self) -> bool {
        let is_given = if self.links { self.get(LINK) == Value::Saved(LINK) } else { self.home };
        is_given && self.get(SP) == Value::Frame(0)
    }

    /// The registers that a callee must keep and that do not hold what they held at the function's entry, one bit each.
    pub(crate) fn loose(&self) -> Regs {
        let changed = CALLEE_SAVED.into_iter().filter(|&reg| self.get(reg) != Value::Saved(reg));
        changed.fold(0, |mask, reg| mask | 1 << reg)
    }

    /// What a return goes to, if the function has put it there itself; takes it off the stack.
    pub(crate) fn take_return(&mut self) -> Value {
        if self.links {
            return self.get(LINK);
        }
        let value = self.top();
        let above = add(self.get(SP), Value::Const(8));
        self.set(SP, above);
        value
    }

    /// What lies where the stack pointer leads.
    pub(crate) fn top(&self) -> Value {
        match self.get(SP) {
            Value::Frame(at) => self.own(at),
            _ => Value::Any,
        }
    }

    /// Puts a value on the stack.
    pub(crate) fn push(&mut self, value: Value, aligned: Option<Aligned>) {
        let top = add(self.get(SP), Value::Const(8u64.wrapping_neg()));
        self.set(SP, top);
        if let Value::Frame(at) = top {
            self.write_own(OwnWrite { at, size: 8, value }, aligned);
        }
    }

    /// The stack pointer is rounded down for the first time, or in the same way again.
    pub(crate) fn align(&mut self) {
        self.set(SP, Value::Frame(ALIGNED));
    }

    /// What the eight bytes at this distance are, of those that a function needs to come back.
    pub(crate) fn own(&self, at: i64) -> Value {
        if at == 0 && self.home && !self.links {
            return Value::Home;
        }
        if at != 0
            && let Some(i) = self.saved.iter().position(|&place| place == at)
        {
            return Value::Saved(KEPT[i]);
        }
        if at != 0 && self.kept.0 == at {
            return Value::Frame(self.kept.1);
        }
        if self.pushed.0 == at { self.pushed.1 } else { Value::Any }
    }

    /// What a step reads of that, with the registers as they are before it.
    pub(crate) fn own_read(&self, effect: Effect) -> Value {
        let (base, disp) = match effect {
            Effect::Load(_, Mem { base: Some(base), index: None, disp }) => (base, disp),
            Effect::Pop(_) => (SP, 0),
            Effect::Leave => (FP, 0),
            _ => return Value::Any,
        };
        match self.get(base) {
            Value::Frame(at) => self.own(at.wrapping_add_unsigned(disp)),
            _ => Value::Any,
        }
    }

    /// What a step writes to the function's own stack, with the registers as they are before it.
    pub(crate) fn own_write(&self, write: Write) -> Option<OwnWrite> {
        let (mem, size, value) = match write {
            Write::None | Write::Unknown => return None,
            Write::Register(mem, reg) => (mem, 8, self.get(reg)),
            Write::Number(mem, number) => (mem, 8, Value::Const(number)),
            Write::Bytes(mem, size) => (mem, i64::from(size), Value::Any),
            Write::Repeated(mem, size) => match self.get(COUNT) {
                Value::Const(n) | Value::Number(n) => {
                    let bytes = n.saturating_mul(u64::from(size));
                    (mem, i64::try_from(bytes).unwrap_or(BEYOND).min(BEYOND), Value::Any)
                }
                _ => (mem.onwards(), i64::from(size), Value::Any),
            },
        };
        let Value::Frame(base) = self.get(mem.base?) else { return None };
        let at = base.wrapping_add_unsigned(mem.disp);
        match mem.index.map(|(index, scale)| (self.get(index), scale)) {
            None => Some(OwnWrite { at, size, value }),
            Some((Value::Const(n) | Value::Number(n), scale)) => {
                Some(OwnWrite { at: at.wrapping_add_unsigned(n.wrapping_mul(u64::from(scale))), size, value })
            }
            // An array of the function's own, unless it begins where something lies that is needed: then anything from there on.
            Some(_) => {
                let begins_in = |place: i64| (place..place.saturating_add(8)).contains(&at);
                let is_needed = begins_in(0)
                    || self.saved.iter().any(|&place| place != 0 && begins_in(place))
                    || self.kept.0 != 0 && begins_in(self.kept.0);
                is_needed.then_some(OwnWrite { at, size: BEYOND, value: Value::Any })
            }
        }
    }

    /// Carries it out, once the registers are as they are after the step.
    pub(crate) fn write_own(&mut self, write: OwnWrite, aligned: Option<Aligned>) {
        let OwnWrite { at, size, value } = write;
        self.overwrite(at, size, value, aligned);
        if size == 8 && self.get(SP) == Value::Frame(at) {
            self.pushed = (at, value);
        }
    }

    fn overwrite(&mut self, at: i64, size: i64, value: Value, aligned: Option<Aligned>) {
        // Where the rounded stack lies is known up to the alignment only.
        let (real, slack) = match aligned {
            Some(Aligned { from, to }) => (from, i64::try_from(to).unwrap_or(i64::MAX)),
            None => (0, 0),
        };
        let is_aligned = |place: i64| place < ALIGNED / 2;
        let lowest = |place: i64| {
            if is_aligned(place) {
                (place - ALIGNED).saturating_add(real).saturating_sub(slack)
            } else {
                place
            }
        };
        let highest = |place: i64| {
            if is_aligned(place) { (place - ALIGNED).saturating_add(real) } else { place }
        };
        let hits = |place: i64, length: i64| {
            if is_aligned(place) == is_aligned(at) {
                place.saturating_add(length) > at && place < at.saturating_add(size)
            } else {
                highest(place).saturating_add(length) > lowest(at)
                    && lowest(place) < highest(at).saturating_add(size)
            }
        };
        let hit = |place: i64| hits(place, 8);
        if hit(0) {
            self.home = at == 0 && size == 8 && value == Value::Home;
        }
        for place in &mut self.saved {
            if *place != 0 && hit(*place) {
                *place = 0;
            }
        }
        if hit(self.pushed.0) {
            self.pushed.1 = Value::Any;
        }
        if self.kept.0 != 0 && hit(self.kept.0) {
            self.kept = (0, 0);
        }
        if hits(self.builder.0, self.builder.1) {
            self.forget_builder();
        }
        if let Value::Frame(above) = value
            && size == 8
            && is_aligned(at)
            && !is_aligned(above)
            && self.kept.0 == 0
        {
            self.kept = (at, above);
        }
        if let Value::Saved(reg) = value
            && size == 8
            && at < 0
            && let Some(i) = KEPT.iter().position(|&r| r == reg)
        {
            self.saved[i] = at;
        }
    }

    /// Somebody may have written to what was pushed last.
    pub(crate) fn forget_pushed(&mut self) {
        self.pushed = (0, Value::Any);
    }

    /// Somebody else is called with these arguments: if one is the address of the return address, this is not to be believed.
    pub(crate) fn give_away_home(&mut self, arguments: &[Reg]) {
        let is_given = |place: i64| arguments.iter().any(|&reg| self.get(reg) == Value::Frame(place));
        if !self.links {
            self.home &= !is_given(0);
            return;
        }
        if let Some(i) = KEPT.iter().position(|&reg| reg == LINK)
            && is_given(self.saved[i])
        {
            self.saved[i] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_store_of_known_length_can_reach_the_return_address() {
        const RDI: Reg = 7;
        for (count, is_home) in [
            (Value::Const(2), true),
            (Value::Const(3), false),
            (Value::Const(u64::MAX), false),
            (Value::Any, true),
        ] {
            let mut state = State::entry();
            state.set(SP, Value::Frame(-24));
            state.set(RDI, Value::Frame(-16));
            state.set(COUNT, count);
            let mem = Mem { base: Some(RDI), index: None, disp: 0 };
            if let Some(write) = state.own_write(Write::Repeated(mem, 8)) {
                state.write_own(write, None);
            }
            state.set(SP, Value::Frame(0));
            assert_eq!(state.is_home(), is_home, "{count:?}");
        }
    }

    #[test]
    fn a_builder_is_known_until_something_may_write_to_it() {
        const RSP_AT: i64 = -64;
        let known = || {
            let mut state = State::entry();
            state.set(SP, Value::Frame(RSP_AT));
            state.set_builder(-40, 24, 0x1000);
            state
        };
        for (at, size, stays) in [
            (-48, 8, true),
            (-47, 8, false),
            (-40, 8, false),
            (-24, 8, false),
            (-17, 1, false),
            (-16, 8, true),
            (-64, 64, false),
        ] {
            let mut state = known();
            let mem = Mem { base: Some(SP), index: None, disp: (at - RSP_AT).cast_unsigned() };
            let write = state.own_write(Write::Bytes(mem, size)).expect("a place on the stack");
            state.write_own(write, None);
            assert_eq!(state.builder(-40).is_some(), stays, "{at} {size}");
        }
        // Where the rounded stack lies is not known so well.
        let mut state = known();
        state.set(SP, Value::Frame(ALIGNED));
        let mem = Mem { base: Some(SP), index: None, disp: 0 };
        let write = state.own_write(Write::Bytes(mem, 8)).expect("a place on the stack");
        state.write_own(write, Some(Aligned { from: -8, to: 64 }));
        assert_eq!(state.builder(-40), None);

        let mut state = known();
        assert_eq!((state.builder(-48), state.builder(-40)), (None, Some((24, 0x1000))));
        state.after_call(0);
        assert_eq!(state.builder(-40), None, "whoever was called may know its address");

        let mut state = known();
        state.join(&State::entry(), false);
        assert_eq!(state.builder(-40), None);
    }
}
