//! The blocks of a function in the making, in memory that is used again for the next one.

use std::ops::Range;

use super::addr_map::AddrMap;
use super::addresses::Addresses;
use super::body::{Block, Body, Call, Callee, End, Why};
use super::state::State;

/// Memory that is used again for the next function.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Where blocks begin.
    pub(super) starts: Addresses,
    /// For each byte of the function at which a block begins, the number of its node; for others anything.
    numbers: Vec<u32>,
    /// The same of the blocks that lie elsewhere.
    elsewhere: AddrMap<u64, u32>,
    /// The blocks so far.
    pub(super) nodes: Vec<Node>,
    /// Which of them are to be read.
    pub(super) queue: Addresses,
    pub(super) spare: Successors,
    spare_calls: Vec<Vec<Call>>,
    spare_succ: Vec<Vec<u64>>,
    /// The place of each node in the body.
    places: Vec<u32>,
}

impl Scratch {
    /// Forgets a function, and keeps its memory for the one that lies here.
    pub(super) fn clear(&mut self, bounds: &Range<u64>) {
        for mut node in self.nodes.drain(..) {
            node.calls.clear();
            node.succ.clear();
            self.spare_calls.push(node.calls);
            self.spare_succ.push(node.succ);
        }
        self.starts.clear(bounds);
        self.queue.clear(bounds);
        self.elsewhere.clear();
    }

    /// The number of the node of the block that begins here.
    pub(super) fn at(&self, addr: u64) -> Option<usize> {
        let number = match self.starts.place(addr) {
            Some(place) if self.starts.contains(addr) => self.numbers.get(place),
            Some(_) => None,
            None => self.elsewhere.get(&addr),
        };
        number.map(|&number| number as usize)
    }

    /// Adds a block that begins here in this state, to be read.
    pub(super) fn add(&mut self, addr: u64, state: &State) {
        let number = len32(&self.nodes);
        self.starts.insert(addr);
        match self.starts.place(addr) {
            Some(place) => {
                if self.numbers.len() <= place {
                    self.numbers.resize(place + 1, 0);
                }
                self.numbers[place] = number;
            }
            None => {
                self.elsewhere.insert(addr, number);
            }
        }
        let calls = self.spare_calls.pop().unwrap_or_default();
        let succ = self.spare_succ.pop().unwrap_or_default();
        self.nodes.push(Node { state: *state, end_addr: addr, calls, succ, end: End::Lost });
        self.queue.insert(addr);
    }

    /// Writes the blocks into the body of the function that begins at `entry`.
    pub(super) fn write(&mut self, entry: u64, body: &mut Body) {
        // The entry first, the rest by address.
        let others = self.starts.iter().filter(|&addr| addr != entry);
        let order = std::iter::once(entry).chain(others).filter_map(|addr| Some((addr, self.at(addr)?)));
        let order: Vec<(u64, usize)> = order.collect();
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        places.resize(self.nodes.len(), 0);
        for (place, &(_, node)) in (0u32..).zip(&order) {
            places[node] = place;
        }
        body.blocks.reserve_exact(order.len());
        body.calls.reserve_exact(self.nodes.iter().map(|node| node.calls.len()).sum());
        body.edges.reserve_exact(self.nodes.iter().map(|node| node.succ.len()).sum());
        for (addr, number) in order {
            let (first_call, first_edge) = (len32(&body.calls), len32(&body.edges));
            // A block is written once.
            body.calls.append(&mut self.nodes[number].calls);
            let node = &self.nodes[number];
            body.edges.extend(node.succ.iter().filter_map(|&to| Some(places[self.at(to)?])));
            body.blocks.push(Block {
                at: addr..node.end_addr,
                calls: first_call..len32(&body.calls),
                edges: first_edge..len32(&body.edges),
                end: node.end,
                doomed: false,
            });
        }
        self.places = places;
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

/// Where control goes from a block, in which states. A state is large, and often the same for several places.
#[derive(Debug, Default)]
pub(super) struct Successors {
    /// The places, each with the number of its state.
    to: Vec<(u64, usize)>,
    states: Vec<State>,
}

impl Successors {
    /// Control goes to these places in one state.
    pub(super) fn add(&mut self, places: impl IntoIterator<Item = u64>, state: &State) {
        let number = self.states.len();
        self.states.push(*state);
        self.to.extend(places.into_iter().map(|place| (place, number)));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.to.len()
    }

    /// The places and states.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &State)> {
        self.to.iter().map(|&(place, number)| (place, &self.states[number]))
    }

    pub(super) fn clear(&mut self) {
        self.to.clear();
        self.states.clear();
    }
}

/// A block in the making.
pub(super) struct Open {
    pub(super) calls: Vec<Call>,
    pub(super) succ: Successors,
}

impl Open {
    pub(super) fn lose(&mut self, site: u64, why: Why) {
        self.calls.push(Call::new(site, Callee::Unknown(why)));
    }
}

fn len32<T>(v: &[T]) -> u32 {
    u32::try_from(v.len()).unwrap_or(u32::MAX)
}
