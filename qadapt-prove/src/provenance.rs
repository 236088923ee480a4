//! What a register can hold at one place of a function: the constants that reach it, told backwards along all paths.
//!
//! The values that are followed forwards (`value`) are one at a time; a function pointer that is one of several is told here.

use std::collections::BTreeSet;

use super::body::{Block, Body, Call, Callee, End, Why};
use super::decode::Steps;
use super::fixups::Slot;
use super::load::Image;
use super::step::{CALLER_SAVED, Effect, Flow, Mem, Reg, Regs, Step, Via};

/// More places than that are not looked at for one register.
const MOST: usize = 256;

/// Where a register's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Provenance {
    /// It is this number.
    Constant(u64),
    /// It was read here, and what lies here may change.
    Memory(u64),
}

/// A read of eight bytes by the step at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Read {
    site: u64,
    mem: Mem,
}

/// A function's body with what is needed to go through it backwards.
pub(crate) struct Backwards<'b, 'a> {
    image: &'b Image<'a>,
    body: &'b Body,
    steps: Steps<'a>,
    /// The registers that a callee does not give back although it must.
    loose: &'b dyn Fn(Callee) -> Regs,
    /// The blocks before each block.
    before: Vec<Vec<u32>>,
}

impl<'b, 'a> Backwards<'b, 'a> {
    /// Prepares a body for questions; none if control may come to a block of it in ways that are not known. Indirect jumps at
    /// `leaving` are none of these: if they lead to functions, they do not stay in this one.
    pub(crate) fn new(
        image: &'b Image<'a>,
        body: &'b Body,
        loose: &'b dyn Fn(Callee) -> Regs,
        leaving: &[u64],
    ) -> Option<Self> {
        let start = body.blocks.first()?.at.start;
        let (base, code) = image.segment_of(start);
        let mut found = Self { image, body, steps: Steps::new(code, base), loose, before: Vec::new() };
        if body.blocks.iter().any(|block| found.is_lost(block, leaving)) {
            return None;
        }
        found.before = vec![Vec::new(); body.blocks.len()];
        for (i, block) in (0u32..).zip(&body.blocks) {
            for &next in body.edges_of(block) {
                found.before.get_mut(next as usize)?.push(i);
            }
        }
        Some(found)
    }

    /// Whether a block ends in a way that may lead to any other one.
    fn is_lost(&self, block: &Block, leaving: &[u64]) -> bool {
        if block.end != End::Lost {
            return false;
        }
        self.body.calls_of(block).last().is_none_or(|call| match call.callee {
            Callee::Unknown(Why::IndirectJump) => !leaving.contains(&call.site),
            Callee::Unknown(_) => true,
            _ => false,
        })
    }

    /// Where the target of an indirect call or jump comes from.
    pub(crate) fn of_target(&mut self, site: u64) -> Option<BTreeSet<Provenance>> {
        match self.steps.flow_at(site).flow {
            Flow::CallVia(Via::Reg(reg)) | Flow::JumpVia(Via::Reg(reg)) => self.of_register(site, reg),
            Flow::CallVia(Via::Mem(mem)) | Flow::JumpVia(Via::Mem(mem)) => self.of_read(Read { site, mem }),
            _ => None,
        }
    }

    /// Where the value of a register comes from, as it is before the step at `site`.
    pub(crate) fn of_register(&mut self, site: u64, reg: Reg) -> Option<BTreeSet<Provenance>> {
        let (mut found, reads) = self.back_from(site, reg)?;
        for read in reads {
            found.extend(self.of_read(read)?);
        }
        Some(found)
    }

    /// What a read yields at a fixed place, or at one that is one of several constants.
    fn of_read(&mut self, read: Read) -> Option<BTreeSet<Provenance>> {
        let Mem { base, index: None, disp } = read.mem else { return None };
        let Some(base) = base else { return Some(BTreeSet::from([self.of_place(disp)?])) };
        // One step further: where that address comes from memory that may change, nothing is known.
        let (bases, reads) = self.back_from(read.site, base)?;
        let of_base = |base: &Provenance| match *base {
            Provenance::Constant(addr) => self.of_place(addr.wrapping_add(disp)),
            Provenance::Memory(_) => None,
        };
        if reads.is_empty() { bases.iter().map(of_base).collect() } else { None }
    }

    /// Goes back from a place: yields the constants that a register may hold there, and the reads through other registers that it may
    /// come from.
    fn back_from(&mut self, site: u64, reg: Reg) -> Option<(BTreeSet<Provenance>, Vec<Read>)> {
        let mut found = (BTreeSet::new(), Vec::new());
        let mut seen = BTreeSet::new();
        let mut queue = vec![(self.body.block_at(site)?, Some(site), reg)];
        while let Some((block, until, reg)) = queue.pop() {
            if until.is_none() && !seen.insert((block, reg)) {
                continue;
            }
            if seen.len() > MOST {
                return None;
            }
            for reg in self.through(block, until, reg, &mut found)? {
                let before = self.before.get(block as usize)?;
                // At its entry a function knows nothing of its registers.
                if block == 0 || before.is_empty() {
                    return None;
                }
                queue.extend(before.iter().map(|&before| (before, None, reg)));
            }
        }
        Some(found)
    }

    /// Goes back through one block, up to an address; yields the registers that matter at its start.
    fn through(
        &mut self,
        block: u32,
        until: Option<u64>,
        reg: Reg,
        found: &mut (BTreeSet<Provenance>, Vec<Read>),
    ) -> Option<BTreeSet<Reg>> {
        let range = self.body.blocks.get(block as usize)?.at.clone();
        let mut steps: Vec<Step> = Vec::new();
        let mut at = range.start;
        while at < until.unwrap_or(range.end) {
            let step = self.steps.at(at);
            at = step.next;
            steps.push(step);
        }
        let mut open = BTreeSet::from([reg]);
        for step in steps.iter().rev() {
            for reg in std::mem::take(&mut open) {
                self.before_step(block, step, reg, &mut open, found)?;
            }
            if open.is_empty() {
                break;
            }
        }
        Some(open)
    }

    /// Where a register's value is before a step of a block: in these registers, or it is known.
    fn before_step(
        &self,
        block: u32,
        step: &Step,
        reg: Reg,
        open: &mut BTreeSet<Reg>,
        (found, reads): &mut (BTreeSet<Provenance>, Vec<Read>),
    ) -> Option<()> {
        if matches!(step.flow, Flow::Call(_) | Flow::CallVia(_)) {
            let loose = |call: &Call| (self.loose)(call.callee);
            let calls = self.body.calls_of(self.body.blocks.get(block as usize)?);
            let first = calls.partition_point(|call| call.site < step.addr);
            let of_callees = calls[first..].iter().take_while(|call| call.site == step.addr).map(loose);
            let changed = of_callees.fold(CALLER_SAVED, |all, one| all | one);
            if changed & (1 << reg) != 0 {
                return None;
            }
            open.insert(reg);
            return Some(());
        }
        match step.effect {
            Effect::Set(dst, value) if dst == reg => {
                found.insert(Provenance::Constant(value));
            }
            Effect::Address(dst, Mem { base: None, index: None, disp }) if dst == reg => {
                found.insert(Provenance::Constant(disp));
            }
            Effect::Copy(dst, src, 64) if dst == reg => {
                open.insert(src);
            }
            Effect::Choose(dst, src, 64, _) if dst == reg => open.extend([dst, src]),
            Effect::Exchange(a, b) if a == reg => {
                open.insert(b);
            }
            Effect::Exchange(a, b) if b == reg => {
                open.insert(a);
            }
            Effect::Load(dst, mem) if dst == reg => {
                let read = Read { site: step.addr, mem };
                match mem {
                    Mem { base: None, index: None, disp } => drop(found.insert(self.of_place(disp)?)),
                    _ if reads.contains(&read) => {}
                    _ => reads.push(read),
                }
            }
            effect if effect.changes(reg) => return None,
            _ => {
                open.insert(reg);
            }
        }
        Some(())
    }

    /// What is read at a fixed place.
    fn of_place(&self, disp: u64) -> Option<Provenance> {
        match self.image.constant(disp) {
            Some(Slot::Addr(addr)) => Some(Provenance::Constant(addr)),
            Some(Slot::Import(_)) => None,
            None => Some(Provenance::Memory(disp)),
        }
    }
}
