//! Processor time of slices of work.
#![expect(unsafe_code, reason = "std does not tell a thread's processor time")]

/// Nanoseconds of this thread that each of so many parts of the work took.
#[expect(clippy::cast_precision_loss, reason = "a small number")]
pub(crate) fn each(parts: usize, work: impl FnOnce()) -> f64 {
    let before = thread_time();
    work();
    (thread_time() - before) / parts as f64
}

/// The processor time of this thread, in nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "less than 2^53 nanoseconds")]
fn thread_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place, and the clock is one that each thread has.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
