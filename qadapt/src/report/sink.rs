//! Where reports go that are logged.

use super::{handover, live, stderr};

/// Sends a report to `tracing` and `log`, where those features are on and somebody listens there; otherwise to
/// standard error. Called as own work.
///
/// It waits for a listener for two seconds at most, and a listener may panic: then standard error has the report.
pub(super) fn send(report: &str) {
    #[cfg(any(feature = "log", feature = "tracing"))]
    if listeners::tell(report) {
        return;
    }
    say(report);
}

/// Writes a text to standard error, or to what a test harness captures it in. Called as own work.
pub(super) fn say(text: &str) {
    // Only the printing macro is captured, and only in tests; but the macro waits for standard error's lock.
    let captures = live::is_test_program();
    if !(captures && handover::to(|report| eprintln!("{report}"), text)) {
        stderr::write(text);
    }
}

#[cfg(any(feature = "log", feature = "tracing"))]
mod listeners {
    use crate::report::handover;

    /// Has whoever listens write the report; false where nobody did.
    pub(super) fn tell(report: &str) -> bool {
        #[cfg(feature = "log")]
        let listens = log::max_level() != log::LevelFilter::Off;
        #[cfg(not(feature = "log"))]
        let listens = false;
        #[cfg(feature = "tracing")]
        let subscriber =
            tracing::dispatcher::has_been_set().then(|| tracing::dispatcher::get_default(Clone::clone));
        #[cfg(not(feature = "tracing"))]
        let subscriber: Option<()> = None;
        if !listens && subscriber.is_none() {
            return false;
        }
        let hear = move |report: &handover::Handed| {
            #[cfg(feature = "tracing")]
            if let Some(subscriber) = subscriber {
                tracing::dispatcher::with_default(&subscriber, || {
                    if tracing::enabled!(target: "qadapt", tracing::Level::ERROR) {
                        tracing::error!(target: "qadapt", "{report}");
                    }
                });
            }
            #[cfg(feature = "log")]
            if log::log_enabled!(target: "qadapt", log::Level::Error) {
                log::error!(target: "qadapt", "{report}");
            }
            #[cfg(not(feature = "tracing"))]
            let _ = subscriber;
            let _ = report;
        };
        handover::to(hear, report)
    }
}
