//! Which guard is the outermost, where one lies in another: `Qadapt<Tap<Qadapt<System>>>`.
//!
//! A guard calls its inner allocator with [`word::QUIET`](super::word::QUIET) set. A guard that finds it set lies in another
//! one, which has seen the event; or it is the outermost and a signal handler asks, whose events count.

use core::any::type_name;
use core::sync::atomic::{AtomicU64, Ordering};

use super::{apart, setting};

/// The outermost guard, by a hash of its inner allocator's type; 0 until the first event. Relaxed: only this number, which
/// is there before [`setting::awaits_first`] says that it is.
static OUTERMOST: AtomicU64 = AtomicU64::new(0);

/// True if the guard around this allocator is the outermost: the first that is asked is. Around all of them is an allocator that
/// is not the global one and takes its memory from there.
pub(super) fn is<A>() -> bool {
    if apart::is_at_work() {
        return false;
    }
    let is = is_among_guards::<A>();
    setting::seen_first();
    is
}

/// The same, but an allocator that is not the global one does not matter.
pub(super) fn is_among_guards<A>() -> bool {
    let own = hash(type_name::<A>());
    let known = OUTERMOST.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed);
    known.map_or_else(|outermost| outermost == own, |_| true)
}

/// FNV-1a (Fowler, Noll, Vo; RFC 9923), never 0.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step).max(1)
}
