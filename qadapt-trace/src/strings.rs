//! The string table.

use core::sync::atomic::Ordering;

use crate::format::{Table, Text};
use crate::layout::Trace;
use crate::room::Room;

/// The longest string that is kept whole.
const LONGEST: usize = 4096;

impl<R: Room> Trace<R> {
    /// Keeps a string; an empty one where there is no room.
    pub(crate) fn keep(&self, text: &[u8]) -> Text {
        let text = text.get(..LONGEST).unwrap_or(text);
        if text.is_empty() {
            return Text::EMPTY;
        }
        let length = text.len() as u64;
        let Some(start) = self.claim(Table::Strings, length) else { return Text::EMPTY };
        let Some(place) = usize::try_from(start).ok().and_then(|start| self.strings.get(start..)) else {
            return Text::EMPTY;
        };
        for (place, &byte) in place.iter().zip(text) {
            // Relaxed: whoever refers to the string publishes that with Release.
            place.store(byte, Ordering::Relaxed);
        }
        Text::new(start, length)
    }
}

/// The bytes that a [`Text`] refers to in the contents of [`Table::Strings`](crate::Table::Strings); none where it
/// refers to bytes that are not there.
#[must_use]
pub fn text(strings: &[u8], text: Text) -> &[u8] {
    let (start, length) = text.range();
    strings.get(start..).and_then(|rest| rest.get(..length)).unwrap_or_default()
}
