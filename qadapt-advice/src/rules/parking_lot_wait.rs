//! Waiting on a `parking_lot` lock for the first time.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "parking-lot-wait",
    habit: "a thread waits on a `parking_lot` lock or condition for the first time",
    advice: "wait once on a `parking_lot` lock outside the region on each thread: the first wait allocates",
    calls: &[Call::any_of("parking_lot_core"), Call::any_of("parking_lot")],
    through: &[Call::any_of("parking_lot_core")],
    on: On::NEW,
    once: true,
    ..Entry::COMMON
};
