//! A part that runs: what it prints, and its end where it uses more than it may.

use std::io::Read;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::answer::Part;
use super::sandbox::Limits;
use super::watch::memory;

/// How much of what a program prints is shown.
const SHOWN: usize = 64 << 10;

/// A part that runs.
#[derive(Debug)]
pub struct Running {
    /// Which one.
    pub part: Part,
    /// Its process.
    pub child: Child,
    /// When it began.
    pub since: Instant,
    /// What it printed on standard error so far.
    pub printed: Arc<AtomicU64>,
    /// Why it was killed.
    pub killed: Option<String>,
}

impl Running {
    /// Kills it where it uses more than it may.
    pub fn look_after(&mut self, limits: Limits) {
        if self.killed.is_some() {
            return;
        }
        let why = if self.since.elapsed() > Duration::from_secs(limits.part_seconds) {
            format!("it took longer than {} s", limits.part_seconds)
        } else if self.printed.load(Ordering::Relaxed) > limits.output {
            format!("it printed more than {} MiB", limits.output >> 20)
        } else if memory(self.child.id()) > limits.memory {
            format!("it used more than {} MiB of memory", limits.memory >> 20)
        } else {
            return;
        };
        self.killed = Some(format!("{why}, and was ended"));
        self.kill();
    }

    /// Kills a part. In a sandbox all in it end with the first process; outside it is a group.
    pub fn kill(&self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended meanwhile.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reads all of a pipe and keeps the beginning.
#[must_use]
pub fn shown(mut pipe: impl Read, count: &AtomicU64) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = pipe.read(&mut buffer) {
        count.fetch_add(length as u64, Ordering::Relaxed);
        let room = SHOWN.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(&buffer[..room]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
