//! What to analyse for one copy of a region: the part of its function that can follow its labels.

use std::rc::Rc;

use super::addr_map::{AddrMap, AddrSet};
use super::before::is_said;
use super::body::{Body, Callee, End, Why};
use super::copies::RegionCopy;
use super::debug::Debug;
use super::inside::{Belongs, Doubt, belongs};
use super::permits::Permits;
use super::program::Program;
use super::start::{Part, Start};

/// One way into a copy of a region, for the graph.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// With the calls alone that belong to the region.
    pub(crate) sure: Start,
    /// With those that may belong to it too.
    pub(crate) most: Start,
}

impl Way {
    /// The same, of a region that forbids permits or does not, or of which that is not known.
    fn with_permits(mut self, forbids: bool, may_forbid: bool) -> Self {
        self.sure.forbids = forbids;
        self.most.forbids = may_forbid;
        self
    }
}

/// A copy of a region as the graph takes it.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    /// The ways into it: through the function, or from a label that the function's own flow does not reach.
    pub(crate) all: Vec<Way>,
    /// The calls that may belong to it, and why that cannot be told.
    pub(crate) doubts: AddrMap<u64, Doubt>,
    /// Whether its policy has a budget, whichever way it is entered.
    pub(crate) has_budget: bool,
    /// Whether it may go on in a function that is not known: where what has the label was taken out of that one, and returns to it.
    pub(crate) may_go_on: bool,
}

/// Finds the parts of functions that are regions.
pub(crate) struct Parts<'p, 'a, 'd> {
    program: &'p Program<'a>,
    debug: Option<&'p Debug<'d>>,
    /// The labels at which the regions of the file begin, in order.
    entries: Rc<[u64]>,
    /// What functions are like, without constants and with them; many regions can be in one.
    bodies: AddrMap<u64, Rc<[Body; 2]>>,
}

impl<'p, 'a, 'd> Parts<'p, 'a, 'd> {
    /// For the regions that have these copies.
    pub(crate) fn of(program: &'p Program<'a>, debug: Option<&'p Debug<'d>>, copies: &[RegionCopy]) -> Self {
        let mut entries: Vec<u64> = copies.iter().flat_map(|copy| copy.labels.iter().copied()).collect();
        entries.sort_unstable();
        Self { program, debug, entries: entries.into(), bodies: AddrMap::default() }
    }

    fn bodies(&mut self, entry: u64) -> Rc<[Body; 2]> {
        let find = || [false, true].map(|constants| self.program.body(&Start::function(entry), constants));
        Rc::clone(self.bodies.entry(entry).or_insert_with(|| Rc::new(find())))
    }

    /// Finds the ways into a copy.
    pub(crate) fn ways(&mut self, copy: &RegionCopy, permits: &Permits) -> Ways {
        let mut found =
            Ways { all: Vec::new(), doubts: AddrMap::default(), has_budget: false, may_go_on: false };
        let image = self.program.image();
        let is_extracted = Callee::Local(copy.function).is_extracted(image);
        let forbids = match &copy.scope {
            Some((tree, scope)) => permits.are_void_in(tree, *scope),
            None => permits.may_be_void_in(image, copy.function),
        };
        // One that nobody knows the place of may lie inside a permit, and protects there.
        let may_forbid = forbids || copy.scope.is_none();
        let bodies = self.bodies(copy.function);
        let budgets = permits.budgets_of(copy);
        found.has_budget = bodies.iter().all(|body| is_said(body, &budgets));
        let (within, apart): (Vec<u64>, Vec<u64>) =
            copy.labels.iter().partition(|&&label| bodies.iter().all(|body| body.block_at(label).is_some()));
        if !within.is_empty() {
            let way = self.way(copy, &*bodies, copy.function, within, &mut found.doubts);
            found.all.push(way.with_permits(forbids, may_forbid));
            found.may_go_on |= is_extracted && bodies.iter().any(returns);
        }
        for label in apart {
            let bodies = self.bodies(label);
            let way = self.way(copy, &*bodies, label, vec![label], &mut found.doubts);
            found.all.push(way.with_permits(forbids, may_forbid));
            // Without names it may be in any function that had one.
            found.may_go_on |= (is_extracted || image.loses_names()) && bodies.iter().any(returns);
        }
        found
    }

    fn way(
        &self,
        copy: &RegionCopy,
        bodies: &[Body],
        entry: u64,
        labels: Vec<u64>,
        doubts: &mut AddrMap<u64, Doubt>,
    ) -> Way {
        let (mut not_sure, mut not_there) = (AddrSet::default(), AddrSet::default());
        let (mut sure, mut there) = (AddrSet::default(), AddrSet::default());
        for call in bodies.iter().flat_map(|body| &body.calls) {
            if is_lost(call.callee) {
                continue;
            }
            let stands = match (&copy.scope, self.debug) {
                (Some((tree, scope)), Some(debug)) => match belongs(debug, tree, *scope, call.site) {
                    Belongs::No if copy.whole => Belongs::Perhaps(Doubt::NoRegion),
                    // It is called from no place in a source, and so may always belong.
                    _ if call.callee.is_extracted(self.program.image()) => Belongs::Perhaps(Doubt::Extracted),
                    other => other,
                },
                _ => Belongs::Perhaps(Doubt::NoRegion),
            };
            match stands {
                Belongs::Yes => {
                    sure.insert(call.site);
                    there.insert(call.site);
                }
                Belongs::Perhaps(doubt) => {
                    doubts.insert(call.site, doubt);
                    not_sure.insert(call.site);
                    there.insert(call.site);
                }
                Belongs::No => {
                    not_sure.insert(call.site);
                    not_there.insert(call.site);
                }
            }
        }
        let labels: Rc<[u64]> = labels.into();
        let part = |outside, own| Start {
            part: Some(Part {
                labels: Rc::clone(&labels),
                entries: Rc::clone(&self.entries),
                outside: Rc::new(outside),
                own: Rc::new(own),
            }),
            ..Start::function(entry)
        };
        // Where more calls count, fewer panics excuse them.
        Way { sure: part(not_sure, there), most: part(not_there, sure) }
    }
}

fn returns(body: &Body) -> bool {
    body.blocks.iter().any(|block| matches!(block.end, End::Return | End::Tail))
}

/// Whether the analysis has lost the flow of the function: then no place says where that matters.
pub(crate) fn is_lost(callee: Callee) -> bool {
    let Callee::Unknown(why) = callee else { return false };
    matches!(why, Why::Undecodable | Why::RunsOff | Why::OddReturn | Why::BadTable | Why::TooComplex)
}
