//! The string table.

use core::sync::atomic::{AtomicU8, Ordering};

use crate::entry::Text;
use crate::layout::SectionRow;

/// The longest string that is kept whole.
const LONGEST: usize = 4096;

/// Keeps a string; an empty one where there is no room.
pub(crate) fn keep(section: &SectionRow, table: &[AtomicU8], text: &[u8]) -> Text {
    let text = text.get(..LONGEST).unwrap_or(text);
    if text.is_empty() {
        return Text::EMPTY;
    }
    let length = text.len() as u64;
    // Relaxed: the claim has to be exclusive, which a read-modify-write is, and orders nothing.
    let fits = |used: u64| Some(used + length).filter(|&end| end <= table.len() as u64);
    let Ok(start) = section.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) else {
        section.lost.fetch_add(1, Ordering::Relaxed);
        return Text::EMPTY;
    };
    let Some(place) = usize::try_from(start).ok().and_then(|start| table.get(start..)) else {
        return Text::EMPTY;
    };
    for (place, &byte) in place.iter().zip(text) {
        // Relaxed: whoever refers to the string publishes that with Release.
        place.store(byte, Ordering::Relaxed);
    }
    Text::new(start, length)
}

/// The bytes that a [`Text`] refers to in the contents of [`Kind::Strings`](crate::Kind::Strings); none where it
/// refers to bytes that are not there.
#[must_use]
pub fn text(strings: &[u8], text: Text) -> &[u8] {
    let (start, length) = text.range();
    strings.get(start..).and_then(|rest| rest.get(..length)).unwrap_or_default()
}
