//! One function's control flow: its blocks, the calls in them, and how each ends.
//!
//! The flow is followed from the entry, never swept, so landing pads that only clean up and data between functions
//! fall away by themselves. Register constants are carried along the edges to a fixed point: they resolve calls
//! through global offset table entries that the compiler has hoisted into registers, and jump tables.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::body::{Block, Body, Call, Callee, End, Fact, Fate, Given, Why};
use super::carried;
use super::context::{Context, Oracle};
use super::decode::Steps;
use super::eh::Catch;
use super::functions::Function;
use super::own::Aligned;
use super::replaced;
use super::scratch::{Open, Scratch};
use super::slots::Slots;
use super::spill::Spills;
use super::start::Start;
use super::state::State;
use super::step::{CALLEE_SAVED, Effect, FP, Flow, Regs, SP, Step, Via, Write};
use super::system;
use super::thunk::{self, Thunk};
use super::value::Value;

/// Follows the control flow of one function.
pub(crate) fn analyse(
    context: &Context<'_>,
    oracle: &dyn Oracle,
    start: &Start,
    scratch: &mut Scratch,
) -> Body {
    let mut walk = Walk::new(context, oracle, start, scratch);
    // A table found late may end one that was read too far: then once more, knowing all. Reading too far only adds
    // edges, so whatever the last round yields is sound.
    let mut rounds = 0;
    loop {
        walk.run(start);
        if walk.exhausted {
            break;
        }
        if walk.spills.were_wrong() {
            walk.spills = Spills::new(false);
        } else if walk.overrun && rounds < 3 {
            rounds += 1;
        } else {
            break;
        }
        walk.reset();
    }
    walk.finish(start.entry)
}

/// A stretch of code that a function is made of.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) range: Range<u64>,
    /// Whether its exception table cannot be read.
    bad_table: bool,
}

/// A function that is being followed.
pub(super) struct Walk<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    pub(super) oracle: &'c dyn Oracle,
    pub(super) bounds: Range<u64>,
    /// Where control has been found to go in this function: its own bounds, and the parts that were moved away.
    pub(super) parts: Vec<Stretch>,
    pub(super) steps: Steps<'a>,
    pub(super) stops: &'c BTreeSet<u64>,
    pub(super) catches: Vec<Catch>,
    pub(super) mem: &'c mut Scratch,
    /// Where each jump table begins, and where reading it ended.
    pub(super) tables: BTreeMap<u64, u64>,
    pub(super) overrun: bool,
    pub(super) exhausted: bool,
    pub(super) spills: Spills,
    /// How the stack pointer is rounded down; in one way only.
    pub(super) aligned: Option<Aligned>,
    pub(super) loose: Regs,
    /// Whether it may give a `Formatter` another writer.
    pub(super) replaces: bool,
    /// What it returns, as far as it has been seen to return.
    result: Option<Value>,
}

impl<'c, 'a> Walk<'c, 'a> {
    fn new(context: &'c Context<'a>, oracle: &'c dyn Oracle, start: &'c Start, mem: &'c mut Scratch) -> Self {
        let bounds = context.image.bounds(start.entry);
        mem.clear(&bounds);
        let found = context.catches.of(start.entry);
        let part = Stretch { range: bounds.clone(), bad_table: found.is_none() };
        let (base, code) = context.image.segment_of(start.entry);
        Self {
            context,
            oracle,
            steps: Steps::new(code, base).with_writes(context.arguments),
            bounds,
            parts: vec![part],
            stops: &start.stops,
            catches: found.unwrap_or_default(),
            mem,
            tables: BTreeMap::new(),
            overrun: false,
            exhausted: false,
            spills: Spills::new(context.arguments),
            aligned: None,
            loose: 0,
            replaces: false,
            result: None,
        }
    }

    fn reset(&mut self) {
        self.mem.clear(&self.bounds);
        self.loose = 0;
        self.replaces = false;
        self.result = None;
        self.aligned = None;
        self.overrun = false;
    }

    fn run(&mut self, start: &Start) {
        let mut state = start.state;
        if self.context.image.machine().links() {
            state.link();
        }
        self.reach(start.entry, &state);
        // Lowest address first: close to the order in which the compiler laid the blocks out.
        while let Some(addr) = self.mem.queue.pop_first() {
            if self.exhausted {
                break;
            }
            self.block(addr, start.entry);
        }
    }

    /// Control may come to `addr` in this state.
    fn reach(&mut self, addr: u64, state: &State) {
        if let Some(i) = self.mem.at(addr) {
            if self.mem.nodes[i].state.join(state, self.context.numbers) {
                self.mem.queue.insert(addr);
            }
            return;
        }
        // A block that runs through `addr` must be cut there.
        if let Some(before) = self.mem.starts.previous(addr)
            && let Some(i) = self.mem.at(before)
            && addr < self.mem.nodes[i].end_addr
        {
            self.mem.queue.insert(before);
        }
        self.mem.add(addr, state);
    }

    /// The number of the part that an address lies in; a part that is new is looked up.
    fn part(&mut self, addr: u64) -> usize {
        if let Some(i) = self.parts.iter().position(|p| p.range.contains(&addr)) {
            return i;
        }
        let found = self.context.catches.of(addr);
        let range = self.context.image.bounds(addr);
        self.parts.push(Stretch { range, bad_table: found.is_none() });
        self.catches.extend(found.unwrap_or_default());
        self.parts.len() - 1
    }

    fn block(&mut self, addr: u64, entry: u64) {
        let Some(own) = self.mem.at(addr) else { return };
        let mut state = self.mem.nodes[own].state;
        let mut block = Open {
            calls: std::mem::take(&mut self.mem.nodes[own].calls),
            succ: std::mem::take(&mut self.mem.spare),
        };
        block.calls.clear();
        let part = self.part(addr);
        let range = self.parts[part].range.clone();
        if self.parts[part].bad_table && (addr == entry || part > 0) {
            block.calls.push(Call::new(addr, Callee::Unknown(Why::BadTable)));
        }
        let is_pad = self.catches.iter().any(|c| c.pad == addr);
        if is_pad {
            block.calls.push(Call::new(addr, Callee::Unknown(Why::CaughtPanic)));
        }
        let mut slots = Slots::default();
        let mut at = addr;
        // Where the next block begins: none is added while this one is read.
        let mut next = self.mem.starts.next(addr.saturating_add(1));
        let end = loop {
            if self.stops.contains(&at) {
                break End::Return;
            }
            if next.is_some_and(|next| next < at) {
                next = self.mem.starts.next(at);
            }
            if next == Some(at) && at != addr {
                block.succ.add([at], &state);
                break End::Flow;
            }
            if !range.contains(&at) {
                block.lose(at, Why::RunsOff);
                break End::Lost;
            }
            if !self.context.budget.take() {
                self.exhausted = true;
                block.lose(at, Why::TooComplex);
                break End::Lost;
            }
            let step = self.steps.at(at);
            at = step.next;
            let is_fixed_up = self.context.image.is_fixed_up_code(step.addr, step.next);
            match if is_fixed_up { Flow::Undecodable } else { step.flow } {
                Flow::Next => self.carry_out(&step, &mut state, &mut slots),
                Flow::System => {
                    let number = state.get(system::NUMBER);
                    let arguments = self.context.image.machine().of_system();
                    if let Some(why) = system::doubt(self.context.image, step.addr, number) {
                        block.lose(step.addr, why);
                    } else if let Some(callee) = self.waits(number, &arguments, &state) {
                        block.calls.push(Call::new(step.addr, callee));
                    }
                    self.carry_out(&step, &mut state, &mut slots);
                }
                Flow::Return => break self.leave(&mut block, step.addr, &state),
                Flow::ReturnPast => {
                    block.lose(step.addr, Why::OddReturn);
                    break End::Lost;
                }
                Flow::Breakpoint => block.lose(step.addr, Why::Signal),
                // A pad that does nothing but die: the panic went no further, and nor does anything else.
                Flow::Trap if is_pad && block.calls.len() == 1 => break End::Dies,
                Flow::Trap => break End::Dead,
                Flow::Undecodable => {
                    block.lose(step.addr, Why::Undecodable);
                    break End::Lost;
                }
                Flow::Jump(target) => break self.jump(&mut block, step.addr, target, &state),
                Flow::Branch(target, cond) => {
                    state.apply(step.effect, false, self.context.image);
                    break self.branch(&mut block, &step, target, cond, state);
                }
                Flow::JumpVia(via) => break self.jump_via(&mut block, step.addr, via, &state),
                // A call of a place in itself that takes its return address is a jump.
                Flow::Call(target)
                    if range.contains(&target)
                        && self.context.image.function_at(target).is_none()
                        && thunk::is_jump(self.context.image, target) =>
                {
                    state.push(Value::Const(step.next), self.aligned);
                    block.succ.add([target], &state);
                    break End::Flow;
                }
                Flow::Call(_) | Flow::CallVia(_) => {
                    if let Some(end) = self.call(&mut block, &step, &mut state, &mut slots) {
                        break end;
                    }
                }
            }
        };
        let node = &mut self.mem.nodes[own];
        node.end_addr = at;
        node.calls = block.calls;
        node.succ.clear();
        node.succ.extend(block.succ.iter().map(|(target, _)| target));
        node.end = end;
        let mut succ = block.succ;
        for (target, state) in succ.iter() {
            self.reach(target, state);
        }
        succ.clear();
        self.mem.spare = succ;
    }

    /// A step that neither calls nor goes anywhere.
    fn carry_out(&mut self, step: &Step, state: &mut State, slots: &mut Slots) {
        let read = if self.context.arguments { self.stack(step, state, slots) } else { None };
        if self.context.arguments && self.may_replace(step, state) {
            self.replaces = true;
            state.forget_formatters();
        }
        let write = state.own_write(step.write);
        let top = state.get(SP);
        state.apply(step.effect, step.flags_lost, self.context.image);
        if let (Effect::Align(to), Value::Frame(from)) = (step.effect, top)
            && *self.aligned.get_or_insert(Aligned { from, to }) == (Aligned { from, to })
        {
            state.align();
        }
        match write {
            Some(write) => state.write_own(write, self.aligned),
            None if step.write != Write::None => {
                state.forget_pushed();
                state.forget_builder();
            }
            None => {}
        }
        if let (Effect::Load(reg, _) | Effect::Pop(reg), Some(value)) = (step.effect, read)
            && value != Value::Any
        {
            state.set(reg, value);
        }
    }

    /// Whether a step may give a `Formatter` another writer, or makes its address one that is not followed.
    fn may_replace(&mut self, step: &Step, state: &State) -> bool {
        let is_lost = self.spills.take_lost_formatter();
        if !is_lost && !state.has_formatters() {
            return false;
        }
        let segment = self.context.image.segment_of(step.addr);
        let replaces = is_lost || state.may_replace(step, self.spills.are_believed());
        replaces && !replaced::only_makes_room(segment, step)
            || carried::moves(segment, step, state, &self.spills)
    }

    /// What a step does to what is known of the stack; yields what it reads from there.
    fn stack(&mut self, step: &Step, state: &mut State, slots: &mut Slots) -> Option<Value> {
        self.spills.watch(step.stack, state);
        let read = self.spills.read(step.effect, state);
        slots.write(step.write, state);
        self.spills.write(step.write, state, self.context.image);
        read
    }

    /// A call: where control goes from there, unless simply on.
    fn call(&mut self, block: &mut Open, step: &Step, state: &mut State, slots: &mut Slots) -> Option<End> {
        let image = self.context.image;
        let callee = match step.flow {
            Flow::Call(target) => match thunk::thunk(image, target) {
                Some(Thunk::Via(reg)) => self.resolve(Via::Reg(reg), state, Why::IndirectCall),
                Some(Thunk::Memory(mem)) => self.resolve(Via::Mem(mem), state, Why::IndirectCall),
                _ => self.local(target),
            },
            Flow::CallVia(via) => self.resolve(via, state, Why::IndirectCall),
            _ => return None,
        };
        state.give_away_home(image.machine().arguments());
        self.spills.call(state);
        // Code that several functions have in common, which a compiler has moved out of them, writes to their stacks as they do.
        if let Callee::Local(addr) = callee
            && image.function_at(addr).is_some_and(Function::is_fragment)
        {
            self.spills.forget_all(state);
            state.forget_pushed();
            state.forget_builder();
            state.forget_formatters();
            self.replaces = true;
        }
        let end = if let Some(callee) = self.not_quiet(step.addr, callee, state) {
            self.called(block, step, callee, state, slots)
        } else {
            state.after_call(0);
            None
        };
        slots.forget();
        end
    }

    fn called(
        &self,
        block: &mut Open,
        step: &Step,
        callee: Callee,
        state: &mut State,
        slots: &Slots,
    ) -> Option<End> {
        let mut call = Call { given: self.given(state), ..Call::new(step.addr, callee) };
        let (made, after) = self.tell(&mut call, state, slots);
        // Those which make and fill builders give these no other.
        let replaces = !after.is_any() && self.oracle.replaces(callee, &call.given);
        block.calls.extend(made);
        block.calls.push(call);
        let before = block.succ.len();
        for catch in self.catches.iter().filter(|c| (c.start..c.end).contains(&step.addr)) {
            block.succ.add([catch.pad], &state.caught());
        }
        let caught = block.succ.len() > before;
        state.after_call(self.not_given_back(callee, state));
        if replaces {
            state.forget_formatters();
        }
        after.note(state, self.context.image.machine());
        if let Some(few) = self.oracle.result(callee) {
            state.set(self.context.image.machine().result(), Value::of_few(few));
        }
        match self.oracle.fate(callee) {
            Fate::Returns if caught => {
                block.succ.add([step.next], state);
                Some(End::Flow)
            }
            Fate::Returns => None,
            _ if caught => Some(End::Flow),
            Fate::Panics if self.is_end_of_panics(callee) => Some(End::Dies),
            Fate::Panics => Some(End::Panic),
            Fate::Stays => Some(End::Dead),
        }
    }

    /// The registers that are not believed to be as they were after a call of `callee`, of those that it must give back.
    fn not_given_back(&self, callee: Callee, state: &State) -> Regs {
        if self.context.gives_back {
            return self.oracle.loose(callee);
        }
        // With another frame pointer the function itself would not come back.
        let is_frame = matches!(state.get(FP), Value::Frame(_));
        CALLEE_SAVED.iter().filter(|&&reg| !is_frame || reg != FP).fold(0, |all, reg| all | (1 << reg))
    }

    /// Whether the process ends there, of the panic that has led to the call.
    pub(super) fn is_end_of_panics(&self, callee: Callee) -> bool {
        let Callee::Local(addr) = callee else { return false };
        self.context.image.function_at(addr).is_some_and(Function::is_end_of_panics)
    }

    /// Whether an address is worth following into callees: one that leads to code, or to what is assumed to be made.
    fn matters(&self, addr: u64) -> bool {
        self.context.image.leads_to_code(addr)
            || self.context.initialised.iter().any(|range| range.contains(&addr))
    }

    /// The constant arguments that matter.
    pub(super) fn given(&self, state: &State) -> Given {
        if !self.context.arguments {
            return Given::default();
        }
        let arguments = self.context.image.machine().arguments();
        arguments
            .iter()
            .filter_map(|&reg| match state.get(reg) {
                Value::Const(c) if self.matters(c) => Some((reg, Fact::Address(c))),
                Value::Number(number) if self.context.numbers => Some((reg, Fact::Number(number))),
                Value::Formatter(vtable) => Some((reg, Fact::Formatter(vtable))),
                Value::MaybeFormatter => Some((reg, Fact::MaybeFormatter)),
                _ => None,
            })
            .collect()
    }

    pub(super) fn local(&self, target: u64) -> Callee {
        if self.context.image.is_code(target) { Callee::Local(target) } else { Callee::Unknown(Why::NotCode) }
    }

    pub(super) fn resolve(&self, via: Via, state: &State, otherwise: Why) -> Callee {
        let value = match via {
            Via::Reg(reg) => state.get(reg),
            Via::Mem(mem) => state.load(&mem, self.context.image),
            Via::Other => Value::Any,
        };
        match value {
            Value::Const(target) => self.local(target),
            Value::Import(index) => Callee::Import(index),
            _ => Callee::Unknown(otherwise),
        }
    }

    /// Control goes back to the caller from here, or from a callee in the place of this function.
    pub(super) fn comes_back(&mut self, state: &State, through: Option<Callee>) {
        self.loose |= state.loose() | through.map_or(0, |callee| self.oracle.loose(callee));
        if !self.context.numbers {
            return;
        }
        let value = match through {
            None => state.get(self.context.image.machine().result()),
            Some(callee) => self.oracle.result(callee).map_or(Value::Any, Value::of_few),
        };
        self.result = Some(self.result.map_or(value, |known| known.join_numbers(value)));
    }

    fn finish(&mut self, entry: u64) -> Body {
        let mut body = Body::default();
        if self.exhausted {
            body.replaces = true;
            body.calls.push(Call::new(entry, Callee::Unknown(Why::TooComplex)));
            body.blocks.push(Block {
                at: entry..entry,
                calls: 0..1,
                edges: 0..0,
                end: End::Lost,
                doomed: false,
            });
            return body;
        }
        self.mem.write(entry, &mut body);
        body.loose = self.loose;
        body.replaces = self.replaces;
        if body.blocks.iter().all(|block| block.end != End::Lost) {
            body.result = self.result.and_then(Value::few);
        }
        body.doom();
        body.calls.shrink_to_fit();
        body.edges.shrink_to_fit();
        body.blocks.shrink_to_fit();
        body
    }
}
