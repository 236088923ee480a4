//! Instructions of aarch64 that read and write memory.

use disarm64_defn::InsnClass;

use super::aarch64_word::{Meaning, ZERO, bits, reg, reg_or_sp, signed};
use super::step::{Effect, Mem, Reg, Regs, Write};

/// How the address of an access changes its base.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Kept,
    Before,
    After,
}

/// One register that is read or written.
#[derive(Clone, Copy)]
struct Access {
    /// A register for numbers; none of the one that is zero.
    reg: Option<Reg>,
    is_vector: bool,
    bytes: u8,
    is_signed: bool,
}

/// What an instruction of this class does; none if that is not known.
pub(super) fn meaning(word: u32, at: u64, class: InsnClass) -> Option<Meaning> {
    match class {
        InsnClass::LDST_POS
        | InsnClass::LDST_UNSCALED
        | InsnClass::LDST_UNPRIV
        | InsnClass::LDST_IMM9
        | InsnClass::LDST_REGOFF => single(word, class),
        InsnClass::LDSTPAIR_OFF | InsnClass::LDSTPAIR_INDEXED | InsnClass::LDSTNAPAIR_OFFS => pair(word),
        InsnClass::LOADLIT => literal(word, at),
        InsnClass::LDSTEXCL => exclusive(word),
        InsnClass::LSE_ATOMIC => atomic(word).or_else(|| exclusive(word)),
        InsnClass::ASISDLSE | InsnClass::ASISDLSEP | InsnClass::ASISDLSO | InsnClass::ASISDLSOP => {
            structure(word)
        }
        _ => None,
    }
}

/// Whether an instruction only loads or stores registers, and loads.
pub(super) fn is_plain(word: u32, class: InsnClass) -> Option<bool> {
    match class {
        InsnClass::LDST_POS
        | InsnClass::LDST_UNSCALED
        | InsnClass::LDST_UNPRIV
        | InsnClass::LDST_IMM9
        | InsnClass::LDST_REGOFF => {
            Some(if bits(word, 26, 1) == 1 { bits(word, 22, 1) == 1 } else { bits(word, 22, 2) != 0 })
        }
        InsnClass::LDSTPAIR_OFF | InsnClass::LDSTPAIR_INDEXED | InsnClass::LDSTNAPAIR_OFFS => {
            Some(bits(word, 22, 1) == 1)
        }
        InsnClass::LOADLIT => Some(true),
        _ => None,
    }
}

/// The numbers of the registers that it loads or stores, if they are for numbers.
pub(super) fn data(word: u32, class: InsnClass) -> [Option<u32>; 2] {
    if bits(word, 26, 1) == 1 {
        return [None, None];
    }
    let is_pair =
        matches!(class, InsnClass::LDSTPAIR_OFF | InsnClass::LDSTPAIR_INDEXED | InsnClass::LDSTNAPAIR_OFFS);
    [Some(bits(word, 0, 5)), is_pair.then(|| bits(word, 10, 5))]
}

fn load(access: Access, mem: Mem) -> Effect {
    let Some(dst) = access.reg.filter(|_| !access.is_vector) else { return Effect::None };
    match (access.bytes, access.is_signed) {
        (8, _) => Effect::Load(dst, mem),
        (4, true) => Effect::LoadSigned(dst, mem),
        (1 | 2 | 4, false) => Effect::LoadShort(dst, mem, access.bytes),
        _ => Effect::Clobber(1 << dst),
    }
}

fn store(access: Access, mem: Mem) -> Write {
    match access {
        Access { is_vector: false, bytes: 8, reg: Some(reg), .. } => Write::Register(mem, reg),
        Access { is_vector: false, bytes: 8, reg: None, .. } => Write::Number(mem, 0),
        _ => Write::Bytes(mem, access.bytes),
    }
}

fn moved(mem: Mem, by: u64) -> Mem {
    Mem { disp: mem.disp.wrapping_add(by), ..mem }
}

/// One register.
fn single(word: u32, class: InsnClass) -> Option<Meaning> {
    if bits(word, 27, 3) != 0b111 || bits(word, 25, 1) != 0 {
        return None;
    }
    let (rt, rn) = (bits(word, 0, 5), bits(word, 5, 5));
    let (size, opc, is_vector) = (bits(word, 30, 2), bits(word, 22, 2), bits(word, 26, 1) == 1);
    let scale = if is_vector && opc >= 2 { 4 } else { size };
    if is_vector && opc >= 2 && size != 0 {
        return None;
    }
    let access = Access {
        reg: if is_vector { None } else { reg(rt) },
        is_vector,
        bytes: 1 << scale,
        is_signed: !is_vector && opc >= 2,
    };
    let is_load = if is_vector { opc & 1 == 1 } else { opc != 0 };
    if !is_vector && size == 3 && opc == 2 {
        // `prfm`
        return (class != InsnClass::LDST_IMM9).then(Meaning::none);
    }
    if !is_vector && (size == 3 && opc > 2 || size == 2 && opc == 3) {
        return None;
    }
    let base = reg_or_sp(rn);
    let mem = |disp: u64| Mem { base: Some(base), index: None, disp };
    if class == InsnClass::LDST_REGOFF {
        let is_plain = bits(word, 13, 3) == 0b011;
        let factor = if bits(word, 12, 1) == 1 { 1 << scale } else { 1 };
        let index = reg(bits(word, 16, 5));
        let from = mem(0);
        let mem = match index {
            Some(index) if is_plain => Some(Mem { base: Some(base), index: Some((index, factor)), disp: 0 }),
            None if is_plain => Some(from),
            _ => None,
        };
        return Some(match (is_load, mem) {
            (true, Some(mem)) => Meaning::effect(load(access, mem)),
            (true, None) => Meaning::effect(access.reg.map_or(Effect::None, |dst| Effect::Clobber(1 << dst))),
            (false, Some(mem)) => Meaning::none().then(Effect::None, store(access, mem)),
            (false, None) => Meaning::none().then(Effect::None, Write::Bytes(from.onwards(), access.bytes)),
        });
    }
    let (index, distance) = match class {
        InsnClass::LDST_POS => (Index::Kept, u64::from(bits(word, 10, 12)) << scale),
        InsnClass::LDST_IMM9 => match bits(word, 10, 2) {
            1 => (Index::After, signed(word, 12, 9).cast_unsigned()),
            3 => (Index::Before, signed(word, 12, 9).cast_unsigned()),
            _ => return None,
        },
        _ => (Index::Kept, signed(word, 12, 9).cast_unsigned()),
    };
    if index != Index::Kept && !is_vector && rt == rn && rn != ZERO {
        return None;
    }
    Some(indexed(&[access], is_load, mem(0), base, index, distance))
}

/// Loads or stores registers one after the other, and changes the base.
fn indexed(all: &[Access], is_load: bool, mem: Mem, base: Reg, index: Index, distance: u64) -> Meaning {
    let change = Effect::AddConst(base, distance);
    let mut meaning = Meaning::none();
    let places = all.iter().zip((0u64..).map(|i| i * u64::from(all[0].bytes)));
    if is_load {
        if index == Index::Before {
            meaning = meaning.then(change, Write::None);
        }
        let first = if index == Index::Kept { distance } else { 0 };
        let mut loads: Vec<Effect> =
            places.map(|(&access, at)| load(access, moved(mem, first.wrapping_add(at)))).collect();
        // The base is overwritten last.
        if loads[0].changes(base) {
            loads.reverse();
        }
        for effect in loads {
            meaning = meaning.then(effect, Write::None);
        }
        if index == Index::After {
            meaning = meaning.then(change, Write::None);
        }
        return meaning;
    }
    let first = if index == Index::After { 0 } else { distance };
    for (i, (&access, at)) in places.enumerate() {
        let is_last = i + 1 == all.len();
        let effect = if is_last && index != Index::Kept { change } else { Effect::None };
        meaning = meaning.then(effect, store(access, moved(mem, first.wrapping_add(at))));
    }
    meaning
}

/// Two registers.
fn pair(word: u32) -> Option<Meaning> {
    if bits(word, 27, 3) != 0b101 || bits(word, 25, 1) != 0 {
        return None;
    }
    let (opc, is_vector, is_load) = (bits(word, 30, 2), bits(word, 26, 1) == 1, bits(word, 22, 1) == 1);
    let (rt, rt2, rn) = (bits(word, 0, 5), bits(word, 10, 5), bits(word, 5, 5));
    let (scale, is_signed) = match (is_vector, opc) {
        (true, 0..=2) => (2 + opc, false),
        (false, 0) => (2, false),
        (false, 1) if is_load => (2, true),
        (false, 2) => (3, false),
        _ => return None,
    };
    let index = match bits(word, 23, 2) {
        1 => Index::After,
        3 => Index::Before,
        _ => Index::Kept,
    };
    if is_load && rt == rt2 || index != Index::Kept && !is_vector && rn != ZERO && (rt == rn || rt2 == rn) {
        return None;
    }
    let access = |number| Access {
        reg: if is_vector { None } else { reg(number) },
        is_vector,
        bytes: 1 << scale,
        is_signed,
    };
    let base = reg_or_sp(rn);
    let distance = signed(word, 15, 7).cast_unsigned() << scale;
    let mem = Mem { base: Some(base), index: None, disp: 0 };
    Some(indexed(&[access(rt), access(rt2)], is_load, mem, base, index, distance))
}

/// A load from a place beside the code.
fn literal(word: u32, at: u64) -> Option<Meaning> {
    if bits(word, 27, 3) != 0b011 || bits(word, 24, 2) != 0 {
        return None;
    }
    let is_vector = bits(word, 26, 1) == 1;
    let opc = bits(word, 30, 2);
    let mem = Mem { base: None, index: None, disp: at.wrapping_add_signed(signed(word, 5, 19) << 2) };
    let Some(dst) = reg(bits(word, 0, 5)).filter(|_| !is_vector && opc < 3) else {
        return Some(Meaning::none());
    };
    Some(Meaning::effect(match opc {
        1 => Effect::Load(dst, mem),
        _ => Effect::Clobber(1 << dst),
    }))
}

/// `ldxr`, `stxr`, `ldar`, `stlr`, `cas` and their kin.
fn exclusive(word: u32) -> Option<Meaning> {
    if bits(word, 24, 6) != 0b00_1000 {
        return None;
    }
    let set = |number: u32| reg(number).map_or(0, |reg| 1 << reg);
    let (rt, rt2, rs) = (set(bits(word, 0, 5)), set(bits(word, 10, 5)), set(bits(word, 16, 5)));
    let mem = Mem { base: Some(reg_or_sp(bits(word, 5, 5))), index: None, disp: 0 };
    let written = Write::Bytes(mem, 16);
    let changes = |mask: Regs| if mask == 0 { Effect::None } else { Effect::Clobber(mask) };
    Some(match (bits(word, 21, 1), bits(word, 22, 1), bits(word, 23, 1)) {
        (0, 1, _) => Meaning::effect(changes(rt)),
        (0, _, 0) => Meaning::none().then(changes(rs), written),
        (0, ..) => Meaning::none().then(Effect::None, written),
        // The registers of a pair of `casp` have the next numbers.
        _ => {
            let next = set(bits(word, 0, 5) + 1) | set(bits(word, 16, 5) + 1);
            Meaning::none().then(changes(rt | rt2 | rs | next), written)
        }
    })
}

/// `ldadd`, `swp` and their kin.
fn atomic(word: u32) -> Option<Meaning> {
    let is_known = bits(word, 24, 6) == 0b11_1000 && bits(word, 21, 1) == 1 && bits(word, 10, 2) == 0;
    let (o3, opc) = (bits(word, 15, 1), bits(word, 12, 3));
    if !is_known || o3 == 1 && opc != 0 {
        return None;
    }
    let mem = Mem { base: Some(reg_or_sp(bits(word, 5, 5))), index: None, disp: 0 };
    let effect = reg(bits(word, 0, 5)).map_or(Effect::None, |dst| Effect::Clobber(1 << dst));
    Some(Meaning::none().then(effect, Write::Bytes(mem, 8)))
}

/// Loads and stores of several vectors: four of 16 bytes at most.
fn structure(word: u32) -> Option<Meaning> {
    if bits(word, 25, 5) != 0b0_0110 {
        return None;
    }
    let base = reg_or_sp(bits(word, 5, 5));
    let mem = Mem { base: Some(base), index: None, disp: 0 };
    let write = if bits(word, 22, 1) == 1 { Write::None } else { Write::Bytes(mem, 64) };
    let effect = if bits(word, 23, 1) == 1 { Effect::Clobber(1 << base) } else { Effect::None };
    Some(Meaning::none().then(effect, write))
}
