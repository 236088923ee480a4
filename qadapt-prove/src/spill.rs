//! Registers that a function puts away on its stack while it needs them for something else.
//!
//! As long as a function lets no address of its stack out, nobody else can write there: not its callees, and not a write
//! through any pointer. [`Spills`] watches for that while the function is followed. If an address does get out, the
//! function is followed once more, and nothing is believed of its stack.

use std::ops::Range;

use super::load::Image;
use super::state::{SPILLS, State};
use super::step::{Effect, FP, Mem, SP, Stack, Write};
use super::value::Value;

/// The places of one function's stack that a [`State`] speaks of, by their distance from the stack pointer at its entry.
#[derive(Debug, Default)]
pub(crate) struct Spills {
    places: Vec<i64>,
    believed: bool,
    let_out: bool,
    /// Whether the address of a `Formatter` was put away where nobody follows it.
    lost_formatter: bool,
    fp: Uses,
}

/// What the frame pointer is used for.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    frame: bool,
    other: bool,
}

impl Spills {
    /// Nothing is put away yet; `believed` says whether anything ever will be.
    pub(crate) fn new(believed: bool) -> Self {
        Self { believed, ..Self::default() }
    }

    /// Whether something was believed of a stack of which an address got out.
    pub(crate) fn were_wrong(&self) -> bool {
        // Where the frame pointer is one in one place, no other use of it can be told from one of that address.
        self.believed && (self.let_out || (self.fp.frame && self.fp.other))
    }

    /// Whether what is put away is believed, unless an address gets out.
    pub(crate) fn are_believed(&self) -> bool {
        self.believed
    }

    /// Watches a step, with the registers as they are before it.
    pub(crate) fn watch(&mut self, stack: Stack, state: &State) {
        let frame = matches!(state.get(FP), Value::Frame(_));
        self.fp.frame |= frame;
        self.fp.other |= stack.takes_fp;
        self.let_out |=
            stack.takes_sp || (stack.pushes_fp && frame) || !matches!(state.get(SP), Value::Frame(_));
    }

    /// Carries out a write, with the registers as they are before it.
    pub(crate) fn write(&mut self, write: Write, state: &mut State, image: &Image<'_>) {
        let (mem, size, value) = match write {
            _ if !self.believed => return,
            Write::None => return,
            Write::Unknown => return self.forget_all(state),
            Write::Register(mem, reg) => (mem, 8, state.get(reg)),
            Write::Number(mem, number) => (mem, 8, Value::Const(number)),
            Write::Bytes(mem, size) => (mem, i64::from(size), Value::Any),
            Write::Repeated(mem, size) => (mem.onwards(), i64::from(size), Value::Any),
        };
        // No other register leads here.
        let Some(Value::Frame(base)) = mem.base.map(|base| state.get(base)) else { return };
        if mem.index.is_some() {
            self.lost_formatter |= value.is_formatter();
            return self.forget(state, |_| true);
        }
        let at = base.wrapping_add(mem.disp.cast_signed());
        self.forget(state, |place| place.saturating_add(8) > at && place < at.saturating_add(size));
        let matters = match value {
            Value::Formatter(_) | Value::MaybeFormatter => true,
            Value::Const(c) => image.leads_to_code(c),
            _ => false,
        };
        // What lies beyond the return address is the caller's.
        if value.is_formatter() && (at > -8 || !self.has_room(at)) {
            self.lost_formatter = true;
        } else if matters && at <= -8 {
            let place = self.places.iter().position(|&place| place == at).unwrap_or_else(|| {
                if self.places.len() < SPILLS {
                    self.places.push(at);
                }
                self.places.len() - 1
            });
            if self.places[place] == at {
                state.set_spill(place, value);
            }
        }
    }

    /// Whether a value can be put away at a place.
    fn has_room(&self, at: i64) -> bool {
        self.places.len() < SPILLS || self.places.contains(&at)
    }

    /// Whether the address of a `Formatter` has been put away where nobody follows it since this was last asked.
    pub(crate) fn take_lost_formatter(&mut self) -> bool {
        std::mem::take(&mut self.lost_formatter)
    }

    /// Whether one of these bytes of the stack, counted from the stack pointer at the function's entry, is of an address of a `Formatter`.
    pub(crate) fn has_formatter(&self, bytes: &Range<i64>, state: &State) -> bool {
        let is_in = |place: i64| place < bytes.end && bytes.start < place.saturating_add(8);
        self.places.iter().enumerate().any(|(i, &place)| is_in(place) && state.spill(i).is_formatter())
    }

    /// What a step reads back, with the registers as they are before it.
    pub(crate) fn read(&self, effect: Effect, state: &State) -> Option<Value> {
        let mem = match effect {
            Effect::Load(_, mem) => mem,
            Effect::Pop(_) => Mem { base: Some(SP), index: None, disp: 0 },
            _ => return None,
        };
        let (Some(base), None) = (mem.base, mem.index) else { return None };
        let Value::Frame(base) = state.get(base) else { return None };
        let at = base.wrapping_add(mem.disp.cast_signed());
        let place = self.places.iter().position(|&place| place == at)?;
        Some(state.spill(place)).filter(|_| self.believed)
    }

    /// A call may use everything below the stack pointer.
    pub(crate) fn call(&mut self, state: &mut State) {
        if let Value::Frame(top) = state.get(SP) {
            self.forget(state, |place| place < top);
        } else {
            self.let_out = true;
        }
    }

    /// Anything may have been written to what is put away.
    pub(crate) fn forget_all(&self, state: &mut State) {
        self.forget(state, |_| true);
    }

    fn forget(&self, state: &mut State, which: impl Fn(i64) -> bool) {
        for (number, _) in self.places.iter().enumerate().filter(|&(_, &place)| which(place)) {
            state.set_spill(number, Value::Any);
        }
    }
}
