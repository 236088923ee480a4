//! Ctrl-C, and what else asks for an end. While a program runs it is meant for that, and the report comes after it; while cargo builds
//! it ends both.

use std::io;
use std::process::Child;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::system;

// Relaxed below: numbers that a handler of this process's own signals changes, and that order nothing.

/// True while a program runs that interrupts are meant for.
static RUNS: AtomicBool = AtomicBool::new(false);
/// Interrupts since it began to run.
static COUNT: AtomicU32 = AtomicU32::new(0);
/// Those of them that another process sent to this one alone: the terminal sends to all of a group.
static SENT: AtomicU32 = AtomicU32::new(0);
/// How often other processes have asked this one to end since the program began to run.
static ENDS: AtomicU32 = AtomicU32::new(0);

/// As long as it lives, what asks this process to end is counted and ends nothing.
#[derive(Debug)]
pub struct Interrupts;

impl Interrupts {
    /// Begins to count.
    ///
    /// # Errors
    /// If the system does not let the signals be handled.
    pub fn count() -> io::Result<Self> {
        handle()?;
        COUNT.store(0, Ordering::Relaxed);
        SENT.store(0, Ordering::Relaxed);
        ENDS.store(0, Ordering::Relaxed);
        RUNS.store(true, Ordering::Relaxed);
        Ok(Self)
    }

    /// How many interrupts there were.
    #[must_use]
    pub fn seen(&self) -> u32 {
        COUNT.load(Ordering::Relaxed)
    }

    /// How many of them have to be handed on, once each.
    #[must_use]
    pub fn take_sent(&self) -> u32 {
        SENT.swap(0, Ordering::Relaxed)
    }

    /// How often another process has asked this one to end.
    #[must_use]
    pub fn ends(&self) -> u32 {
        ENDS.load(Ordering::Relaxed)
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        RUNS.store(false, Ordering::Relaxed);
    }
}

/// As long as it lives, what ends this process ends a child that builds, too.
#[derive(Debug)]
pub struct Building;

impl Building {
    /// Begins with this child, which nobody has waited for.
    ///
    /// # Errors
    /// If the system does not let the signals be handled.
    pub fn of(child: &Child) -> io::Result<Self> {
        handle()?;
        system::end_too(Some(child));
        Ok(Self)
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        system::end_too(None);
    }
}

fn handle() -> io::Result<()> {
    static HANDLED: Once = Once::new();
    let mut result = Ok(());
    HANDLED.call_once(|| {
        result = system::on_interrupt(notice).and_then(|()| system::on_end(|| counted(&ENDS)));
    });
    result
}

/// What becomes of an interrupt: false if nothing runs that it is meant for, so that it ends this process. A signal handler
/// may call it.
fn notice(was_sent: bool) -> bool {
    let runs = counted(&COUNT);
    if was_sent {
        counted(&SENT);
    }
    runs
}

/// Counts one more, if something runs that it is meant for; false if nothing does.
fn counted(number: &AtomicU32) -> bool {
    let runs = RUNS.load(Ordering::Relaxed);
    if runs {
        number.fetch_add(1, Ordering::Relaxed);
    }
    runs
}
