//! Taking a `parking_lot` lock.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "parking-lot-lock",
    habit: "a `parking_lot` lock is taken, which another thread may hold",
    advice: "take it with `try_lock`; whoever takes it again and again lets others in with `MutexGuard::bump` or `unlock_fair`",
    calls: &[Call::of("lock_api", "lock read write upgradable_read")],
    through: &[Call::any_of("parking_lot")],
    on: On::WAIT,
    ..Entry::COMMON
};
