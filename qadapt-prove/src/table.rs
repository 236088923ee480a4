//! Jump tables: where an indirect jump inside one function may lead.
//!
//! A table of which the code checks the index has all entries up to that bound, and each must be understood. Where the
//! bound is unknown, or is only what a mask leaves, as with an enumeration whose values the compiler takes for granted, the table ends before the first
//! entry that cannot be one: no code, or the middle of another function. An entry that may well be one, such as the
//! start of a function or code that no symbol covers, then makes the whole jump unknown.
//!
//! An entry for a value that the compiler knows not to occur may lead right behind the function, where no code is. It is no end.
//!
//! What a compiler makes of a `switch` has no name. Labels in an object that has one were put there by its author (`goto *ops[x].code`
//! of GNU C), and anything may lie between them: all of the object is the table.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::decode::Steps;
use super::fixups::Slot;
use super::load::Image;
use super::state::State;
use super::step::{Effect, Flow, Via};
use super::value::{Last, Offsets, Value};

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
    /// Right behind the function or a part of it, where no code is: no value leads here.
    Behind,
    /// Code that may belong to the function, but nothing says so.
    Doubtful,
    /// No entry of this function's table.
    No,
}

impl Table {
    /// The table of offsets that leads to where a jump goes.
    pub(crate) fn of(target: Value) -> Option<Self> {
        let Value::Target { table, offsets, base, last } = target else { return None };
        Some(Self { at: table, base: Some((base, offsets)), last })
    }

    /// Whether the code itself says where the table ends.
    pub(crate) fn is_checked(self) -> bool {
        matches!(self.last, Last::Checked(_) | Last::Long)
    }

    /// How far the entries are apart.
    fn size(self) -> u64 {
        match self.base {
            Some((_, Offsets::Bytes)) => 1,
            Some((_, Offsets::Halves)) => 2,
            Some((_, Offsets::Words)) => 4,
            None => 8,
        }
    }

    /// Where the table itself begins, if that is known: offsets of 32 bits count from there. Entry 0 lies elsewhere where an index starts at
    /// another number.
    pub(crate) fn begin(self, image: &Image<'_>) -> Option<u64> {
        let (base, Offsets::Words) = self.base? else { return None };
        let is_near = base.abs_diff(self.at) < u64::from(LONGEST) * 4;
        (is_near && base.abs_diff(self.at) % 4 == 0 && !image.is_code(base)).then_some(base)
    }

    /// The object with a name that the table is a part of, if its author made it: compilers count from tables of their own, or give
    /// them no name.
    fn object(self, image: &Image<'_>) -> Option<Range<u64>> {
        if self.begin(image).is_some() { None } else { image.object_at(self.at) }
    }
}

/// Where the tables begin through which a stretch of code jumps, as far as that can be told without following the code: the address
/// of the table and the jump lie in one row.
pub(crate) fn begins(image: &Image<'_>, code: &Range<u64>) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut steps = Steps::new(image.code(code.start, code.end), code.start);
    let (mut at, mut row) = (code.start, code.start);
    while at < code.end {
        let step = steps.flow_at(at);
        at = step.next;
        match step.flow {
            Flow::Next | Flow::Branch(..) => continue,
            Flow::JumpVia(Via::Reg(reg)) => {
                let table = Table::of(behind(image, &mut steps, row..step.addr).get(reg));
                found.extend(table.and_then(|table| table.begin(image)));
            }
            _ => {}
        }
        row = at;
    }
    found
}

/// What is known behind a row of instructions of which none is a jump or a call.
fn behind(image: &Image<'_>, steps: &mut Steps<'_>, row: Range<u64>) -> State {
    let mut state = State::unknown();
    let mut at = row.start;
    while at < row.end {
        let step = steps.at(at);
        state.apply(step.effect, step.flags_lost, image);
        at = step.next;
    }
    state
}

/// Where a table of the function that occupies `bounds` leads; `None` if that cannot be told. `others` are the tables
/// of the same function of which it is known by now where they begin, with their ends.
pub(crate) fn targets(
    image: &Image<'_>,
    bounds: &Range<u64>,
    table: Table,
    others: &BTreeMap<u64, u64>,
) -> Option<Targets> {
    let at_most = |last| match table.object(image) {
        Some(object) => all_of(image, bounds, table, &object),
        None => unchecked(image, bounds, table, last, others),
    };
    match table.last {
        Last::Long => None,
        Last::Checked(last) => checked(image, bounds, table, last.into()),
        Last::Width(last) => at_most(last.into()),
        // The mask may leave more than there is, where the compiler knows of values that do not occur.
        Last::Masked(last) => checked(image, bounds, table, last.into()).or_else(|| at_most(last.into())),
        Last::Unknown => at_most(LONGEST),
    }
}

/// An object, some of which are labels.
fn all_of(image: &Image<'_>, bounds: &Range<u64>, table: Table, object: &Range<u64>) -> Option<Targets> {
    // A size is what the file says, which need not be so.
    if object.end.saturating_sub(object.start) > u64::from(LONGEST) * table.size() {
        return None;
    }
    let mut found = Targets { end: object.end, ..Targets::default() };
    let mut at = object.start + table.at.wrapping_sub(object.start) % table.size();
    while at < object.end {
        match entry(image, bounds, table.base, at) {
            Entry::Inside(target) => found.inside.push(target),
            Entry::Behind | Entry::No => {}
            Entry::Function(_) | Entry::Doubtful => return None,
        }
        at = at.checked_add(table.size())?;
    }
    found.tidy()
}

/// A table of which the code checks the index.
fn checked(image: &Image<'_>, bounds: &Range<u64>, table: Table, last: u32) -> Option<Targets> {
    let mut found = Targets { end: table.at, ..Targets::default() };
    for i in 0..=last {
        let at = table.at.checked_add(u64::from(i) * table.size())?;
        match entry(image, bounds, table.base, at) {
            Entry::Inside(target) => found.inside.push(target),
            Entry::Function(slot) => found.functions.push(slot),
            Entry::Behind => {}
            Entry::Doubtful | Entry::No => return None,
        }
        found.end = at.saturating_add(table.size());
    }
    found.tidy()
}

/// A table that has at most `most` entries behind entry 0.
fn unchecked(
    image: &Image<'_>,
    bounds: &Range<u64>,
    table: Table,
    most: u32,
    others: &BTreeMap<u64, u64>,
) -> Option<Targets> {
    let begin = table.begin(image);
    // The tables of one function lie side by side.
    let next_table = begin.and_then(|begin| others.range(begin.saturating_add(1)..).next());
    let next_table = next_table.map_or(u64::MAX, |(&at, _)| at);
    // What a mask leaves may be all of a table that holds other things too: where labels follow these, its end is not told.
    let is_masked = matches!(table.last, Last::Masked(_));
    let mut has_ended = false;
    let mut found = Targets { end: table.at, ..Targets::default() };
    let last = table.at.checked_add(u64::from(most) * table.size())?;
    let mut at = begin.map_or(table.at, |begin| begin.min(table.at));
    while at <= last && at < next_table {
        match entry(image, bounds, table.base, at) {
            Entry::Inside(_) if has_ended => return None,
            Entry::Inside(target) => found.inside.push(target),
            Entry::Behind => {}
            // What lies before the table is of another one.
            Entry::No if begin.is_some_and(|begin| at < begin) => {}
            Entry::No if is_masked => has_ended = true,
            Entry::No => break,
            Entry::Function(_) | Entry::Doubtful if has_ended => {}
            Entry::Function(_) | Entry::Doubtful => return None,
        }
        at = at.checked_add(table.size())?;
        if !has_ended {
            found.end = at;
        }
    }
    // An index may be less than 0 where nothing says otherwise.
    if begin.is_none() && table.size() >= 4 && table.last == Last::Unknown {
        let mut at = table.at;
        loop {
            at = at.checked_sub(table.size())?;
            if found.inside.len() > LONGEST as usize {
                return None;
            }
            match entry(image, bounds, table.base, at) {
                Entry::Inside(target) => found.inside.push(target),
                Entry::Behind => {}
                Entry::No => break,
                Entry::Function(_) | Entry::Doubtful => return None,
            }
        }
    }
    found.tidy()
}

impl Targets {
    /// Each once; none if there are none, or too many.
    fn tidy(mut self) -> Option<Self> {
        if self.inside.is_empty() && self.functions.is_empty() || self.inside.len() > LONGEST as usize {
            return None;
        }
        self.inside.sort_unstable();
        self.inside.dedup();
        self.functions.sort_unstable();
        self.functions.dedup();
        Some(self)
    }
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
    let none = if is_behind(image, bounds, target) { Entry::Behind } else { Entry::No };
    if !image.is_code(target) {
        return none;
    }
    let Some(function) = image.function_covering(target) else {
        return match image.bounds(target) {
            _ if bounds.contains(&target) => Entry::Inside(target),
            gap if is_padding(image, &gap) => none,
            _ => Entry::Doubtful,
        };
    };
    if function.is_fragment() {
        let own = image.function_covering(bounds.start).is_some_and(|f| function.is_fragment_of(f));
        return if own || bounds.contains(&target) { Entry::Inside(target) } else { none };
    }
    if function.addr == target {
        Entry::Function(Slot::Addr(target))
    } else if bounds.contains(&target) {
        Entry::Inside(target)
    } else if image.function_covering(bounds.start).is_some_and(|own| function.is_made_of(own)) {
        // By another way to move parts away than those that are known.
        Entry::Doubtful
    } else {
        Entry::No
    }
}

/// Whether an address is the first one behind a function or a part of it.
fn is_behind(image: &Image<'_>, bounds: &Range<u64>, target: u64) -> bool {
    let own = image.function_covering(bounds.start);
    let last = target.checked_sub(1).and_then(|last| image.function_covering(last));
    target == bounds.end
        || last.zip(own).is_some_and(|(part, own)| {
            part.addr.checked_add(part.size) == Some(target) && part.is_fragment_of(own)
        })
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
