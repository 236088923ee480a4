//! Notes on regions that were opened by hand and not closed as they should be.

use core::fmt;

use super::sink;
use crate::hot::own_work;
use crate::model::Place;
use crate::sys;

/// Says on standard error what became of a region's guard.
#[cold]
pub(crate) fn say(guard: Place, what: fmt::Arguments<'_>) {
    let say = || {
        let name = if guard.name.is_none() { String::new() } else { format!("`{}` ", guard.name) };
        sink::say(&format!("qadapt: the region {name}entered at {} {what}", guard.location));
    };
    // The program may still ask why its last system call failed.
    sys::keeping_error(|| own_work::as_own_work(say));
}
