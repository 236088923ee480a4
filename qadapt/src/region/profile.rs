//! A profile of the heap.

use crate::hot::own_work;
use crate::hot::profile::{allocator, countdown, sites};
use crate::model::Amount;
use crate::report;

/// Which stacks have allocated the memory of the process, and what of it is alive: estimates from a sample of all blocks, with the
/// feature `profile`.
///
/// On each thread one block in every 512 KiB or so is sampled ([`set_profile_interval`] changes that): its call stack is kept, and
/// it stands for all the bytes between. So each figure is right on average: what all threads have allocated but for the interval of each, and
/// the figure of a part, a stack's or what is alive, of 1,000 samples to about 3 % (the standard deviation, at most). An allocation and its
/// deallocation take six instructions more with the checks on, and two on threads where nothing is sampled; four without the checks. Where the program's allocator
/// is not QADAPT nothing is sampled.
///
/// A sampled block begins at a page, whose rest is wasted, so that its deallocation is told from others. A reallocation counts as a
/// deallocation and an allocation of the new size. What QADAPT allocates itself, what C allocates, and values with an allocator of their
/// own are in no profile. A forked child goes on from its parent's figures: it has its parent's memory. Sampling takes no lock, allocates
/// nothing, and may happen in a signal handler.
///
/// # Regions
/// A sample knows the innermost region around it by its name, or the line that enters it: a closure or function under
/// `assert_no_alloc`, `#[allocate_panic]`, a [`Policy`](crate::Policy) or `#[count_alloc]`, with the checks on or off; and where they are on,
/// polls of guarded futures and what is opened by hand, too. With the checks on most regions cost no instruction more: their samples are told
/// when they end, the first 32 of each entry; the rest, and those of regions that are still open, have no region.
///
/// # Reading it
/// [`pprof`](Self::pprof) is what profilers read: `go tool pprof program heap.pb`, Pyroscope, Parca, or `cargo qadapt merge` for those of many
/// processes.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let kept = vec![1_u8; 100 << 20];
/// let profile = qadapt::profile();
/// assert!(profile.live().bytes >= 99 << 20);
/// std::fs::write(std::env::temp_dir().join("heap.pb"), profile.pprof())?;
/// # drop(kept);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Profile {
    allocated: Amount,
    live: Amount,
    samples: u64,
    lost: u64,
    pprof: Vec<u8>,
}

/// What has been sampled since the process began. It allocates, and reads which files are loaded: call it outside of regions.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let kept = std::hint::black_box(Vec::<u8>::with_capacity(100 << 20));
/// assert!(qadapt::profile().live().bytes >= 99 << 20);
/// # drop(kept);
/// ```
#[must_use]
pub fn profile() -> Profile {
    let written = own_work::as_own_work(|| {
        let mut known = Vec::new();
        sites::for_each(|site| known.push(site));
        let lost = sites::lost();
        let sum = |of: fn(&sites::Known) -> sites::Sum| {
            known.iter().map(of).fold(Amount::NONE, |sum, one| Amount {
                blocks: sum.blocks.saturating_add(one.blocks),
                bytes: sum.bytes.saturating_add(one.bytes),
            })
        };
        Profile {
            allocated: sum(|site| site.allocated),
            live: sum(|site| site.live),
            samples: known.iter().map(|site| site.samples).sum(),
            lost,
            pprof: report::profile::pprof(&known, countdown::interval(), lost),
        }
    });
    // The bytes are the caller's, who frees them: so they count as any other block.
    let mut pprof = Vec::with_capacity(written.pprof.len());
    own_work::as_own_work(|| {
        pprof.extend_from_slice(&written.pprof);
        let Profile { allocated, live, samples, lost, .. } = written;
        Profile { allocated, live, samples, lost, pprof }
    })
}

/// Sets after how many bytes of a thread, on average, a block is sampled; 0 samples nothing. It is 512 KiB until it is set.
///
/// A shorter interval tells more and costs more: a sample takes a walk of the stack and, until it is freed, up to a page of memory. What
/// has been sampled keeps its weight. Each thread goes over to the new interval at its next sample. Where nothing was sampled, this thread
/// begins at once, and each other one when it gives a block back that begins at a page, or after some 64 KiB of reallocations and zeroed
/// allocations, in a build without checks of any.
///
/// # Examples
/// ```
/// qadapt::set_profile_interval(64 << 10);
/// ```
pub fn set_profile_interval(bytes: u64) {
    countdown::set_interval(bytes);
    allocator::follow();
}

impl Profile {
    /// What was allocated since the process began.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let kept = std::hint::black_box(Vec::<u8>::with_capacity(100 << 20));
    /// drop(kept);
    /// assert!(qadapt::profile().allocated().bytes >= 99 << 20);
    /// ```
    #[must_use]
    pub fn allocated(&self) -> Amount {
        self.allocated
    }

    /// What of it was alive.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let kept = std::hint::black_box(Vec::<u8>::with_capacity(100 << 20));
    /// assert!(qadapt::profile().live().bytes >= 99 << 20);
    /// drop(kept);
    /// assert!(qadapt::profile().live().bytes < 50 << 20);
    /// ```
    #[must_use]
    pub fn live(&self) -> Amount {
        self.live
    }

    /// How many blocks were sampled: what all figures are made of.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let kept = std::hint::black_box(Vec::<u8>::with_capacity(100 << 20));
    /// assert!(qadapt::profile().samples() > 0);
    /// # drop(kept);
    /// ```
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples that are missing in some figure for want of room: of some 60,000 stacks, or of memory. The profile's comment says it, too.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// assert_eq!(qadapt::profile().lost(), 0);
    /// ```
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The profile as pprof reads it, not compressed: a sample for each stack and region, with the values `alloc_objects`, `alloc_space`,
    /// `inuse_objects` and `inuse_space`, and the region as the label `region`. Addresses have no names: readers find them in the files that are
    /// listed with their build ids.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let kept = std::hint::black_box(Vec::<u8>::with_capacity(100 << 20));
    /// let profile = qadapt::profile();
    /// assert!(profile.pprof().windows(11).any(|bytes| bytes == b"inuse_space"));
    /// # drop(kept);
    /// ```
    #[must_use]
    pub fn pprof(&self) -> &[u8] {
        &self.pprof
    }
}
