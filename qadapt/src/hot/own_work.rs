//! QADAPT's own work on a user's thread.

use super::record::{Kind, Serial};
use super::{end, pending, push, step, table};

/// Runs QADAPT's own work: what it asks of the allocator is neither counted nor a violation, and the regions in it and in a signal
/// handler say nothing meanwhile. It is no touch of the guard: what comes first on this thread is still to come.
pub(crate) fn as_own_work<R>(work: impl FnOnce() -> R) -> R {
    /// Ends the work, also where it unwinds.
    struct End {
        serial: Serial,
        is_first: bool,
    }
    impl Drop for End {
        fn drop(&mut self) {
            let ended = end::record_slowly(self.serial);
            pending::put_off(ended.serial, table::reporter());
            if self.is_first {
                step::unlink();
            }
        }
    }

    let is_first = step::is_unlinked();
    let _end = End { serial: push::work(Kind::OwnWork), is_first };
    work()
}

/// Runs the user's code that own work calls: the same, but the regions in it speak. The code must not unwind. Returns also whose
/// the violations are of what it left open by hand; none where there is no room to know them.
pub(crate) fn as_hook<R>(work: impl FnOnce() -> R) -> (Serial, R) {
    let hook = push::work(Kind::Hook);
    let result = work();
    (end::record_slowly(hook).serial, result)
}
