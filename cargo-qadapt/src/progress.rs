//! What is going on: on a terminal all of it, elsewhere what takes long.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line at the bottom of the terminal, which goes away in the end.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins.
    #[must_use]
    pub fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        // What is wide is cut where the terminal ends: a line that wraps would leave a row behind with each tick.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:.dim} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// Says what is going on, on a terminal alone.
    pub fn say(&self, what: String) {
        self.bar.set_message(what);
    }

    /// Says what somebody waits for, who may have no terminal.
    pub fn note(&self, what: String) {
        if std::io::stderr().is_terminal() {
            self.say(what);
        } else {
            line(&what);
        }
    }

    /// Runs something that writes to the terminal itself.
    pub fn suspend<R>(&self, work: impl FnOnce() -> R) -> R {
        self.bar.suspend(work)
    }
}

/// Says something on standard error; who reads no more misses nothing else.
pub fn line(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
