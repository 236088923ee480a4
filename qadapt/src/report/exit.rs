//! What is still unreported when the process exits.

use std::panic::catch_unwind;

use super::violation::Violation;
use super::{call_sites, deferred, handover, live, sink, stderr, unlent};
use crate::hot::capture::STACKS;
use crate::hot::{own_work, pending, trace};

/// Logs every violation that no region has reported: those of regions that were open at the end, on any thread.
pub(crate) extern "C" fn report() {
    trace::finish(live::is_active);
    // Unwinding must not leave a function that C calls.
    let _ = catch_unwind(|| {
        own_work::as_own_work(|| {
            for slot in STACKS.slots() {
                let times = STACKS.take_unreported(slot);
                if times == 0 {
                    continue;
                }
                if let Some(violation) = Violation::unclosed(slot, times) {
                    sink::send(&violation.to_string());
                }
            }
            call_sites::report();
            unlent::report();
            let lost = pending::take_unsaid();
            if lost > 0 {
                sink::send(&format!(
                    "qadapt: violations lost in protected regions that were still open when the process ended: {lost}\n"
                ));
            }
            live::report_at_exit();
            deferred::report();
            handover::finish(stderr::write);
            let unread = stderr::take_unread();
            if unread > 0 {
                stderr::write(&format!(
                    "qadapt: reports cut short because nobody read standard error in time: {unread}"
                ));
            }
        });
    });
}
