//! The regions opened by `enter_protected` on this thread and not yet closed.

use core::cell::Cell;
use core::panic::Location;

/// Where a manual region was entered, and at which level.
type Entry = Option<(u32, &'static Location<'static>)>;

/// Nested entries whose lines are remembered.
const REMEMBERED: usize = 4;

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static ENTERED: [Cell<Entry>; REMEMBERED] = const { [const { Cell::new(None) }; REMEMBERED] };
}

/// Open manual regions since the innermost closure region with a frame.
pub(crate) fn count() -> u32 {
    COUNT.try_with(Cell::get).unwrap_or(0)
}

pub(crate) fn replace(count: u32) -> u32 {
    COUNT.try_with(|cell| cell.replace(count)).unwrap_or(0)
}

/// Remembers the line that opened the region at this level.
pub(crate) fn remember(level: u32, location: &'static Location<'static>) {
    let _ = ENTERED.try_with(|entered| {
        if let Some(cell) = entered.get(level as usize % REMEMBERED) {
            cell.set(Some((level, location)));
        }
    });
}

/// The line that opened the region at this level, if it is still remembered.
pub(crate) fn recall(level: u32) -> Option<&'static Location<'static>> {
    ENTERED
        .try_with(|entered| {
            let (remembered, location) = entered.get(level as usize % REMEMBERED)?.take()?;
            (remembered == level).then_some(location)
        })
        .ok()
        .flatten()
}
