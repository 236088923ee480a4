//! Stacks as a tree, so that what many of them share is there once.

use serde::Serialize;

use crate::report::figures::{Report, Site};

/// A tree with a root for each region; further in are the frames that the region's stacks go through, outermost first.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Stacks {
    pub(super) nodes: Vec<Node>,
}

/// The parent's place, which is always a smaller one, and the frame; a root has no parent, and its region's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct Node(pub(super) Option<u32>, pub(super) u32);

impl Stacks {
    /// The tree of a report's stacks, and where in it each site's stack ends.
    ///
    /// In the order of their frames, outermost first, each stack shares with the one before all that it shares with any: so nothing has
    /// to be looked up.
    pub(super) fn of(report: &Report) -> (Self, Vec<u32>) {
        let mut order: Vec<(usize, &Site)> = report.sites.iter().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| {
            a.region.cmp(&b.region).then_with(|| a.stack.iter().rev().cmp(b.stack.iter().rev()))
        });
        let mut nodes = Vec::new();
        let mut ends = vec![0; report.sites.len()];
        // The nodes of the stack before, from its root.
        let mut path: Vec<u32> = Vec::new();
        let mut before = None;
        for (index, site) in order {
            path.truncate(before.map_or(0, |before| shared(before, site)));
            before = Some(site);
            let root = u32::try_from(site.region).unwrap_or(u32::MAX);
            let whole = [root].into_iter().chain(site.stack.iter().rev().copied());
            for place in whole.skip(path.len()) {
                nodes.push(Node(path.last().copied(), place));
                path.push(u32::try_from(nodes.len() - 1).unwrap_or(u32::MAX));
            }
            ends[index] = path.last().copied().unwrap_or(0);
        }
        (Self { nodes }, ends)
    }
}

/// How many nodes from the root on two stacks have in common.
fn shared(a: &Site, b: &Site) -> usize {
    let frames = || a.stack.iter().rev().zip(b.stack.iter().rev()).take_while(|(a, b)| a == b);
    if a.region == b.region { 1 + frames().count() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::Op;

    #[test]
    fn shared_frames_are_there_once() {
        let site =
            |region, stack: &[u32]| Site { region, op: Op::Alloc, stack: stack.to_vec(), counts: vec![] };
        let report = Report {
            sites: vec![
                site(1, &[]),
                site(0, &[2, 1, 0]),
                site(0, &[3, 1, 0]),
                site(0, &[2, 1, 0]),
                site(0, &[1, 0]),
            ],
            ..Report::default()
        };
        let (stacks, ends) = Stacks::of(&report);
        let tree = [
            Node(None, 0),
            Node(Some(0), 0),
            Node(Some(1), 1),
            Node(Some(2), 2),
            Node(Some(2), 3),
            Node(None, 1),
        ];
        assert_eq!(stacks.nodes, tree);
        assert_eq!(ends, [5, 3, 4, 3, 2]);
    }
}
