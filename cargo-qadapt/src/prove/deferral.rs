//! Frees that wait: what a region frees while the program's allocator defers is no free of the region's.
//!
//! The guard labels where a deferral begins, and runs the body of `defer_frees` in a function of its own name. A call is
//! under a deferral if debug information has that function among those that were inlined there and each of its places is
//! exact; a region under a policy is, if no path leads to its label but past the label of that policy's deferral. Below such
//! a call, a free defers if it is one of the global allocator's and that is `Deferring`, or `Qadapt<Deferring>`: the inlined
//! methods show it, at the free or in the allocator's entry that is called. All others free at once.
//!
//! A block that finds no room is freed all the same. So nothing is said to be deferred where a limit is set that frees what is
//! beyond it; and where none is, what little room there always is belongs to the verdict.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};

use qadapt_trace::is_allocator_entry;

use super::body::{Body, Callee};
use super::cfg::Start;
use super::copies::Copy;
use super::graph::{Edge, Goal, Graph, To};
use super::inlined::{Scope, Spans, Touch, Tree, Trees};
use super::inside::is_exact;
use super::marks::{Kind, Label};
use super::names::{Frame, Names};
use super::policy::{Kind as Sink, demangle};
use super::program::Program;
use crate::report::origin::is_guard as is_guard_file;

/// The two words that a limit ends with in a file with labels, of `qadapt/src/hot/defer/limit.rs`. Before them are the most
/// blocks, the most bytes, and the number of what happens beyond.
const LIMIT: [u64; 2] = [0x5141_4441_5054_4c4d, !0x5141_4441_5054_4c4d];

/// What is said of a region whose frees wait.
const WAITS: &str = "that what it frees finds room to wait for `reclaim` (`Deferring`: of blocks under 16 bytes 4,096 at \
                     once, of blocks above 4 KiB 1,024, of others any number)";

/// The deferrals of a file.
#[derive(Debug)]
pub struct Deferrals<'q, 'a> {
    program: &'q Program<'a>,
    names: &'q Names<'a>,
    data: &'q [u8],
    /// The functions with deferrals.
    functions: Spans,
    /// Where deferrals begin.
    labels: Vec<u64>,
    /// What the limits in the file say, once that has been asked for.
    limit: OnceCell<Frees>,
}

/// A node of the graph, and whether what calls it defers.
type Reached = (u32, bool);

/// What becomes of what a region frees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frees {
    /// Some of it is freed at once, or there is none. If other frees wait, the calls that lead to the nearest that does not.
    Now(Vec<Edge>),
    /// All of it waits, and this is what has to be said of it.
    Wait(&'static str),
    /// All of it waits up to a limit, for this reason not beyond.
    UpTo(String),
}

impl<'q, 'a> Deferrals<'q, 'a> {
    /// Finds the deferrals that labels speak of.
    #[must_use]
    pub fn find(
        program: &'q Program<'a>,
        names: &'q Names<'a>,
        trees: &Trees,
        labels: &[Label],
        data: &'q [u8],
    ) -> Self {
        let labels: Vec<u64> =
            labels.iter().filter(|label| label.kind == Kind::Deferral).map(|label| label.addr).collect();
        let functions = Spans::of(labels.iter().filter_map(|&label| trees.of(label)));
        Self { program, names, data, functions, labels, limit: OnceCell::new() }
    }

    /// What becomes of all that one copy of a region frees, which is this node of the graph.
    #[must_use]
    pub fn frees(&self, graph: &Graph, node: u32, copy: &Copy) -> Frees {
        if self.labels.is_empty() || !graph.reaches(node, Goal::Free) {
            return Frees::Now(Vec::new());
        }
        let start = (node, self.is_of_policy(copy));
        // By which call of which node each was found.
        let mut found_by: HashMap<Reached, Option<(Reached, Edge)>> = HashMap::from([(start, None)]);
        let mut queue = VecDeque::from([start]);
        let mut entries = HashMap::new();
        let mut waits = false;
        let mut now: Option<(Reached, Edge)> = None;
        while let Some(here) = queue.pop_front() {
            for edge in &graph.node(here.0).edges {
                let under = || here.1 || self.is_under(edge.site);
                match edge.to {
                    To::Node(to) if graph.reaches(to, Goal::Free) => {
                        if let Entry::Vacant(entry) = found_by.entry((to, under())) {
                            queue.push_back(*entry.key());
                            entry.insert(Some((here, *edge)));
                        }
                    }
                    To::Sink(Sink::Free, callee) => {
                        if under() && self.is_deferred(*edge, callee, &mut entries) {
                            waits = true;
                        } else if now.is_none() {
                            now = Some((here, *edge));
                        }
                    }
                    _ => {}
                }
            }
        }
        match now {
            None => self.limit.get_or_init(|| self.read_limit()).clone(),
            Some(_) if !waits => Frees::Now(Vec::new()),
            Some(last) => {
                let back =
                    std::iter::successors(Some(last), |(node, _)| found_by.get(node).copied().flatten());
                let mut path: Vec<Edge> = back.map(|(_, edge)| edge).collect();
                path.reverse();
                Frees::Now(path)
            }
        }
    }

    /// Whether a call is made in the body of `defer_frees`.
    fn is_under(&self, site: u64) -> bool {
        let (Some(tree), Some(debug)) = (self.functions.at(site), self.names.debug()) else { return false };
        let chain = tree.chain(site);
        let is_body = |&scope: &usize| tree.scopes[scope].mark == Some(Kind::Deferred);
        chain.iter().any(is_body) && is_exact(debug, tree, &chain, site)
    }

    /// Whether a region is one under a policy that defers: no path leads to it, or back to it, but past the label of the
    /// deferral that this same policy has begun.
    fn is_of_policy(&self, copy: &Copy) -> bool {
        let Some((tree, region)) = copy.scope.as_ref().filter(|_| !copy.whole) else { return false };
        let opened = by_guard(tree, *region);
        let begins = |label: &&u64| {
            let marks =
                |scope: &Scope| scope.mark == Some(Kind::Deferral) && scope.touches(**label) != Touch::No;
            let deferral = tree.scopes.iter().position(marks);
            deferral
                .is_some_and(|deferral| by_guard(tree, deferral).iter().any(|scope| opened.contains(scope)))
        };
        let deferrals: Vec<u64> = self.labels.iter().filter(begins).copied().collect();
        let body = self.program.body(&Start::function(copy.function), false);
        !deferrals.is_empty() && copy.labels.iter().all(|&label| is_only_past(&body, &deferrals, label))
    }

    /// Whether a free defers if its thread does.
    fn is_deferred(&self, edge: Edge, callee: Callee, entries: &mut HashMap<u64, bool>) -> bool {
        let frames = self.names.frames(edge.site);
        match frames.iter().position(is_entry) {
            Some(_) if !frames.iter().all(is_known) => false,
            Some(entry) => {
                let inside = &frames[..entry];
                match inside.iter().position(is_deferring) {
                    Some(at) => inside[at + 1..].iter().all(is_guard),
                    None => inside.iter().all(is_guard) && self.defers(callee, entries),
                }
            }
            None => {
                let Callee::Local(addr) = callee else { return false };
                let names = self.program.image().function_at(addr).map_or(&[][..], |f| &f.names);
                names.iter().any(|name| is_allocator_entry(last(&demangle(name))))
                    && self.defers(callee, entries)
            }
        }
    }

    /// Whether a function of the allocator's comes to the guard's deferring method, and before that to nothing else.
    fn defers(&self, callee: Callee, entries: &mut HashMap<u64, bool>) -> bool {
        let Callee::Local(addr) = callee else { return false };
        if let Some(&known) = entries.get(&addr) {
            return known;
        }
        // Until it is known: it may call itself.
        entries.insert(addr, false);
        let body = self.program.body(&Start::function(addr), false);
        let mut comes_there = false;
        let all = body.live_calls().all(|call| {
            let frames = self.names.frames(call.site);
            let is_allocator =
                |frames: &[Frame]| frames.iter().all(|frame| is_guard(frame) || is_entry(frame));
            if !frames.iter().all(is_known) {
                return false;
            }
            // The deferring method and what is inlined into it: either way is the one that is taken where nothing defers.
            if let Some(at) = frames.iter().position(is_deferring) {
                let names = self.names_of(call.callee);
                comes_there |= names.iter().any(|name| last(name) == "dealloc_deferring");
                return is_allocator(&frames[at..]);
            }
            let defers = is_allocator(&frames) && self.defers(call.callee, entries);
            comes_there |= defers;
            defers
        });
        let defers = all && comes_there;
        entries.insert(addr, defers);
        defers
    }

    fn names_of(&self, callee: Callee) -> Vec<String> {
        let Callee::Local(addr) = callee else { return Vec::new() };
        self.program
            .image()
            .function_at(addr)
            .map_or_else(Vec::new, |f| f.names.iter().map(|n| demangle(n)).collect())
    }

    /// What the limits in a file say: those of its allocators are all there is.
    fn read_limit(&self) -> Frees {
        let word = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let words: Vec<u64> = self.data.chunks_exact(8).map(word).collect();
        let mut found = false;
        for window in words.windows(5) {
            let &[blocks, bytes, beyond, ref end @ ..] = window else { continue };
            if *end != LIMIT {
                continue;
            }
            found = true;
            // `Beyond::Count` alone keeps what is beyond.
            if blocks & bytes != u64::MAX && beyond & 0xff != 2 {
                return Frees::UpTo(format!(
                    "what it frees waits, up to the limit of `Deferring` ({}): a block beyond is freed here",
                    amount(blocks, bytes)
                ));
            }
        }
        if found {
            return Frees::Wait(WAITS);
        }
        Frees::UpTo("what it frees waits, up to a limit of `Deferring` that could not be told".to_owned())
    }
}

fn amount(blocks: u64, bytes: u64) -> String {
    let part = |n: u64, what: &str| (n != u64::MAX).then(|| format!("{n} {what}"));
    [part(blocks, "blocks"), part(bytes, "bytes")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The guard's functions round one of its marks, from inside, the last of which the user's code calls.
fn by_guard(tree: &Tree, mark: usize) -> Vec<usize> {
    let outwards = std::iter::successors(Some(mark), |&scope| {
        let parent = tree.scopes[scope].parent?;
        is_guard_file(&tree.scopes[scope].call.file).then_some(parent)
    });
    outwards.skip(1).collect()
}

/// Whether every path to an address, from the entry of its function and from itself, leads past one of others.
fn is_only_past(body: &Body, others: &[u64], label: u64) -> bool {
    let Some(target) = body.block_at(label) else { return false };
    let past = |block: u32| {
        let at = &body.blocks[block as usize].at;
        others.iter().any(|&other| {
            // A label takes no room: at the start of a block it may be the last thing in the one before.
            let is_in = at.contains(&other) && (other != at.start || ways_into(body, block) <= 1);
            is_in && (block != target || other <= label)
        })
    };
    if past(target) {
        return true;
    }
    let from_itself = body.edges_of(&body.blocks[target as usize]).to_vec();
    let mut stack = [&[0][..], &from_itself].concat();
    let mut seen = vec![false; body.blocks.len()];
    while let Some(block) = stack.pop() {
        if past(block) || std::mem::replace(&mut seen[block as usize], true) {
            continue;
        }
        if block == target {
            return false;
        }
        stack.extend(body.edges_of(&body.blocks[block as usize]));
    }
    true
}

/// How many blocks lead to one.
fn ways_into(body: &Body, block: u32) -> usize {
    body.edges.iter().filter(|to| **to == block).count()
}

/// The last part of a function's name, without its type arguments.
fn last(name: &str) -> &str {
    let mut depth = 0;
    let arguments = name.char_indices().rev().find(|&(_, c)| {
        depth += i32::from(c == '>') - i32::from(c == '<');
        depth == 0
    });
    let name =
        arguments.filter(|_| name.ends_with('>')).map_or(name, |(at, _)| name[..at].trim_end_matches("::"));
    name.rsplit("::").next().unwrap_or(name)
}

fn is_known(frame: &Frame) -> bool {
    frame.at.as_ref().is_some_and(|at| at.line != 0 && at.column != 0)
}

/// Whether a frame is an entry of the global allocator, as the compiler makes it.
fn is_entry(frame: &Frame) -> bool {
    is_allocator_entry(last(&frame.function))
}

/// Whether a frame is the method of the allocator that defers.
fn is_deferring(frame: &Frame) -> bool {
    is_guard(frame) && frame.at.as_ref().is_some_and(|at| at.file.ends_with("/src/hot/defer/allocator.rs"))
}

/// Whether a frame is one of the guard's methods that free.
fn is_guard(frame: &Frame) -> bool {
    let is_method = ["dealloc", "dealloc_deferring"].contains(&last(&frame.function));
    is_method && frame.at.as_ref().is_some_and(|at| is_guard_file(&at.file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_known_by_their_last_name() {
        for (name, expected) in [
            ("__rustc::__rust_dealloc", "__rust_dealloc"),
            ("dealloc<qadapt::hot::defer::allocator::Deferring<std::alloc::System>>", "dealloc"),
            ("<qadapt::hot::allocator::Qadapt<A> as core::alloc::global::GlobalAlloc>::dealloc", "dealloc"),
            ("qadapt::hot::defer::allocator::Deferring<A>::dealloc_deferring", "dealloc_deferring"),
            ("app::f::<u8>", "f"),
        ] {
            assert_eq!(last(name), expected);
        }
    }

    #[test]
    fn a_limit_is_said_with_what_it_limits() {
        assert_eq!(amount(2, u64::MAX), "2 blocks");
        assert_eq!(amount(2, 4096), "2 blocks, 4096 bytes");
    }

    #[test]
    fn a_label_is_only_past_others_if_no_way_leads_round_them() {
        use crate::prove::body::{Block, End};
        // 0 -> 1 | 2, 1 -> 3, 2 -> 3, 3 -> 3 | 4.
        let edges: [&[u32]; 5] = [&[1, 2], &[3], &[3], &[3, 4], &[]];
        let mut body = Body::default();
        for (i, to) in (0u64..).zip(edges) {
            let first = u32::try_from(body.edges.len()).expect("few");
            body.edges.extend(to);
            let last = u32::try_from(body.edges.len()).expect("few");
            let at = i * 16..i * 16 + 16;
            body.blocks.push(Block { at, calls: 0..0, edges: first..last, end: End::Flow, doomed: false });
        }
        for (others, label, expected) in [
            (&[0][..], 0x10, true),
            (&[0x10], 0x30, false),
            (&[0x10], 0x18, true),
            // It may be what two of the ways end with, or one.
            (&[0x30], 0x38, false),
            (&[0x10, 0x20], 0x40, true),
            // Round the loop it is not begun again.
            (&[0x10, 0x20], 0x30, false),
            (&[0x34], 0x38, true),
            (&[0x38], 0x34, false),
        ] {
            assert_eq!(is_only_past(&body, others, label), expected, "{others:x?} {label:#x}");
        }
    }
}
