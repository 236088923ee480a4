//! Calls that stand in for what a known function of core or std calls through pointers: told from its arguments by its caller.

use super::body::{Call, Callee, Fact};
use super::builders::{self, Arguments, By};
use super::cfg::Walk;
use super::fixups::Slot;
use super::fmt_write;
use super::machine::Machine;
use super::once;
use super::slots::Slots;
use super::state::State;
use super::step::{Reg, SP};
use super::value::Value;

/// The arguments of `core::fmt::write`: the writer's address is in rdi, its vtable in rsi.
const TEXT_WRITER: Reg = 6;
/// The template.
const TEXT_TEMPLATE: Reg = 2;
/// What the template's placeholders stand for.
const TEXT_ARGUMENTS: Reg = 1;

/// What a function of `core::fmt`'s builders leaves behind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Built {
    /// Where on the stack its builder lies.
    place: i64,
    /// The builder's size; 0: there is none.
    size: i64,
    /// The vtable of the builder's writer.
    writer: u64,
    /// Whether it returns the builder's address.
    gives_back: bool,
}

impl Built {
    /// Whether there is a builder.
    pub(super) fn is_any(self) -> bool {
        self.size != 0
    }

    /// Notes it in the state after the call.
    pub(super) fn note(self, state: &mut State, machine: Machine) {
        if self.size == 0 {
            return;
        }
        state.set_builder(self.place, self.size, self.writer);
        if self.gives_back {
            state.set(machine.result(), Value::Frame(self.place));
        }
    }
}

impl Walk<'_, '_> {
    /// The calls that stand in for those which `call` makes through pointers, if these can be told; then it is marked so. And what is known
    /// after it.
    pub(super) fn tell(&self, call: &mut Call, state: &State, slots: &Slots) -> (Vec<Call>, Built) {
        if !self.context.arguments {
            return (Vec::new(), Built::default());
        }
        // A value that gives its `Formatter` another writer gives it to those that are formatted after it.
        let is_sound =
            |made: &[Call]| !made.iter().any(|call| self.oracle.replaces(call.callee, &call.given));
        if let Some((made, after)) = self.building(call, state, slots).filter(|(made, _)| is_sound(made)) {
            if !made.is_empty() {
                // What these call must stay a call through a pointer: that is told.
                call.given = builders::told();
            }
            return (made, after);
        }
        let made = self.formatting(call, state, slots).or_else(|| self.closure_of_once(call, state));
        let made = made.filter(|made| is_sound(made));
        if made.is_some() {
            call.given = call.given.iter().copied().chain([(TEXT_ARGUMENTS, Fact::Arguments)]).collect();
        }
        (made.unwrap_or_default(), Built::default())
    }

    /// What a call of `core::fmt::write` calls, if this is one and it can be told.
    fn formatting(&self, call: &Call, state: &State, slots: &Slots) -> Option<Vec<Call>> {
        let Callee::Local(addr) = call.callee else { return None };
        let image = self.context.image;
        if !fmt_write::is_known(image, addr) {
            return None;
        }
        let Value::Const(writer) = state.get(TEXT_WRITER) else { return None };
        let from_stack = |base: i64, distance: u64| match slots.get(base.checked_add_unsigned(distance)?) {
            Value::Const(addr) => Some(Slot::Addr(addr)),
            Value::Import(index) => Some(Slot::Import(index)),
            _ => None,
        };
        let calls = |template, argument: &dyn Fn(u64) -> Option<Slot>| {
            fmt_write::calls(image, call.site, writer, template, argument)
        };
        match (state.get(TEXT_TEMPLATE), state.get(TEXT_ARGUMENTS)) {
            // An odd number is the length of a text that stands for the template.
            (_, Value::Const(length) | Value::Number(length)) if length & 1 == 1 => calls(None, &|_| None),
            (Value::Const(template), Value::Const(base)) => {
                calls(Some(template), &|distance| image.constant(base.checked_add(distance)?))
            }
            (Value::Const(template), Value::Frame(base)) => {
                calls(Some(template), &|distance| from_stack(base, distance))
            }
            _ => None,
        }
    }

    /// What a call of a function of `core::fmt`'s builders calls, and what is known after it, if this is one and it can be told.
    fn building(&self, call: &Call, state: &State, slots: &Slots) -> Option<(Vec<Call>, Built)> {
        let Callee::Local(addr) = call.callee else { return None };
        let image = self.context.image;
        let arguments = image.machine().arguments();
        let word = |word: u64| match usize::try_from(word).ok().and_then(|word| arguments.get(word)) {
            Some(&reg) => state.get(reg),
            None => match (state.get(SP), (word - arguments.len() as u64).checked_mul(8)) {
                (Value::Frame(top), Some(distance)) => slots.get(top.wrapping_add_unsigned(distance)),
                _ => Value::Any,
            },
        };
        if let (Value::Frame(place), Value::Formatter(writer)) = (word(0), word(1))
            && let Some(size) = builders::makes(image, addr)
        {
            return Some((Vec::new(), Built { place, size, writer, gives_back: true }));
        }
        let known = builders::known(image, addr)?;
        let (writer, after) = match known.by {
            By::Formatter(at) => match word(at) {
                Value::Formatter(writer) => (writer, Built::default()),
                _ => return None,
            },
            By::Builder(gives_back) => {
                let Value::Frame(place) = word(0) else { return None };
                let (size, writer) = state.builder(place)?;
                (writer, Built { place, size, writer, gives_back })
            }
        };
        let vtable = |object: u64, distance: u64| match word(object) {
            Value::Frame(base) => slots.get(base.checked_add_unsigned(distance)?).exact(),
            Value::Const(base) => match image.constant(base.checked_add(distance)?)? {
                Slot::Addr(addr) => Some(addr),
                Slot::Import(_) => None,
            },
            _ => None,
        };
        let arguments = Arguments { word: &|at| word(at).exact(), vtable: &vtable };
        let calls = known.calls(image, call.site, writer, &arguments)?;
        Some((calls, after))
    }

    /// The call of a closure for which a call of `Once::call` stands, if this is one and it can be told.
    fn closure_of_once(&self, call: &Call, state: &State) -> Option<Vec<Call>> {
        let Callee::Local(addr) = call.callee else { return None };
        let image = self.context.image;
        let Value::Const(vtable) = state.get(once::VTABLE) else { return None };
        if !once::is_known(image, addr) {
            return None;
        }
        Some(vec![once::call(image, call.site, vtable)?])
    }
}
