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
//! The calling convention is believed of functions that are called through pointers or lie in other objects: they look at the registers which pass arguments,
//! and whoever called them at those of their result and the ones that they give back. Where both are known to the compiler it may let
//! them agree on more: a callee looks at any register that is not given back, and whoever called it may find what it has put into those that the
//! callee leaves alone (`-fipa-ra`).

use std::collections::BTreeMap;

use super::addr_map::AddrMap;
use super::chosen::Store;
use super::decode::Steps;
use super::eh::Catches;
use super::load::Image;
use super::machine::Machine;
use super::registers::registers;
use super::step::{CALLEE_SAVED, Effect, Flow, Mem, Reg, Regs, SP, Via, Write};
use super::thunk::{self, Thunk};

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

    /// Those that a function gets as arguments.
    fn passed(self) -> Self {
        Self { own: 0, given: self.any() & mask(ARGUMENTS) }
    }

    /// Those that a function may look at whose caller knows its code.
    fn known(self) -> Self {
        Self { own: 0, given: self.any() & !mask(&CALLEE_SAVED) & !bit(SP) }
    }
}

fn mask(registers: &[Reg]) -> Regs {
    registers.iter().fold(0, |all, &reg| all | bit(reg))
}

fn bit(reg: Reg) -> Regs {
    1 << reg
}

/// Where control goes from a return or a jump through a register.
pub(super) enum Way {
    /// Back to the caller.
    Back,
    /// On to these places of the function.
    On(Vec<u64>),
    /// To another function in the place of this one.
    Tail,
}

/// Who knows where a call or a jump leads that is not said by the instruction itself.
pub(super) trait Guide {
    /// Where control goes from a return or a jump through a register, if that is known.
    fn way(&self, site: u64) -> Option<Way>;

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
    /// Those of the registers with a result in which some function is given it, and leaves it there.
    gives_back: Regs,
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
            gives_back: 0,
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
        if self.image.is_fixed_up_code(addr, step.next) {
            return None;
        }
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
            Flow::Jump(target) => self.jump(addr, target, after)?,
            Flow::Branch(target, _) => {
                self.jump(addr, target, after)?;
                self.come(step.next, after);
            }
            Flow::Call(target) => self.call(addr, target, step.next, after)?,
            Flow::CallVia(_) => self.call_via(addr, through.is_some(), step.next, after)?,
            Flow::JumpVia(_) if through.is_some() => self.tail_via(addr, true, after)?,
            Flow::JumpVia(_) | Flow::Return if after == Holders::default() => {}
            Flow::JumpVia(_) | Flow::Return => self.leave(addr, after)?,
            Flow::ReturnPast if after != Holders::default() => return None,
            Flow::ReturnPast | Flow::Trap => {}
            // The system gets registers, and a handler all of them.
            Flow::System | Flow::Breakpoint | Flow::Undecodable => return None,
        }
        Some(())
    }

    /// Whether an address lies in a function, and not at its start.
    fn is_inside(&self, target: u64) -> bool {
        let covering = self.image.function_covering(target);
        covering.is_none_or(|function| function.addr != target || function.is_fragment())
            && (covering.is_some() || thunk::thunk(self.image, target).is_none())
    }

    /// A call of a fixed address.
    fn call(&mut self, site: u64, target: u64, next: u64, held: Holders) -> Option<()> {
        if self.is_inside(target) {
            // A part of a function knows all of its registers.
            let is_jump = thunk::is_jump(self.image, target);
            if is_jump {
                self.come(target, held);
            }
            return (is_jump || held == Holders::default()).then_some(());
        }
        if thunk::thunk(self.image, target).is_some() {
            return self.call_via(site, false, next, held);
        }
        self.come(target, held.known());
        if self.guide.returns(target) {
            self.come(next, self.given_back(held));
        }
        self.pads(site, held)
    }

    /// A call through a pointer, of the static itself or of another one.
    fn call_via(&mut self, site: u64, is_own: bool, next: u64, held: Holders) -> Option<()> {
        self.called(site, is_own, held.passed())?;
        self.come(next, self.given_back(held));
        self.pads(site, held)
    }

    /// A jump through a pointer that is a call in the place of this function.
    fn tail_via(&mut self, site: u64, is_own: bool, held: Holders) -> Option<()> {
        // Whoever called gets back what it must.
        if held.own & mask(&CALLEE_SAVED) != 0 {
            return None;
        }
        self.called(site, is_own, held.without(!mask(ARGUMENTS)))
    }

    /// A return or a jump through a register, with the address in some of these.
    fn leave(&mut self, site: u64, held: Holders) -> Option<()> {
        match self.guide.way(site)? {
            Way::Back if held.own & (mask(&CALLEE_SAVED) | bit(RAX) | bit(RDX)) != 0 => None,
            Way::Back => {
                self.gives_back |= held.given & (bit(RAX) | bit(RDX));
                Some(())
            }
            Way::On(places) => {
                for place in places {
                    self.come(place, held);
                }
                Some(())
            }
            Way::Tail => self.tail_via(site, false, held),
        }
    }

    /// A jump to a fixed address: in a function, or to the start of another one, which is called so.
    fn jump(&mut self, site: u64, target: u64, held: Holders) -> Option<()> {
        if held == Holders::default() {
            return Some(());
        }
        if self.is_inside(target) {
            self.come(target, held);
            return Some(());
        }
        match thunk::thunk(self.image, target) {
            Some(Thunk::Return) => return None,
            Some(Thunk::Via(_) | Thunk::Memory(_)) => return self.tail_via(site, false, held),
            None => {}
        }
        if held.own & mask(&CALLEE_SAVED) != 0 {
            return None;
        }
        // What it returns goes to whoever called this one.
        self.come(target, held.without(mask(&CALLEE_SAVED)));
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

    /// What is left of them after a call: whoever looks at a register that the convention does not keep knows that the callee did.
    fn given_back(&self, held: Holders) -> Holders {
        held.without((bit(RAX) | bit(RDX)) & !self.gives_back)
    }
}
