//! Whether inlined copies of the global allocator can be told from other code.
//!
//! The compiler may inline `__rust_alloc` and the allocator's methods into their callers. A copy is still found if
//! every path through it ends in an entry that is found by name: the malloc family, or the guard's own functions.
//! So the out-of-line originals are asked. An arena that hands out memory without calling anybody fails this.

use super::body::Callee;
use super::cfg::Start;
use super::graph::{Assumptions, Graph};
use super::policy::{self, Kind, Role};
use super::program::Program;

struct Nothing;

impl Assumptions for Nothing {
    fn covers(&self, _: u64, _: Callee) -> Option<u32> {
        None
    }
}

/// The symbol of an entry of the allocator that has a path without a call to another entry, if there is one.
#[must_use]
pub fn unsure<'a>(program: &Program<'a>, allow_frees: bool) -> Option<&'a str> {
    let mut entries = Vec::new();
    for function in program.image().functions() {
        if let Some(symbol) = function.names.iter().find(|n| policy::is_inlinable_entry(n))
            && let Role::Sink(kind) = program.role(Callee::Local(function.addr))
            && !(kind == Kind::Free && allow_frees)
        {
            entries.push((function.addr, *symbol, kind));
        }
    }
    let starts: Vec<Start> = entries.iter().map(|&(addr, ..)| Start::function(addr)).collect();
    let graph = Graph::build(program, &starts, &Nothing);
    (0u32..).zip(entries).find(|&(i, (.., kind))| !graph.always(i, kind)).map(|(_, (_, symbol, _))| symbol)
}
