//! A thread that gives back what waits.

use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::defer::reclaim;
use crate::model::Amount;
use crate::sys;

/// A thread that gives back what [`Deferring`](crate::Deferring) keeps, every few milliseconds; it ends when this is dropped,
/// and then everything that waited at that time has been given back, but for what [`reclaim`] leaves. In a forked child, which has no
/// such thread, dropping it gives that back itself.
///
/// Deferring regions never wake it: that would be a call of the system.
///
/// # Examples
/// ```
/// use std::alloc::System;
/// use qadapt::{Amount, Deferring, Qadapt, Reclaimer};
///
/// #[global_allocator]
/// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
///
/// fn main() -> std::io::Result<()> {
///     let reclaimer = Reclaimer::spawn()?;
///     for block in 0..1000 {
///         let samples = vec![0.0_f32; block];
///         qadapt::defer_frees(|| drop(samples));
///     }
///     drop(reclaimer);
///     assert_eq!(qadapt::deferred().waiting, Amount::NONE);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "the thread ends when this is dropped"]
pub struct Reclaimer {
    thread: Option<JoinHandle<()>>,
    ends: Arc<AtomicBool>,
    /// The process that has the thread.
    process: u32,
}

/// How long the thread sleeps between two looks at what waits.
const INTERVAL: Duration = Duration::from_millis(5);

impl Reclaimer {
    /// Starts a thread that looks every 5 ms.
    ///
    /// # Errors
    /// If the system gives no thread.
    ///
    /// # Examples
    /// ```
    /// use qadapt::{Amount, Deferring, Qadapt, Reclaimer};
    /// use std::alloc::System;
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
    ///
    /// let reclaimer = Reclaimer::spawn()?;
    /// let boxed = std::hint::black_box(Box::new(1));
    /// qadapt::defer_frees(|| drop(boxed));
    /// drop(reclaimer);
    /// assert_eq!(qadapt::deferred().waiting, Amount::NONE);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn() -> io::Result<Self> {
        Self::every(INTERVAL)
    }

    /// Starts a thread that looks at this interval.
    ///
    /// # Errors
    /// If the system gives no thread.
    ///
    /// # Examples
    /// ```
    /// use qadapt::{Amount, Deferring, Qadapt, Reclaimer};
    /// use std::alloc::System;
    /// use std::time::Duration;
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
    ///
    /// let reclaimer = Reclaimer::every(Duration::from_millis(100))?;
    /// let boxed = std::hint::black_box(Box::new(1));
    /// qadapt::defer_frees(|| drop(boxed));
    /// drop(reclaimer);
    /// assert_eq!(qadapt::deferred().waiting, Amount::NONE);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn every(interval: Duration) -> io::Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&ends);
        let work = move || {
            // Relaxed: `unpark` and `park` order it, and the join what follows.
            while !asked.load(Ordering::Relaxed) {
                reclaim(Amount::ALL);
                thread::park_timeout(interval);
            }
            reclaim(Amount::ALL);
        };
        let thread = thread::Builder::new().name(String::from("qadapt-reclaim")).spawn(work)?;
        Ok(Self { thread: Some(thread), ends, process: sys::process() })
    }
}

impl Drop for Reclaimer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return };
        if self.process != sys::process() {
            // The parent has the thread. Here its number may be another one's: nothing may be asked of the handle, not its drop either.
            mem::forget(thread);
            reclaim(Amount::ALL);
            return;
        }
        thread.thread().unpark();
        // It does not panic.
        let _ = thread.join();
    }
}
