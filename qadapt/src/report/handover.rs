//! Handing a report to somebody who may hold a lock: a logger, or a test harness that captures what is printed.
//!
//! A logger may wait for a lock that this very thread holds, because the region lies inside the logger; or that a thread
//! held which a fork left behind. So it is called on a thread of its own, and the region's edge waits for it no longer
//! than [`PATIENCE`]. Who has not begun to write the report by then gets no report; who has begun is left to it, and
//! the report is written to standard error at the process's end if it is still not done.
//!
//! ```text
//!   WAITING --- the listener formats it ---> TAKEN --- the listener returns ---> DONE
//!      |                                       |
//!      +-- patience ends --> WITHDRAWN         +-- patience ends --> kept in UNFINISHED
//! ```

use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{mem, thread};

use qadapt_spin::Lock;

use crate::hot::own_work;

/// How long a region's edge waits for a listener.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the process's end waits for one that has begun.
const LAST_PATIENCE: Duration = Duration::from_millis(250);

/// Attempts to take the list of unfinished reports, which is held for one insertion.
const SPINS: u32 = 100_000;

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const WITHDRAWN: u8 = 2;

/// A report on its way. It prints as the report, unless it was withdrawn.
pub(super) struct Handed {
    text: String,
    /// A forked child leaves the reports of its parent alone.
    process: u32,
    state: AtomicU8,
    end: Mutex<End>,
    ended: Condvar,
}

#[derive(Default)]
struct End {
    /// Set when the listener has returned: whether it wrote the report.
    written: Option<bool>,
    /// Nobody waits for it any more.
    given_up: bool,
}

/// Reports that a listener took and has not finished with.
static UNFINISHED: Lock<Vec<Arc<Handed>>> = Lock::new(Vec::new());
/// How many listeners were given up and have not returned since. Relaxed: it only spares a wait.
static STUCK: AtomicUsize = AtomicUsize::new(0);

/// Has `listener` write the report. False where it did not, so that somebody else must: it panicked, it did not listen,
/// or it did not answer in time. Called as own work.
pub(super) fn to(listener: impl FnOnce(&Handed) + Send + 'static, report: &str) -> bool {
    // Behind a listener that is stuck the report would wait as long.
    if STUCK.load(Ordering::Relaxed) > 0 {
        return false;
    }
    let handed = Arc::new(Handed {
        text: report.to_owned(),
        process: std::process::id(),
        state: AtomicU8::new(WAITING),
        end: Mutex::default(),
        ended: Condvar::new(),
    });
    let theirs = Arc::clone(&handed);
    // Loggers print the thread's name.
    let name = thread::current().name().unwrap_or("qadapt").to_owned();
    let spawned = thread::Builder::new().name(name).spawn(move || {
        own_work::as_own_work(move || {
            // The payload's own drop may panic too; forgetting it is the lesser evil.
            let returned = catch_unwind(AssertUnwindSafe(|| listener(&theirs))).map_err(mem::forget).is_ok();
            theirs.finish(returned);
        });
    });
    spawned.is_ok() && handed.wait()
}

/// Gives `write` what listeners have not finished with. Called at the process's end.
pub(super) fn finish(write: impl Fn(&str)) {
    let Some(mut unfinished) = UNFINISHED.lock_within(SPINS) else { return };
    for handed in mem::take(&mut *unfinished) {
        if handed.process != std::process::id() {
            continue;
        }
        let waited =
            handed.ended.wait_timeout_while(handed.end(), LAST_PATIENCE, |end| end.written.is_none());
        let end = waited.unwrap_or_else(PoisonError::into_inner).0;
        if end.written.is_none() {
            write(&handed.text);
        }
    }
}

/// In a forked child: no listener of the parent's is here any more.
pub(super) fn forked() {
    STUCK.store(0, Ordering::Relaxed);
}

impl Handed {
    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if the report is written, or somebody will.
    fn wait(self: &Arc<Self>) -> bool {
        let waited = self.ended.wait_timeout_while(self.end(), PATIENCE, |end| end.written.is_none());
        let mut end = waited.unwrap_or_else(PoisonError::into_inner).0;
        if let Some(written) = end.written {
            return written;
        }
        end.given_up = true;
        STUCK.fetch_add(1, Ordering::Relaxed);
        // Relaxed, both: nothing but the state itself depends on who was first.
        if self.state.compare_exchange(WAITING, WITHDRAWN, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return false;
        }
        // Where there is no place in the list it is written now: twice is better than never.
        UNFINISHED.lock_within(SPINS).is_some_and(|mut unfinished| {
            unfinished.push(Arc::clone(self));
            true
        })
    }

    fn finish(&self, returned: bool) {
        let mut end = self.end();
        end.written = Some(returned && self.state.load(Ordering::Relaxed) == TAKEN);
        if end.given_up {
            STUCK.fetch_sub(1, Ordering::Relaxed);
        }
        drop(end);
        self.ended.notify_all();
    }
}

impl fmt::Display for Handed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed, both: as in `wait`.
        match self.state.compare_exchange(WAITING, TAKEN, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) | Err(TAKEN) => f.write_str(&self.text),
            Err(_) => {
                f.write_str("qadapt: a report was written to standard error, since nobody took it in time")
            }
        }
    }
}
