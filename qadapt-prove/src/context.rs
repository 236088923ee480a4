//! What an analysis of a function is told from outside: the file, the functions that it calls, and how much work is left.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use super::body::{Callee, Fate, Given};
use super::eh::Catches;
use super::load::Image;
use super::number::Few;
use super::step::Regs;
use super::subject::Subject;

/// Answers what becomes of the caller of a function, and what need not be found out twice.
pub(crate) trait Oracle {
    /// The fate of a caller of `callee`.
    fn fate(&self, callee: Callee) -> Fate;

    /// The registers that a callee does not give back although it must, as far as is known by now; one bit each.
    fn loose(&self, callee: Callee) -> Regs;

    /// Whether a callee that is given this may give a `Formatter` another writer.
    fn replaces(&self, callee: Callee, given: &Given) -> bool;

    /// The numbers that a callee returns, if they are few and known.
    fn result(&self, callee: Callee) -> Option<Few>;

    /// Where the tables begin through which a stretch of code jumps; functions can have such a stretch in common.
    fn tables(&self, code: &Range<u64>) -> Rc<BTreeSet<u64>>;
}

/// The work that may still be done on one file; keeps hostile files from taking for ever.
#[derive(Debug)]
pub(crate) struct Budget(Cell<u64>);

impl Budget {
    /// A budget of so many instructions.
    pub(crate) fn new(instructions: u64) -> Self {
        Self(Cell::new(instructions))
    }

    /// Takes one instruction; false when none is left.
    pub(crate) fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether none is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// Everything that is constant while functions are analysed.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The file.
    pub(crate) image: &'a Image<'a>,
    /// Its catching landing pads.
    pub(crate) catches: &'a Catches<'a>,
    /// The work left.
    pub(crate) budget: &'a Budget,
    /// Whether to note constant arguments.
    pub(crate) arguments: bool,
    /// Whether callees are believed to give back the registers that they must, but for those of which it is known.
    pub(crate) gives_back: bool,
    /// Whether to tell apart where one of a few numbers is known.
    pub(crate) numbers: bool,
    /// Statics whose addresses are noted too.
    pub(crate) initialised: &'a [Range<u64>],
    /// What is asked.
    pub(crate) subject: Subject,
}
