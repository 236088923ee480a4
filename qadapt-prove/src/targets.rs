//! Where calls through pointers lead: to constants that reach them, and to what statics of the program's own can hold.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::body::{Body, Callee};
use super::chosen;
use super::context::Oracle;
use super::decode::Steps;
use super::origins::{Backwards, Origin};
use super::program::Program;
use super::start::Start;
use super::step::{Flow, Mem, Regs, Via};

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
            && let Via::Mem(Mem { base: Some(_), .. } | Mem { index: Some(_), .. }) | Via::Other = via
        {
            return None;
        }
        let loose = |callee| Oracle::loose(self, callee);
        let origins = Backwards::new(self.image(), body, &loose, site)?.of_target(site)?;
        let are_chosen = origins.iter().any(|origin| matches!(origin, Origin::Memory(_)));
        let mut found = BTreeSet::new();
        for origin in origins {
            match origin {
                Origin::Constant(addr) => {
                    found.insert(addr);
                }
                Origin::Memory(place) => found.extend(self.chosen(place)?.iter().copied()),
            }
        }
        let known = |addr: &u64| {
            self.image().function_at(*addr).is_some_and(|function| !function.is_fragment())
                && Oracle::loose(self, Callee::Local(*addr)) == 0
        };
        let are_known = !found.is_empty() && found.iter().all(known);
        are_known.then_some(Targets { functions: found, are_chosen })
    }

    /// All that a static of the program's own can hold, if it is a function pointer that is chosen at run time.
    fn chosen(&self, place: u64) -> Option<Rc<[u64]>> {
        if !self.image().is_private_pointer(place) {
            return None;
        }
        if let Some(known) = self.chosen.borrow().get(&place) {
            return known.clone();
        }
        if self.chosen.borrow().len() as u64 >= chosen::most(self.image()) {
            return None;
        }
        // A store of what it holds itself is not looked through.
        self.chosen.borrow_mut().insert(place, None);
        let found = self.all_stored(place).map(|all| all.into_iter().collect());
        self.chosen.borrow_mut().insert(place, found.clone());
        found
    }

    fn all_stored(&self, place: u64) -> Option<BTreeSet<u64>> {
        let (first, stores) = chosen::stores(self.image(), place)?;
        let mut found: BTreeSet<u64> = first.into_iter().collect();
        // What a callee gives back may not be known yet.
        let loose = |_| Regs::MAX;
        for store in stores {
            let body = self.body(&Start::function(store.function), false);
            // A store that the function's own flow does not reach is made nowhere, unless the flow is lost.
            let origins = Backwards::new(self.image(), &body, &loose, store.site)?
                .of_register(store.site, store.reg)?;
            for origin in origins {
                let Origin::Constant(addr) = origin else { return None };
                found.insert(addr);
            }
        }
        Some(found)
    }
}
