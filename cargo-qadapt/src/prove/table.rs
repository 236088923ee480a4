//! Jump tables: the targets that an indirect jump inside one function may have.

use std::collections::BTreeMap;
use std::ops::Range;

use super::load::{Image, Slot};

/// No compiler makes a longer table; a longer one is not a table.
const LONGEST: u32 = 1 << 16;

/// Where a table lies and what its entries mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Table {
    /// Address of entry 0.
    pub at: u64,
    /// 32-bit offsets from here; `None` for 64-bit addresses.
    pub base: Option<u64>,
    /// Highest possible index, if the code bounds it.
    pub last: Option<u32>,
}

/// The targets of a table of the function that occupies `bounds`, and the address after the last entry read.
///
/// The entries are read as long as they lead into the function, the index is within its bound, and no other table
/// of the function (`others`) begins. A compiler's table leads nowhere else, so this never misses a target. `None`
/// if not even the first entry fits.
#[must_use]
pub fn targets(
    image: &Image<'_>,
    bounds: &Range<u64>,
    table: Table,
    others: &BTreeMap<u64, u64>,
) -> Option<(Vec<u64>, u64)> {
    let size: u64 = if table.base.is_some() { 4 } else { 8 };
    let next_table = others.range(table.at.saturating_add(1)..).next().map_or(u64::MAX, |(&at, _)| at);
    let mut found = Vec::new();
    for i in 0..=table.last.unwrap_or(LONGEST).min(LONGEST) {
        let Some(at) = table.at.checked_add(u64::from(i) * size).filter(|&at| at < next_table) else { break };
        let target = match table.base {
            Some(base) => image.constant_i32(at).map(|n| base.wrapping_add_signed(i64::from(n))),
            None => match image.constant(at) {
                Some(Slot::Addr(a)) => Some(a),
                _ => None,
            },
        };
        match target {
            Some(target) if bounds.contains(&target) => found.push(target),
            _ => break,
        }
    }
    if found.is_empty() || found.len() > LONGEST as usize {
        return None;
    }
    let end = table.at.saturating_add(size * found.len() as u64);
    found.sort_unstable();
    found.dedup();
    Some((found, end))
}
