//! Dropping an `io::Error` that has a box.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "drop-io-error",
    habit: "an `io::Error` is dropped, which can own a box",
    advice: "keep the error until the region has ended, or format through `fmt::Write`, whose error owns nothing",
    calls: &[Call::drop_of("std::io::error::Error")],
    on: On::FREE,
    ..Entry::COMMON
};
