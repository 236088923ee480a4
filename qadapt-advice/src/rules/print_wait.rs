//! Printing.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "print-wait",
    habit: "standard output or standard error is written",
    advice: "push what is to be printed to a queue that another thread prints, as loggers with a worker do",
    calls: &[Call::of("std::io::stdio", "_print _eprint print_to write write_all write_fmt flush")],
    on: On::WAIT,
    ..Entry::COMMON
};
