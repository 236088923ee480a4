//! What is known of one function: its blocks, the calls in them, and how each ends.

use std::ops::Range;

use super::functions::Function;
use super::load::Image;
use super::number::Few;
use super::step::{Reg, Regs};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Callee {
    /// The function that begins at this address.
    Local(u64),
    /// A symbol of another object.
    Import(u32),
    /// The system, in a call that may wait; only where that is asked.
    System(Waits),
    /// It could not be told.
    Unknown(Why),
}

impl Callee {
    /// Whether this is what a compiler has taken out of functions, or code without a name, which may be that too.
    pub(crate) fn is_extracted(self, image: &Image<'_>) -> bool {
        matches!(self, Self::Local(addr) if image.function_at(addr).is_none_or(Function::is_extracted))
    }
}

/// A system call in which a thread may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Waits {
    /// Its number, if that is known.
    pub(crate) number: Option<u16>,
    /// What for.
    pub(crate) word: &'static str,
}

/// Why something could not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Why {
    /// A call through a pointer (a trait object, a function pointer, a callback).
    IndirectCall,
    /// A jump through a pointer, with the stack as it was at the entry.
    IndirectJump,
    /// A jump through a pointer that cannot be a call in the place of the function: its own stack is still there.
    OddJump,
    /// The bytes are not an instruction, or one that is not understood.
    Undecodable,
    /// Control runs over the end of the function.
    RunsOff,
    /// It leaves by a return or a jump with a stack that it has changed: it does not go back to its caller.
    OddReturn,
    /// It raises a signal, and a handler may allocate.
    Signal,
    /// It makes a system call whose number could not be told.
    System,
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
    pub(crate) fn is_indirect(self) -> bool {
        matches!(self, Self::IndirectCall | Self::IndirectJump | Self::OddJump)
    }
}

/// What becomes of the one who calls a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The call may return.
    Returns,
    /// It never returns, but may do things before (loop, exit).
    Stays,
    /// All paths through it end in a panic or an abort.
    Panics,
}

/// What is known of an argument of a call, and matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    /// It is this constant, which leads to code (a function pointer or a vtable), or into a static that is assumed to be made.
    Address(u64),
    /// It is this number.
    Number(u64),
    /// It leads to a `core::fmt::Formatter` whose writer has this vtable.
    Formatter(u64),
    /// It leads to one, perhaps.
    MaybeFormatter,
    /// It leads to the arguments of `core::fmt::write` or to the closure of `Once::call`, whose calls through pointers are made
    /// up for by the caller.
    Arguments,
}

/// What is known of the arguments of a call, by register.
pub(crate) type Given = Box<[(Reg, Fact)]>;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Address of the instruction.
    pub(crate) site: u64,
    /// What is called.
    pub(crate) callee: Callee,
    /// What is passed to it, where that was asked for.
    pub(crate) given: Given,
    /// Whether it is made whenever control comes here.
    pub(crate) sure: bool,
}

impl Call {
    /// A call of whose arguments nothing is known.
    pub(crate) fn new(site: u64, callee: Callee) -> Self {
        Self { site, callee, given: Given::default(), sure: true }
    }
}

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In its successors.
    Flow,
    /// Back in the caller.
    Return,
    /// In its last call, which returns to the caller.
    Tail,
    /// In a call that panics.
    Panic,
    /// In a call that ends the process, as the panic that has led there must not leave the function.
    Dies,
    /// Never: in a trap, or a call that does not return.
    Dead,
    /// It could not be told; its last call says why.
    Lost,
}

/// A run of instructions with one entry.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Where it lies.
    pub(crate) at: Range<u64>,
    /// Its calls, as indices of [`Body::calls`].
    pub(crate) calls: Range<u32>,
    /// Its successors, as indices of [`Body::edges`].
    pub(crate) edges: Range<u32>,
    /// How it ends.
    pub(crate) end: End,
    /// Whether all paths from it end in a panic.
    pub(crate) doomed: bool,
}

/// One function's control flow; block 0 is the entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// The blocks.
    pub(crate) blocks: Vec<Block>,
    /// The calls of all blocks.
    pub(crate) calls: Vec<Call>,
    /// The successors of all blocks.
    pub(crate) edges: Vec<u32>,
    /// The registers that it does not give back although a callee must, one bit each.
    pub(crate) loose: Regs,
    /// Whether it may give a `core::fmt::Formatter` another writer that it is given, other than by a call.
    pub(crate) replaces: bool,
    /// The numbers that it returns, if they are few and known.
    pub(crate) result: Option<Few>,
}

impl Body {
    /// The calls on paths that do not end in a panic. That is one of whoever calls the function, and of what protects the call.
    pub(crate) fn live_calls(&self) -> impl Iterator<Item = &Call> {
        self.blocks.iter().filter(|b| !b.doomed).flat_map(|b| self.calls_of(b))
    }

    /// The calls of one block.
    pub(crate) fn calls_of(&self, block: &Block) -> &[Call] {
        &self.calls[block.calls.start as usize..block.calls.end as usize]
    }

    /// The successors of one block.
    pub(crate) fn edges_of(&self, block: &Block) -> &[u32] {
        &self.edges[block.edges.start as usize..block.edges.end as usize]
    }

    /// The block that begins at an address or runs through it.
    pub(crate) fn block_at(&self, addr: u64) -> Option<u32> {
        let begins = self.blocks.iter().position(|b| b.at.start == addr);
        let found = begins.or_else(|| self.blocks.iter().position(|b| b.at.contains(&addr)))?;
        u32::try_from(found).ok()
    }

    /// Whether all paths from the entry end in a panic.
    pub(crate) fn panics(&self) -> bool {
        self.blocks.first().is_some_and(|b| b.doomed)
    }
}
