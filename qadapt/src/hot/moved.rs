//! Regions that ended on another thread than they opened on: those of a coroutine that moved.
//!
//! Whoever ends one leaves its name here, and the thread that has its record takes the record away when it opens the next one
//! or would find a violation. From the first such end on every region of the process has a record.

use core::sync::atomic::{AtomicU64, Ordering};

use super::record::{Kind, Record, Serial};
use super::setting;

/// Ends that nobody has taken up; 0 for none. Where all places are taken, the next in turn is given up, and that record lasts as
/// long as its thread. Relaxed, all: the name is all that is handed over.
static ENDED: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];
static TURN: AtomicU64 = AtomicU64::new(0);

/// What tells a name that is a frame's address from a serial.
const ADDRESS: u64 = 1 << 63;

/// A region with a record ended here.
pub(super) fn leave_serial(serial: Serial) {
    leave(serial.0);
}

/// A plain region ended here: its frame's address.
pub(super) fn leave_plain(key: usize) {
    leave(key as u64 | ADDRESS);
}

#[cold]
fn leave(name: u64) {
    setting::set_moved();
    let is_left =
        |place: &AtomicU64| place.compare_exchange(0, name, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if ENDED.iter().any(is_left) {
        return;
    }
    let turn = TURN.fetch_add(1, Ordering::Relaxed) % ENDED.len() as u64;
    if let Some(place) = usize::try_from(turn).ok().and_then(|turn| ENDED.get(turn)) {
        place.store(name, Ordering::Relaxed);
    }
}

/// True if this record's region has ended elsewhere; then that is taken up.
pub(super) fn take(record: &Record) -> bool {
    let is_its = |name: u64| match record.kind() {
        Kind::Free => false,
        Kind::Plain if name & ADDRESS != 0 => name & !ADDRESS == record.key.get() as u64,
        _ => name == record.serial().0,
    };
    ENDED.iter().any(|place| {
        let name = place.load(Ordering::Relaxed);
        name != 0
            && is_its(name)
            && place.compare_exchange(name, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    })
}
