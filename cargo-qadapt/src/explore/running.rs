//! A part that runs: what it prints, and its end where it uses more than it may.

use std::io::Read;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::answer::{Answer, Part};
use super::sandbox::Limits;
use super::watch::memory;

/// How much of what a program prints is shown.
const SHOWN: usize = 64 << 10;

/// How much of an answer is read.
const MOST_ANSWERED: u64 = 64 << 20;

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

/// A part that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Which one.
    pub part: Part,
    /// What it answered.
    pub answer: Vec<u8>,
    /// What it printed on standard error: the beginning.
    pub output: String,
}

impl Ended {
    /// What the answer says.
    #[must_use]
    pub fn answer(&self) -> Answer {
        serde_json::from_slice(&self.answer)
            .unwrap_or_else(|e| Answer::Failed(format!("its answer makes no sense ({e}): {}", self.output)))
    }
}

impl Running {
    /// Reads what a process prints that runs a part, and sends it when both its pipes have ended.
    #[must_use]
    pub fn follow(part: Part, mut child: Child, send: Sender<Ended>) -> Self {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let printed = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&printed);
        thread::spawn(move || {
            let said = thread::spawn(move || stderr.map_or_else(String::new, |pipe| shown(pipe, &count)));
            let mut answer = Vec::new();
            if let Some(pipe) = stdout {
                // What is cut off is no JSON, and said to be none.
                let _ = pipe.take(MOST_ANSWERED).read_to_end(&mut answer);
            }
            let output = said.join().unwrap_or_default();
            // Nobody waits for it if the job could not be begun.
            let _ = send.send(Ended { part, answer, output });
        });
        Self { part, child, since: Instant::now(), printed, killed: None }
    }

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
fn shown(mut pipe: impl Read, count: &AtomicU64) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = pipe.read(&mut buffer) {
        count.fetch_add(length as u64, Ordering::Relaxed);
        let room = SHOWN.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(&buffer[..room]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
