//! Jump tables: where an indirect jump inside one function may lead.
//!
//! A table of which the code checks the index has all entries up to that bound, and each must be understood. Where the
//! bound is unknown, or is only what a mask leaves, as with an enumeration whose values the compiler takes for granted, the table ends before the first
//! entry that cannot be one: no code, or the middle of another function. An entry that may well be one, such as the
//! start of a function or code that no symbol covers, then makes the whole jump unknown.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decode::Steps;
use super::fixups::Slot;
use super::load::Image;
use super::step::{Effect, Flow};
use super::value::{Last, Offsets};

/// No compiler makes a longer table; a longer one is not a table. [`Last`] has no room for more.
const LONGEST: u32 = 1 << 16;

/// Where a table lies and what its entries mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Table {
    /// Address of entry 0.
    pub(crate) at: u64,
    /// Offsets from here; `None` for 64-bit addresses.
    pub(crate) base: Option<(u64, Offsets)>,
    /// What is known of the highest index.
    pub(crate) last: Last,
}

/// What a table leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    /// Addresses inside the function.
    pub(crate) inside: Vec<u64>,
    /// Functions, which a jump calls in the place of this one.
    pub(crate) functions: Vec<Slot>,
    /// The address after the last entry.
    pub(crate) end: u64,
}

/// What an entry is.
enum Entry {
    Inside(u64),
    Function(Slot),
    /// Code that may belong to the function, but nothing says so.
    Doubtful,
    /// No entry of this function's table.
    No,
}

/// Where a table of the function that occupies `bounds` leads; `None` if that cannot be told. `others` are the tables
/// of the same function that are known by now, with their ends.
pub(crate) fn targets(
    image: &Image<'_>,
    bounds: &Range<u64>,
    table: Table,
    others: &BTreeMap<u64, u64>,
) -> Option<Targets> {
    if let Last::Masked(last) = table.last {
        // The mask may leave more than there is, where the compiler knows of values that do not occur.
        let all = Table { last: Last::Checked(last), ..table };
        let some = Table { last: Last::Width(last), ..table };
        return targets(image, bounds, all, others).or_else(|| targets(image, bounds, some, others));
    }
    let size: u64 = match table.base {
        Some((_, Offsets::Bytes)) => 1,
        Some((_, Offsets::Halves)) => 2,
        Some((_, Offsets::Words)) => 4,
        None => 8,
    };
    let (most, checked) = match table.last {
        Last::Long => return None,
        Last::Checked(last) => (u32::from(last), true),
        Last::Width(last) | Last::Masked(last) => (u32::from(last), false),
        Last::Unknown => (LONGEST, false),
    };
    // Where an index starts at more than 0, the address of entry 0 lies before the table, which begins at its base.
    let next_table = others
        .range(table.at.saturating_add(1)..)
        .map(|(&at, _)| at)
        .find(|&at| table.base.is_none_or(|(base, _)| base != at))
        .unwrap_or(u64::MAX);
    let mut found = Targets { end: table.at, ..Targets::default() };
    for i in 0..=most {
        let at = table.at.checked_add(u64::from(i) * size)?;
        if !checked && at >= next_table {
            break;
        }
        match entry(image, bounds, table.base, at) {
            Entry::Inside(target) => found.inside.push(target),
            Entry::Function(slot) if checked => found.functions.push(slot),
            Entry::No if !checked => break,
            _ => return None,
        }
        found.end = at.saturating_add(size);
    }
    if found.end == table.at || found.inside.len() > LONGEST as usize {
        return None;
    }
    found.inside.sort_unstable();
    found.inside.dedup();
    found.functions.sort_unstable();
    found.functions.dedup();
    Some(found)
}

fn entry(image: &Image<'_>, bounds: &Range<u64>, base: Option<(u64, Offsets)>, at: u64) -> Entry {
    let target = match base {
        Some((base, offsets)) => match offset(image, offsets, at) {
            Some(n) => base.wrapping_add_signed(n),
            None => return Entry::No,
        },
        None => match image.constant(at) {
            Some(Slot::Addr(target)) => target,
            Some(import @ Slot::Import(_)) => return Entry::Function(import),
            // The loader puts something there that is not known.
            None if image.is_fixed_up(at) => return Entry::Doubtful,
            None => return Entry::No,
        },
    };
    if !image.is_code(target) {
        return Entry::No;
    }
    let Some(function) = image.function_covering(target) else {
        return match image.bounds(target) {
            _ if bounds.contains(&target) => Entry::Inside(target),
            gap if is_padding(image, &gap) => Entry::No,
            _ => Entry::Doubtful,
        };
    };
    if function.is_fragment() {
        let own = image.function_covering(bounds.start).is_some_and(|f| function.is_fragment_of(f));
        return if own || bounds.contains(&target) { Entry::Inside(target) } else { Entry::No };
    }
    if function.addr == target {
        Entry::Function(Slot::Addr(target))
    } else if bounds.contains(&target) {
        Entry::Inside(target)
    } else {
        Entry::No
    }
}

/// How far from the base an entry leads.
fn offset(image: &Image<'_>, offsets: Offsets, at: u64) -> Option<i64> {
    Some(match offsets {
        Offsets::Words => i64::from(image.constant_i32(at)?),
        Offsets::Halves => 4 * i64::from(u16::from_le_bytes(image.frozen(at, 2)?.try_into().ok()?)),
        Offsets::Bytes => 4 * i64::from(*image.frozen(at, 1)?.first()?),
    })
}

/// Whether what lies between two functions only aligns the second.
fn is_padding(image: &Image<'_>, gap: &Range<u64>) -> bool {
    const LONGEST_GAP: u64 = 64;
    if gap.end - gap.start > LONGEST_GAP {
        return false;
    }
    let mut steps = Steps::new(image.code(gap.start, gap.end), gap.start);
    let mut at = gap.start;
    while at < gap.end {
        let step = steps.at(at);
        if !matches!(
            (step.flow, step.effect),
            (Flow::Next, Effect::None) | (Flow::Trap | Flow::Breakpoint, _)
        ) {
            return false;
        }
        at = step.next;
    }
    true
}
