//! The blocks of a function in the making, in memory that is used again for the next one.

use std::collections::{BTreeMap, BTreeSet};

use super::addr_map::AddrMap;
use super::body::{Block, Body, Call, Callee, End, Why};
use super::state::State;

/// Memory that is used again for the next function.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The nodes by address.
    pub(super) index: BTreeMap<u64, usize>,
    /// The blocks so far.
    pub(super) nodes: Vec<Node>,
    /// Which of them are to be read.
    pub(super) queue: BTreeSet<u64>,
    pub(super) spare: Vec<(u64, State)>,
    spare_calls: Vec<Vec<Call>>,
    spare_succ: Vec<Vec<u64>>,
    number: AddrMap<u64, u32>,
}

impl Scratch {
    /// Forgets a function, and keeps its memory.
    pub(super) fn clear(&mut self) {
        for mut node in self.nodes.drain(..) {
            node.calls.clear();
            node.succ.clear();
            self.spare_calls.push(node.calls);
            self.spare_succ.push(node.succ);
        }
        self.index.clear();
        self.queue.clear();
    }

    /// Adds a block that begins here in this state, to be read.
    pub(super) fn add(&mut self, addr: u64, state: &State) {
        self.index.insert(addr, self.nodes.len());
        let calls = self.spare_calls.pop().unwrap_or_default();
        let succ = self.spare_succ.pop().unwrap_or_default();
        self.nodes.push(Node { state: *state, end_addr: addr, calls, succ, end: End::Lost });
        self.queue.insert(addr);
    }

    /// Writes the blocks into the body of the function that begins at `entry`.
    pub(super) fn write(&mut self, entry: u64, body: &mut Body) {
        // The entry first, the rest by address.
        let order: Vec<u64> =
            std::iter::once(entry).chain(self.index.keys().copied().filter(|&a| a != entry)).collect();
        let mut number = std::mem::take(&mut self.number);
        number.clear();
        number.extend(order.iter().zip(0u32..).map(|(&a, i)| (a, i)));
        for (addr, node) in order.iter().filter_map(|addr| Some((*addr, &self.nodes[*self.index.get(addr)?])))
        {
            let first_call = len32(&body.calls);
            let first_edge = len32(&body.edges);
            body.calls.extend(node.calls.iter().cloned());
            body.edges.extend(node.succ.iter().filter_map(|s| number.get(s)));
            body.blocks.push(Block {
                at: addr..node.end_addr,
                calls: first_call..len32(&body.calls),
                edges: first_edge..len32(&body.edges),
                end: node.end,
                doomed: false,
            });
        }
        self.number = number;
    }
}

/// A block as it is so far: what is known at its beginning, and where it goes.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) state: State,
    pub(super) end_addr: u64,
    pub(super) calls: Vec<Call>,
    pub(super) succ: Vec<u64>,
    pub(super) end: End,
}

/// A block in the making.
pub(super) struct Open {
    pub(super) calls: Vec<Call>,
    pub(super) succ: Vec<(u64, State)>,
}

impl Open {
    pub(super) fn lose(&mut self, site: u64, why: Why) {
        self.calls.push(Call::new(site, Callee::Unknown(why)));
    }
}

fn len32<T>(v: &[T]) -> u32 {
    u32::try_from(v.len()).unwrap_or(u32::MAX)
}
