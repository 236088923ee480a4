//! The thread's word: one thread-local integer that says whether anything watches this thread.
//!
//! Zero means that nothing does: the allocator tests for that and nothing else. The low half counts the open plain
//! regions, so that entering one is an increment; the upper half holds flags. The sign bit sends the *edges* of
//! regions to their slow path: an increment or decrement that leaves the word negative tells so for free.
//!
//! Increment and decrement are not atomic against a signal handler, and need not be: a handler leaves the word as it
//! found it but for [`ATTENTION`], whose reasons are kept elsewhere and looked up again at the next slow edge.

use core::cell::Cell;

use super::setting;
use crate::model::{Mode, Ops};

/// One open plain region.
pub(crate) const LEVEL: i64 = 1;
/// The number of open plain regions.
pub(crate) const LEVELS: i64 = 0xFFFF_FFFF;
/// A counting region is open: events go into the thread's counters.
pub(crate) const COUNTING: i64 = 1 << 32;
/// The operations that open policies disallow: [`Ops`]' bits from here.
const OPS_SHIFT: u32 = 33;
/// The modes of open policies: a bit for each severity from here.
const MODES_SHIFT: u32 = OPS_SHIFT + Ops::BITS;
/// An open policy has no mode of its own and uses the process's.
const DEFAULT_MODE: i64 = 1 << 44;
/// Permits have no effect.
pub(crate) const FORBID: i64 = 1 << 45;
/// A budget is open.
pub(crate) const BUDGET: i64 = 1 << 46;
/// A request will be refused on purpose.
pub(crate) const INJECT: i64 = 1 << 47;
/// A measurement is open: the stack of each event is kept.
pub(crate) const RECORDING: i64 = 1 << 48;
/// All that policies set.
pub(crate) const POLICY: i64 = (INJECT << 1) - (1 << OPS_SHIFT);
/// This thread raises a panic of QADAPT's own.
pub(crate) const RAISING: i64 = 1 << 59;
/// This thread is inside QADAPT's handling of an event; a second event is a signal handler's.
pub(crate) const BUSY: i64 = 1 << 60;
/// The next allocation is the probe that tells whether QADAPT is the global allocator.
pub(crate) const PROBE: i64 = 1 << 61;
/// Nothing has touched the guard on this thread yet.
pub(crate) const UNLINKED: i64 = 1 << 62;
/// The edges of regions take their slow path.
pub(crate) const ATTENTION: i64 = i64::MIN;

thread_local! {
    static WORD: Cell<i64> = const { Cell::new(UNLINKED | ATTENTION) };
}

/// The word. Zero where the thread-local cannot be had: then nothing is watched.
#[inline(always)]
pub(crate) fn get() -> i64 {
    WORD.try_with(Cell::get).unwrap_or(0)
}

#[inline(always)]
pub(crate) fn set(word: i64) {
    let _ = WORD.try_with(|cell| cell.set(word));
}

/// Adds to the word (a negative delta subtracts) and returns the new value.
#[inline(always)]
pub(crate) fn add(delta: i64) -> i64 {
    WORD.try_with(|cell| {
        let word = cell.get().wrapping_add(delta);
        cell.set(word);
        word
    })
    .unwrap_or(0)
}

/// The address of this thread's word, which tells it from all threads that live; 0 where it cannot be had.
pub(crate) fn address() -> usize {
    WORD.try_with(|cell| core::ptr::from_ref(cell).addr()).unwrap_or(0)
}

/// What of the word another thread can be lent: the same protection, as a policy's, and counting. A countdown to a
/// refusal counts one thread's requests.
pub(crate) const fn lendable(word: i64) -> i64 {
    let plain = if word & LEVELS == 0 { 0 } else { policy(Ops::ALL, None) };
    word & (POLICY & !INJECT | COUNTING) | plain
}

/// The bits of a policy that disallows these operations in this mode.
pub(crate) const fn policy(ops: Ops, mode: Option<Mode>) -> i64 {
    let mode = match mode {
        Some(mode) => 1 << (MODES_SHIFT + mode.severity() as u32),
        None => DEFAULT_MODE,
    };
    (ops.bits() as i64) << OPS_SHIFT | mode
}

/// True if an open region disallows the operation outright.
pub(crate) const fn disallows(word: i64, op: Ops) -> bool {
    word & (LEVELS | (op.bits() as i64) << OPS_SHIFT) != 0
}

/// True if a plain region or a policy is open.
pub(crate) const fn is_protected(word: i64) -> bool {
    word & (LEVELS | POLICY) != 0
}

/// The most severe of the modes that are open.
pub(crate) fn mode(word: i64) -> Mode {
    let own = Mode::BY_SEVERITY
        .into_iter()
        .rev()
        .find(|mode| word & 1 << (MODES_SHIFT + u32::from(mode.severity())) != 0);
    match own {
        Some(own) if word & (LEVELS | DEFAULT_MODE) == 0 => own,
        Some(own) => own.more_severe(setting::default_mode()),
        None => setting::default_mode(),
    }
}

/// True if the word has a flag for which the edges of regions must take their slow path: it goes with state that
/// frames keep, or with a mode that speaks at the event and so needs to know the region there.
pub(crate) const fn needs_attention(word: i64) -> bool {
    let speaking = (1 << Mode::Abort.severity() | 1 << Mode::Trap.severity()) << MODES_SHIFT;
    word & (UNLINKED | FORBID | BUDGET | INJECT | speaking) != 0
}

/// Runs QADAPT's own work: what it asks of the allocator is neither counted nor a violation.
pub(crate) fn as_own_work<R>(work: impl FnOnce() -> R) -> R {
    /// Puts the word back, also where the work unwinds.
    struct Restore(i64);
    impl Drop for Restore {
        fn drop(&mut self) {
            set(self.0);
        }
    }

    let _restore = Restore(get());
    set(0);
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_fields_overlap() {
        let fields = [
            LEVELS,
            COUNTING,
            i64::from(Ops::ALL.bits()) << OPS_SHIFT,
            0b11_1111 << MODES_SHIFT,
            DEFAULT_MODE,
            FORBID,
            BUDGET,
            INJECT,
            RECORDING,
            RAISING,
            BUSY,
            PROBE,
            UNLINKED,
            ATTENTION,
        ];
        let mut seen = 0;
        for field in fields {
            assert_eq!(seen & field, 0, "{field:#x}");
            seen |= field;
        }
        assert_eq!(POLICY & (LEVELS | COUNTING | RECORDING | BUSY | PROBE | UNLINKED | ATTENTION), 0);
    }

    #[test]
    fn the_most_severe_open_mode_acts() {
        let log = policy(Ops::ALL, Some(Mode::Log));
        let abort = policy(Ops::DEALLOC, Some(Mode::Abort));
        assert_eq!(mode(log), Mode::Log);
        assert_eq!(mode(log | abort), Mode::Abort);
        // A plain region has the process's mode, which is `Panic` here.
        assert_eq!(mode(log | LEVEL), Mode::Panic);
        assert_eq!(mode(policy(Ops::ALL, None)), Mode::Panic);
        assert!(needs_attention(log | abort) && !needs_attention(log));
    }

    #[test]
    fn a_policy_disallows_its_operations_only() {
        let word = policy(Ops::GROW, None);
        assert!(disallows(word, Ops::GROW) && !disallows(word, Ops::SHRINK));
        assert!(disallows(LEVEL, Ops::SHRINK) && !disallows(COUNTING, Ops::ALLOC));
        assert!(is_protected(word) && !is_protected(COUNTING));
    }
}
