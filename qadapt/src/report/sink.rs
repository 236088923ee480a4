//! Where reports go that are logged.

use std::mem;
use std::panic::catch_unwind;

/// Sends a report to `tracing` and `log`, where those features are on and somebody listens there; otherwise to
/// standard error. Called as own work.
///
/// Whoever listens may panic, and so does the printing macro where nobody reads standard error: the report is lost
/// then, and the program goes on.
pub(super) fn send(report: &str) {
    // The payload's own drop may panic too; forgetting it is the lesser evil.
    let _ = catch_unwind(|| deliver(report)).map_err(mem::forget);
}

fn deliver(report: &str) {
    #[allow(unused_mut, reason = "without the features nothing is heard")]
    let mut heard = false;
    #[cfg(feature = "tracing")]
    if tracing::enabled!(target: "qadapt", tracing::Level::ERROR) {
        tracing::error!(target: "qadapt", "{report}");
        heard = true;
    }
    #[cfg(feature = "log")]
    if log::log_enabled!(target: "qadapt", log::Level::Error) {
        log::error!(target: "qadapt", "{report}");
        heard = true;
    }
    if !heard {
        // The macro rather than the stream itself: test harnesses capture it.
        eprintln!("{report}");
    }
}
