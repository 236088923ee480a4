//! Samples whose region has no place yet.
//!
//! A region on the fast path is a number in the thread's [word](word), and its place is known at its edge alone. So a sample in one waits
//! here for that edge, which is slow as long as something waits; what opens meanwhile has records. The next region without a record that
//! ends is therefore the one that the samples are in.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use super::live;
use super::sites::{self, Share, Site};
use crate::checks;
use crate::hot::{table, word};
use crate::model::Place;

/// Samples that can wait on a thread at once. Further ones stay without a region.
const ROOM: usize = 32;

/// All zeros: nothing waits. Relaxed: only the thread, and signal handlers on it.
struct Waiting {
    /// The site plus one; 0 for none. Whoever takes the sample away takes this.
    site: AtomicU32,
    /// Its address; 0 where it is freed.
    block: Cell<usize>,
    share: Cell<Share>,
}

thread_local! {
    static WAITING: [Waiting; ROOM] = const { [const { Waiting::new() }; ROOM] };
}

impl Waiting {
    const fn new() -> Self {
        Self { site: AtomicU32::new(0), block: Cell::new(0), share: Cell::new(Share { bytes: 0, size: 0 }) }
    }
}

/// True if a sample that is taken now is in a region on the fast path, or in a permit there.
pub(super) fn is_due() -> bool {
    checks::ON && (word::is_protected(table::base_word()) || word::permits() > 0)
}

/// Such a sample was taken; `is_alive` says whether its block is followed.
pub(super) fn push(site: Site, share: Share, block: *const u8, is_alive: bool) {
    let block = if is_alive { block.addr() } else { 0 };
    let _ = WAITING.try_with(|waiting| {
        for earlier in waiting.iter().filter(|earlier| earlier.block.get() == block) {
            // Its block has been freed, and is this one now.
            earlier.block.set(0);
        }
        let Some(free) = waiting.iter().find(|one| one.site.load(Ordering::Relaxed) == 0) else { return };
        free.block.set(block);
        free.share.set(share);
        free.site.store(site.number() + 1, Ordering::Relaxed);
        table::set_unnamed(true);
        word::set(word::get() | word::ATTENTION);
    });
}

/// A region without a record has ended here: what waits is in it. True if something was waiting; then the thread's reasons for slow edges
/// are other ones.
pub(crate) fn name(place: Place) -> bool {
    if !table::has_unnamed() {
        return false;
    }
    table::set_unnamed(false);
    take(|site, block, share| {
        sites::name(site, place, share, |named| block != 0 && live::rename(block, site, named));
    });
    true
}

/// A permit without a record has ended: what waits is in no region if none is open. True as for [`name`].
pub(crate) fn forget_if_idle() -> bool {
    if !table::has_unnamed() || !table::is_idle() || word::permits() > 0 {
        return false;
    }
    table::set_unnamed(false);
    take(|_, _, _| {});
    true
}

fn take(mut each: impl FnMut(Site, usize, Share)) {
    let _ = WAITING.try_with(|waiting| {
        for one in waiting {
            if let Some(site) = one.site.swap(0, Ordering::Relaxed).checked_sub(1) {
                each(Site::numbered(site), one.block.get(), one.share.get());
            }
        }
    });
}
