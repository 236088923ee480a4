//! Frees that wait: what a region frees while the program's allocator defers is no free of the region's.
//!
//! The guard labels where a deferral begins, and runs the body of `defer_frees` in a function of its own name. A call is
//! under a deferral if debug information has that function among those that were inlined there, each of its places is
//! exact, and it calls nothing that a compiler has taken out of functions; a region under a policy is, if each path that leads
//! to one of its labels has passed a label of that policy's deferral since it began or passed one of the region's: loops that
//! are unrolled have several of both. Below such a call, a free defers if it is one of the global allocator's and that is
//! `Deferring`, or `Qadapt<Deferring>`, of the same copy of the guard: the inlined methods show it, at the free or in the
//! allocator's entry that is called. All others free at once.
//!
//! A block that finds no room is freed all the same. So nothing is said to be deferred where a limit is set that frees what is
//! beyond it; and where none is, what little room there always is belongs to the verdict. Of several `Deferring` in a program
//! only the one keeps blocks that defers first, so that nothing is said to be deferred where a file has several.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};

use qadapt_code::origin::is_guard as is_guard_file;
use qadapt_trace::is_allocator_entry;

use super::before::{Event, events, is_said};
use super::body::Callee;
use super::copies::RegionCopy;
use super::goal::Goal;
use super::graph::Graph;
use super::inlined::{Scope, Spans, Touch, Tree, Trees};
use super::inside::is_exact;
use super::marks::{Kind, Label};
use super::names::{Frame, Names};
use super::node::{Edge, To};
use super::program::Program;
use super::role::Sink;
use super::start::Start;
use super::symbol::demangle;

/// The two words that a limit ends with in a file with labels, of `qadapt/src/hot/defer/limit.rs`. Before them are the most
/// blocks, the most bytes, and the number of what happens beyond.
const LIMIT: [u64; 2] = [0x5141_4441_5054_4c4d, !0x5141_4441_5054_4c4d];

/// What is said of a region whose frees wait.
const WAITS: &str = "that what it frees finds room to wait for `reclaim` (`Deferring`: of blocks under 16 bytes 4,096 at \
                     once, of blocks above 4 KiB 1,024, of others any number), and that no code makes another `Deferring` \
                     at run time, which may be the first to defer";

/// The copies of the guard in one program, one bit each.
type Guards = u64;

/// The deferrals of a file.
pub(crate) struct Deferrals<'q, 'a> {
    program: &'q Program<'a>,
    names: &'q Names<'a>,
    data: &'q [u8],
    /// The functions with deferrals.
    functions: Spans,
    /// Where deferrals and regions begin; those at one address in the order of the code.
    labels: &'q [Label],
    /// Where each copy of the guard lies that defers: a file can have several versions of it.
    guards: Vec<String>,
    /// What the limits in the file say, once that has been asked for.
    limit: OnceCell<Frees>,
}

/// A node of the graph, and the copies of the guard under whose deferrals it is called.
type Reached = (u32, Guards);

/// What becomes of what a region frees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frees {
    /// Some of it is freed at once, or there is none. If other frees wait, the calls that lead to the nearest that does not.
    Now(Vec<Edge>),
    /// All of it waits, and this is what has to be said of it.
    Wait(&'static str),
    /// All of it may wait, but for what this reason speaks of; and what to do about that.
    UpTo(String, &'static str),
}

impl<'q, 'a> Deferrals<'q, 'a> {
    /// Finds the deferrals that labels speak of.
    pub(crate) fn find(
        program: &'q Program<'a>,
        names: &'q Names<'a>,
        trees: &Trees,
        labels: &'q [Label],
        data: &'q [u8],
    ) -> Self {
        let deferrals = labels.iter().filter(|label| label.kind == Kind::Deferral);
        let found: Vec<_> = deferrals.filter_map(|label| trees.of(label.addr)).collect();
        let scopes = found.iter().flat_map(|tree| &tree.scopes);
        let guards = scopes.filter(|scope| matches!(scope.mark, Some(Kind::Deferral | Kind::Deferred)));
        let mut guards: Vec<String> =
            guards.filter_map(|scope| folder(&scope.call.file)).map(str::to_owned).collect();
        guards.sort();
        guards.dedup();
        Self { program, names, data, functions: Spans::of(found), labels, guards, limit: OnceCell::new() }
    }

    /// The copy of the guard that a file is of.
    fn guard(&self, file: &str) -> Guards {
        let number = folder(file).and_then(|folder| self.guards.iter().position(|known| known == folder));
        number.and_then(|number| 1_u64.checked_shl(u32::try_from(number).ok()?)).unwrap_or(0)
    }

    /// What becomes of all that one copy of a region frees, which is this node of the graph.
    pub(crate) fn frees(&self, graph: &Graph, node: u32, copy: &RegionCopy) -> Frees {
        if self.guards.is_empty() || !graph.reaches(node, Goal::Free) {
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
                let under = |callee| here.1 | self.is_under(edge.site, callee);
                match edge.to {
                    To::Node(to) if graph.reaches(to, Goal::Free) => {
                        if let Entry::Vacant(entry) =
                            found_by.entry((to, under(Callee::Local(graph.node(to).entry))))
                        {
                            queue.push_back(*entry.key());
                            entry.insert(Some((here, *edge)));
                        }
                    }
                    To::Sink(Sink::Free, callee) => {
                        if self.is_deferred(*edge, callee, under(callee), &mut entries) {
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

    /// Under whose deferrals a call is made, in the body of `defer_frees`.
    fn is_under(&self, site: u64, callee: Callee) -> Guards {
        if callee.is_extracted(self.program.image()) {
            return 0;
        }
        let (Some(tree), Some(debug)) = (self.functions.at(site), self.names.debug()) else { return 0 };
        let chain = tree.chain(site);
        let bodies = chain.iter().map(|&scope| &tree.scopes[scope]);
        let bodies = bodies.filter(|scope| scope.mark == Some(Kind::Deferred));
        let guards = bodies.fold(0, |all, scope| all | self.guard(&scope.call.file));
        if guards != 0 && is_exact(debug, tree, &chain, site) { guards } else { 0 }
    }

    /// Under whose deferral a region is by its policy: no path leads to one of its labels, from the entry or from any of
    /// them, but past the label of the deferral that this same policy has begun.
    fn is_of_policy(&self, copy: &RegionCopy) -> Guards {
        let Some((tree, region)) = copy.scope.as_ref().filter(|_| !copy.whole) else { return 0 };
        let opened = by_guard(tree, *region);
        let begins = |label: u64| {
            let marks =
                |scope: &Scope| scope.mark == Some(Kind::Deferral) && scope.touches(label) != Touch::No;
            let mut deferrals = (0..tree.scopes.len()).filter(|&scope| marks(&tree.scopes[scope])).peekable();
            deferrals.peek().is_some()
                && deferrals.all(|scope| by_guard(tree, scope).iter().any(|scope| opened.contains(scope)))
        };
        let events = events(self.labels, copy, |label| label.kind == Kind::Deferral && begins(label.addr));
        if events.iter().all(|event| event.1 == Event::Region) {
            return 0;
        }
        let body = self.program.body(&Start::function(copy.function), false);
        if is_said(&body, &events) { self.guard(&tree.scopes[*region].call.file) } else { 0 }
    }

    /// Whether a free defers if its thread does so by one of these copies of the guard.
    fn is_deferred(
        &self,
        edge: Edge,
        callee: Callee,
        guards: Guards,
        entries: &mut HashMap<u64, Guards>,
    ) -> bool {
        if guards == 0 {
            return false;
        }
        let frames = self.names.frames(edge.site);
        let by = match frames.iter().position(is_entry) {
            Some(_) if !frames.iter().all(is_known) => 0,
            Some(entry) => {
                let inside = &frames[..entry];
                match inside.iter().position(is_deferring) {
                    Some(at) if inside[at + 1..].iter().all(is_guard) => self.guard_of(&inside[at]),
                    None if inside.iter().all(is_guard) => self.defers(callee, entries),
                    _ => 0,
                }
            }
            None => {
                let Callee::Local(addr) = callee else { return false };
                let names = self.program.image().function_at(addr).map_or(&[][..], |f| &f.names);
                if names.iter().any(|name| is_allocator_entry(last(&demangle(name)))) {
                    self.defers(callee, entries)
                } else {
                    0
                }
            }
        };
        by & guards != 0
    }

    /// The copy of the guard that a frame is of.
    fn guard_of(&self, frame: &Frame) -> Guards {
        frame.at.as_ref().map_or(0, |at| self.guard(&at.file))
    }

    /// The copy of the guard to whose deferring method a function of the allocator's comes, and before that to nothing else.
    fn defers(&self, callee: Callee, entries: &mut HashMap<u64, Guards>) -> Guards {
        let Callee::Local(addr) = callee else { return 0 };
        if let Some(&known) = entries.get(&addr) {
            return known;
        }
        // Until it is known: it may call itself.
        entries.insert(addr, 0);
        let body = self.program.body(&Start::function(addr), false);
        let mut comes_there = false;
        let by = body.live_calls().fold(Guards::MAX, |by, call| {
            let frames = self.names.frames(call.site);
            let is_allocator =
                |frames: &[Frame]| frames.iter().all(|frame| is_guard(frame) || is_entry(frame));
            if by == 0 || !frames.iter().all(is_known) || call.callee.is_extracted(self.program.image()) {
                return 0;
            }
            // The deferring method and what is inlined into it: either way is the one that is taken where nothing defers.
            if let Some(at) = frames.iter().position(is_deferring) {
                let names = self.names_of(call.callee);
                comes_there |= names.iter().any(|name| last(name) == "dealloc_deferring");
                return if is_allocator(&frames[at..]) { by & self.guard_of(&frames[at]) } else { 0 };
            }
            let below = if is_allocator(&frames) { self.defers(call.callee, entries) } else { 0 };
            comes_there |= below != 0;
            by & below
        });
        let by = if comes_there { by } else { 0 };
        entries.insert(addr, by);
        by
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
        let mut found = 0;
        for window in words.windows(5) {
            let &[blocks, bytes, beyond, ref end @ ..] = window else { continue };
            if *end != LIMIT {
                continue;
            }
            found += 1;
            // `Beyond::Count` alone keeps what is beyond.
            if blocks & bytes != u64::MAX && beyond & 0xff != 2 {
                return Frees::UpTo(
                    format!(
                        "what it frees waits, up to the limit of `Deferring` ({}): a block beyond is freed here",
                        amount(blocks, bytes)
                    ),
                    "no limit, or Beyond::Count",
                );
            }
        }
        match found {
            0 => Frees::UpTo(
                "what it frees waits, up to a limit of `Deferring` that could not be told".to_owned(),
                "the file as the linker wrote it",
            ),
            1 => Frees::Wait(WAITS),
            _ => Frees::UpTo(
                format!(
                    "what it frees waits if the program's allocator is the first to defer of the {found} `Deferring` in \
                     this file: the others free here"
                ),
                "one `Deferring` in the program",
            ),
        }
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

/// Where the copy of the guard lies that a source file is of.
fn folder(file: &str) -> Option<&str> {
    file.rfind("/src/").map(|end| &file[..end])
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
    fn the_copy_of_the_guard_is_told_by_its_folder() {
        assert_eq!(folder("/usr/src/qadapt-0.1.0/src/hot/defer/allocator.rs"), Some("/usr/src/qadapt-0.1.0"));
        assert_eq!(folder("lib.rs"), None);
    }
}
