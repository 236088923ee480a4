//! Where an analysis starts, and with what.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use super::addr_map::AddrSet;
use super::body::{Fact, Given};
use super::state::State;
use super::value::Value;

/// What to analyse: a function, or the stretch of one between two marks.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// Where to begin.
    pub(crate) entry: u64,
    /// Where to stop as if the function returned.
    pub(crate) stops: BTreeSet<u64>,
    /// What is known of the registers on entry.
    pub(crate) state: State,
    /// Whether this is `core::fmt::write` or `Once::call`, whose calls through pointers its caller has told.
    pub(crate) formats: bool,
    /// The part of the function that is meant; all of it if there is none.
    pub(crate) part: Option<Part>,
    /// Whether it forbids permits.
    pub(crate) forbids: bool,
}

/// The part of a function that a region is.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The labels at its entries.
    pub(crate) labels: Rc<[u64]>,
    /// The labels at the entries of all regions, in order: what has been left may be entered again at any of them, in a copy that is told
    /// apart or not.
    pub(crate) entries: Rc<[u64]>,
    /// The calls of the function that are no part of it.
    pub(crate) outside: Rc<AddrSet>,
    /// Those that are: a panic elsewhere may come after its end.
    pub(crate) own: Rc<AddrSet>,
}

impl Part {
    /// Whether a region is entered between these addresses.
    pub(crate) fn is_entered_in(&self, at: &Range<u64>) -> bool {
        self.entries
            .get(self.entries.partition_point(|&entry| entry < at.start))
            .is_some_and(|&entry| entry < at.end)
    }

    /// All of a function that begins here, of which no panic is known to be its own.
    pub(crate) fn all(entry: u64) -> Self {
        Self { labels: Rc::from([entry]), entries: Rc::default(), outside: Rc::default(), own: Rc::default() }
    }
}

impl Start {
    /// A whole function, of whose arguments nothing is known.
    pub(crate) fn function(entry: u64) -> Self {
        Self {
            entry,
            stops: BTreeSet::new(),
            state: State::entry(),
            formats: false,
            part: None,
            forbids: false,
        }
    }

    /// A whole function that is passed these constants.
    pub(crate) fn function_given(entry: u64, given: &Given) -> Self {
        let mut start = Self::function(entry);
        for &(reg, fact) in given {
            start.state.set(
                reg,
                match fact {
                    Fact::Address(constant) => Value::Const(constant),
                    Fact::Number(number) => Value::Number(number),
                    Fact::Formatter(vtable) => Value::Formatter(vtable),
                    Fact::MaybeFormatter => Value::MaybeFormatter,
                    Fact::Arguments => {
                        start.formats = true;
                        Value::Any
                    }
                },
            );
        }
        start
    }
}
