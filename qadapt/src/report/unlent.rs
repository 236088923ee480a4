//! Policies that were lent while there was no room to bring anything back.

use core::sync::atomic::{AtomicU64, Ordering};

use super::sink;

/// Relaxed: it is a count.
static TIMES: AtomicU64 = AtomicU64::new(0);

/// Notes one.
pub(crate) fn note() {
    TIMES.fetch_add(1, Ordering::Relaxed);
}

/// Takes how many there were.
pub(super) fn take() -> u64 {
    TIMES.swap(0, Ordering::Relaxed)
}

/// Says how many there were.
pub(super) fn report() {
    let times = take();
    if times > 0 {
        sink::send(&format!(
            "qadapt: policies lent to other threads without room to bring back what those did: {times}; \
             64 regions can have lent theirs at once\n"
        ));
    }
}
