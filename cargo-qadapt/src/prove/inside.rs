//! Whether a call of a function belongs to a region that was inlined into it.
//!
//! The optimiser merges calls, sinks them and folds functions, and then what debug information says of a call is empty or
//! that of another one. A call belongs to a region if its chain of inlined functions has the region in it. It may belong
//! to the region wherever its place is not exact, at whatever level, and where its place is also that of a call that leads
//! to the region. All other calls do not belong.

use super::debug::Debug;
use super::inlined::Tree;

/// How a call stands to a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// It is part of it.
    Yes,
    /// It can be part of it, for this reason.
    Perhaps(Doubt),
    /// It is not.
    No,
}

/// Why it cannot be told whether a call is part of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// It has no place.
    NoPlace,
    /// A place without a line or a column, in the function that makes the call or in one that it was inlined into.
    NotExact,
    /// The place of a call that leads to the region.
    Shared,
    /// The region's function has no description.
    NoRegion,
}

impl Doubt {
    /// The reason in words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::NoPlace => "the debug information has no place for it",
            Self::NotExact => "the compiler merged or moved it, and left no exact place",
            Self::Shared => {
                "the region makes a call at the same place, and the compiler may have merged the two"
            }
            Self::NoRegion => "the debug information does not say which part of the function the region is",
        }
    }
}

/// How the call at `site` stands to the region that is scope `region` of a function.
#[must_use]
pub fn belongs(debug: &Debug<'_>, tree: &Tree, region: usize, site: u64) -> Belongs {
    let chain = tree.chain(site);
    if chain.contains(&region) {
        return Belongs::Yes;
    }
    let row = debug.context().find_location(site).ok().flatten();
    let Some(row) = row.filter(|_| !chain.is_empty()) else { return Belongs::Perhaps(Doubt::NoPlace) };
    let own = (row.line.unwrap_or(0), row.column.unwrap_or(0));
    // The place of the call at each level: in the innermost function its own, outside of that the one that was inlined.
    let place = |level: usize| match chain.get(level + 1) {
        Some(&inner) => (tree.scopes[inner].call.line, tree.scopes[inner].call.column),
        None => own,
    };
    let exact = |(line, column): (u32, u32)| line != 0 && column != 0;
    if !(0..chain.len()).all(|level| exact(place(level))) {
        return Belongs::Perhaps(Doubt::NotExact);
    }
    let mut scope = region;
    while let Some(parent) = tree.scopes[scope].parent {
        let call = &tree.scopes[scope].call;
        let shared = chain.iter().position(|&s| s == parent).is_some_and(|level| {
            chain.get(level + 1) != Some(&scope) && place(level) == (call.line, call.column)
        });
        if shared {
            return Belongs::Perhaps(Doubt::Shared);
        }
        scope = parent;
    }
    Belongs::No
}
