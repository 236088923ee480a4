//! Code that must not wait, and waits: an audio callback as a driver calls it, and a service on tokio.
//!
//! `cargo run -p qadapt-examples --example no_waiting -- audio` plays some blocks with a callback that takes a lock, prints and asks
//! the disk for its settings; `-- audio --fixed` does the same with what an audio thread may do. `-- service` answers requests with
//! a handler that reads a file and sleeps, on the thread of all other requests; `-- service --fixed` awaits both. Each call that may
//! wait is reported with its line. Exit codes: 0 nothing waits, 1 something does, 2 bad arguments.

use std::fs;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use qadapt::{GuardExt as _, Mode, Policy, QADAPT, nonblocking};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const USAGE: &str = "arguments: audio | service [--fixed]";
const BLOCKS: usize = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if std::env::var_os("QADAPT_MODE").is_none() {
        // Neither sound nor a service stops for a report.
        qadapt::set_mode(Mode::Log);
    }
    qadapt::set_violation_hook(|violation| {
        if violation.system_call().is_some() {
            WAITS.fetch_add(violation.times(), Ordering::Relaxed);
        }
    });
    match arguments[..] {
        ["audio"] => audio(Waiting),
        ["audio", "--fixed"] => audio(Ready),
        ["service"] => service(false),
        ["service", "--fixed"] => service(true),
        _ => {
            eprintln!("no_waiting: {USAGE}");
            return ExitCode::from(2);
        }
    }
    if !qadapt::is_blocking_watched() {
        println!("calls that wait: not watched in this build or on this system");
        return ExitCode::SUCCESS;
    }
    let waits = WAITS.load(Ordering::Relaxed);
    println!("calls that wait: {waits}");
    if waits == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

static WAITS: AtomicU64 = AtomicU64::new(0);

/// What a driver is given, and calls on a thread of its own for each block.
trait Callback: Send + 'static {
    fn fill(&mut self, block: &mut [f32], gain: &Shared);
}

/// What the user's thread and the callback share: the gain, twice.
#[derive(Default)]
struct Shared {
    locked: Mutex<f32>,
    bits: AtomicU32,
}

impl Shared {
    fn set(&self, gain: f32) {
        self.bits.store(gain.to_bits(), Ordering::Relaxed);
        let mut locked = self.locked.lock().expect("nobody panics with the lock");
        // A user's thread is not in a hurry: it is stopped here, with the lock.
        thread::sleep(Duration::from_millis(20));
        *locked = gain;
    }
}

struct Waiting;

impl Callback for Waiting {
    #[nonblocking(name = "callback")]
    fn fill(&mut self, block: &mut [f32], shared: &Shared) {
        let offset = fs::read("/etc/hostname").map_or(0.0, |name| f32::from(u8::from(name.is_empty())));
        let gain = *shared.locked.lock().expect("nobody panics with the lock");
        block.fill(gain + offset);
        println!("filled {} samples", block.len());
    }
}

struct Ready;

impl Callback for Ready {
    #[nonblocking(name = "callback")]
    fn fill(&mut self, block: &mut [f32], shared: &Shared) {
        block.fill(f32::from_bits(shared.bits.load(Ordering::Relaxed)));
    }
}

/// A driver: its thread asks for block after block.
fn audio(mut callback: impl Callback) {
    let shared = Arc::new(Shared::default());
    let (user, (start, started)) = (Arc::clone(&shared), mpsc::channel());
    let driver = thread::spawn(move || {
        let mut block = [0.0; 64];
        for _ in 0..BLOCKS {
            started.recv().expect("the user is there");
            // The user's thread is given the time to take the lock.
            thread::sleep(Duration::from_millis(5));
            callback.fill(&mut block, &shared);
        }
        block[0]
    });
    for step in 0..BLOCKS {
        start.send(()).expect("the driver is there");
        user.set(if step % 2 == 0 { 0.5 } else { 0.25 });
    }
    println!("the last sample: {}", driver.join().expect("the driver does not panic"));
}

/// A service on one thread, whose handler is watched poll by poll.
fn service(fixed: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answers = runtime.block_on(async {
        let requests = (0..4).map(|request| {
            if fixed {
                tokio::spawn(awaits(request).no_blocking())
            } else {
                tokio::spawn(HANDLER.wrap(waits(request)))
            }
        });
        let mut answers = 0;
        for request in requests.collect::<Vec<_>>() {
            answers += request.await.expect("the handler does not panic");
        }
        answers
    });
    println!("answers: {answers}");
}

const HANDLER: Policy = Policy::no_blocking().name("handler");

async fn waits(request: usize) -> usize {
    let text = fs::read_to_string("/proc/self/comm").unwrap_or_default();
    thread::sleep(Duration::from_millis(1));
    tokio::task::yield_now().await;
    request + usize::from(!text.is_empty())
}

async fn awaits(request: usize) -> usize {
    // A file is read before, or by `spawn_blocking`, whose first call starts a thread.
    tokio::time::sleep(Duration::from_millis(1)).await;
    request + 1
}
