//! The regions opened by `enter_protected` on this thread and not yet closed.

use core::cell::Cell;
use core::panic::Location;

use super::pending::Base;

/// What is kept of a manual region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entered {
    /// The line that opened it.
    pub(crate) location: &'static Location<'static>,
    /// Where the enclosing region's violations begin.
    pub(crate) outer_start: Base,
}

/// A manual region, and how many were open with it.
type Entry = Option<(u32, Entered)>;

/// Nested entries that are remembered.
const REMEMBERED: usize = 4;

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static OPEN: Cell<u32> = const { Cell::new(0) };
    static ENTERED: [Cell<Entry>; REMEMBERED] = const { [const { Cell::new(None) }; REMEMBERED] };
}

/// Open manual regions since the innermost closure region with a frame.
pub(crate) fn count() -> u32 {
    COUNT.try_with(Cell::get).unwrap_or(0)
}

/// Changes the count and returns the one before.
pub(super) fn set_count(count: u32) -> u32 {
    COUNT.try_with(|cell| cell.replace(count)).unwrap_or(0)
}

/// Changes how many are open on the thread, in all closure regions; it saturates, as nesting that deep is forgotten.
fn change_open(change: i32) -> u32 {
    OPEN.try_with(|cell| {
        let open = cell.get().saturating_add_signed(change);
        cell.set(open);
        open
    })
    .unwrap_or(0)
}

/// Adds a region and remembers it, until so many are open inside it that its place is needed.
pub(crate) fn enter(region: Entered) {
    set_count(count().saturating_add(1));
    let open = change_open(1);
    let _ = ENTERED.try_with(|entered| {
        if let Some(cell) = entered.get(open as usize % REMEMBERED) {
            cell.set(Some((open, region)));
        }
    });
}

/// Takes the last region off and returns what was kept of it, if it is still remembered.
pub(crate) fn exit() -> Option<Entered> {
    set_count(count().saturating_sub(1));
    let open = change_open(-1).saturating_add(1);
    ENTERED
        .try_with(|entered| {
            let (remembered, region) = entered.get(open as usize % REMEMBERED)?.take()?;
            (remembered == open).then_some(region)
        })
        .ok()
        .flatten()
}

/// Takes off all regions that the innermost closure region left open, and returns how many there were.
pub(super) fn end_all() -> u32 {
    let left = set_count(0);
    change_open(i32::try_from(left).map_or(i32::MIN, |left| -left));
    left
}
