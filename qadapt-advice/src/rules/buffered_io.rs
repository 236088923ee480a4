//! Making a buffered reader or writer.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "buffered-io",
    habit: "the buffer of a `BufReader` or `BufWriter` is made",
    advice: "make the BufReader or BufWriter outside the region and pass it in: its buffer takes {size} bytes",
    calls: &[Call::of("std::io::buffered", "new with_capacity new_in with_capacity_in")],
    ..Entry::COMMON
};
