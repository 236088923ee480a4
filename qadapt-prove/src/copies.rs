//! The copies of regions in a file: one for each place that the compiler emitted a label at.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::inlined::{Touch, Tree, Trees};
use super::load::Image;
use super::marks::{Kind, Label};

/// One copy of a region.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
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
pub(crate) fn copies(image: &Image<'_>, trees: &Trees, labels: &[Label]) -> Vec<Copy> {
    let mut functions: BTreeMap<u64, Vec<Label>> = BTreeMap::new();
    for label in labels.iter().filter(|label| !label.kind.is_rule()) {
        let bounds = image.bounds(label.addr);
        if bounds.contains(&label.addr) {
            functions.entry(bounds.start).or_default().push(*label);
        }
    }
    let copies = functions.into_iter().flat_map(|(function, mut labels)| {
        labels.sort_unstable();
        of_function(function, &labels, trees)
    });
    copies.collect()
}

fn of_function(function: u64, labels: &[Label], trees: &Trees) -> Vec<Copy> {
    let mut found: Vec<Copy> = Vec::new();
    // Labels at one place, one for each region that begins there.
    let mut lost: Vec<Label> = Vec::new();
    let mut described: Vec<Rc<Tree>> = Vec::new();
    for same in labels.chunk_by(|a, b| a == b) {
        let label = same[0];
        let mut covered = 0;
        if let Some(tree) = trees.of(label.addr) {
            let scopes = covering(&tree, label);
            covered = scopes.len();
            for scope in scopes {
                add(&mut found, function, label, &tree, scope);
            }
            if !described.iter().any(|known| Rc::ptr_eq(known, &tree)) {
                described.push(tree);
            }
        }
        lost.extend(same.iter().skip(covered));
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
            found.push(Copy { function, kind, labels: all.clone(), scope: Some((tree, scope)), whole: true });
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
            found.push(Copy { function, kind, labels, scope: None, whole: true });
        }
    }
    let made = |kind: &Kind| *kind == Kind::Made;
    if lost.iter().filter(|label| made(&label.kind)).count()
        > claimed.iter().filter(|kind| made(kind)).count()
    {
        found.push(Copy { function, kind: Kind::Made, labels: Vec::new(), scope: None, whole: true });
    }
    found
}

/// The regions that a label can belong to.
fn covering(tree: &Tree, label: Label) -> Vec<usize> {
    let touching = |touch: Touch| {
        let of_kind = tree.regions().filter(|&s| tree.scopes[s].mark == Some(label.kind));
        of_kind.filter(|&s| tree.scopes[s].touches(label.addr) == touch).collect::<Vec<usize>>()
    };
    let inside = touching(Touch::Inside);
    if inside.is_empty() { touching(Touch::End) } else { inside }
}

fn add(found: &mut Vec<Copy>, function: u64, label: Label, tree: &Rc<Tree>, scope: usize) {
    let known = found
        .iter_mut()
        .find(|copy| matches!(&copy.scope, Some((t, s)) if Rc::ptr_eq(t, tree) && *s == scope));
    match known {
        Some(copy) => copy.labels.push(label.addr),
        None => found.push(Copy {
            function,
            kind: label.kind,
            labels: vec![label.addr],
            scope: Some((Rc::clone(tree), scope)),
            whole: false,
        }),
    }
}
