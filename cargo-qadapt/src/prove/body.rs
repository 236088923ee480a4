//! What is known of one function: its blocks, the calls in them, and how each ends.

use std::ops::Range;

use super::decode::Reg;

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

/// Constant arguments of a call that lead to code: function pointers and vtables, by register.
pub type Given = Box<[(Reg, u64)]>;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Address of the instruction.
    pub site: u64,
    /// What is called.
    pub callee: Callee,
    /// What is passed to it, where that was asked for.
    pub given: Given,
}

impl Call {
    /// A call of whose arguments nothing is known.
    #[must_use]
    pub fn new(site: u64, callee: Callee) -> Self {
        Self { site, callee, given: Given::default() }
    }
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

    /// Marks the blocks all of whose paths end in a panic, from the panics backwards. A loop without an end is not
    /// doomed: nothing says that it will ever panic.
    pub(super) fn doom(&mut self) {
        if self.blocks.iter().all(|b| b.end != End::Panic) {
            return;
        }
        let mut predecessors: Vec<Vec<u32>> = vec![Vec::new(); self.blocks.len()];
        let mut open: Vec<u32> = vec![0; self.blocks.len()];
        let mut queue = Vec::new();
        for (i, block) in (0u32..).zip(&self.blocks) {
            for &to in self.edges_of(block) {
                predecessors[to as usize].push(i);
                open[i as usize] += 1;
            }
            if block.end == End::Panic {
                queue.push(i);
            }
        }
        while let Some(i) = queue.pop() {
            let block = &mut self.blocks[i as usize];
            if block.doomed {
                continue;
            }
            block.doomed = true;
            for &p in &predecessors[i as usize] {
                open[p as usize] -= 1;
                if open[p as usize] == 0 && self.blocks[p as usize].end == End::Flow {
                    queue.push(p);
                }
            }
        }
    }
}
