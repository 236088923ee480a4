//! Reading a clock that the kernel has to be asked for.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "clock-read",
    habit: "the time is read where that is a system call",
    advice: "read the time before the region, or count samples; with a clock source such as `tsc` it is no system call",
    // The functions of `std::time` pass it on to another one as their last step, which leaves no frame of theirs.
    calls: &[
        Call::of("std::time", "now elapsed"),
        Call::of("std::sys::pal::unix::time", "now"),
        Call::of("std::sys::time", "now"),
    ],
    on: On::WAIT,
    ..Entry::COMMON
};
