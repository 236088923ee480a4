//! Function pointers in a static that a program chooses at run time: all functions that it ever holds.
//!
//! That is what the file puts there, and what its code stores there, if nothing else can write to it: the static is an object of
//! eight bytes with a symbol of its own, which no other file sees; every instruction that speaks of its address reads it, jumps
//! through it or stores a function that is known into it; and no data has its address but slots of the global offset table, from
//! which all code reads it into a register (what becomes of it there: `held`), nor its distance from that table or from the data
//! itself. Whoever has not been given a static's
//! address cannot write to it: another object's end is not its beginning. That nothing counts from an address beside it is
//! said with the answer; a program that is linked for fixed addresses does so by a mere number, so nothing is told of one.

use super::decode::Steps;
use super::fixups::Slot;
use super::load::Image;
use super::mentions::Mentions;
use super::step::{Effect, Flow, Mem, Via, Write};

/// How many statics of one file are looked for: more are in none but a file made to waste time.
pub(crate) const MOST: usize = 256;

/// So many instructions may speak of one static: each is looked for from the beginning of its function.
const MOST_MENTIONS: usize = 1 << 10;

/// A store into a static.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    /// The function that makes it.
    pub(crate) function: u64,
    /// The instruction.
    pub(crate) site: u64,
    /// The register that is stored.
    pub(crate) reg: u8,
}

/// What is known of a static from the instructions that speak of its address.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// What it holds at first.
    pub(crate) first: Option<u64>,
    /// The stores into it.
    pub(crate) stores: Vec<Store>,
    /// Where its address has come into a register: the next instruction, and the register.
    pub(crate) loads: Vec<(u64, u8)>,
}

/// What is known of a static; none if something else may write to it.
pub(crate) fn chosen(image: &Image<'_>, mentions: &Mentions, place: u64) -> Option<Chosen> {
    if !image.is_private_pointer(place) {
        return None;
    }
    let slots = mentions.slots(place)?;
    let first = match image.initial(place)? {
        Slot::Addr(0) => None,
        Slot::Addr(addr) => Some(addr),
        Slot::Import(_) => return None,
    };
    // Where code is far from data, it adds such a distance to the table's own address.
    let is_counted = |spot: u64| image.tables().any(|table| mentions.has_distance(spot.wrapping_sub(table)));
    let mut found = Chosen { first, ..Chosen::default() };
    if mentions.in_code(place)?.nth(MOST_MENTIONS).is_some() {
        return None;
    }
    for at in mentions.in_code(place)? {
        match access(image, at, place) {
            Access::Store(store) => found.stores.push(store),
            Access::Read(_) => {}
            Access::Other => return None,
        }
    }
    for slot in slots.clone() {
        for at in mentions.in_code(slot)? {
            match access(image, at, slot) {
                Access::Read(Some(load)) => found.loads.push(load),
                Access::Read(None) => {}
                Access::Store(_) | Access::Other => return None,
            }
        }
    }
    if slots.chain([place]).any(is_counted) {
        return None;
    }
    found.stores.sort_by_key(|store| store.site);
    found.stores.dedup();
    Some(found)
}

/// More bytes than that are not before the distance in an instruction.
const MOST_BEFORE: u64 = 11;

/// What an instruction does to a place.
enum Access {
    Store(Store),
    /// It reads it, perhaps into a register, with which the next instruction goes on; or it has nothing to do with it.
    Read(Option<(u64, u8)>),
    /// It may hand the address on, or it is not known.
    Other,
}

/// What the instruction with this distance in it does to the place.
fn access(image: &Image<'_>, at: u64, place: u64) -> Access {
    let Some(function) = image.function_covering(at) else { return Access::Other };
    let bounds = image.bounds(function.addr);
    let mut steps = Steps::new(image.code(bounds.start, bounds.end), bounds.start).with_writes(true);
    let mut next = bounds.start;
    while next <= at {
        let step = steps.at(next);
        if step.flow == Flow::Undecodable {
            return Access::Other;
        }
        next = step.next;
        if next <= at {
            continue;
        }
        let is_place = |mem: Mem| mem == Mem { base: None, index: None, disp: place };
        if let Write::Register(mem, reg) = step.write
            && is_place(mem)
        {
            return Access::Store(Store { function: bounds.start, site: step.addr, reg });
        }
        return match (step.flow, step.effect) {
            (Flow::CallVia(Via::Mem(mem)) | Flow::JumpVia(Via::Mem(mem)), _) if is_place(mem) => {
                // Through a slot of the table this would call the static itself.
                if image.is_private_pointer(place) { Access::Read(None) } else { Access::Other }
            }
            (Flow::Next, Effect::Load(reg, mem)) if is_place(mem) && step.write == Write::None => {
                Access::Read(Some((step.next, reg)))
            }
            // The bytes may be those of a distance by chance: then the instruction speaks of another place, or of none. Behind data, where
            // instructions begin is not known.
            _ => {
                let first = at.saturating_sub(MOST_BEFORE).max(bounds.start);
                let mut all = (first..at).chain([step.addr]);
                let speaks = all.any(|start| steps.speaks_of(start, place..place.saturating_add(8)));
                if speaks { Access::Other } else { Access::Read(None) }
            }
        };
    }
    Access::Other
}
