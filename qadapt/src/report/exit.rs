//! What is still unreported when the process exits.

use std::panic::catch_unwind;

use qadapt_spin::Slot;

use super::violation::Violation;
use super::{call_sites, deferred, handover, live, sink, stderr, unlent};
use crate::hot::capture::STACKS;
use crate::hot::{own_work, pending, trace};

/// Logs every violation that no region has reported: those of regions that were open when the process ended, or their thread.
pub(crate) extern "C" fn report() {
    trace::finish(live::is_active);
    // Unwinding must not leave a function that C calls.
    let _ = catch_unwind(|| {
        own_work::as_own_work(|| {
            for slot in in_order() {
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
                    "qadapt: violations lost in protected regions that were never closed: {lost}\n"
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

/// The stacks of violations: first those of this thread, as they happened. Those of others have no order.
fn in_order() -> Vec<Slot> {
    let mut slots: Vec<Slot> = STACKS.slots().collect();
    slots.sort_by_cached_key(|&slot| pending::place_of(slot).unwrap_or(usize::MAX));
    slots
}
