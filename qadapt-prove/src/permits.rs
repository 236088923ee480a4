//! Permits inside a region: what they cover is no allocation of the region's, where it is certain that they cover it.
//!
//! A label stands where a permit begins, and another one where it ends, so that no compiler takes code with a permit for the
//! same as code without. What lies between is told by debug information: a call is permitted if, seen from inside, the first
//! of the guard's marks that it was inlined into is a permit, each of its places is exact, down to the line and column, and it
//! cannot be part of a region inside the permit. What a compiler has taken out of functions is called from no place.
//!
//! A permit is void below a region that forbids permits. Where a file has a guard that does (`Policy::enter`), whose end
//! nothing tells, or such a region that debug information has lost, all permits are void. So are those of a function whose code
//! several names share: it may be that of another one, without a permit. Where the file may have lost names, each may be shared.

use super::addr_map::AddrSet;
use super::before::{Event, events};
use super::body::Callee;
use super::copies::RegionCopy;
use super::debug::Debug;
use super::inlined::{Scope, Spans, Touch, Tree, Trees};
use super::inside::{Belongs, belongs, is_exact};
use super::load::Image;
use super::marks::{Kind, Label};

/// The permits of a file, and the regions that make them void.
#[derive(Debug, Default)]
pub(crate) struct Permits {
    /// The functions with permits, or with regions that forbid them.
    functions: Spans,
    /// The labels of regions that forbid permits.
    forbidding: Vec<u64>,
    /// All labels.
    labels: Vec<Label>,
    /// Where the functions begin that have regions.
    with_regions: AddrSet,
    /// Whether no permit counts.
    void: bool,
}

/// What a call is made under, as far as the function that makes it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Under {
    /// Nothing of the kind.
    Nothing,
    /// A permit.
    Permit,
    /// A region that forbids permits.
    Forbid,
}

impl Permits {
    /// Finds the permits that the labels speak of.
    pub(crate) fn find(image: &Image<'_>, trees: &Trees, labels: &[Label]) -> Self {
        let mut found = Self { labels: labels.to_vec(), ..Self::default() };
        let mut functions = Vec::new();
        for label in labels {
            let start = image.bounds(label.addr).start;
            match label.kind {
                Kind::Permit | Kind::Forbid => {}
                Kind::Budget | Kind::PermitEnd | Kind::Drops | Kind::Made | Kind::Deferral => continue,
                _ => {
                    found.with_regions.insert(start);
                    continue;
                }
            }
            let is_shared = image.loses_names()
                || image.function_at(start).is_none_or(|function| function.names.len() != 1);
            let tree = trees.of(label.addr);
            if label.kind == Kind::Forbid {
                found.forbidding.push(label.addr);
                found.void |= tree.as_ref().is_none_or(|tree| !closes(tree, label.addr));
            } else if is_shared {
                continue;
            }
            functions.extend(tree);
        }
        found.functions = Spans::of(functions);
        found
    }

    /// What a call is made under.
    pub(crate) fn under(&self, image: &Image<'_>, debug: &Debug<'_>, site: u64, callee: Callee) -> Under {
        let Some(tree) = self.functions.at(site) else { return Under::Nothing };
        if callee.is_extracted(image) {
            let forbids = (0..tree.scopes.len()).any(|scope| self.forbids(tree, scope));
            return if forbids { Under::Forbid } else { Under::Nothing };
        }
        let chain = tree.chain(site);
        if chain.iter().any(|&scope| self.forbids(tree, scope)) {
            return Under::Forbid;
        }
        let marks = chain.iter().rev().filter_map(|&scope| Some((scope, tree.scopes[scope].mark?)));
        let innermost = marks.into_iter().find(|(_, mark)| mark.is_region() || *mark == Kind::Permit);
        let Some((permit, Kind::Permit)) = innermost else { return Under::Nothing };
        // A region inside the permit protects again, and the compiler may have merged its call with this one.
        let is_protected = || {
            let mut inside =
                tree.regions().filter(|&region| tree.outwards(region).any(|scope| scope == permit));
            inside.any(|region| belongs(debug, tree, region, site) != Belongs::No)
        };
        if self.void || !is_exact(debug, tree, &chain, site) || is_protected() {
            return Under::Nothing;
        }
        Under::Permit
    }

    /// Whether some regions of the file forbid permits: below them even the permits in other regions are void.
    pub(crate) fn some_forbid(&self) -> bool {
        !self.forbidding.is_empty()
    }

    /// Whether a function has a region, which protects inside a permit too.
    pub(crate) fn has_region(&self, entry: u64) -> bool {
        self.with_regions.contains(&entry)
    }

    /// Whether permits are void in a region, because it or one round it forbids them.
    pub(crate) fn are_void_in(&self, tree: &Tree, region: usize) -> bool {
        tree.outwards(region).any(|scope| self.forbids(tree, scope))
    }

    /// The same of a region of which nothing is known but the function that has it.
    pub(crate) fn may_be_void_in(&self, image: &Image<'_>, function: u64) -> bool {
        self.forbidding.iter().any(|&label| image.bounds(label).start == function)
    }

    /// The labels of a copy of a region, and those that say that it has a budget.
    pub(crate) fn budgets_of(&self, copy: &RegionCopy) -> Vec<(u64, Event)> {
        let Some((tree, region)) = &copy.scope else { return Vec::new() };
        let says = |label: &Label| {
            label.kind == Kind::Budget
                && rules_of(tree, *region).any(|rules| tree.scopes[rules].touches(label.addr) != Touch::No)
        };
        events(&self.labels, copy, says)
    }

    /// Whether a scope is a region that forbids permits.
    fn forbids(&self, tree: &Tree, scope: usize) -> bool {
        tree.scopes[scope].mark.is_some_and(Kind::is_region)
            && rules_of(tree, scope)
                .any(|rules| self.forbidding.iter().any(|&at| tree.scopes[rules].touches(at) != Touch::No))
    }
}

/// What the guard says of the policy of a region before it opens: scopes beside it.
pub(crate) fn rules_of(tree: &Tree, region: usize) -> impl Iterator<Item = usize> + '_ {
    let parent = tree.scopes[region].parent;
    let beside = move |scope: &Scope| scope.parent == parent && parent.is_some() && is_rules(scope);
    tree.scopes.iter().enumerate().filter(move |(_, scope)| beside(scope)).map(|(index, _)| index)
}

/// Whether a label of a policy's is that of a region that is a closure.
fn closes(tree: &Tree, label: u64) -> bool {
    let closures: Vec<Option<usize>> = tree
        .regions()
        .filter(|&scope| tree.scopes[scope].mark != Some(Kind::Extent))
        .map(|scope| tree.scopes[scope].parent)
        .collect();
    let mut rules = tree.scopes.iter().filter(|scope| is_rules(scope) && scope.touches(label) != Touch::No);
    let first = rules.next();
    first.into_iter().chain(rules).all(|scope| closures.contains(&scope.parent)) && first.is_some()
}

/// Whether a scope is where the guard says what a policy is like.
fn is_rules(scope: &Scope) -> bool {
    scope.name.split('<').next() == Some("__qadapt_rules")
}
