//! The copies of regions in a file: one for each place that the compiler emitted a label at.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::inlined::{Touch, Tree, Trees};
use super::load::Image;
use super::marks::{Kind, Label};

/// One copy of a region.
#[derive(Clone, Debug)]
pub(crate) struct RegionCopy {
    /// Where the function begins that has it.
    pub(crate) function: u64,
    /// What kind of region it is.
    pub(crate) kind: Kind,
    /// Its labels in the function.
    pub(crate) labels: Vec<u64>,
    /// Its scope among those of the function; none where the debug information has lost it.
    pub(crate) scope: Option<(Rc<Tree>, usize)>,
    /// Whether the whole function counts as part of it.
    pub(crate) whole: bool,
}

/// Finds the copies that the labels speak of.
pub(crate) fn copies(image: &Image<'_>, trees: &Trees, labels: &[Label]) -> Vec<RegionCopy> {
    let mut functions: BTreeMap<u64, Vec<Begin>> = BTreeMap::new();
    let (mut at, mut permits) = (0, 0_usize);
    for &label in labels {
        if at != label.addr {
            (at, permits) = (label.addr, 0);
        }
        match label.kind {
            Kind::Permit => permits += 1,
            Kind::PermitEnd => permits = permits.saturating_sub(1),
            _ => {}
        }
        let bounds = image.bounds(label.addr);
        if !label.kind.is_rule() && bounds.contains(&label.addr) {
            functions.entry(bounds.start).or_default().push(Begin { label, permits });
        }
    }
    let copies = functions.into_iter().flat_map(|(function, mut begins)| {
        begins.sort_unstable();
        of_function(function, &begins, trees)
    });
    copies.collect()
}

/// A label of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Begin {
    label: Label,
    /// How many permits begin at the same place, before it in the order of the code, and go on.
    permits: usize,
}

fn of_function(function: u64, begins: &[Begin], trees: &Trees) -> Vec<RegionCopy> {
    let mut found: Vec<RegionCopy> = Vec::new();
    // Labels at one place, one for each region that begins there.
    let mut lost: Vec<Label> = Vec::new();
    let mut described: Vec<Rc<Tree>> = Vec::new();
    for same in begins.chunk_by(|a, b| a == b) {
        let label = same[0].label;
        let mut covered = 0;
        if let Some(tree) = trees.of(label.addr) {
            let scopes = covering(&tree, same[0], begins);
            covered = scopes.len();
            for scope in scopes {
                add(&mut found, function, label, &tree, scope);
            }
            if !described.iter().any(|known| Rc::ptr_eq(known, &tree)) {
                described.push(tree);
            }
        }
        lost.extend(same.iter().skip(covered).map(|begin| begin.label));
    }
    if lost.is_empty() {
        return found;
    }
    // A label may be one for two regions, both of which are still described but have none.
    let orphans = described.iter().flat_map(|tree| {
        tree.regions()
            .map(move |scope| (Rc::clone(tree), scope))
            .filter(|(tree, scope)| lost.iter().any(|label| tree.scopes[*scope].mark == Some(label.kind)))
    });
    let all: Vec<u64> = lost.iter().map(|label| label.addr).collect();
    let mut claimed: Vec<Kind> = Vec::new();
    for (tree, scope) in orphans.collect::<Vec<_>>() {
        let has_label = found
            .iter()
            .any(|copy| matches!(&copy.scope, Some((t, s)) if Rc::ptr_eq(t, &tree) && *s == scope));
        if let (false, Some(kind)) = (has_label, tree.scopes[scope].mark) {
            claimed.push(kind);
            found.push(RegionCopy {
                function,
                kind,
                labels: all.clone(),
                scope: Some((tree, scope)),
                whole: true,
            });
        }
    }
    // The rest have no names; what holds for one of them in a function holds for all.
    for extents in [false, true] {
        let mut nameless: Vec<Label> = Vec::new();
        for (_, kind) in Kind::ALL {
            let is_one = kind.is_region() && (kind == Kind::Extent) == extents;
            let of_kind: Vec<Label> = lost.iter().copied().filter(|label| label.kind == kind).collect();
            if is_one && of_kind.len() > claimed.iter().filter(|claimed| **claimed == kind).count() {
                nameless.extend(of_kind);
            }
        }
        let kinds = || nameless.iter().map(|label| label.kind);
        let required = kinds().find(|kind| *kind == Kind::Required);
        if let Some(kind) = required.or_else(|| kinds().next()) {
            let mut labels: Vec<u64> = nameless.iter().map(|label| label.addr).collect();
            labels.sort_unstable();
            labels.dedup();
            found.push(RegionCopy { function, kind, labels, scope: None, whole: true });
        }
    }
    let made = |kind: &Kind| *kind == Kind::Made;
    if lost.iter().filter(|label| made(&label.kind)).count()
        > claimed.iter().filter(|kind| made(kind)).count()
    {
        found.push(RegionCopy { function, kind: Kind::Made, labels: Vec::new(), scope: None, whole: true });
    }
    found
}

/// The regions that a label can belong to. In a permit that is in a region, and where code of a region ends that has a label elsewhere, a
/// label is that of another region, of which there may be no description.
fn covering(tree: &Tree, begin: Begin, begins: &[Begin]) -> Vec<usize> {
    let Label { addr, kind } = begin.label;
    let touching = |touch: Touch| {
        let of_kind = tree.regions().filter(|&s| tree.scopes[s].mark == Some(kind));
        of_kind.filter(|&s| tree.scopes[s].touches(addr) == touch).collect::<Vec<usize>>()
    };
    let mut inside = touching(Touch::Inside);
    if !inside.is_empty() {
        inside.retain(|&region| !is_in_permit(tree, region, begin));
        return inside;
    }
    let mut at_end = touching(Touch::End);
    let has_label = |region: usize| {
        begins.iter().any(|other| other.label.kind == kind && tree.scopes[region].contains(other.label.addr))
    };
    at_end.retain(|&region| !has_label(region));
    at_end
}

/// Whether a label in a region is in a permit there: a region's own label comes before all that is in it.
fn is_in_permit(tree: &Tree, region: usize, begin: Begin) -> bool {
    let addr = begin.label.addr;
    let is_permit = |scope: usize| tree.scopes[scope].mark == Some(Kind::Permit);
    let begins_there = |scope: usize| tree.scopes[scope].ranges.iter().any(|range| range.start == addr);
    let outside = tree.outwards(region).filter(|&scope| is_permit(scope) && begins_there(scope)).count();
    let inside = (0..tree.scopes.len()).filter(|&scope| is_permit(scope));
    inside.filter(|&scope| tree.outwards(scope).any(|outer| outer == region)).any(|permit| {
        let is_within = |range: &Range<u64>| range.start < addr && addr < range.end;
        tree.scopes[permit].ranges.iter().any(is_within) || begins_there(permit) && begin.permits > outside
    })
}

fn add(found: &mut Vec<RegionCopy>, function: u64, label: Label, tree: &Rc<Tree>, scope: usize) {
    let known = found
        .iter_mut()
        .find(|copy| matches!(&copy.scope, Some((t, s)) if Rc::ptr_eq(t, tree) && *s == scope));
    match known {
        Some(copy) => copy.labels.push(label.addr),
        None => found.push(RegionCopy {
            function,
            kind: label.kind,
            labels: vec![label.addr],
            scope: Some((Rc::clone(tree), scope)),
            whole: false,
        }),
    }
}
