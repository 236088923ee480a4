//! One function's control flow: its blocks, the calls in them, and how each ends.
//!
//! The flow is followed from the entry, never swept, so landing pads that only clean up and data between functions
//! fall away by themselves. Register constants are carried along the edges to a fixed point: they resolve calls
//! through global offset table entries that the compiler has hoisted into registers, and jump tables.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::decode::{Flow, Steps, Via};
use super::eh::{Catch, Catches};
use super::load::Image;
use super::table::{self, Table};
use super::value::{State, Value};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Callee {
    /// The function that begins at this address.
    Local(u64),
    /// A symbol of another object.
    Import(u32),
    /// It could not be told.
    Unknown(Why),
}

/// Why something could not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// A call through a pointer (a trait object, a function pointer, a callback).
    IndirectCall,
    /// A jump through a pointer.
    IndirectJump,
    /// The bytes are not an instruction, or one that is not understood.
    Undecodable,
    /// Control runs over the end of the function.
    RunsOff,
    /// The call leads to something that is not code of this file.
    NotCode,
    /// A panic is caught here, and a panic allocates.
    CaughtPanic,
    /// The exception table cannot be read.
    BadTable,
    /// The work was cut off at its limit.
    TooComplex,
}

impl Why {
    /// Whether a pointer is at fault, not the analysis or the file.
    #[must_use]
    pub fn is_indirect(self) -> bool {
        matches!(self, Self::IndirectCall | Self::IndirectJump)
    }
}

/// What becomes of the one who calls a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The call may return.
    Returns,
    /// It never returns, but may do things before (loop, exit).
    Stays,
    /// All paths through it end in a panic or an abort.
    Panics,
}

/// Answers what becomes of the caller of a function.
pub trait Oracle {
    /// The fate of a caller of `callee`.
    fn fate(&self, callee: Callee) -> Fate;
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Address of the instruction.
    pub site: u64,
    /// What is called.
    pub callee: Callee,
}

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In its successors.
    Flow,
    /// Back in the caller.
    Return,
    /// In its last call, which returns to the caller.
    Tail,
    /// In a call that panics.
    Panic,
    /// Never: in a trap, or a call that does not return.
    Dead,
    /// It could not be told; its last call says why.
    Lost,
}

/// A run of instructions with one entry.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its calls, as indices of [`Body::calls`].
    pub calls: Range<u32>,
    /// Its successors, as indices of [`Body::edges`].
    pub edges: Range<u32>,
    /// How it ends.
    pub end: End,
    /// Whether all paths from it end in a panic.
    pub doomed: bool,
}

/// One function's control flow; block 0 is the entry.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// The calls of all blocks.
    pub calls: Vec<Call>,
    /// The successors of all blocks.
    pub edges: Vec<u32>,
}

impl Body {
    /// The calls on paths that do not end in a panic.
    pub fn live_calls(&self) -> impl Iterator<Item = &Call> {
        self.blocks.iter().filter(|b| !b.doomed).flat_map(|b| self.calls_of(b))
    }

    /// The calls of one block.
    #[must_use]
    pub fn calls_of(&self, block: &Block) -> &[Call] {
        &self.calls[block.calls.start as usize..block.calls.end as usize]
    }

    /// The successors of one block.
    #[must_use]
    pub fn edges_of(&self, block: &Block) -> &[u32] {
        &self.edges[block.edges.start as usize..block.edges.end as usize]
    }

    /// Whether all paths from the entry end in a panic.
    #[must_use]
    pub fn panics(&self) -> bool {
        self.blocks.first().is_some_and(|b| b.doomed)
    }
}

/// What to analyse: a function, or the stretch of one between two marks.
#[derive(Clone, Debug)]
pub struct Start {
    /// Where to begin.
    pub entry: u64,
    /// Where to stop as if the function returned.
    pub stops: BTreeSet<u64>,
    /// What is known of the registers on entry.
    pub state: State,
}

impl Start {
    /// A whole function, of whose arguments nothing is known.
    #[must_use]
    pub fn function(entry: u64) -> Self {
        Self { entry, stops: BTreeSet::new(), state: State::unknown() }
    }
}

/// The work that may still be done on one file; keeps hostile files from taking for ever.
#[derive(Debug)]
pub struct Budget(Cell<u64>);

impl Budget {
    /// A budget of so many instructions.
    #[must_use]
    pub fn new(instructions: u64) -> Self {
        Self(Cell::new(instructions))
    }

    /// Takes one instruction; false when none is left.
    pub fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

/// Everything that is constant while functions are analysed.
#[derive(Debug)]
pub struct Context<'a> {
    /// The file.
    pub image: &'a Image<'a>,
    /// Its catching landing pads.
    pub catches: &'a Catches<'a>,
    /// The work left.
    pub budget: &'a Budget,
}

/// Follows the control flow of one function.
#[must_use]
pub fn analyse(context: &Context<'_>, oracle: &dyn Oracle, start: &Start) -> Body {
    let mut walk = Walk::new(context, oracle, start);
    // A table found late may end one that was read too far: then once more, knowing all. Reading too far only adds
    // edges, so whatever the last round yields is sound.
    for round in 0..4 {
        walk.run(start);
        if !walk.overrun || walk.exhausted || round == 3 {
            break;
        }
        walk.reset();
    }
    walk.finish(start.entry)
}

struct Node {
    state: State,
    end_addr: u64,
    calls: Vec<Call>,
    succ: Vec<u64>,
    end: End,
}

struct Walk<'c, 'a> {
    context: &'c Context<'a>,
    oracle: &'c dyn Oracle,
    bounds: Range<u64>,
    steps: Steps<'a>,
    stops: &'c BTreeSet<u64>,
    catches: Vec<Catch>,
    bad_table: bool,
    nodes: BTreeMap<u64, Node>,
    queue: BTreeSet<u64>,
    /// Where each jump table begins, and where reading it ended.
    tables: BTreeMap<u64, u64>,
    overrun: bool,
    exhausted: bool,
}

impl<'c, 'a> Walk<'c, 'a> {
    fn new(context: &'c Context<'a>, oracle: &'c dyn Oracle, start: &'c Start) -> Self {
        let bounds = context.image.bounds(start.entry);
        let (catches, bad_table) = match context.catches.of(start.entry) {
            Ok(catches) => (catches, false),
            Err(()) => (Vec::new(), true),
        };
        let code = context.image.code(bounds.start, bounds.end);
        Self {
            context,
            oracle,
            steps: Steps::new(code, bounds.start),
            bounds,
            stops: &start.stops,
            catches,
            bad_table,
            nodes: BTreeMap::new(),
            queue: BTreeSet::new(),
            tables: BTreeMap::new(),
            overrun: false,
            exhausted: false,
        }
    }

    fn reset(&mut self) {
        self.nodes.clear();
        self.queue.clear();
        self.overrun = false;
    }

    fn run(&mut self, start: &Start) {
        self.reach(start.entry, &start.state);
        // Lowest address first: close to the order in which the compiler laid the blocks out.
        while let Some(addr) = self.queue.pop_first() {
            if self.exhausted {
                break;
            }
            self.block(addr, start.entry);
        }
    }

    /// Control may come to `addr` in this state.
    fn reach(&mut self, addr: u64, state: &State) {
        if let Some(node) = self.nodes.get_mut(&addr) {
            if node.state.join(state) {
                self.queue.insert(addr);
            }
            return;
        }
        // A block that runs through `addr` must be cut there.
        if let Some((&before, node)) = self.nodes.range(..addr).next_back()
            && addr < node.end_addr
        {
            self.queue.insert(before);
        }
        self.nodes.insert(
            addr,
            Node { state: *state, end_addr: addr, calls: Vec::new(), succ: Vec::new(), end: End::Lost },
        );
        self.queue.insert(addr);
    }

    fn block(&mut self, addr: u64, entry: u64) {
        let Some(node) = self.nodes.get(&addr) else { return };
        let mut state = node.state;
        let mut block = Open { calls: Vec::new(), succ: Vec::new() };
        if self.bad_table && addr == entry {
            block.calls.push(Call { site: addr, callee: Callee::Unknown(Why::BadTable) });
        }
        if self.catches.iter().any(|c| c.pad == addr) {
            block.calls.push(Call { site: addr, callee: Callee::Unknown(Why::CaughtPanic) });
        }
        let mut at = addr;
        let end = loop {
            if self.stops.contains(&at) {
                break End::Return;
            }
            if at != addr && self.nodes.contains_key(&at) {
                block.succ.push((at, state));
                break End::Flow;
            }
            if !self.bounds.contains(&at) {
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
            match step.flow {
                Flow::Next => state.apply(step.effect, step.flags_lost, self.context.image),
                Flow::Return => break End::Return,
                Flow::Trap => break End::Dead,
                Flow::Undecodable => {
                    block.lose(step.addr, Why::Undecodable);
                    break End::Lost;
                }
                Flow::Jump(target) => break self.jump(&mut block, step.addr, target, state),
                Flow::Branch(target, cond) => {
                    state.apply(step.effect, false, self.context.image);
                    let mut taken = state;
                    taken.refine(cond, true);
                    state.refine(cond, false);
                    if self.bounds.contains(&target) {
                        block.succ.push((target, taken));
                        block.succ.push((step.next, state));
                        break End::Flow;
                    }
                    // A conditional tail call: a block of its own, so that it can have an end of its own.
                    block.calls.push(Call { site: step.addr, callee: self.local(target) });
                    block.succ.push((step.next, state));
                    break End::Tail;
                }
                Flow::JumpVia(via) => break self.jump_via(&mut block, step.addr, via, state),
                Flow::Call(_) | Flow::CallVia(_) => {
                    let callee = match step.flow {
                        Flow::Call(target) => self.local(target),
                        Flow::CallVia(via) => self.resolve(via, &state, Why::IndirectCall),
                        _ => continue,
                    };
                    block.calls.push(Call { site: step.addr, callee });
                    let pads: Vec<u64> = self
                        .catches
                        .iter()
                        .filter(|c| (c.start..c.end).contains(&step.addr))
                        .map(|c| c.pad)
                        .collect();
                    for &pad in &pads {
                        // Which registers survive an unwinding is not worth following.
                        block.succ.push((pad, State::unknown()));
                    }
                    state.after_call();
                    match self.oracle.fate(callee) {
                        Fate::Returns if pads.is_empty() => {}
                        Fate::Returns => {
                            block.succ.push((step.next, state));
                            break End::Flow;
                        }
                        _ if !pads.is_empty() => break End::Flow,
                        Fate::Panics => break End::Panic,
                        Fate::Stays => break End::Dead,
                    }
                }
            }
        };
        let succ: Vec<u64> = block.succ.iter().map(|s| s.0).collect();
        if let Some(node) = self.nodes.get_mut(&addr) {
            node.end_addr = at;
            node.calls = block.calls;
            node.succ = succ;
            node.end = end;
        }
        for (target, state) in block.succ {
            self.reach(target, &state);
        }
    }

    fn local(&self, target: u64) -> Callee {
        if self.context.image.bounds(target).contains(&target) {
            Callee::Local(target)
        } else {
            Callee::Unknown(Why::NotCode)
        }
    }

    fn resolve(&self, via: Via, state: &State, otherwise: Why) -> Callee {
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

    fn jump(&mut self, block: &mut Open, site: u64, target: u64, state: State) -> End {
        if self.bounds.contains(&target) {
            block.succ.push((target, state));
            return End::Flow;
        }
        self.tail(block, site, self.local(target))
    }

    fn tail(&self, block: &mut Open, site: u64, callee: Callee) -> End {
        block.calls.push(Call { site, callee });
        if matches!(callee, Callee::Unknown(_)) {
            return End::Lost;
        }
        match self.oracle.fate(callee) {
            Fate::Returns => End::Tail,
            Fate::Stays => End::Dead,
            Fate::Panics => End::Panic,
        }
    }

    fn jump_via(&mut self, block: &mut Open, site: u64, via: Via, state: State) -> End {
        let table = match via {
            Via::Reg(reg) => match state.get(reg) {
                Value::Target { table, base, last } => Some(Table { at: table, base: Some(base), last }),
                Value::Const(target) => return self.jump(block, site, target, state),
                _ => None,
            },
            Via::Mem(mem) => state.table(&mem, 8).map(|(at, last)| Table { at, base: None, last }),
            Via::Other => None,
        };
        if let Some(table) = table {
            if let Some((targets, end)) = table::targets(self.context.image, &self.bounds, table, &self.tables) {
                self.overrun |= !self.tables.contains_key(&table.at)
                    && self.tables.range(..table.at).next_back().is_some_and(|(_, &end)| table.at < end);
                self.tables.insert(table.at, end);
                for target in targets {
                    block.succ.push((target, state));
                }
                return End::Flow;
            }
        }
        let callee = self.resolve(via, &state, Why::IndirectJump);
        self.tail(block, site, callee)
    }

    fn finish(self, entry: u64) -> Body {
        let mut body = Body::default();
        if self.exhausted {
            body.calls.push(Call { site: entry, callee: Callee::Unknown(Why::TooComplex) });
            body.blocks.push(Block { calls: 0..1, edges: 0..0, end: End::Lost, doomed: false });
            return body;
        }
        // The entry first, the rest by address.
        let order: Vec<u64> =
            std::iter::once(entry).chain(self.nodes.keys().copied().filter(|&a| a != entry)).collect();
        let index: BTreeMap<u64, u32> = order.iter().zip(0u32..).map(|(&a, i)| (a, i)).collect();
        for addr in &order {
            let Some(node) = self.nodes.get(addr) else { continue };
            let first_call = len32(&body.calls);
            let first_edge = len32(&body.edges);
            body.calls.extend(&node.calls);
            body.edges.extend(node.succ.iter().filter_map(|s| index.get(s)));
            body.blocks.push(Block {
                calls: first_call..len32(&body.calls),
                edges: first_edge..len32(&body.edges),
                end: node.end,
                doomed: false,
            });
        }
        doom(&mut body);
        body.calls.shrink_to_fit();
        body.edges.shrink_to_fit();
        body.blocks.shrink_to_fit();
        body
    }
}

struct Open {
    calls: Vec<Call>,
    succ: Vec<(u64, State)>,
}

impl Open {
    fn lose(&mut self, site: u64, why: Why) {
        self.calls.push(Call { site, callee: Callee::Unknown(why) });
    }
}

fn len32<T>(v: &[T]) -> u32 {
    u32::try_from(v.len()).unwrap_or(u32::MAX)
}

/// Marks the blocks all of whose paths end in a panic, from the panics backwards. A loop without an end is not
/// doomed: nothing says that it will ever panic.
fn doom(body: &mut Body) {
    let mut predecessors: Vec<Vec<u32>> = vec![Vec::new(); body.blocks.len()];
    let mut open: Vec<u32> = vec![0; body.blocks.len()];
    let mut queue = Vec::new();
    for (i, block) in (0u32..).zip(&body.blocks) {
        for &to in body.edges_of(block) {
            predecessors[to as usize].push(i);
            open[i as usize] += 1;
        }
        if block.end == End::Panic {
            queue.push(i);
        }
    }
    while let Some(i) = queue.pop() {
        let block = &mut body.blocks[i as usize];
        if block.doomed {
            continue;
        }
        block.doomed = true;
        for &p in &predecessors[i as usize] {
            open[p as usize] -= 1;
            if open[p as usize] == 0 && body.blocks[p as usize].end == End::Flow {
                queue.push(p);
            }
        }
    }
}
