//! Tests of what waits to be given back, which is the whole process's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use qadapt::{Amount, deferred, reclaim};

/// One test at a time, with nothing waiting.
///
/// # Panics
/// If something waits although all was given back.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    reclaim(Amount::ALL);
    assert_eq!(deferred().waiting, Amount::NONE);
    turn
}
