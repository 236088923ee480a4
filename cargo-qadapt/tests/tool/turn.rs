//! Whose turn it is, where tests of several modules build programs of one name in one folder.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// For whoever audits the repository's examples, or copies of them: until the guard is dropped they are nobody else's.
pub(crate) fn with_examples() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}
