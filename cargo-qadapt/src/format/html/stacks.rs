//! Stacks as a tree, so that what many of them share is there once.

use std::collections::HashMap;

use serde::Serialize;

use crate::report::figures::Report;

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
    pub(super) fn of(report: &Report) -> (Self, Vec<u32>) {
        let mut nodes = Vec::new();
        let mut places: HashMap<Node, u32> = HashMap::new();
        let mut place = |node: Node| {
            *places.entry(node).or_insert_with(|| {
                nodes.push(node);
                u32::try_from(nodes.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let ends = report
            .sites
            .iter()
            .map(|site| {
                let root = place(Node(None, u32::try_from(site.region).unwrap_or(u32::MAX)));
                site.stack.iter().rev().fold(root, |parent, &frame| place(Node(Some(parent), frame)))
            })
            .collect();
        (Self { nodes }, ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::{Op, Site};

    #[test]
    fn shared_frames_are_there_once() {
        let site =
            |region, stack: &[u32]| Site { region, op: Op::Alloc, stack: stack.to_vec(), counts: vec![] };
        let report = Report {
            sites: vec![site(0, &[2, 1, 0]), site(0, &[3, 1, 0]), site(1, &[])],
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
        assert_eq!(ends, [3, 4, 5]);
    }
}
