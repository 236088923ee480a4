//! What fast edges have opened: the word below all records.
//!
//! A fast scope takes off what it has put on, wherever on the thread it ends. Where that is not there, a permit hides it:
//! one of another stack, since on one stack the permit would have ended before. What ended so is a debt: the permit
//! does not put it back.

use super::table::Table;
use super::word;

/// Adds a plain region.
pub(super) fn add_level(table: &Table) {
    table.set_base(table.base().wrapping_add(word::LEVEL));
}

/// Takes a plain region off. False if there is none, and no permit can hide it.
pub(super) fn end_level(table: &Table) -> bool {
    let base = table.base();
    if word::levels(base) > 0 {
        table.set_base(base.wrapping_sub(word::LEVEL));
        return true;
    }
    owe(table, word::LEVEL)
}

/// Takes a policy's flags off. False if some are not there, and no permit can hide them.
pub(super) fn end_policy(table: &Table, flags: i64) -> bool {
    let base = table.base();
    table.set_base(base & !flags);
    let missing = flags & !base;
    missing == 0 || owe(table, missing)
}

fn owe(table: &Table, missing: i64) -> bool {
    if word::permits() == 0 {
        return false;
    }
    let debt = table.debt();
    let levels = (debt & word::LEVELS).wrapping_add(missing & word::LEVELS);
    table.set_debt(levels | (debt | missing) & word::POLICY);
    true
}

/// Puts back what a permit has hidden, but for what has ended meanwhile.
pub(super) fn end_permit(table: &Table, hidden: i64) {
    let debt = table.debt();
    let levels = (hidden & word::LEVELS).min(debt & word::LEVELS);
    let flags = hidden & debt & word::POLICY;
    let hidden = (hidden & !flags).wrapping_sub(levels);
    let base = table.base();
    let levels_now = (base & word::LEVELS).wrapping_add(hidden & word::LEVELS);
    table.set_base(levels_now | (base | hidden) & !word::LEVELS);
    let left = (debt & !flags).wrapping_sub(levels);
    // What no permit hides any more cannot be put back either.
    table.set_debt(if word::permits() == 0 { 0 } else { left });
}
