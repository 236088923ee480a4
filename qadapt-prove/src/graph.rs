//! Who calls whom: what each region can reach, by which shortest path, and what it cannot avoid.
//!
//! Each function is analysed once, whichever region asks; facts travel from the sinks backwards over all callers,
//! so the cost is linear in the code that the regions reach.

use std::collections::{HashMap, VecDeque};

use super::addr_map::{AddrMap, AddrSet};
use super::body::{Body, Call, Callee, End, Fact, Given, Why};
use super::builders;
use super::cfg::{Part, Start};
use super::ground::Ground;
use super::once;
use super::parts::is_lost;
use super::permits::Under;
use super::program::Program;
use super::role::{Kind, Role};
use super::subject::Subject;

/// Where a call edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// To another node.
    Node(u32),
    /// To what a region must not come to.
    Sink(Kind, Callee),
    /// To something unresolved.
    Unknown(Why),
    /// To a foreign function of which nothing is known.
    Foreign(u32),
    /// To something the user vouches for: the number of the assumption.
    Assumed(u32),
    /// To something that is taken for granted.
    Granted(Ground),
}

/// One call that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Address of the call instruction.
    pub(crate) site: u64,
    /// Where it leads.
    pub(crate) to: To,
}

/// A function, or a region inside one.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) entry: u64,
    /// The calls on its paths that do not panic.
    pub(crate) edges: Vec<Edge>,
    body: Body,
    /// Whether an assumption covers what is unknown in it.
    vouched: bool,
    /// Whether it is called from a permit.
    permitted: bool,
    part: Option<Part>,
}

/// One question that is asked of every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Can it allocate?
    Alloc,
    /// Can it free?
    Free,
    /// Can it wait?
    Wait,
    /// Can it come to something unresolved?
    Unknown,
    /// Does it rest on an assumption?
    Assumed,
}

impl Goal {
    const ALL: [Self; 5] = [Self::Alloc, Self::Free, Self::Wait, Self::Unknown, Self::Assumed];

    /// The goals that a region must not come to, each with its kind.
    pub(crate) fn forbidden(subject: Subject, allow_frees: bool) -> &'static [(Self, Kind)] {
        match subject {
            // An allocator takes locks, and asks the system for memory.
            Subject::Blocking => {
                &[(Self::Wait, Kind::Wait), (Self::Alloc, Kind::Alloc), (Self::Free, Kind::Free)]
            }
            Subject::Allocation if allow_frees => &[(Self::Alloc, Kind::Alloc)],
            Subject::Allocation => &[(Self::Alloc, Kind::Alloc), (Self::Free, Kind::Free)],
        }
    }

    fn is(self, to: To) -> bool {
        match self {
            Self::Alloc => matches!(to, To::Sink(Kind::Alloc, _)),
            Self::Free => matches!(to, To::Sink(Kind::Free, _)),
            Self::Wait => matches!(to, To::Sink(Kind::Wait, _)),
            Self::Unknown => matches!(to, To::Unknown(_) | To::Foreign(_)),
            Self::Assumed => matches!(to, To::Assumed(_) | To::Granted(_)),
        }
    }
}

/// What the user vouches for at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// The call does not allocate, by the assumption of this number.
    Call(u32),
    /// What is unknown in it and below does not allocate; what is known counts.
    Below(u32),
}

/// Says what the user vouches for.
pub(crate) trait Assumptions {
    /// What covers this call, if anything does.
    fn covers(&self, site: u64, callee: Callee) -> Option<Cover>;

    /// The number of the assumption that this call of `Once::call` is about something which has been made before.
    fn is_made(&self, _call: &Call) -> Option<u32> {
        None
    }

    /// Whether an assumption that covers what is below a call speaks of this callee there.
    fn speaks_of(&self, number: u32, callee: Callee) -> bool;

    /// The number of the assumption that no other object overrides what this one exports, if it is made.
    fn not_overridden(&self) -> Option<u32>;

    /// What the program's own permits say of a call.
    fn under(&self, _site: u64) -> Under {
        Under::Nothing
    }

    /// Whether some regions of the file forbid permits.
    fn some_forbid(&self) -> bool {
        false
    }

    /// Whether a function has a region, which protects inside a permit too.
    fn has_region(&self, _entry: u64) -> bool {
        false
    }
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
    /// The assumption that covers everything unknown in it.
    vouched: Option<u32>,
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
            let node =
                self.add(Key { entry: region.entry, given: Given::default(), vouched: None, permission });
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
            vouched: key.vouched.is_some(),
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
            let mut to = |to| edges.push(Edge { site: call.site, to });
            let below = match self.assumed.covers(call.site, call.callee) {
                Some(Cover::Call(number)) => {
                    to(To::Assumed(number));
                    continue;
                }
                Some(Cover::Below(number)) => Some(number),
                None => vouched,
            };
            let permission = match (permission, self.assumed.under(call.site)) {
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
                        to(To::Node(self.node_of(addr, &Given::default(), None, permission)));
                    }
                    Callee::Unknown(why) if is_lost(call.callee) => to(To::Unknown(why)),
                    _ => {}
                }
                continue;
            }
            let unknown = |unknown| match below {
                Some(number) if self.assumed.speaks_of(number, call.callee) => To::Assumed(number),
                _ => unknown,
            };
            match (self.program.role(call.callee), call.callee) {
                (Role::Sink(kind), callee) => to(To::Sink(kind, callee)),
                (_, Callee::Unknown(why)) if why.is_indirect() && is_told(call.site) => {}
                (_, Callee::Unknown(why)) => {
                    let found = if why.is_indirect() { self.program.targets(body, call.site) } else { None };
                    match found {
                        Some(targets) => {
                            if targets.are_chosen {
                                to(To::Granted(Ground::Chosen));
                            }
                            for addr in targets.functions {
                                // What it does not give back may turn out later.
                                self.callers.entry(addr).or_default().push(i);
                                edges
                                    .push(Edge { site: call.site, to: self.one_of(addr, below, permission) });
                            }
                        }
                        None => to(unknown(To::Unknown(why))),
                    }
                }
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

    /// Where one of several functions leads that a call through a pointer may be of.
    fn one_of(&mut self, addr: u64, vouched: Option<u32>, permission: Permission) -> To {
        match self.program.role(Callee::Local(addr)) {
            Role::Sink(kind) => To::Sink(kind, Callee::Local(addr)),
            _ => To::Node(self.node_of(addr, &Given::default(), vouched, permission)),
        }
    }

    /// The node of a function that is called so.
    fn node_of(&mut self, entry: u64, given: &Given, vouched: Option<u32>, permission: Permission) -> u32 {
        let wanted = !given.is_empty() && self.closed.is_some_and(|c| !c.contains(&entry));
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
        let mut explorer = Explorer {
            program,
            assumed,
            closed,
            starts: regions,
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
        let nodes = explorer.nodes;
        let callers = callers(&nodes);
        let next = Goal::ALL.map(|goal| reach(&nodes, &callers, goal));
        let always = [Kind::Alloc, Kind::Free, Kind::Wait].map(|kind| unavoidable(&nodes, &callers, kind));
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
    pub(crate) fn always(&self, node: u32, kind: Kind) -> bool {
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

/// The nodes all of whose returning paths come to a sink of this kind, to a fixed point from the sinks upwards.
fn unavoidable(nodes: &[Node], callers: &[Vec<u32>], kind: Kind) -> Vec<bool> {
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
        let node = &nodes[i as usize];
        // Where a call may be of one of several functions, all of them must.
        let avoids = |edge: &Edge| match edge.to {
            To::Sink(k, _) => k != kind,
            To::Node(to) => !always[to as usize],
            _ => true,
        };
        let mut sites: AddrSet = node.edges.iter().map(|edge| edge.site).collect();
        for edge in node.edges.iter().filter(|edge| avoids(edge)) {
            sites.remove(&edge.site);
        }
        let allocates = |call: &Call| sites.contains(&call.site);
        let sure = match &node.part {
            Some(part) => part.labels.iter().all(|&label| {
                let counts = |call: &Call| allocates(call) && !part.outside.contains(&call.site);
                node.body
                    .block_at(label)
                    .is_some_and(|block| cannot_avoid(&node.body, (block, label), &counts))
            }),
            None => cannot_avoid(&node.body, (0, 0), &allocates),
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

fn calls(body: &Body, entry: u64) -> bool {
    body.calls.iter().any(|call| call.callee == Callee::Local(entry))
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
