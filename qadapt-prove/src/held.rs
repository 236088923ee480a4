//! What code does with an address that it reads from the global offset table: where it keeps it, and whether it hands it on.
//!
//! A static that another part of the program may need is reached by two instructions, the first of which reads its address:
//!
//! ```text
//! mov rcx, [rip + slot]     rcx is the static's address
//! mov [rcx], rax            a store into it
//! ```
//!
//! The registers that may hold the address are followed from there, step by step along all ways, into functions that are called and
//! through jumps, until something else is in them. Each instruction that reads such a register must read the static through it, call
//! through it, or store there. Anything else may hand the address on: to memory, to another object, to whoever called.
//!
//! The calling convention is believed: a function that is called looks at the registers which pass arguments, and whoever called it at
//! those of its result and the ones that it gives back.

use std::collections::BTreeMap;

use super::addr_map::AddrMap;
use super::chosen::Store;
use super::decode::Steps;
use super::eh::Catches;
use super::functions::Function;
use super::load::Image;
use super::machine::Machine;
use super::registers::registers;
use super::step::{CALLEE_SAVED, Effect, Flow, Mem, Reg, Regs, Via, Write};

/// More steps than that are not taken for one static.
const MOST_STEPS: u32 = 1 << 16;

/// The registers that pass arguments, and the one with the result: only code for x86-64 is followed.
const ARGUMENTS: &[Reg] = Machine::X86_64.arguments();
const RAX: Reg = Machine::X86_64.result();

/// Where a function's second result is, and its third argument: rdx.
const RDX: Reg = 2;

/// The registers that may hold the address, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Holders {
    /// It has come into them in this function.
    own: Regs,
    /// The function was given it in them.
    given: Regs,
}

impl Holders {
    fn any(self) -> Regs {
        self.own | self.given
    }

    fn without(self, registers: Regs) -> Self {
        Self { own: self.own & !registers, given: self.given & !registers }
    }

    /// What a function gets of them that is called.
    fn passed(self) -> Self {
        Self { own: 0, given: self.any() & mask(ARGUMENTS) }
    }
}

fn mask(registers: &[Reg]) -> Regs {
    registers.iter().fold(0, |all, &reg| all | bit(reg))
}

fn bit(reg: Reg) -> Regs {
    1 << reg
}

/// Who knows where a call or a jump leads that is not said by the instruction itself.
pub(super) trait Guide {
    /// Whether control may come back from a function at a fixed address.
    fn returns(&self, addr: u64) -> bool;

    /// The functions that a jump or a call through a register can lead to, if all are known.
    fn targets(&self, site: u64) -> Option<Vec<u64>>;
}

/// The ways of one static's address through a program.
pub(super) struct Held<'h, 'a> {
    image: &'h Image<'a>,
    catches: &'h Catches<'a>,
    guide: &'h dyn Guide,
    /// Where it has come from.
    starts: Vec<(u64, Holders)>,
    /// The registers that may hold it, as control comes to a step.
    seen: AddrMap<u64, Holders>,
    queue: BTreeMap<u64, Holders>,
    /// What the registers are as the static's own function is called.
    passed: Holders,
    /// Whether some function is given it in rdx, and leaves it there.
    gives_back: bool,
    stores: Vec<Store>,
    left: u32,
}

impl<'h, 'a> Held<'h, 'a> {
    pub(super) fn new(image: &'h Image<'a>, catches: &'h Catches<'a>, guide: &'h dyn Guide) -> Self {
        Self {
            image,
            catches,
            guide,
            starts: Vec::new(),
            seen: AddrMap::default(),
            queue: BTreeMap::new(),
            passed: Holders::default(),
            gives_back: false,
            stores: Vec::new(),
            left: MOST_STEPS,
        }
    }

    /// Follows the address from where it has come into a register; none if it may get elsewhere.
    pub(super) fn follow(&mut self, from: u64, reg: Reg) -> Option<()> {
        self.start(from, Holders { own: bit(reg), given: 0 })
    }

    /// Follows it into a function that the static holds.
    pub(super) fn follow_into(&mut self, function: u64) -> Option<()> {
        self.start(function, self.passed)
    }

    /// What the registers with the address are as a function is called that the static holds.
    pub(super) fn passed(&self) -> Regs {
        self.passed.any()
    }

    /// The stores that are made through it.
    pub(super) fn stores(&self) -> &[Store] {
        &self.stores
    }

    fn start(&mut self, addr: u64, held: Holders) -> Option<()> {
        self.starts.push((addr, held));
        self.come(addr, held);
        loop {
            let gave_back = self.gives_back;
            while let Some((addr, held)) = self.queue.pop_first() {
                self.left = self.left.checked_sub(1)?;
                self.step(addr, held)?;
            }
            if self.gives_back == gave_back {
                return Some(());
            }
            // More is known of what comes back from all calls.
            self.seen.clear();
            for (addr, held) in self.starts.clone() {
                self.come(addr, held);
            }
        }
    }

    fn come(&mut self, addr: u64, held: Holders) {
        let known = self.seen.entry(addr).or_default();
        let both = Holders { own: known.own | held.own, given: known.given | held.given };
        if both != *known {
            *known = both;
            self.queue.insert(addr, both);
        }
    }

    /// One step, before which these registers may hold the address.
    fn step(&mut self, addr: u64, held: Holders) -> Option<()> {
        let (base, code) = self.image.segment_of(addr);
        let mut steps = Steps::new(code, base).with_writes(true);
        let step = steps.at(addr);
        let is_held = |mem: Mem| match mem {
            Mem { base: Some(base), index: None, disp: 0 } => held.any() & bit(base) != 0,
            _ => false,
        };
        let through = match (step.flow, step.effect, step.write) {
            (Flow::CallVia(Via::Mem(mem)) | Flow::JumpVia(Via::Mem(mem)), ..)
            | (Flow::Next, Effect::Load(_, mem), Write::None)
                if is_held(mem) =>
            {
                Some(mem)
            }
            (Flow::Next, Effect::None, Write::Register(mem, reg))
                if is_held(mem) && held.any() & bit(reg) == 0 =>
            {
                let function = self.image.function_covering(addr)?.addr;
                let store = Store { function: self.image.bounds(function).start, site: addr, reg };
                if !self.stores.contains(&store) {
                    self.stores.push(store);
                }
                Some(mem)
            }
            _ => None,
        };
        let used = registers(code.bytes, base, addr)?;
        if through.is_none() && used.reads & held.any() != 0 {
            return None;
        }
        let after = held.without(used.overwrites);
        match step.flow {
            Flow::Next => self.come(step.next, after),
            Flow::Jump(target) => self.jump(target, after)?,
            Flow::Branch(target, _) => {
                self.jump(target, after)?;
                self.come(step.next, after);
            }
            Flow::Call(target) => {
                self.come(target, after.passed());
                if self.guide.returns(target) {
                    self.come(step.next, self.given_back(after));
                }
                self.pads(addr, after)?;
            }
            Flow::CallVia(_) => {
                self.called(addr, through.is_some(), after.passed())?;
                self.come(step.next, self.given_back(after));
                self.pads(addr, after)?;
            }
            // Whoever called gets back what it must.
            Flow::JumpVia(_) | Flow::Return | Flow::ReturnPast if after.own & mask(&CALLEE_SAVED) != 0 => {
                return None;
            }
            Flow::JumpVia(_) => self.called(addr, through.is_some(), after.without(!mask(ARGUMENTS)))?,
            Flow::Return | Flow::ReturnPast if after.own & (bit(RAX) | bit(RDX)) != 0 => return None,
            Flow::Return | Flow::ReturnPast => self.gives_back |= after.given & bit(RDX) != 0,
            Flow::Trap => {}
            // The system gets registers, and a handler all of them.
            Flow::System | Flow::Breakpoint | Flow::Undecodable => return None,
        }
        Some(())
    }

    /// A jump to a fixed address: in a function, or to the start of another one, which is called so.
    fn jump(&mut self, target: u64, held: Holders) -> Option<()> {
        if self.image.function_at(target).is_none_or(Function::is_fragment) {
            self.come(target, held);
            return Some(());
        }
        if held.own & mask(&CALLEE_SAVED) != 0 {
            return None;
        }
        // What it returns goes to whoever called this one.
        let arguments = mask(ARGUMENTS);
        self.come(target, held.without(!arguments));
        Some(())
    }

    /// A call or jump to the static's own function, whichever that is, or to another one through a pointer.
    fn called(&mut self, site: u64, is_own: bool, passed: Holders) -> Option<()> {
        if is_own {
            self.passed.own |= passed.own;
            self.passed.given |= passed.given;
        } else if passed != Holders::default() {
            for target in self.guide.targets(site)? {
                self.come(target, passed);
            }
        }
        Some(())
    }

    /// Where a panic below a call goes on, with the registers that callees give back.
    fn pads(&mut self, site: u64, held: Holders) -> Option<()> {
        let kept = held.without(!mask(&CALLEE_SAVED));
        if kept != Holders::default() {
            for pad in self.catches.pads(site)?.iter().filter(|pad| (pad.start..pad.end).contains(&site)) {
                self.come(pad.pad, kept);
            }
        }
        Some(())
    }

    /// What is left of them after a call.
    fn given_back(&self, held: Holders) -> Holders {
        let more = if self.gives_back { bit(RDX) } else { 0 };
        held.without(!(mask(&CALLEE_SAVED) | more))
    }
}
