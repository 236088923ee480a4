//! Notes on regions that were opened by hand and not closed as they should be.

use core::fmt;
use std::panic::catch_unwind;

use crate::hot::word;
use crate::model::Place;

/// Says on standard error what became of a region's guard.
#[cold]
pub(crate) fn say(guard: Place, what: fmt::Arguments<'_>) {
    let text = word::as_own_work(|| {
        let name = if guard.name.is_none() { String::new() } else { format!("`{}` ", guard.name) };
        format!("qadapt: the region {name}entered at {} {what}", guard.location)
    });
    word::as_own_work(move || {
        // A closed standard error panics, which a drop must not.
        let _ = catch_unwind(|| eprintln!("{text}"));
        drop(text);
    });
}
