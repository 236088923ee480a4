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
use super::machine::Machine;
use super::step::{Effect, Flow, Mem, Via, Write};

/// How many statics of one file are looked for: each takes a look at all of its bytes.
pub(crate) fn most(image: &Image<'_>) -> u64 {
    ((2 << 30) / image.code_bytes().max(1)).clamp(4, 64)
}

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
pub(crate) fn chosen(image: &Image<'_>, place: u64) -> Option<Chosen> {
    // The code is searched for the distances that x86-64 counts.
    let is_searched = image.machine() == Machine::X86_64;
    if !is_searched || !image.is_private_pointer(place) {
        return None;
    }
    let slots = image.slots_of(place)?;
    let first = match image.initial(place)? {
        Slot::Addr(0) => None,
        Slot::Addr(addr) => Some(addr),
        Slot::Import(_) => return None,
    };
    // Where code is far from data, it adds such a distance to the table's own address.
    let to_all = |table: u64| slots.iter().chain([&place]).map(move |to| to.wrapping_sub(table));
    let distances: Vec<u64> = image.tables().flat_map(to_all).collect();
    let mut found = Chosen { first, ..Chosen::default() };
    for (base, code) in image.code_segments() {
        for at in mentions(code, base, place)? {
            match access(image, at, place) {
                Access::Store(store) => found.stores.push(store),
                Access::Read(_) => {}
                Access::Other => return None,
            }
        }
        if has_distance(code, &distances) {
            return None;
        }
        for &slot in &slots {
            for at in mentions(code, base, slot)? {
                match access(image, at, slot) {
                    Access::Read(Some(load)) => found.loads.push(load),
                    Access::Read(None) => {}
                    Access::Store(_) | Access::Other => return None,
                }
            }
        }
    }
    found.stores.sort_by_key(|store| store.site);
    found.stores.dedup();
    Some(found)
}

/// The addresses at which code may speak of a place, as the distance from the instruction's end; none if it may do so by the
/// address itself.
fn mentions(code: &[u8], base: u64, place: u64) -> Option<Vec<u64>> {
    let absolute = u32::try_from(place).ok();
    let mut found = Vec::new();
    for (offset, bytes) in (0u64..).zip(code.windows(4)) {
        let number = u32::from_le_bytes(bytes.try_into().ok()?);
        let at = base.wrapping_add(offset);
        if absolute.is_some_and(|absolute| number.wrapping_sub(absolute) < 8) {
            return None;
        }
        // Up to four bytes of a constant follow, before the end that the distance counts from. The place has eight bytes.
        let distance = u32::try_from(place.wrapping_sub(at).wrapping_sub(4) & 0xffff_ffff).ok()?;
        if number.wrapping_sub(distance).wrapping_add(4) < 12 {
            found.push(at);
        }
    }
    Some(found)
}

/// Whether code has one of these distances, or one of up to eight bytes more, as a constant of eight bytes (`movabs`).
fn has_distance(code: &[u8], distances: &[u64]) -> bool {
    let is_one = |number: u64| distances.iter().any(|&distance| number.wrapping_sub(distance) < 8);
    code.windows(10).any(|bytes| match bytes {
        [0x48 | 0x49, 0xb8..=0xbf, number @ ..] => {
            number.try_into().is_ok_and(|number| is_one(u64::from_le_bytes(number)))
        }
        _ => false,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_found_wherever_they_are() {
        let place = 0x5000u64;
        for trailing in [0u64, 1, 2, 4] {
            let mut code = vec![0x90u8; 32];
            let at = 0x1000 + 7;
            let distance = u32::try_from(place - (at + 4 + trailing)).expect("it fits");
            code[7..11].copy_from_slice(&distance.to_le_bytes());
            assert_eq!(mentions(&code, 0x1000, place), Some(vec![at]), "{trailing}");
            assert_eq!(mentions(&code, 0x1000, place - 7), Some(vec![at]), "into the middle");
            assert_eq!(mentions(&code, 0x1000, place + 8), Some(vec![]), "the next place");
        }
        let mut code = vec![0x90u8; 32];
        code[3..7].copy_from_slice(&0x5004u32.to_le_bytes());
        assert_eq!(mentions(&code, 0x1000, place), None, "the address itself");
    }

    #[test]
    fn distances_from_a_table_are_found_where_they_are_moved_into_registers() {
        // mov rcx, 0x60 (all eight bytes); mov qword [rsp + 0x60], 0
        let (wide, other) =
            ([0x48, 0xb9, 0x60, 0, 0, 0, 0, 0, 0, 0], [0x48, 0xc7, 0x84, 0x24, 0x60, 0, 0, 0, 0, 0, 0, 0]);
        assert!(has_distance(&wide, &[0x60]));
        assert!(has_distance(&wide, &[0x20, 0x59]), "into the middle");
        assert!(!has_distance(&wide, &[0x61, 0x58]));
        assert!(!has_distance(&other, &[0x60]));
    }
}
