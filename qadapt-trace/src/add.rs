//! Adding to counts that other threads and signal handlers add to as well.
//!
//! A locked instruction takes several times as long as a plain one. While the process has one thread, an addition need
//! only be whole for a signal handler, which interrupts between instructions: one instruction without the lock is enough.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::room::Room;

// Relaxed below: these are counts that order nothing, and a read-modify-write loses none.

/// Adds, unless there is nothing to add.
#[inline(always)]
pub(crate) fn add<R: Room>(count: &AtomicU64, by: u64) {
    if by > 0 {
        increased::<R>(count, by);
    }
}

/// Adds, and returns the sum. It wraps round, so that adding a negative number's two's complement takes away.
#[inline(always)]
pub(crate) fn increased<R: Room>(count: &AtomicU64, by: u64) -> u64 {
    let before = if R::is_alone() { alone(count, by) } else { count.fetch_add(by, Ordering::Relaxed) };
    before.wrapping_add(by)
}

/// Adds in one instruction, and returns what was there before. No other thread may add at the same time.
#[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
#[expect(unsafe_code, reason = "there is no name for an addition that is whole for signal handlers only")]
#[inline(always)]
fn alone(count: &AtomicU64, by: u64) -> u64 {
    let mut value = by;
    // SAFETY: the address is valid and aligned, since it is a reference's, and an atomic may be written through a shared
    // one. The instruction adds the register to the memory and leaves there what was in memory. Without the lock it is
    // atomic for this thread and its signal handlers, and the caller says that there is no other thread.
    unsafe {
        core::arch::asm!(
            "xadd qword ptr [{count}], {value}",
            count = in(reg) count.as_ptr(),
            value = inout(reg) value,
            options(nostack),
        );
    }
    value
}

#[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
#[inline(always)]
fn alone(count: &AtomicU64, by: u64) -> u64 {
    count.fetch_add(by, Ordering::Relaxed)
}

/// Raises to a value that is higher.
#[inline(always)]
pub(crate) fn raise(highest: &AtomicU64, value: u64) {
    if highest.load(Ordering::Relaxed) < value {
        highest.fetch_max(value, Ordering::Relaxed);
    }
}

/// Adds the variance of an event of this size that stands for `weight` of its kind: `weight * (weight - 1)`, in bytes
/// times the square of the size.
pub(crate) fn add_variance(variance: &AtomicU64, weight: u64, size: u64) {
    #[expect(clippy::cast_precision_loss, reason = "an error needs few digits")]
    let (weight, size) = (weight as f64, size as f64);
    let more = weight * (weight - 1.0) * size * size;
    let mut bits = variance.load(Ordering::Relaxed);
    // Each turn that fails is another thread's success.
    loop {
        let sum = (f64::from_bits(bits) + more).to_bits();
        match variance.compare_exchange_weak(bits, sum, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => bits = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Alone {}

    impl Room for Alone {
        fn reserve(_offset: u64, _length: u64) -> bool {
            true
        }

        fn is_alone() -> bool {
            true
        }
    }

    #[test]
    fn alone_or_not_sums_are_the_same() {
        for (start, by) in [(0, 1), (7, 5), (u64::MAX, 1), (10, 4_u64.wrapping_neg())] {
            let (one, many) = (AtomicU64::new(start), AtomicU64::new(start));
            let sums = (increased::<Alone>(&one, by), increased::<crate::InMemory>(&many, by));
            assert_eq!(sums, (start.wrapping_add(by), start.wrapping_add(by)));
            assert_eq!(one.load(Ordering::Relaxed), many.load(Ordering::Relaxed));
        }
    }

    #[test]
    fn variances_add_up() {
        let variance = AtomicU64::new(0);
        add_variance(&variance, 1, 100);
        assert_eq!(variance.load(Ordering::Relaxed), 0_f64.to_bits(), "what is certain has none");
        add_variance(&variance, 16, 10);
        add_variance(&variance, 2, 1);
        assert_eq!(variance.load(Ordering::Relaxed), 24_002_f64.to_bits());
    }
}
