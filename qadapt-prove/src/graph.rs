//! Who calls whom: what each region can reach, by which shortest path, and what it cannot avoid.
//!
//! Each function is analysed once, whichever region asks; facts travel from the sinks backwards over all callers,
//! so the cost is linear in the code that the regions reach.

use std::collections::VecDeque;

use super::addr_map::AddrSet;
use super::cover::Assumptions;
use super::explore::explore;
use super::goal::Goal;
use super::node::{Edge, Node, To};
use super::program::Program;
use super::role::Sink;
use super::start::Start;
use super::unavoidable::unavoidable;

/// The call graph of what the regions reach.
#[derive(Debug)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    /// Per goal and node: the edge to follow, if the goal can be reached.
    next: [Vec<Option<u32>>; 5],
    /// Per kind of sink and node: whether every path that returns comes to one.
    always: [Vec<bool>; 3],
}

impl Graph {
    /// Explores everything that the regions reach; node `i` is region `i`.
    pub(crate) fn build(program: &Program<'_>, regions: &[Start], assumed: &dyn Assumptions) -> Self {
        Self::explore(program, regions, assumed, None)
    }

    /// The same once more, following function pointers and vtables into the callees that may need them: all but those
    /// that come to nothing unresolved in `coarse`.
    pub(crate) fn refine(
        program: &Program<'_>,
        regions: &[Start],
        assumed: &dyn Assumptions,
        coarse: &Self,
    ) -> Self {
        let closed: AddrSet = (0u32..)
            .zip(&coarse.nodes)
            .filter(|&(i, n)| {
                !n.vouched && !n.permitted && n.part.is_none() && !coarse.reaches(i, Goal::Unknown)
            })
            .map(|(_, n)| n.entry)
            .collect();
        Self::explore(program, regions, assumed, Some(&closed))
    }

    /// The same once more, following numbers into the callees that may need them: all but those that come to nothing that
    /// matters in `coarse`. None if that took too much work.
    pub(crate) fn with_numbers(
        program: &Program<'_>,
        regions: &[Start],
        assumed: &dyn Assumptions,
        coarse: &Self,
    ) -> Option<Self> {
        let matters = [Goal::Alloc, Goal::Free, Goal::Wait, Goal::Unknown];
        let closed: AddrSet = (0u32..)
            .zip(&coarse.nodes)
            .filter(|&(i, n)| {
                !n.vouched
                    && !n.permitted
                    && n.part.is_none()
                    && !matters.iter().any(|&goal| coarse.reaches(i, goal))
            })
            .map(|(_, n)| n.entry)
            .collect();
        program.with_numbers(|| Self::explore(program, regions, assumed, Some(&closed)))
    }

    fn explore(
        program: &Program<'_>,
        regions: &[Start],
        assumed: &dyn Assumptions,
        closed: Option<&AddrSet>,
    ) -> Self {
        let nodes = explore(program, regions, assumed, closed);
        let callers = callers(&nodes);
        let next = Goal::ALL.map(|goal| reach(&nodes, &callers, goal));
        let always = [Sink::Alloc, Sink::Free, Sink::Wait].map(|kind| unavoidable(&nodes, &callers, kind));
        Self { nodes, next, always }
    }

    /// A node.
    pub(crate) fn node(&self, i: u32) -> &Node {
        &self.nodes[i as usize]
    }

    /// Whether no more nodes than that can be reached from one.
    pub(crate) fn is_small(&self, node: u32, most: usize) -> bool {
        let mut seen = std::collections::HashSet::from([node]);
        let mut queue = vec![node];
        while let Some(i) = queue.pop() {
            for edge in &self.nodes[i as usize].edges {
                if let To::Node(to) = edge.to
                    && seen.insert(to)
                {
                    queue.push(to);
                }
            }
            if seen.len() > most {
                return false;
            }
        }
        true
    }

    /// How many functions and regions were analysed.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether a goal can be reached from a node.
    pub(crate) fn reaches(&self, node: u32, goal: Goal) -> bool {
        self.next[goal as usize][node as usize].is_some()
    }

    /// Whether every path that returns from a node comes to a sink of this kind.
    pub(crate) fn always(&self, node: u32, kind: Sink) -> bool {
        self.always[kind as usize][node as usize]
    }

    /// The shortest chain of calls from a node to a goal.
    pub(crate) fn path(&self, mut node: u32, goal: Goal) -> Vec<(u32, Edge)> {
        let mut path = Vec::new();
        while let Some(edge) = self.next[goal as usize][node as usize] {
            let edge = self.nodes[node as usize].edges[edge as usize];
            path.push((node, edge));
            match edge.to {
                To::Node(to) => node = to,
                _ => break,
            }
        }
        path
    }

    /// The edges to a goal that a node can reach, nearest first, at most `limit`; each with the call in the node itself
    /// that leads there.
    pub(crate) fn all(&self, node: u32, goal: Goal, limit: usize) -> Vec<(u64, Edge)> {
        let mut found = Vec::new();
        let mut seen = std::collections::HashSet::from([node]);
        let mut queue = VecDeque::from([(node, None)]);
        while let Some((i, by)) = queue.pop_front() {
            for edge in &self.nodes[i as usize].edges {
                let by = by.unwrap_or(edge.site);
                match edge.to {
                    To::Node(to) if self.reaches(to, goal) && seen.insert(to) => {
                        queue.push_back((to, Some(by)));
                    }
                    to if goal.is(to) && !found.iter().any(|&(_, e): &(u64, Edge)| e == *edge) => {
                        if found.len() == limit {
                            return found;
                        }
                        found.push((by, *edge));
                    }
                    _ => {}
                }
            }
        }
        found
    }
}

/// Per node: the nodes that call it.
fn callers(nodes: &[Node]) -> Vec<Vec<u32>> {
    let mut callers = vec![Vec::new(); nodes.len()];
    for (i, node) in (0u32..).zip(nodes) {
        for edge in &node.edges {
            if let To::Node(to) = edge.to
                && callers[to as usize].last() != Some(&i)
            {
                callers[to as usize].push(i);
            }
        }
    }
    callers
}

/// Breadth first from the goal backwards, so that the edges form shortest paths.
fn reach(nodes: &[Node], callers: &[Vec<u32>], goal: Goal) -> Vec<Option<u32>> {
    let mut next: Vec<Option<u32>> = vec![None; nodes.len()];
    let mut queue = VecDeque::new();
    for (i, node) in (0u32..).zip(nodes) {
        if let Some(edge) = (0u32..).zip(&node.edges).find(|(_, e)| goal.is(e.to)).map(|(n, _)| n) {
            next[i as usize] = Some(edge);
            queue.push_back(i);
        }
    }
    while let Some(i) = queue.pop_front() {
        for &caller in &callers[i as usize] {
            if next[caller as usize].is_none() {
                let edges = &nodes[caller as usize].edges;
                next[caller as usize] =
                    (0u32..).zip(edges).find(|(_, e)| e.to == To::Node(i)).map(|(n, _)| n);
                queue.push_back(caller);
            }
        }
    }
    next
}
