//! Functions in which no thread waits.

use std::cell::Cell;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::Function;
use crate::state::State;

pub const ALL: &[(&str, Function)] = &[
    ("adds", adds),
    ("sorts", sorts),
    ("searches", searches),
    ("copies", copies),
    ("counts", counts),
    ("exchanges", exchanges),
    ("tries_lock", tries_lock),
    ("tries_read", tries_read),
    ("notifies", notifies),
    ("unparks", unparks),
    ("reads_clock", reads_clock),
    ("asks_for_process", asks_for_process),
    ("wakes_by_number", wakes_by_number),
    ("looks_at_socket", looks_at_socket),
    ("has_thread_local", has_thread_local),
    ("has_value", has_value),
    ("hashes", hashes),
    ("writes_number", writes_number),
    ("shares", shares),
    ("takes_sine", takes_sine),
    ("panics_or_not", panics_or_not),
];

#[inline(never)]
fn adds(state: &State) -> u64 {
    state.words.iter().sum()
}

#[inline(never)]
fn sorts(state: &State) -> u64 {
    let mut words = [0; 64];
    words.copy_from_slice(&state.words);
    words.sort_unstable();
    words[5]
}

#[inline(never)]
fn searches(state: &State) -> u64 {
    state.words.binary_search_by(|word| 7_u64.cmp(word)).map_or(0, |at| at as u64)
}

#[inline(never)]
fn copies(state: &State) -> u64 {
    let mut bytes = [0_u8; 512];
    for (to, from) in bytes.chunks_exact_mut(8).zip(&state.words) {
        to.copy_from_slice(&from.to_le_bytes());
    }
    u64::from(bytes[8])
}

#[inline(never)]
fn counts(state: &State) -> u64 {
    state.number.fetch_add(1, Ordering::AcqRel)
}

#[inline(never)]
fn exchanges(state: &State) -> u64 {
    let mut seen = state.number.load(Ordering::Acquire);
    while let Err(now) =
        state.number.compare_exchange_weak(seen, seen + 2, Ordering::AcqRel, Ordering::Acquire)
    {
        seen = now;
    }
    seen
}

/// Gives the lock back, which may wake another thread.
#[inline(never)]
fn tries_lock(state: &State) -> u64 {
    state.shared.free_lock.try_lock().map_or(0, |number| *number)
}

#[inline(never)]
fn tries_read(state: &State) -> u64 {
    state.shared.free_readers.try_read().map_or(0, |number| *number)
}

#[inline(never)]
fn notifies(state: &State) -> u64 {
    state.shared.signal.notify_one();
    1
}

#[inline(never)]
fn unparks(state: &State) -> u64 {
    state.thread.unpark();
    1
}

/// The kernel maps the clock into the process.
#[inline(never)]
fn reads_clock(_: &State) -> u64 {
    u64::from(Instant::now().elapsed().subsec_nanos() > 0)
}

#[inline(never)]
fn asks_for_process(_: &State) -> u64 {
    u64::from(std::process::id() > 0)
}

#[inline(never)]
fn wakes_by_number(state: &State) -> u64 {
    // SAFETY: a wake-up of whoever waits for this word; it is read by nobody.
    let woken = unsafe { libc::syscall(libc::SYS_futex, state.number.as_ptr(), libc::FUTEX_WAKE, 1) };
    woken.unsigned_abs()
}

#[inline(never)]
fn looks_at_socket(_: &State) -> u64 {
    let mut byte = 0_u8;
    // SAFETY: there is room for a byte; no file has this number.
    let got = unsafe { libc::syscall(libc::SYS_recvfrom, 9999, &raw mut byte, 1, libc::MSG_DONTWAIT, 0, 0) };
    got.unsigned_abs()
}

#[inline(never)]
fn has_thread_local(_: &State) -> u64 {
    thread_local! { static COUNT: Cell<u64> = const { Cell::new(0) } }
    COUNT.with(|count| count.replace(count.get() + 1))
}

#[inline(never)]
fn has_value(state: &State) -> u64 {
    state.shared.once.get().copied().unwrap_or(0)
}

#[inline(never)]
fn hashes(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.words.iter().for_each(|&word| hasher.write_u64(word));
    hasher.finish() % 2
}

/// A text on the stack.
struct Text([u8; 32], usize);

impl std::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.1 + text.len();
        self.0.get_mut(self.1..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.1 = end;
        Ok(())
    }
}

#[inline(never)]
fn writes_number(state: &State) -> u64 {
    let mut text = Text([0; 32], 0);
    let _ = write!(text, "{}", state.words[3]);
    text.1 as u64
}

#[inline(never)]
fn shares(state: &State) -> u64 {
    Arc::strong_count(&state.shared) as u64
}

#[inline(never)]
fn takes_sine(state: &State) -> u64 {
    ((state.words[9] as f64).sin() * 10.0).abs() as u64
}

/// A panic is not the region's.
#[inline(never)]
fn panics_or_not(state: &State) -> u64 {
    assert!(state.words.len() > 3, "there are words");
    state.words[2]
}
