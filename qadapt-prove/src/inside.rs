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
pub(crate) enum Belongs {
    /// It is part of it.
    Yes,
    /// It can be part of it, for this reason.
    Perhaps(Doubt),
    /// It is not.
    No,
}

/// Why it cannot be told whether a call is part of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    /// It has no place.
    NoPlace,
    /// A place without a line or a column, in the function that makes the call or in one that it was inlined into.
    NotExact,
    /// The place of a call that leads to the region.
    Shared,
    /// It calls what a compiler has taken out of functions.
    Extracted,
    /// The region's function has no description.
    NoRegion,
}

impl Doubt {
    /// The reason in words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::NoPlace => "the debug information has no place for it",
            Self::NotExact => "the compiler merged or moved it, and left no exact place",
            Self::Shared => {
                "the region makes a call at the same place, and the compiler may have merged the two"
            }
            Self::Extracted => {
                "the compiler has moved code out of the function, and what calls that has no place of its own"
            }
            Self::NoRegion => "the debug information does not say which part of the function the region is",
        }
    }
}

/// How the call at `site` stands to the region that is scope `region` of a function.
pub(crate) fn belongs(debug: &Debug<'_>, tree: &Tree, region: usize, site: u64) -> Belongs {
    let chain = tree.chain(site);
    if chain.contains(&region) {
        return Belongs::Yes;
    }
    let Some(places) = places(debug, tree, &chain, site) else { return Belongs::Perhaps(Doubt::NoPlace) };
    if !places.iter().copied().all(exact) {
        return Belongs::Perhaps(Doubt::NotExact);
    }
    let mut scope = region;
    while let Some(parent) = tree.scopes[scope].parent {
        let call = &tree.scopes[scope].call;
        let shared = chain.iter().position(|&s| s == parent).is_some_and(|level| {
            chain.get(level + 1) != Some(&scope) && places[level] == (call.line, call.column)
        });
        if shared {
            return Belongs::Perhaps(Doubt::Shared);
        }
        scope = parent;
    }
    Belongs::No
}

/// Whether the place of a call is known to the line and column, at each level of its chain of inlined functions.
pub(crate) fn is_exact(debug: &Debug<'_>, tree: &Tree, chain: &[usize], site: u64) -> bool {
    places(debug, tree, chain, site).is_some_and(|places| places.iter().copied().all(exact))
}

/// The line and column of a call at each level: in the innermost function its own, outside of that those of the call that was
/// inlined. None where there is no place.
fn places(debug: &Debug<'_>, tree: &Tree, chain: &[usize], site: u64) -> Option<Vec<(u32, u32)>> {
    let row = debug.context().find_location(site).ok().flatten()?;
    let inner =
        chain.get(1..)?.iter().map(|&scope| (tree.scopes[scope].call.line, tree.scopes[scope].call.column));
    Some(inner.chain([(row.line.unwrap_or(0), row.column.unwrap_or(0))]).collect())
}

fn exact((line, column): (u32, u32)) -> bool {
    line != 0 && column != 0
}
