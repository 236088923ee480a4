//! Making an `io::Error` from a message.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "io-error",
    habit: "an `io::Error` is made from a message or another error",
    advice: "make the error from its kind alone (`io::Error::from(ErrorKind::..)`): `other` and `new` allocate",
    calls: &[Call::of("std::io::error", "other new _new")],
    ..Entry::COMMON
};
