//! Who calls whom: what each region can reach, by which shortest path, and what it cannot avoid.
//!
//! Each function is analysed once, whichever region asks; facts travel from the sinks backwards over all callers,
//! so the cost is linear in the code that the regions reach.

use std::collections::{HashMap, VecDeque};

use super::addr_map::{AddrMap, AddrSet};
use super::body::{Body, Call, Callee, End, Given, Why};
use super::cfg::{Part, Start};
use super::parts::is_lost;
use super::policy::{Kind, Role};
use super::program::Program;

/// Where a call edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To another node.
    Node(u32),
    /// To an entry of the allocator.
    Sink(Kind, Callee),
    /// To something unresolved.
    Unknown(Why),
    /// To a foreign function of which nothing is known.
    Foreign(u32),
    /// To something the user vouches for: the number of the assumption.
    Assumed(u32),
}

/// One call that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Address of the call instruction.
    pub site: u64,
    /// Where it leads.
    pub to: To,
}

/// A function, or a region inside one.
#[derive(Debug)]
pub struct Node {
    /// Where it begins.
    pub entry: u64,
    /// The calls on its paths that do not panic.
    pub edges: Vec<Edge>,
    body: Body,
    part: Option<Part>,
}

/// One question that is asked of every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Can it allocate?
    Alloc,
    /// Can it free?
    Free,
    /// Can it come to something unresolved?
    Unknown,
    /// Does it rest on an assumption?
    Assumed,
}

impl Goal {
    const ALL: [Self; 4] = [Self::Alloc, Self::Free, Self::Unknown, Self::Assumed];

    fn is(self, to: To) -> bool {
        match self {
            Self::Alloc => matches!(to, To::Sink(Kind::Alloc, _)),
            Self::Free => matches!(to, To::Sink(Kind::Free, _)),
            Self::Unknown => matches!(to, To::Unknown(_) | To::Foreign(_)),
            Self::Assumed => matches!(to, To::Assumed(_)),
        }
    }
}

/// Says which callees the user vouches for.
pub trait Assumptions {
    /// The number of the assumption that covers this call, if any.
    fn covers(&self, site: u64, callee: Callee) -> Option<u32>;
}

/// How many copies of functions for constant arguments are made at most.
const MOST_COPIES: usize = 20_000;

/// The call graph of what the regions reach.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Per goal and node: the edge to follow, if the goal can be reached.
    next: [Vec<Option<u32>>; 4],
    /// Per kind of sink and node: whether every path that returns comes to one.
    always: [Vec<bool>; 2],
}

impl Graph {
    /// Explores everything that the regions reach; node `i` is region `i`.
    #[must_use]
    pub fn build(program: &Program<'_>, regions: &[Start], assumed: &dyn Assumptions) -> Self {
        Self::explore(program, regions, assumed, None)
    }

    /// The same once more, following function pointers and vtables into the callees that may need them: all but those
    /// that come to nothing unresolved in `coarse`.
    #[must_use]
    pub fn refine(
        program: &Program<'_>,
        regions: &[Start],
        assumed: &dyn Assumptions,
        coarse: &Self,
    ) -> Self {
        let closed: AddrSet = (0u32..)
            .zip(&coarse.nodes)
            .filter(|&(i, _)| !coarse.reaches(i, Goal::Unknown))
            .map(|(_, n)| n.entry)
            .collect();
        Self::explore(program, regions, assumed, Some(&closed))
    }

    fn explore(
        program: &Program<'_>,
        regions: &[Start],
        assumed: &dyn Assumptions,
        closed: Option<&AddrSet>,
    ) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut index: AddrMap<u64, u32> = AddrMap::default();
        let mut copies: HashMap<(u64, Given), u32> = HashMap::new();
        let mut queue: VecDeque<Start> = VecDeque::new();
        let mut whole: AddrMap<u64, Body> = AddrMap::default();
        for (i, region) in (0u32..).zip(regions) {
            if region.stops.is_empty() && region.part.is_none() {
                index.entry(region.entry).or_insert(i);
            }
            queue.push_back(region.clone());
        }
        while let Some(start) = queue.pop_front() {
            let body = match &start.part {
                // Many regions can be in one function.
                Some(_) => {
                    let shared = whole.entry(start.entry);
                    shared.or_insert_with(|| program.body(&start, closed.is_some())).clone()
                }
                None => program.body(&start, closed.is_some()),
            };
            let mut edges = Vec::new();
            let calls: Vec<&Call> = match &start.part {
                Some(part) => calls_of(&body, part),
                None => body.live_calls().collect(),
            };
            for call in calls {
                let to = match assumed.covers(call.site, call.callee) {
                    Some(number) => To::Assumed(number),
                    None => match (program.role(call.callee), call.callee) {
                        (Role::Sink(kind), callee) => To::Sink(kind, callee),
                        (_, Callee::Unknown(why)) if start.formats && why.is_indirect() => continue,
                        (_, Callee::Unknown(why)) => To::Unknown(why),
                        (Role::Foreign | Role::Exit, Callee::Import(i)) => To::Foreign(i),
                        (_, Callee::Import(_)) => continue,
                        (_, Callee::Local(addr)) => {
                            let fresh = u32::try_from(nodes.len() + 1 + queue.len()).unwrap_or(u32::MAX);
                            let wanted = !call.given.is_empty() && closed.is_some_and(|c| !c.contains(&addr));
                            To::Node(if wanted && copies.len() < MOST_COPIES {
                                *copies.entry((addr, call.given.clone())).or_insert_with(|| {
                                    queue.push_back(Start::function_given(addr, &call.given));
                                    fresh
                                })
                            } else {
                                *index.entry(addr).or_insert_with(|| {
                                    queue.push_back(Start::function(addr));
                                    fresh
                                })
                            })
                        }
                    },
                };
                edges.push(Edge { site: call.site, to });
            }
            edges.shrink_to_fit();
            nodes.push(Node { entry: start.entry, edges, body, part: start.part });
        }
        let callers = callers(&nodes);
        let next = Goal::ALL.map(|goal| reach(&nodes, &callers, goal));
        let always =
            [Kind::Alloc, Kind::Free].map(|kind| unavoidable(&nodes, &callers, program, &index, kind));
        Self { nodes, next, always }
    }

    /// A node.
    #[must_use]
    pub fn node(&self, i: u32) -> &Node {
        &self.nodes[i as usize]
    }

    /// How many functions and regions were analysed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was analysed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether a goal can be reached from a node.
    #[must_use]
    pub fn reaches(&self, node: u32, goal: Goal) -> bool {
        self.next[goal as usize][node as usize].is_some()
    }

    /// Whether every path that returns from a node comes to a sink of this kind.
    #[must_use]
    pub fn always(&self, node: u32, kind: Kind) -> bool {
        self.always[kind as usize][node as usize]
    }

    /// The shortest chain of calls from a node to a goal.
    #[must_use]
    pub fn path(&self, mut node: u32, goal: Goal) -> Vec<(u32, Edge)> {
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

    /// The edges to a goal that a node can reach, nearest first, at most `limit`.
    #[must_use]
    pub fn all(&self, node: u32, goal: Goal, limit: usize) -> Vec<(u32, Edge)> {
        let mut found = Vec::new();
        let mut seen = std::collections::HashSet::from([node]);
        let mut queue = VecDeque::from([node]);
        while let Some(i) = queue.pop_front() {
            for edge in &self.nodes[i as usize].edges {
                match edge.to {
                    To::Node(to) if self.reaches(to, goal) && seen.insert(to) => queue.push_back(to),
                    to if goal.is(to) && !found.iter().any(|&(_, e): &(u32, Edge)| e == *edge) => {
                        if found.len() == limit {
                            return found;
                        }
                        found.push((i, *edge));
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

/// The nodes all of whose returning paths come to a sink of this kind, to a fixed point from the sinks upwards.
fn unavoidable(
    nodes: &[Node],
    callers: &[Vec<u32>],
    program: &Program<'_>,
    by_entry: &AddrMap<u64, u32>,
    kind: Kind,
) -> Vec<bool> {
    let mut always = vec![false; nodes.len()];
    let mut queued = vec![false; nodes.len()];
    let mut queue = VecDeque::new();
    for (i, node) in (0u32..).zip(nodes) {
        if node.edges.iter().any(|e| matches!(e.to, To::Sink(k, _) if k == kind)) {
            queue.push_back(i);
            queued[i as usize] = true;
        }
    }
    while let Some(i) = queue.pop_front() {
        queued[i as usize] = false;
        if always[i as usize] {
            continue;
        }
        let allocates = |callee: Callee| match program.role(callee) {
            Role::Sink(k) => k == kind,
            _ => match callee {
                Callee::Local(addr) => by_entry.get(&addr).is_some_and(|&n| always[n as usize]),
                _ => false,
            },
        };
        let node = &nodes[i as usize];
        let sure = match &node.part {
            Some(part) => part.labels.iter().all(|&label| {
                let counts = |call: &Call| allocates(call.callee) && !part.outside.contains(&call.site);
                node.body
                    .block_at(label)
                    .is_some_and(|block| cannot_avoid(&node.body, (block, label), &counts))
            }),
            None => cannot_avoid(&node.body, (0, 0), &|call| allocates(call.callee)),
        };
        if sure {
            always[i as usize] = true;
            for &caller in &callers[i as usize] {
                if !queued[caller as usize] {
                    queued[caller as usize] = true;
                    queue.push_back(caller);
                }
            }
        }
    }
    always
}

/// The calls of a part of a function.
fn calls_of<'b>(body: &'b Body, part: &Part) -> Vec<&'b Call> {
    let mut calls: Vec<&Call> = Vec::new();
    for &label in part.labels.iter() {
        match body.block_at(label) {
            Some(block) => calls.extend(body.live_calls_after(block, label)),
            // Whoever made the part has seen to it that the label can be reached; if not, all counts.
            None => calls.extend(body.live_calls()),
        }
    }
    calls.retain(|call| !part.outside.contains(&call.site));
    // Where the flow was lost before the label is as good as behind it.
    calls.extend(body.calls.iter().filter(|call| is_lost(call.callee)));
    calls.sort_by_key(|call| call.site);
    calls.dedup_by(|a, b| std::ptr::eq(*a, *b));
    calls
}

/// Whether no path from an address in a block to an end that is not a panic, or back there, keeps clear of the calls
/// that allocate.
fn cannot_avoid(body: &Body, from: (u32, u64), allocates: &dyn Fn(&Call) -> bool) -> bool {
    let mut seen = vec![false; body.blocks.len()];
    let mut stack = vec![from.0];
    let mut stopped = false;
    while let Some(i) = stack.pop() {
        let Some(block) = body.blocks.get(i as usize) else { continue };
        let first = i == from.0;
        if first && seen[i as usize] && from.1 != 0 {
            return false;
        }
        if block.doomed || std::mem::replace(&mut seen[i as usize], true) {
            continue;
        }
        let calls = body.calls_of(block);
        let edges = body.edges_of(block);
        // The last call of a conditional tail call is made on one side only.
        let conditional = block.end == End::Tail && !edges.is_empty();
        let (sure, last) = if conditional { calls.split_at(calls.len() - 1) } else { (calls, &[][..]) };
        if sure.iter().any(|c| c.sure && (!first || c.site >= from.1) && allocates(c)) {
            stopped = true;
            continue;
        }
        if conditional && last.iter().any(allocates) {
            stopped = true;
        } else if block.end != End::Flow {
            return false;
        }
        stack.extend(edges);
    }
    stopped
}
