//! What is still unreported when the process exits.

use std::panic::catch_unwind;

use super::sink;
use super::violation::Violation;
use crate::hot::capture::STACKS;
use crate::hot::{trace, word};

/// Logs every violation that no region has reported: those of regions that were open at the end, on any thread.
pub(super) extern "C" fn report() {
    trace::finish();
    // Unwinding must not leave a function that C calls.
    let _ = catch_unwind(|| {
        word::as_own_work(|| {
            for slot in STACKS.slots() {
                let times = STACKS.unreported(slot);
                if times == 0 {
                    continue;
                }
                STACKS.mark_reported(slot, times);
                if let Some(violation) = Violation::unclosed(slot, times) {
                    sink::send(&violation.to_string());
                }
            }
        });
    });
}
