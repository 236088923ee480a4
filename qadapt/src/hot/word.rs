//! The thread's word: one thread-local integer that says whether anything watches this thread.
//!
//! Zero means that nothing does: the allocator tests for that and nothing else.
//!
//! ```text
//!   63  62   61     60 .. 31              30 .. 16    15 .. 8     7 ..       0
//! +--------+------+--------------------+----------+----------+---------------+
//! |  att   |borrow| open plain regions |  flags   | selector |     flags     |
//! +--------+------+--------------------+----------+----------+---------------+
//! ```
//!
//! The flags are what policies and counting regions ask for, and how the thread is. The selector is a byte that the kernel reads
//! too, at each system call of a thread that has asked for that ([`sys::calls`](crate::sys)): with 1 in it the call comes to the
//! guard first. So a system call is watched where the word says that a region disallows it, and nothing has to be kept in step.
//!
//! Entering a plain region adds [`LEVEL`], leaving one subtracts it, and a negative result sends the edge to its slow
//! path, which the processor tells for free. Two things make it negative. `att`, both bits of [`ATTENTION`], is set
//! while a record is open, while something is pending, and on the thread's first touch. And a region that leaves
//! where none is counted borrows from [`BORROW`] and the bits above: whether `att` is set or not, the result is negative.
//!
//! Fast edges change the word and nothing else. While a record is open ([`table`](super::table)), every edge is slow, and
//! the word is what the records say.

use core::cell::Cell;
use core::sync::atomic::{Ordering, compiler_fence};

use crate::model::{Mode, Ops};

/// One open plain region. An instruction can hold the number, negated.
pub(crate) const LEVEL: i64 = 1 << 31;
/// The number of open plain regions.
pub(crate) const LEVELS: i64 = (BORROW - 1) & !(LEVEL - 1);
/// Set where a plain region was subtracted that was not counted.
pub(crate) const BORROW: i64 = 1 << 61;
/// The edges of regions take their slow path.
pub(crate) const ATTENTION: i64 = -1 << 62;

/// The operations that open policies disallow: [`Ops`]' bits from here.
const OPS_SHIFT: u32 = 0;
/// Permits have no effect.
pub(crate) const FORBID: i64 = 1 << 5;
/// A budget is open.
pub(crate) const BUDGET: i64 = 1 << 6;
/// A request will be refused on purpose.
pub(crate) const INJECT: i64 = 1 << 7;
/// System calls that may wait are handed over: an open policy disallows them, or they are counted. The byte that begins here has no other bit.
pub(crate) const CALLS: i64 = 1 << SELECTOR_SHIFT;
const SELECTOR_SHIFT: u32 = 8;
/// The modes of open policies: a bit for each severity from here.
const MODES_SHIFT: u32 = SELECTOR_SHIFT + 8;
/// An open policy has no mode of its own and uses the process's.
const DEFAULT_MODE: i64 = 1 << 22;
/// All that policies set.
pub(crate) const POLICY: i64 = {
    let operations = INJECT | (INJECT - (1 << OPS_SHIFT));
    operations | CALLS | DEFAULT_MODE | (DEFAULT_MODE - (1 << MODES_SHIFT))
};
/// A counting region is open: events go into the thread's counters.
pub(crate) const COUNTING: i64 = 1 << 23;
/// A measurement is open: the stack of each event is kept.
pub(crate) const RECORDING: i64 = 1 << 24;
/// QADAPT's own work, or a hook that it calls: what it does is neither counted nor a violation.
pub(crate) const OWN_WORK: i64 = 1 << 25;
/// QADAPT's own work, and all that is opened inside: nothing more is said.
pub(crate) const SILENT: i64 = 1 << 26;
/// In own work: this thread raises a panic of QADAPT's own.
pub(crate) const RAISING: i64 = 1 << 27;
/// With the feature `profile`, and not in own work: what this thread allocates is [sampled](super::profile). Alone it is not
/// something that watches. No bit without the feature.
pub(crate) const SAMPLED: i64 = if cfg!(feature = "profile") { RAISING } else { 0 };

/// QADAPT or an allocator is at work on this thread: the edge of a region that a signal handler closes here says
/// nothing and leaves what it would say to the edge that it interrupted, or the next one.
pub(crate) const QUIET: i64 = 1 << 28;
/// The list of what is pending is being changed: a violation of a signal handler is counted as lost.
pub(crate) const BUSY: i64 = 1 << 29;
/// Nothing has touched the guard on this thread yet.
pub(crate) const UNLINKED: i64 = 1 << 30;
/// In own work, which a thread that nothing has touched has not: the next allocation is the probe that tells whether QADAPT is the
/// global allocator.
pub(crate) const PROBE: i64 = UNLINKED;
/// What says how the thread is and not what is open: no record sets it.
pub(crate) const STATE: i64 = ATTENTION | BORROW | QUIET | BUSY | UNLINKED;

/// What makes an event more than one that is counted, or disallowed in mode count.
const INTRICATE: i64 = (LEVEL - 1)
    & !((Ops::ALL.bits() as i64) << OPS_SHIFT
        | CALLS
        | 1 << MODES_SHIFT
        | DEFAULT_MODE
        | FORBID
        | COUNTING
        | SAMPLED);

/// The word, and what an allocation reads beside it: so both have one address to find.
#[repr(C)]
struct Own {
    word: Cell<i64>,
    /// Bytes before the next sample: see [`countdown`](super::profile::countdown).
    #[cfg(feature = "profile")]
    left: Cell<i64>,
}

thread_local! {
    static OWN: Own = const {
        Own {
            word: Cell::new(UNLINKED | ATTENTION),
            #[cfg(feature = "profile")]
            left: Cell::new(0),
        }
    };
}

thread_local! {
    /// Permits that are open on the fast path.
    static PERMITS: Cell<u32> = const { Cell::new(0) };
}

/// How many permits are open on the fast path: those that hide something from the word.
pub(crate) fn permits() -> u32 {
    PERMITS.try_with(Cell::get).unwrap_or(0)
}

/// A permit opened on the fast path.
#[inline(always)]
pub(crate) fn permit() {
    let _ = PERMITS.try_with(|cell| cell.set(cell.get().wrapping_add(1)));
}

/// Such a permit ends.
#[inline(always)]
pub(crate) fn end_permit() {
    let _ = PERMITS.try_with(|cell| cell.set(cell.get().wrapping_sub(1)));
}

/// The word. Zero where the thread-local cannot be had: then nothing is watched.
#[inline(always)]
pub(crate) fn get() -> i64 {
    OWN.try_with(|own| own.word.get()).unwrap_or(0)
}

#[inline(always)]
pub(crate) fn set(word: i64) {
    let _ = OWN.try_with(|own| own.word.set(word));
}

/// Where this thread's word is.
pub(super) fn place() -> Option<*const i64> {
    OWN.try_with(|own| own.word.as_ptr().cast_const()).ok()
}

/// This thread's bytes before the next sample.
#[cfg(feature = "profile")]
#[inline(always)]
pub(super) fn with_left<R>(act: impl FnOnce(&Cell<i64>) -> R) -> Option<R> {
    OWN.try_with(|own| act(&own.left)).ok()
}

/// Adds to the word (a negative delta subtracts) and returns the new value.
#[inline(always)]
pub(crate) fn add(delta: i64) -> i64 {
    OWN.try_with(|own| {
        let word = own.word.get().wrapping_add(delta);
        own.word.set(word);
        word
    })
    .unwrap_or(0)
}

/// Stands between an edge's stores and the body of its region, and between that and the edge that looks at the word again. The
/// compiler knows what C's allocation functions read and write as the standard has them; those of `qadapt-malloc` read and write the
/// word. Where one of them is all that a region calls, the edges' stores would seem to be without effect.
#[inline(always)]
pub(crate) fn settle() {
    compiler_fence(Ordering::SeqCst);
}

/// The bits of a policy that disallows these operations in this mode.
pub(crate) const fn policy(ops: Ops, mode: Option<Mode>) -> i64 {
    let mode = match mode {
        Some(mode) => 1 << (MODES_SHIFT + mode.severity() as u32),
        None => DEFAULT_MODE,
    };
    (ops.bits() as i64) << OPS_SHIFT | mode
}

/// The operations, modes and rules of a policy's bits, as [copies](super::copies) tell each other.
#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "what is left fits and has no sign"
)]
pub(super) const fn rules(flags: i64) -> [u32; 3] {
    let operations = flags & (CALLS | (Ops::ALL.bits() as i64) << OPS_SHIFT);
    let modes = (flags >> MODES_SHIFT) & ((1 << Mode::BY_SEVERITY.len()) - 1);
    let default = if flags & DEFAULT_MODE == 0 { 0 } else { 1 << 31 };
    let forbids = if flags & FORBID == 0 { 0 } else { 1 };
    let budget = if flags & BUDGET == 0 { 0 } else { 2 };
    [operations as u32, modes as u32 | default, forbids | budget]
}

/// The bits of a policy that were told so; what this copy does not know is left out.
pub(crate) const fn of_rules([operations, modes, rules]: [u32; 3]) -> i64 {
    let operations = operations as i64 & (CALLS | (Ops::ALL.bits() as i64) << OPS_SHIFT);
    let known = modes as i64 & ((1 << Mode::BY_SEVERITY.len()) - 1);
    let default = if modes >> 31 == 0 { 0 } else { DEFAULT_MODE };
    let forbids = if rules & 1 == 0 { 0 } else { FORBID };
    let budget = if rules & 2 == 0 { 0 } else { BUDGET };
    operations | known << MODES_SHIFT | default | forbids | budget
}

/// What of the word another thread can be lent: the same protection, as a policy's, and counting. A countdown to a
/// refusal counts one thread's requests.
pub(crate) const fn lendable(word: i64) -> i64 {
    let plain = if word & LEVELS == 0 { 0 } else { policy(Ops::ALL, None) };
    word & (POLICY & !INJECT | COUNTING) | plain
}

/// True if an open region disallows the operation outright.
#[inline(always)]
pub(crate) const fn disallows(word: i64, op: Ops) -> bool {
    word & (LEVELS | (op.bits() as i64) << OPS_SHIFT) != 0
}

/// True if nothing is open or pending that a fast edge does not see, and no step or allocator call is interrupted.
#[inline(always)]
pub(crate) const fn is_free(word: i64) -> bool {
    word >= 0 && word & (QUIET | BUSY) == 0
}

/// True if a step or an allocator call is interrupted.
#[inline(always)]
pub(crate) const fn is_interrupted(word: i64) -> bool {
    word & (QUIET | BUSY | SILENT) != 0
}

/// True if all that can become of an event is that it is counted, or a violation in mode count or the process's mode.
#[inline(always)]
pub(crate) const fn is_simple(word: i64) -> bool {
    word & INTRICATE == 0
}

/// The same, and in no other mode than count.
#[inline(always)]
pub(crate) const fn is_simple_in_count(word: i64) -> bool {
    word & (INTRICATE | LEVELS | DEFAULT_MODE) == 0
}

/// Of a simple word: true if the process's mode acts.
#[inline(always)]
pub(crate) const fn has_default_mode(word: i64) -> bool {
    word & (LEVELS | DEFAULT_MODE) != 0
}

/// True if an open policy disallows the operation.
#[inline(always)]
pub(crate) const fn policy_disallows(word: i64, op: Ops) -> bool {
    word & (op.bits() as i64) << OPS_SHIFT != 0
}

/// True if a plain region or a policy is open. Calls may be handed over where they are only counted.
#[inline(always)]
pub(crate) const fn is_protected(word: i64) -> bool {
    word & (LEVELS | POLICY & !CALLS) != 0
}

/// The most severe of the modes that are open; `default` is the process's.
pub(crate) fn mode(word: i64, default: Mode) -> Mode {
    let own = Mode::BY_SEVERITY
        .into_iter()
        .rev()
        .find(|mode| word & 1 << (MODES_SHIFT + u32::from(mode.severity())) != 0);
    match own {
        Some(own) if word & (LEVELS | DEFAULT_MODE) == 0 => own,
        Some(own) => own.more_severe(default),
        None => default,
    }
}

/// True for flags of a policy that needs a record: it has figures of its own, permits must find it, or its mode speaks at
/// the event and so needs to know the region there.
pub(crate) const fn needs_record(flags: i64) -> bool {
    let speaking = (1 << Mode::Abort.severity() | 1 << Mode::Trap.severity()) << MODES_SHIFT;
    flags & (FORBID | BUDGET | INJECT | CALLS | speaking) != 0
}

/// The byte of this thread's word that the kernel reads at its system calls; null where the thread-local cannot be had.
pub(crate) fn selector() -> *const u8 {
    let shift = if cfg!(target_endian = "little") { SELECTOR_SHIFT } else { i64::BITS - 8 - SELECTOR_SHIFT };
    let at = |own: &Own| own.word.as_ptr().cast::<u8>().cast_const().wrapping_add(shift as usize / 8);
    OWN.try_with(at).unwrap_or(core::ptr::null())
}

/// What is left of the word's protection inside a permit.
pub(crate) const fn permitted(word: i64) -> i64 {
    if word & FORBID == 0 { word & (COUNTING | RECORDING | OWN_WORK | SILENT | SAMPLED) } else { word }
}

/// True while this thread raises a panic of QADAPT's own.
#[inline(always)]
pub(crate) const fn is_raising(word: i64) -> bool {
    let bits = if SAMPLED == 0 { RAISING } else { RAISING | OWN_WORK };
    word & bits == bits
}

/// The number of open plain regions.
#[expect(clippy::cast_sign_loss, reason = "a table of records has less")]
pub(crate) const fn levels(word: i64) -> usize {
    ((word & LEVELS) >> LEVEL.trailing_zeros()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_fields_overlap() {
        let fields = [
            LEVELS,
            BORROW,
            COUNTING,
            i64::from(Ops::ALL.bits()) << OPS_SHIFT,
            0b11_1111 << MODES_SHIFT,
            DEFAULT_MODE,
            FORBID,
            BUDGET,
            INJECT,
            RECORDING,
            OWN_WORK,
            SILENT,
            RAISING,
            QUIET,
            BUSY,
            UNLINKED,
            // The selector, all of it.
            0xFF << SELECTOR_SHIFT,
            ATTENTION,
        ];
        let mut seen = 0;
        for field in fields {
            assert_eq!(seen & field, 0, "{field:#x}");
            seen |= field;
        }
        assert_eq!(POLICY & (LEVELS | COUNTING | RECORDING | OWN_WORK | SILENT | STATE), 0);
    }

    #[test]
    fn a_level_too_few_is_negative_whatever_else_is_set() {
        for other in [0, ATTENTION, POLICY, POLICY | ATTENTION, COUNTING | QUIET | ATTENTION] {
            let under = other - LEVEL;
            assert!(under < 0 && under & BORROW != 0, "{other:#x}");
            assert_eq!(under + LEVEL, other);
            assert_eq!((other + LEVEL < 0), (other < 0), "{other:#x}");
            assert_eq!(levels(other + LEVEL), 1);
        }
    }

    #[test]
    fn the_most_severe_open_mode_acts() {
        let log = policy(Ops::ALL, Some(Mode::Log));
        let abort = policy(Ops::DEALLOC, Some(Mode::Abort));
        assert_eq!(mode(log, Mode::Panic), Mode::Log);
        assert_eq!(mode(log | abort, Mode::Panic), Mode::Abort);
        // A plain region has the process's mode.
        assert_eq!(mode(log | LEVEL, Mode::Panic), Mode::Panic);
        assert_eq!(mode(policy(Ops::ALL, None), Mode::Fail), Mode::Fail);
        assert!(needs_record(log | abort) && !needs_record(log));
    }

    #[test]
    fn a_simple_word_has_no_mode_but_count() {
        let open = LEVEL | ATTENTION | COUNTING | FORBID | policy(Ops::ALL, Some(Mode::Count));
        assert!(is_simple(open) && has_default_mode(open) && mode(open, Mode::Count) == Mode::Count);
        assert!(!is_simple_in_count(open) && !is_simple_in_count(policy(Ops::ALL, None)));
        let counting = policy(Ops::ALL, Some(Mode::Count)) | ATTENTION | COUNTING | FORBID;
        assert!(is_simple_in_count(counting) && !has_default_mode(counting));
        for mode in Mode::BY_SEVERITY {
            assert_eq!(is_simple(policy(Ops::ALLOC, Some(mode))), mode == Mode::Count);
        }
        for other in [BUDGET, INJECT, RECORDING, OWN_WORK, SILENT, OWN_WORK | RAISING, QUIET, BUSY, UNLINKED]
        {
            assert!(!is_simple(open | other), "{other:#x}");
            assert!(!is_simple_in_count(counting | other), "{other:#x}");
        }
    }

    #[test]
    fn the_selector_is_one_or_zero_whatever_else_is_set() {
        let everything = POLICY | LEVELS | COUNTING | RECORDING | OWN_WORK | SILENT | RAISING | STATE;
        for word in [0, everything, -LEVEL, LEVELS, CALLS | -LEVEL] {
            set(word);
            #[expect(unsafe_code, reason = "as the kernel reads it")]
            // SAFETY: it is a byte of this thread's word.
            let selector = unsafe { selector().read() };
            set(0);
            assert_eq!(i64::from(selector), (word & CALLS) >> SELECTOR_SHIFT, "{word:#x}");
        }
    }

    #[test]
    fn a_policy_s_bit_for_system_calls_is_the_selector_s() {
        assert_eq!(policy(Ops::SYSTEM_CALLS, None), CALLS | DEFAULT_MODE);
    }

    #[test]
    fn what_is_told_of_a_policy_is_all_but_a_countdown() {
        for flags in
            [POLICY, 0, FORBID, BUDGET, CALLS, policy(Ops::GROW, Some(Mode::Trap)), policy(Ops::ALL, None)]
        {
            assert_eq!(of_rules(rules(flags)), flags & !INJECT, "{flags:#x}");
        }
        assert_eq!(rules(policy(Ops::ALLOC | Ops::DEALLOC, Some(Mode::Panic)) | CALLS), [0x111, 4, 0]);
        assert_eq!(rules(policy(Ops::NONE, None) | FORBID | BUDGET), [0, 1 << 31, 3]);
        assert_eq!(of_rules([u32::MAX; 3]), POLICY & !INJECT);
    }

    #[test]
    fn a_policy_disallows_its_operations_only() {
        let word = policy(Ops::GROW, None);
        assert!(disallows(word, Ops::GROW) && !disallows(word, Ops::SHRINK));
        assert!(disallows(LEVEL, Ops::SHRINK) && !disallows(COUNTING, Ops::ALLOC));
        assert!(policy_disallows(word, Ops::GROW) && !policy_disallows(word | LEVEL, Ops::SHRINK));
        assert!(is_protected(word) && !is_protected(COUNTING));
    }
}
