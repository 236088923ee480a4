//! Printing for the first time.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "print",
    habit: "standard output is used for the first time",
    advice: "call `qadapt::warm_up()` at the start of main: the first use of stdout allocates its buffer",
    calls: &[Call::of("std::io::stdio", "_print print_to stdout lock")],
    once: true,
    ..Entry::COMMON
};
