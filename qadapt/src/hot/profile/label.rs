//! Which region a sample is in, as far as the table of open regions does not tell: counted functions have no place there, and where the checks
//! are off nothing is in it.
//!
//! Such closures leave their places here while their bodies run. They are only told, never acted on; so what an abandoned stack leaves is at
//! worst a wrong label until the closure around it ends. With the checks on a region leaves nothing, so that sampling costs its edges nothing:
//! see [`unnamed`](super::unnamed).

use core::cell::Cell;

use crate::checks;
use crate::hot::table;
use crate::model::Place;

/// The place of the innermost closure, and how many records were open at its edge.
#[derive(Clone, Copy)]
struct Innermost {
    place: Option<Place>,
    records: usize,
}

const NONE: Innermost = Innermost { place: None, records: 0 };

thread_local! {
    static INNERMOST: Cell<Innermost> = const { Cell::new(NONE) };
}

/// A closure has this label until it is dropped.
pub(crate) struct Label {
    outer: Innermost,
}

impl Label {
    /// Begins that of a region; none where the checks are on, which know it.
    #[inline(always)]
    pub(crate) fn of_region(place: Place) -> Option<Self> {
        if checks::ON { None } else { Some(Self::begin(place)) }
    }

    /// Begins it.
    #[inline(always)]
    pub(crate) fn begin(place: Place) -> Self {
        let records = table::with(table::Table::len).unwrap_or(0);
        let inner = Innermost { place: Some(place), records };
        Self { outer: INNERMOST.try_with(|innermost| innermost.replace(inner)).unwrap_or(NONE) }
    }
}

impl Drop for Label {
    #[inline(always)]
    fn drop(&mut self) {
        let _ = INNERMOST.try_with(|innermost| innermost.set(self.outer));
    }
}

/// The place of the innermost region.
pub(super) fn innermost() -> Option<Place> {
    let Innermost { place, records } = INNERMOST.try_with(Cell::get).unwrap_or(NONE);
    let from = if place.is_some() { records } else { 0 };
    table::innermost_place_from(from).or(place)
}
