//! Where calls through pointers lead: to constants that reach them, and to what statics of the program's own can hold.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::body::{Body, Call, Callee, End, Fate, Why};
use super::chosen::{self, Store};
use super::context::Oracle;
use super::decode::Steps;
use super::held::{Guide, Held, Way};
use super::mentions::Mentions;
use super::program::Program;
use super::provenance::{Backwards, Provenance};
use super::step::{CALLER_SAVED, Effect, Flow, Mem, Regs, Via};

/// The functions that a call through a pointer can lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Targets {
    /// Where they begin.
    pub(crate) functions: BTreeSet<u64>,
    /// Whether the pointer may be one of a static's that is chosen at run time.
    pub(crate) are_chosen: bool,
}

impl Program<'_> {
    /// The functions that an indirect call or jump can lead to, if these are all known: constants that reach it, and what a
    /// static of the program's own can hold.
    pub(crate) fn targets(&self, body: &Body, site: u64) -> Option<Targets> {
        let (base, code) = self.image().segment_of(site);
        if let Flow::CallVia(via) | Flow::JumpVia(via) = Steps::new(code, base).flow_at(site).flow
            && let Via::Mem(Mem { index: Some(_), .. }) | Via::Other = via
        {
            return None;
        }
        let loose = |callee| Oracle::loose(self, callee);
        let mut jumps = self.through_statics(body);
        jumps.push(site);
        let origins = Backwards::new(self.image(), body, &loose, &jumps)?.of_target(site)?;
        let are_chosen = origins.iter().any(|origin| matches!(origin, Provenance::Memory(_)));
        let mut found = BTreeSet::new();
        for origin in origins {
            match origin {
                Provenance::Constant(addr) => {
                    found.insert(addr);
                }
                Provenance::Memory(place) => found.extend(self.chosen(place)?.iter().copied()),
            }
        }
        let are_known = !found.is_empty() && found.iter().all(|&addr| self.is_callable(addr));
        are_known.then_some(Targets { functions: found, are_chosen })
    }

    /// Whether a whole function begins there, which gives back its caller's registers as far as is known.
    pub(crate) fn is_callable(&self, addr: u64) -> bool {
        self.image().function_at(addr).is_some_and(|function| !function.is_fragment())
            && Oracle::loose(self, Callee::Local(addr)) == 0
    }

    /// Whether a call or jump through a pointer is surely no jump into a table of the function's own: what it jumps to is read
    /// from one place, or the function was given it.
    pub(crate) fn is_through_pointer(&self, body: &Body, site: u64) -> bool {
        let (base, code) = self.image().segment_of(site);
        let mut steps = Steps::new(code, base);
        let mut reg = match steps.flow_at(site).flow {
            Flow::CallVia(_) => return true,
            Flow::JumpVia(Via::Mem(mem)) => return mem.index.is_none(),
            Flow::JumpVia(Via::Reg(reg)) => reg,
            _ => return false,
        };
        let Some(number) = body.block_at(site) else { return false };
        let mut before = Vec::new();
        let mut at = body.blocks[number as usize].at.start;
        while at < site {
            let step = steps.at(at);
            at = step.next;
            before.push(step);
        }
        for step in before.iter().rev() {
            match step.effect {
                Effect::Load(dst, mem) if dst == reg => return mem.index.is_none(),
                Effect::Copy(dst, src, 64) if dst == reg => reg = src,
                _ if matches!(step.flow, Flow::Call(_) | Flow::CallVia(_))
                    && CALLER_SAVED & (1 << reg) != 0 =>
                {
                    return false;
                }
                effect if effect.changes(reg) => return false,
                _ => {}
            }
        }
        number == 0
    }

    /// All that a static of the program's own can hold, if it is a function pointer that is chosen at run time.
    fn chosen(&self, place: u64) -> Option<Rc<[u64]>> {
        if !self.image().is_private_pointer(place) {
            return None;
        }
        if let Some(known) = self.chosen.borrow().get(&place) {
            return known.clone();
        }
        if self.chosen.borrow().len() >= chosen::MOST {
            return None;
        }
        // A store of what it holds itself is not looked through.
        self.chosen.borrow_mut().insert(place, None);
        let found = self.all_stored(place).map(|all| all.into_iter().collect());
        self.chosen.borrow_mut().insert(place, found.clone());
        found
    }

    fn all_stored(&self, place: u64) -> Option<BTreeSet<u64>> {
        let mentions = self.mentions.get_or_init(|| Mentions::of(self.image()));
        let known = chosen::chosen(self.image(), mentions.as_ref()?, place)?;
        let mut functions: BTreeSet<u64> = known.first.into_iter().collect();
        let mut held = Held::new(self.image(), self.catches(), self);
        for (next, reg) in known.loads {
            held.follow(next, reg)?;
        }
        let mut looked_at = 0;
        loop {
            let stores: Vec<Store> = known.stores.iter().chain(held.stores()).copied().collect();
            for store in &stores[looked_at..] {
                functions.extend(self.stored(store)?);
            }
            looked_at = stores.len();
            // They may be called with the static's address in a register, and store there.
            let before = (held.stores().len(), held.passed());
            for &function in &functions {
                held.follow_into(function)?;
            }
            if (held.stores().len(), held.passed()) == before {
                return Some(functions);
            }
        }
    }

    /// What a store writes, if it is one of several constants.
    fn stored(&self, store: &Store) -> Option<Vec<u64>> {
        let body = self.wary_body(store.function);
        // A store that the function's own flow does not reach is made nowhere, unless the flow is lost.
        let jumps = self.leaving(&body)?;
        constants(Backwards::new(self.image(), &body, &LOOSE, &jumps)?.of_register(store.site, store.reg)?)
    }

    /// The jumps of a function through registers, all of which lead to other functions. If the first that is taken does so under the
    /// assumption that none was taken before, and so on, all do.
    fn leaving(&self, body: &Body) -> Option<Vec<u64>> {
        let is_jump = |call: &&Call| call.callee == Callee::Unknown(Why::IndirectJump);
        let jumps: Vec<u64> = body.calls.iter().filter(is_jump).map(|call| call.site).collect();
        if jumps.is_empty() {
            return Some(jumps);
        }
        let mut backwards = Backwards::new(self.image(), body, &LOOSE, &jumps)?;
        let through_statics = self.through_statics(body);
        for &jump in jumps.iter().filter(|jump| !through_statics.contains(jump)) {
            if !self.are_functions(&constants(backwards.of_target(jump)?)?) {
                return None;
            }
        }
        Some(jumps)
    }

    /// Those of a function's jumps through statics that lead to functions.
    fn through_statics(&self, body: &Body) -> Vec<u64> {
        let of_static = |call: &Call| {
            if call.callee != Callee::Unknown(Why::IndirectJump) {
                return None;
            }
            let (base, code) = self.image().segment_of(call.site);
            let is_known = match Steps::new(code, base).flow_at(call.site).flow {
                Flow::JumpVia(Via::Mem(Mem { base: None, index: None, disp })) => {
                    self.chosen(disp).is_some_and(|all| self.are_functions(&all))
                }
                _ => false,
            };
            is_known.then_some(call.site)
        };
        body.calls.iter().filter_map(of_static).collect()
    }

    fn are_functions(&self, addresses: &[u64]) -> bool {
        addresses.iter().all(|addr| self.image().function_at(*addr).is_some_and(|f| !f.is_fragment()))
    }
}

/// What a callee gives back may not be known yet.
const LOOSE: fn(Callee) -> Regs = |_| Regs::MAX;

fn constants(origins: BTreeSet<Provenance>) -> Option<Vec<u64>> {
    let of = |origin| match origin {
        Provenance::Constant(addr) => Some(addr),
        Provenance::Memory(_) => None,
    };
    origins.into_iter().map(of).collect()
}

impl Guide for Program<'_> {
    fn way(&self, site: u64) -> Option<Way> {
        let function = self.image().bounds(self.image().function_covering(site)?.addr).start;
        let known = self.followed.borrow().get(&function).cloned();
        let body = known.unwrap_or_else(|| {
            let body = Rc::new(self.wary_body(function));
            self.followed.borrow_mut().insert(function, body.clone());
            body
        });
        let block = body.blocks.get(body.block_at(site)? as usize)?;
        let is_tail = |call: &Call| call.site == site && call.callee == Callee::Unknown(Why::IndirectJump);
        match block.end {
            End::Return => Some(Way::Back),
            End::Flow => {
                let places = body.edges_of(block).iter().map(|&next| body.blocks.get(next as usize));
                places.map(|block| block.map(|block| block.at.start)).collect::<Option<_>>().map(Way::On)
            }
            End::Tail => Some(Way::Tail),
            End::Lost if body.calls_of(block).last().is_some_and(is_tail) => Some(Way::Tail),
            _ => None,
        }
    }

    fn returns(&self, addr: u64) -> bool {
        Oracle::fate(self, Callee::Local(addr)) == Fate::Returns
    }

    fn targets(&self, site: u64) -> Option<Vec<u64>> {
        let function = self.image().bounds(self.image().function_covering(site)?.addr).start;
        let body = self.wary_body(function);
        let jumps = self.leaving(&body)?;
        constants(Backwards::new(self.image(), &body, &LOOSE, &jumps)?.of_target(site)?)
    }
}
