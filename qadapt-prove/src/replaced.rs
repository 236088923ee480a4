//! Who may give a `core::fmt::Formatter` another writer.
//!
//! A function that is given a `Formatter` may put another one in its place, which writes elsewhere. So a `Formatter` is believed until its
//! writer may have been written to: by a step of the function, by a callee that is given its address, or by whoever finds the
//! address in memory.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use super::body::{Body, Callee, Fact, Given};
use super::decode::Steps;
use super::machine::{Code, Machine};
use super::registers::registers;
use super::start::Start;
use super::state::State;
use super::step::{Effect, Flow, Mem, REGS, Reg, Regs, SP, Step, Write};
use super::value::Value;

/// Behind the writer, a `Formatter` has its options, which core itself changes.
const OPTIONS: i64 = 16;
/// Whoever hands a `Formatter` on to more functions is not believed.
const MOST: usize = 1 << 12;

/// So many steps are looked at for what is written over the room that one has made.
const MOST_BEHIND_PUSH: usize = 16;

/// A function, and which of its arguments lead to a `Formatter`.
type Question = (u64, Given);

/// What is known of functions that are given a `Formatter`.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    answers: RefCell<HashMap<Question, bool>>,
    /// Whether one is being answered. Until then no function gives a `Formatter` another writer: the first that does is found.
    open: Cell<bool>,
}

impl Replaced {
    /// Whether a callee that is given this may give a `Formatter` another writer; `body` follows functions. Those of core for which
    /// `is_known` holds do not: they keep it in builders, and what they hand it on to is told where they are called.
    pub(super) fn may_replace(
        &self,
        callee: Callee,
        given: &Given,
        body: &dyn Fn(&Start) -> Body,
        is_known: &dyn Fn(u64) -> bool,
    ) -> bool {
        let given = formatters(given);
        if given.is_empty() || self.open.get() {
            return false;
        }
        let Callee::Local(addr) = callee else { return true };
        if is_known(addr) {
            return false;
        }
        let question = (addr, given);
        let known = self.answers.borrow().get(&question).copied();
        known.unwrap_or_else(|| {
            self.open.set(true);
            let answer = self.search(question, body, is_known);
            self.open.set(false);
            answer
        })
    }

    /// Goes through all functions that a `Formatter` is handed on to.
    fn search(
        &self,
        question: Question,
        body: &dyn Fn(&Start) -> Body,
        is_known: &dyn Fn(u64) -> bool,
    ) -> bool {
        let mut answers = self.answers.borrow_mut();
        let mut seen = HashSet::from([question.clone()]);
        let mut queue = vec![question.clone()];
        while let Some((addr, given)) = queue.pop() {
            let body = body(&Start::function_given(addr, &given));
            let mut replaces = body.replaces || seen.len() > MOST;
            for call in &body.calls {
                let given = formatters(&call.given);
                if given.is_empty() {
                    continue;
                }
                let Callee::Local(addr) = call.callee else {
                    replaces = true;
                    break;
                };
                if is_known(addr) {
                    continue;
                }
                let next = (addr, given);
                match answers.get(&next) {
                    Some(true) => replaces = true,
                    Some(false) => {}
                    None => {
                        if seen.insert(next.clone()) {
                            queue.push(next);
                        }
                    }
                }
            }
            if replaces {
                answers.insert(question, true);
                return true;
            }
        }
        answers.extend(seen.into_iter().map(|question| (question, false)));
        false
    }
}

/// What is said of `Formatter`s.
fn formatters(given: &Given) -> Given {
    given
        .iter()
        .copied()
        .filter(|(_, fact)| matches!(fact, Fact::Formatter(_) | Fact::MaybeFormatter))
        .collect()
}

/// Whether a step calculates with registers and reads no memory.
fn is_of_registers(effect: Effect) -> bool {
    matches!(
        effect,
        Effect::Set(..)
            | Effect::Address(..)
            | Effect::Copy(..)
            | Effect::Add(..)
            | Effect::AddConst(..)
            | Effect::Mask(..)
            | Effect::Extend(..)
            | Effect::Math(..)
    )
}

/// Whether a step pushes a register to make room on the stack: what it has written there is written over before anybody can read it.
///
/// ```text
/// push rax            eight bytes of room, whatever is in rax
/// add  rdi, 4
/// mov  [rsp], rdi
/// ```
///
/// It is looked for in the code of a segment, which begins at an address.
pub(super) fn only_makes_room((base, code): (u64, Code<'_>), push: &Step) -> bool {
    if code.machine != Machine::X86_64 {
        return false;
    }
    let top = |disp| Mem { base: Some(SP), index: None, disp };
    if !matches!(push.write, Write::Register(mem, _) if mem == top(8u64.wrapping_neg())) {
        return false;
    }
    let mut steps = Steps::new(code, base).with_writes(true);
    let mut at = push.next;
    for _ in 0..MOST_BEHIND_PUSH {
        let step = steps.at(at);
        if step.flow != Flow::Next {
            return false;
        }
        if matches!(step.write, Write::Register(mem, _) | Write::Number(mem, _) if mem == top(0)) {
            return true;
        }
        let used = registers(code.bytes, base, at).map_or(Regs::MAX, |found| found.reads | found.overwrites);
        if used & (1 << SP) != 0 || !is_of_registers(step.effect) {
            return false;
        }
        at = step.next;
    }
    false
}

impl State {
    /// Whether a step writes to the writer of a `Formatter`, or lets an address out through which somebody may. With
    /// `is_private`, what lies on the function's own stack is read by nobody else.
    pub(super) fn may_replace(&self, step: &Step, is_private: bool) -> bool {
        let is_formatter = |reg: Reg| self.get(reg).is_formatter();
        let is_writer = |mem: &Mem| {
            let inside = mem.index.is_some() || mem.disp.cast_signed() < OPTIONS;
            mem.base.is_some_and(is_formatter) && inside
                || mem.index.is_some_and(|index| is_formatter(index.0))
        };
        let is_own = |mem: &Mem| mem.base.is_some_and(|base| matches!(self.get(base), Value::Frame(_)));
        let written = match step.write {
            Write::None => false,
            Write::Unknown => (0u8..).take(REGS).any(is_formatter),
            Write::Register(mem, reg) => {
                is_writer(&mem) || is_formatter(reg) && !(is_private && is_own(&mem))
            }
            Write::Number(mem, _) | Write::Bytes(mem, _) => is_writer(&mem),
            Write::Repeated(mem, _) => is_writer(&mem.onwards()),
        };
        written
            || match step.effect {
                Effect::Address(_, mem) | Effect::ShortAddress(_, mem) => is_writer(&mem),
                Effect::Add(a, b) => is_formatter(a) || is_formatter(b),
                Effect::AddConst(reg, number) => is_formatter(reg) && number.cast_signed() < OPTIONS,
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_where_nothing_is_read_before_it_is_written_over() {
        let is_room = |behind: &[u8]| {
            // push rax
            let code = [&[0x50][..], behind].concat();
            let code = Code { machine: Machine::X86_64, bytes: &code };
            let push = Steps::new(code, 0x1000).with_writes(true).at(0x1000);
            only_makes_room((0x1000, code), &push)
        };
        let (add, store, last) = ([0x48, 0x83, 0xc7, 4], [0x48, 0x89, 0x3c, 0x24], [0xc3]);
        // add rdi, 4; mov [rsp], rdi; ret
        assert!(is_room(&[&add[..], &store, &last].concat()));
        for (first, what) in [
            (&[0x48, 0x8b, 0x0c, 0x24][..], "mov rcx, [rsp]"),
            (&[0x48, 0x8b, 0x4d, 0xf8], "mov rcx, [rbp - 8]"),
            (&[0x48, 0x8d, 0x0c, 0x24], "lea rcx, [rsp]"),
            (&[0x48, 0x89, 0xe1], "mov rcx, rsp"),
            (&[0x59], "pop rcx"),
            (&[0xff, 0xd1], "call rcx"),
            (&[0x48, 0x03, 0x4d, 0xf8], "add rcx, [rbp - 8]"),
            (&[0x89, 0x3c, 0x24, 0xc3], "mov [rsp], edi; ret"),
            (&[0x48, 0x89, 0x7c, 0x24, 8, 0xc3], "mov [rsp + 8], rdi; ret"),
            (&[0xc3], "ret"),
        ] {
            assert!(!is_room(&[first, &store, &last].concat()), "{what}");
        }
    }
}
