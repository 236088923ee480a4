//! How control leaves a function, or seems to: jumps, returns and tail calls.
//!
//! A jump on the function's own stack stays in it, wherever it leads: the compiler has moved a part away. With the stack as it
//! was at the entry it is a call of another function in the place of this one. A return goes back to the caller only from
//! such a stack, and only if the return address is still the caller's.

use super::body::{Call, Callee, End, Fate, Why};
use super::cfg::Walk;
use super::fixups::Slot;
use super::functions::Function;
use super::scratch::Open;
use super::slots::Slots;
use super::state::State;
use super::step::{Cond, LINK, Reg, SP, Step, Via};
use super::subject::Subject;
use super::system;
use super::table::{self, Table};
use super::thunk::{self, Thunk};
use super::value::Value;

/// Where a jump goes.
enum Goes {
    /// On in this function.
    On,
    /// To another function, which goes back to the caller.
    Tail,
    /// To another function, which goes somewhere else.
    Odd,
}

impl Walk<'_, '_> {
    /// A conditional jump: on in the function on one side at least.
    pub(super) fn branch(
        &mut self,
        block: &mut Open,
        step: &Step,
        target: u64,
        cond: Cond,
        mut state: State,
    ) -> End {
        let (may_go, may_stay) = (state.may(cond, true), state.may(cond, false));
        if !may_go {
            state.refine(cond, false);
            if step.flags_lost {
                state.forget_flags();
            }
            block.succ.add([step.next], &state);
            return End::Flow;
        }
        let mut taken = state;
        taken.refine(cond, true);
        if step.flags_lost {
            taken.forget_flags();
        }
        if !may_stay {
            return self.jump(block, step.addr, target, &taken);
        }
        state.refine(cond, false);
        if step.flags_lost {
            state.forget_flags();
        }
        match self.goes(target, &taken) {
            Goes::On => {
                block.succ.add([target], &taken);
                block.succ.add([step.next], &state);
                End::Flow
            }
            Goes::Tail => {
                let callee = self.not_quiet(step.addr, self.local(target), &taken);
                if callee.is_none() {
                    taken.after_system_call();
                }
                self.comes_back(&taken, callee);
                block.succ.add([step.next], &state);
                // A conditional tail call: a block of its own, so that it can have an end of its own. The kernel is asked for
                // something harmless, and comes back to the caller.
                let Some(callee) = callee else { return End::Return };
                block.calls.push(Call { given: self.given(&taken), ..Call::new(step.addr, callee) });
                End::Tail
            }
            Goes::Odd => {
                block.calls.push(Call::new(step.addr, self.local(target)));
                block.lose(step.addr, Why::OddReturn);
                block.succ.add([step.next], &state);
                End::Lost
            }
        }
    }

    /// Where a jump to `target` goes on.
    fn goes(&self, target: u64, state: &State) -> Goes {
        if self.bounds.contains(&target) {
            return Goes::On;
        }
        match self.context.image.function_at(target) {
            Some(function) if function.is_fragment() => Goes::On,
            None if self.parts.iter().any(|p| p.range.contains(&target)) => Goes::On,
            // Into the middle of such a part.
            None if self.context.image.function_covering(target).is_some_and(Function::is_fragment) => {
                Goes::On
            }
            _ if state.is_home() => Goes::Tail,
            // On the function's own stack, into code without a name or into the middle of something: a part of it.
            None if self.context.image.is_code(target) => Goes::On,
            _ => Goes::Odd,
        }
    }

    pub(super) fn jump(&mut self, block: &mut Open, site: u64, target: u64, state: &State) -> End {
        match self.goes(target, state) {
            Goes::On => {
                block.succ.add([target], state);
                End::Flow
            }
            _ => match thunk::thunk(self.context.image, target) {
                Some(Thunk::Via(reg)) => {
                    // From one to the next, and perhaps back again.
                    let is_chain = |to| matches!(thunk::thunk(self.context.image, to), Some(Thunk::Via(_)));
                    if matches!(state.get(reg), Value::Const(to) if is_chain(to)) {
                        block.lose(site, Why::TooComplex);
                        return End::Lost;
                    }
                    self.jump_via(block, site, Via::Reg(reg), state)
                }
                Some(Thunk::Memory(mem)) => self.jump_via(block, site, Via::Mem(mem), state),
                Some(Thunk::Return) => self.leave(block, site, state),
                None => self.tail(block, site, self.local(target), state),
            },
        }
    }

    /// A return: to the caller, or to what the function itself has put on the stack.
    pub(super) fn leave(&mut self, block: &mut Open, site: u64, state: &State) -> End {
        if state.is_home() {
            self.comes_back(state, None);
            return End::Return;
        }
        let mut state = *state;
        match state.take_return() {
            Value::Const(target) => self.jump(block, site, target, &state),
            Value::Any => {
                block.lose(site, Why::OddReturn);
                End::Lost
            }
            other => {
                let callee = match other {
                    Value::Import(index) => Callee::Import(index),
                    _ => Callee::Unknown(Why::OddReturn),
                };
                self.tail(block, site, callee, &state)
            }
        }
    }

    /// What is called; nothing, if it is a system call that is known to be quiet. (The body of the C library's function
    /// for all of them would not tell.)
    pub(super) fn not_quiet(&self, site: u64, callee: Callee, state: &State) -> Option<Callee> {
        if let Callee::Local(addr) = callee
            && let Some(why) = system::of_c_library(self.context.image, site, addr, |reg| state.get(reg))
        {
            return Some(Callee::Unknown(why));
        }
        if !system::is_for_any(self.context.image, callee) {
            return Some(callee);
        }
        let number = state.get(system::ARGUMENT);
        let doubt = system::doubt(self.context.image, site, number).map(Callee::Unknown);
        doubt.or_else(|| self.waits(number, &system::HANDED_ON, state))
    }

    /// The system call if it may wait, where that is asked; of its arguments these registers have the first ones.
    pub(super) fn waits(&self, number: Value, arguments: &[Reg], state: &State) -> Option<Callee> {
        if self.context.subject == Subject::Allocation {
            return None;
        }
        let argument = |index: usize| arguments.get(index).map_or(Value::Any, |&reg| state.get(reg));
        system::waits(self.context.image.machine(), number, argument).map(Callee::System)
    }

    fn tail(&mut self, block: &mut Open, site: u64, callee: Callee, state: &State) -> End {
        let Some(callee) = self.not_quiet(site, callee, state) else {
            let mut state = *state;
            state.after_system_call();
            return self.leave(block, site, &state);
        };
        let callee = match callee {
            // Whoever finds out later where it leads may take it for a call in the place of this function.
            Callee::Unknown(Why::IndirectJump) if !state.is_home() => Callee::Unknown(Why::OddJump),
            other => other,
        };
        let mut call = Call { given: self.given(state), ..Call::new(site, callee) };
        // Nothing is left of the function's own stack.
        let (made, _) = self.tell(&mut call, state, &Slots::default());
        block.calls.extend(made);
        block.calls.push(call);
        if let Callee::Unknown(why) = callee {
            if why == Why::IndirectJump {
                self.loose |= state.loose();
            }
            return End::Lost;
        }
        match self.oracle.fate(callee) {
            Fate::Returns if !state.is_home() => {
                block.lose(site, Why::OddReturn);
                End::Lost
            }
            Fate::Returns => {
                self.comes_back(state, Some(callee));
                End::Tail
            }
            Fate::Stays => End::Dead,
            Fate::Panics if self.is_end_of_panics(callee) => End::Dies,
            Fate::Panics => End::Panic,
        }
    }

    pub(super) fn jump_via(&mut self, block: &mut Open, site: u64, via: Via, state: &State) -> End {
        let table = match via {
            Via::Reg(reg) => match state.get(reg) {
                target @ Value::Target { .. } => Table::of(target),
                Value::Const(target) => return self.jump(block, site, target, state),
                // `pop rcx; jmp rcx`
                Value::Home if state.get(SP) == Value::Frame(8) => {
                    self.comes_back(state, None);
                    return End::Return;
                }
                // `br x30`
                Value::Saved(LINK) if state.get(SP) == Value::Frame(0) => {
                    self.comes_back(state, None);
                    return End::Return;
                }
                _ => None,
            },
            Via::Mem(mem) => match state.load(&mem, self.context.image) {
                Value::Const(target) if mem.index.is_some() => return self.jump(block, site, target, state),
                _ => state.table(&mem, 8).map(|(at, last)| Table { at, base: None, last }),
            },
            Via::Other => None,
        };
        if let Some(table) = table {
            self.look_for_tables(table);
        }
        if let Some(table) = table
            && let Some(found) = table::targets(self.context.image, &self.bounds, table, &self.tables)
            && (found.functions.is_empty() || state.is_home())
        {
            if let Some(begin) = table.begin(self.context.image) {
                let before = self.tables.range(..begin).next_back();
                self.overrun |=
                    !self.tables.contains_key(&begin) && before.is_some_and(|(_, &end)| begin < end);
                self.tables.insert(begin, found.end);
            }
            block.succ.add(found.inside, state);
            if found.functions.is_empty() {
                return End::Flow;
            }
            for function in found.functions {
                let callee = match function {
                    Slot::Addr(addr) => self.local(addr),
                    Slot::Import(index) => Callee::Import(index),
                };
                self.comes_back(state, Some(callee));
                // One of them, and of the places inside.
                block.calls.push(Call { sure: false, given: self.given(state), ..Call::new(site, callee) });
            }
            return End::Lost;
        }
        let callee = self.resolve(via, state, Why::IndirectJump);
        self.tail(block, site, callee, state)
    }

    /// Finds the other tables of the function before one is read whose end the code does not say. Entries that are read from the next
    /// table may lead into the middle of the code that makes that table's address: it would not be known any more, in no later round.
    fn look_for_tables(&mut self, table: Table) {
        let image = self.context.image;
        let is_new = |begin: u64| !self.tables.contains_key(&begin);
        if table.is_checked() || !table.begin(image).is_some_and(is_new) {
            return;
        }
        for part in &self.parts {
            for &begin in self.oracle.tables(&part.range).iter() {
                self.tables.entry(begin).or_insert(begin);
            }
        }
    }
}
