//! Which functions regions reach, from call to call: each is analysed once, and once more for each set of constants that it is
//! passed.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::addr_map::{AddrMap, AddrSet};
use super::body::{Body, Call, Callee, Fact, Given, Why};
use super::builders;
use super::cover::{Assumptions, Callees, Cover, Vouched};
use super::ground::Ground;
use super::node::{Edge, Node, To};
use super::once;
use super::parts::is_lost;
use super::permits::Under;
use super::program::Program;
use super::role::Role;
use super::start::{Part, Start};

/// The nodes of all that the starts reach; node `i` is start `i`. Constants are followed into callees that are not `closed`, if there
/// are such.
pub(super) fn explore(
    program: &Program<'_>,
    starts: &[Start],
    assumed: &dyn Assumptions,
    closed: Option<&AddrSet>,
) -> Vec<Node> {
    let mut explorer = Explorer {
        program,
        assumed,
        closed,
        starts,
        nodes: Vec::new(),
        index: AddrMap::default(),
        copies: HashMap::new(),
        keys: Vec::new(),
        queue: VecDeque::new(),
        queued: Vec::new(),
        callers: AddrMap::default(),
        whole: AddrMap::default(),
    };
    explorer.run();
    explorer.nodes
}

/// What permits are worth in a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Permission {
    /// They cover what is in them.
    #[default]
    Heeded,
    /// Nothing: it is called from a region that forbids them.
    Void,
    /// It is called from one, so that all in it is covered but for regions.
    Given,
}

/// How many copies of functions for constant arguments are made at most.
const MOST_COPIES: usize = 20_000;

/// What tells the nodes of one function apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    entry: u64,
    /// The constants that it is passed.
    given: Given,
    /// The assumptions that cover what is unknown in it.
    vouched: Vouched,
    permission: Permission,
}

/// A graph in the making.
struct Explorer<'x, 'a> {
    program: &'x Program<'a>,
    assumed: &'x dyn Assumptions,
    closed: Option<&'x AddrSet>,
    starts: &'x [Start],
    nodes: Vec<Node>,
    /// The plain nodes by their entries.
    index: AddrMap<u64, u32>,
    copies: HashMap<Key, u32>,
    /// What each node is, but for the regions.
    keys: Vec<Key>,
    queue: VecDeque<u32>,
    /// Whether each node is in the queue.
    queued: Vec<bool>,
    /// The nodes that call a function, by its entry.
    callers: AddrMap<u64, Vec<u32>>,
    /// Bodies of functions that have regions in them, by their entries: there can be many regions in one.
    whole: AddrMap<u64, Body>,
}

impl Explorer<'_, '_> {
    fn run(&mut self) {
        for (i, region) in (0u32..).zip(self.starts) {
            if region.stops.is_empty() && region.part.is_none() && !region.forbids {
                self.index.entry(region.entry).or_insert(i);
            }
            let permission = if region.forbids { Permission::Void } else { Permission::Heeded };
            let node = self.add(Key {
                entry: region.entry,
                given: Given::default(),
                vouched: Vouched::default(),
                permission,
            });
            self.nodes[node as usize].part.clone_from(&region.part);
        }
        while let Some(i) = self.queue.pop_front() {
            self.queued[i as usize] = false;
            let entry = self.keys[i as usize].entry;
            let body = self.body(i);
            for call in &body.calls {
                if let Callee::Local(callee) = call.callee {
                    let known = self.callers.entry(callee).or_default();
                    if known.last() != Some(&i) {
                        known.push(i);
                    }
                }
            }
            let loose = body.loose;
            let edges = self.edges(i, &body);
            let node = &mut self.nodes[i as usize];
            node.edges = edges;
            node.body = body;
            // Once its own body is here: it may call itself.
            if self.program.note_loose(entry, loose) {
                self.look_again(entry);
            }
        }
    }

    fn body(&mut self, i: u32) -> Body {
        let constants = self.closed.is_some();
        let Some(start) = self.starts.get(i as usize) else {
            let key = &self.keys[i as usize];
            return self.program.body(&Start::function_given(key.entry, &key.given), constants);
        };
        if start.part.is_none() {
            return self.program.body(start, constants);
        }
        self.whole.entry(start.entry).or_insert_with(|| self.program.body(start, constants)).clone()
    }

    fn add(&mut self, key: Key) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node {
            entry: key.entry,
            edges: Vec::new(),
            body: Body::default(),
            vouched: !key.vouched.is_none(),
            permitted: key.permission == Permission::Given,
            part: None,
        });
        self.keys.push(key);
        self.queue.push_back(number);
        self.queued.push(true);
        number
    }

    /// Queues those again that call a function of which something new is known.
    fn look_again(&mut self, entry: u64) {
        self.whole.retain(|_, body| !calls(body, entry));
        // Each calls it again once it has been looked at.
        for i in self.callers.remove(&entry).unwrap_or_default() {
            if !std::mem::replace(&mut self.queued[i as usize], true) {
                self.queue.push_back(i);
            }
        }
    }

    fn edges(&mut self, i: u32, body: &Body) -> Vec<Edge> {
        let formats = self.keys[i as usize].given.iter().any(|g| g.1 == Fact::Arguments);
        let Key { entry, vouched, mut permission, .. } = self.keys[i as usize];
        if permission == Permission::Given && self.assumed.has_region(entry) {
            permission = Permission::Heeded;
        }
        let image = self.program.image();
        let is_once = formats && once::is_known(image, entry);
        let is_told = |site| formats && (!is_once || once::calls_closure(image, site));
        let told = builders::told();
        let is_builders = formats && builders::is_inner(image, entry);
        let mut edges = Vec::new();
        let calls: Vec<&Call> = match self.starts.get(i as usize).and_then(|start| start.part.as_ref()) {
            Some(part) => calls_of(body, part),
            None => body.live_calls().collect(),
        };
        // The closure's call stands beside that of `Once::call`.
        let is_made = |call: &&Call| Some((call.site, self.assumed.is_made(call)?));
        let made: Vec<(u64, u32)> = calls.iter().filter_map(is_made).collect();
        for call in calls {
            if let Some(&(site, number)) = made.iter().find(|(site, _)| *site == call.site) {
                edges.push(Edge { site, to: To::Assumed(number) });
                continue;
            }
            // Asked of each: it has been spoken of where it is permitted, or told without.
            let callees = self.assumed.callees(call.site);
            let mut to = |to| edges.push(Edge { site: call.site, to });
            let below = match self.assumed.covers(call.site, call.callee) {
                Some(Cover::Call(number)) => {
                    to(To::Assumed(number));
                    continue;
                }
                Some(Cover::Below(here)) => vouched.or(here),
                None => vouched,
            };
            let permission = match (permission, self.assumed.under(call.site, call.callee)) {
                (Permission::Heeded, Under::Permit) => {
                    if self.assumed.some_forbid() {
                        to(To::Granted(Ground::Permitted));
                    }
                    Permission::Given
                }
                (Permission::Heeded, Under::Forbid) => Permission::Void,
                _ => permission,
            };
            if permission == Permission::Given {
                match call.callee {
                    Callee::Local(addr) if !matches!(self.program.role(call.callee), Role::Sink(_)) => {
                        to(To::Node(self.node_of(addr, &Given::default(), Vouched::default(), permission)));
                    }
                    Callee::Unknown(why) if is_lost(call.callee) => to(To::Unknown(why)),
                    _ => {}
                }
                continue;
            }
            let unknown = |unknown| {
                let mut speaking =
                    below.numbers().filter(|&number| self.assumed.speaks_of(number, call.callee));
                speaking.next().map_or(unknown, To::Assumed)
            };
            match (self.program.role(call.callee), call.callee) {
                (Role::Sink(kind), callee) => to(To::Sink(kind, callee)),
                (_, Callee::Unknown(why)) if why.is_indirect() && is_told(call.site) => {}
                (_, Callee::Unknown(why)) => match self.leads_to(body, call.site, why, callees) {
                    Some((functions, rests_on)) => {
                        edges.extend(rests_on.into_iter().map(|to| Edge { site: call.site, to }));
                        for addr in functions {
                            // What it does not give back may turn out later.
                            self.callers.entry(addr).or_default().push(i);
                            edges.push(Edge { site: call.site, to: self.one_of(addr, below, permission) });
                        }
                    }
                    None => to(unknown(To::Unknown(why))),
                },
                (role, Callee::Import(import)) => match self.program.image().own_definition(import) {
                    Some(addr) => match self.assumed.not_overridden() {
                        Some(number) => {
                            to(To::Assumed(number));
                            let node = self.node_of(addr, &Given::default(), below, permission);
                            edges.push(Edge { site: call.site, to: To::Node(node) });
                        }
                        None => to(unknown(To::Foreign(import))),
                    },
                    None if matches!(role, Role::Foreign | Role::Exit) => to(unknown(To::Foreign(import))),
                    None => {}
                },
                // Its role is a sink's.
                (_, Callee::System(_)) => {}
                (_, Callee::Local(addr)) => {
                    // What builders call among themselves is told with the first of them.
                    let is_told = is_builders && builders::is_inner(image, addr);
                    let node =
                        self.node_of(addr, if is_told { &told } else { &call.given }, below, permission);
                    edges.push(Edge { site: call.site, to: To::Node(node) });
                }
            }
        }
        edges.shrink_to_fit();
        edges
    }

    /// The functions that a call through a pointer may be of, if these are all known, and what that rests on.
    fn leads_to(
        &self,
        body: &Body,
        site: u64,
        why: Why,
        said: Option<Callees>,
    ) -> Option<(BTreeSet<u64>, Vec<To>)> {
        if !why.is_indirect() {
            return None;
        }
        if let Some(targets) = self.program.targets(body, site) {
            let rests_on = targets.are_chosen.then_some(To::Granted(Ground::Chosen));
            return Some((targets.functions, rests_on.into_iter().collect()));
        }
        let Callees { by, functions } = said?;
        let is_meant = why != Why::OddJump && self.program.is_through_pointer(body, site);
        let are_known = is_meant && functions.iter().all(|&addr| self.program.is_callable(addr));
        are_known.then(|| (functions, by.into_iter().map(To::Assumed).collect()))
    }

    /// Where one of several functions leads that a call through a pointer may be of.
    fn one_of(&mut self, addr: u64, vouched: Vouched, permission: Permission) -> To {
        match self.program.role(Callee::Local(addr)) {
            Role::Sink(kind) => To::Sink(kind, Callee::Local(addr)),
            _ => To::Node(self.node_of(addr, &Given::default(), vouched, permission)),
        }
    }

    /// The node of a function that is called so.
    fn node_of(&mut self, entry: u64, given: &Given, vouched: Vouched, permission: Permission) -> u32 {
        // What may lead to a `Formatter` matters where one is known.
        let tells = given.iter().any(|(_, fact)| *fact != Fact::MaybeFormatter);
        let wanted = tells && self.closed.is_some_and(|c| !c.contains(&entry));
        let given = if wanted && self.copies.len() < MOST_COPIES { given.clone() } else { Given::default() };
        if given.is_empty() && vouched.is_none() && permission == Permission::Heeded {
            if let Some(&node) = self.index.get(&entry) {
                return node;
            }
            let node = self.add(Key { entry, given, vouched, permission });
            self.index.insert(entry, node);
            return node;
        }
        let key = Key { entry, given, vouched, permission };
        if let Some(&node) = self.copies.get(&key) {
            return node;
        }
        let node = self.add(key.clone());
        self.copies.insert(key, node);
        node
    }
}

fn calls(body: &Body, entry: u64) -> bool {
    body.calls.iter().any(|call| call.callee == Callee::Local(entry))
}

/// The calls of a part of a function.
fn calls_of<'b>(body: &'b Body, part: &Part) -> Vec<&'b Call> {
    let mut calls = body.live_calls_of(part);
    // Where the flow was lost before the label is as good as behind it.
    calls.extend(body.calls.iter().filter(|call| is_lost(call.callee)));
    calls.sort_by_key(|call| call.site);
    calls.dedup_by(|a, b| std::ptr::eq(*a, *b));
    calls
}
