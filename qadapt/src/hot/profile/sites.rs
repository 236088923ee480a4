//! What sampled blocks stand for, by call stack and region.

use core::panic::Location;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use qadapt_spin::{Key, Slot, Stack};

use super::label;
use crate::hot::capture::Captured;
use crate::hot::mapped::{Mapped, Zeroed};
use crate::hot::stacks::{FRAMES, Stacks};
use crate::model::{Name, Place};

/// Stacks with the innermost region of each, for the life of the process.
static STACKS: Stacks = Stacks::new();

/// Sites in one part of the figures.
const PART: usize = 1024;
static FIGURES: [Mapped<[Figures; PART]>; 64] = [const { Mapped::new() }; 64];

/// Samples that nothing is known of for want of room, and those that are not followed to their end. Relaxed: figures.
static LOST: AtomicU64 = AtomicU64::new(0);

/// A stack and a region that allocate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site(u32);

impl Site {
    pub(super) const fn numbered(number: u32) -> Self {
        Self(number)
    }

    pub(super) const fn number(self) -> u32 {
        self.0
    }
}

/// What a sampled block stands for, and its own size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) bytes: u64,
    pub(super) size: u64,
}

/// Blocks are counted in parts: one sample seldom stands for a whole number of them.
const PARTS: u64 = 1 << 16;

impl Share {
    /// How many blocks of its size, in [`PARTS`].
    fn blocks(self) -> u64 {
        let blocks = u128::from(self.bytes) * u128::from(PARTS) / u128::from(self.size.max(1));
        u64::try_from(blocks).unwrap_or(u64::MAX)
    }
}

/// Relaxed throughout: each figure stands for itself.
struct Figures {
    bytes: AtomicU64,
    blocks: AtomicU64,
    freed_bytes: AtomicU64,
    freed_blocks: AtomicU64,
    samples: AtomicU64,
}

#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: nothing was allocated.
unsafe impl Zeroed for Figures {}

/// What is known of a site.
pub(crate) struct Known {
    pub(crate) stack: Stack<FRAMES>,
    pub(crate) region: Region,
    pub(crate) samples: u64,
    pub(crate) allocated: Sum,
    pub(crate) live: Sum,
}

/// What samples stand for in sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    pub(crate) bytes: u64,
    pub(crate) blocks: u64,
}

/// The site of an event at this stack, in the innermost region whose place is known; none if there is no room for one more, which is counted.
/// The second says whether there is such a region.
pub(super) fn find(captured: &Captured) -> Option<(Site, bool)> {
    let region = Region::innermost();
    let site = insert(captured.frames(), region);
    if site.is_none() {
        lose();
    }
    Some((site?, !region.is_none()))
}

fn insert(frames: &[usize], region: Region) -> Option<Site> {
    let slot = STACKS.insert(Key::of(region.seed(), frames), frames, region.tag())?;
    u32::try_from(slot.index()).ok().map(Site)
}

/// A sample was in the region at this place, which it is told now. `follow` is told the sample's new site, and says whether it is alive.
pub(super) fn name(site: Site, place: Place, share: Share, follow: impl FnOnce(Site) -> bool) {
    let Some(stack) = STACKS.stack(Slot::numbered(site.0)) else { return };
    let Some(named) = insert(stack.frames(), Region::of(place)) else { return };
    if named.0 == site.0 {
        return;
    }
    add(named, share);
    if !follow(named) {
        subtract(named, share);
        if let Some(figures) = figures(site, false) {
            take_off(&figures.freed_bytes, share.bytes);
            take_off(&figures.freed_blocks, share.blocks());
        }
    }
    if let Some(figures) = figures(site, false) {
        take_off(&figures.samples, 1);
        take_off(&figures.bytes, share.bytes);
        take_off(&figures.blocks, share.blocks());
    }
}

fn take_off(figure: &AtomicU64, less: u64) {
    let _ = figure.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(now.saturating_sub(less)));
}

/// A sample is not known, or not followed to its end.
pub(super) fn lose() {
    LOST.fetch_add(1, Ordering::Relaxed);
}

/// How many samples are so.
pub(crate) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// A block was allocated.
pub(super) fn add(site: Site, share: Share) {
    if let Some(figures) = figures(site, true) {
        figures.samples.fetch_add(1, Ordering::Relaxed);
        figures.bytes.fetch_add(share.bytes, Ordering::Relaxed);
        figures.blocks.fetch_add(share.blocks(), Ordering::Relaxed);
    }
}

/// It was given back.
pub(super) fn subtract(site: Site, share: Share) {
    if let Some(figures) = figures(site, false) {
        figures.freed_bytes.fetch_add(share.bytes, Ordering::Relaxed);
        figures.freed_blocks.fetch_add(share.blocks(), Ordering::Relaxed);
    }
}

fn figures(site: Site, make: bool) -> Option<&'static Figures> {
    let index = usize::try_from(site.0).ok()?;
    let part = FIGURES.get(index / PART)?;
    if make { part.make() } else { part.get() }?.get(index % PART)
}

/// Visits the sites that have allocated.
pub(crate) fn for_each(mut visit: impl FnMut(Known)) {
    for slot in STACKS.slots() {
        // Where each sample has been told its region since, nothing is left.
        if let Some(known) = known(slot).filter(|known| known.samples > 0) {
            visit(known);
        }
    }
}

fn known(slot: Slot) -> Option<Known> {
    let figures = figures(Site(u32::try_from(slot.index()).ok()?), false)?;
    let stack = STACKS.stack(slot)?;
    let now = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    // What is freed is read first: so it is never more than what was allocated.
    let (freed_bytes, freed_blocks) = (now(&figures.freed_bytes), now(&figures.freed_blocks));
    let (bytes, blocks) = (now(&figures.bytes), now(&figures.blocks));
    let rounded = |blocks: u64| blocks.saturating_add(PARTS / 2) / PARTS;
    Some(Known {
        region: Region::of_tag(stack.tag()),
        stack,
        samples: now(&figures.samples),
        allocated: Sum { bytes, blocks: rounded(blocks) },
        live: Sum {
            bytes: bytes.saturating_sub(freed_bytes),
            blocks: rounded(blocks.saturating_sub(freed_blocks)),
        },
    })
}

/// The innermost open region that has a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Region {
    None,
    Named(Name),
    /// Without a name: the line that enters it.
    At(&'static Location<'static>),
}

/// In place of a name's length: what comes before is the address of a location. No string is so long.
const LOCATION: usize = usize::MAX - 1;

impl Region {
    fn innermost() -> Self {
        label::innermost().map_or(Self::None, Self::of)
    }

    fn of(place: Place) -> Self {
        if place.name.is_none() { Self::At(place.location) } else { Self::Named(place.name) }
    }

    pub(super) const fn is_none(self) -> bool {
        matches!(self, Self::None)
    }

    fn words(self) -> [usize; 2] {
        match self {
            Self::None => [0; 2],
            Self::Named(name) => name.identity(),
            Self::At(location) => [ptr::from_ref(location).expose_provenance(), LOCATION],
        }
    }

    fn tag(self) -> [u64; 2] {
        self.words().map(|word| word as u64)
    }

    /// What keeps equal stacks of two regions apart.
    fn seed(self) -> u64 {
        let [first, second] = self.tag();
        first ^ second.rotate_left(32)
    }

    #[expect(unsafe_code, reason = "reads what was kept as two numbers")]
    fn of_tag(tag: [u64; 2]) -> Self {
        match tag.map(|word| usize::try_from(word).unwrap_or(0)) {
            [_, 0] => Self::None,
            [address, LOCATION] => {
                let location: *const Location<'static> = ptr::with_exposed_provenance(address);
                // SAFETY: with this second word the first is the address of a `&'static Location`.
                unsafe { location.as_ref() }.map_or(Self::None, Self::At)
            }
            // SAFETY: all other tags are the identities of names.
            words => Self::Named(unsafe { Name::of_identity(words) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_what_its_tag_was_made_of() {
        let here = Location::caller();
        assert!(matches!(Region::of_tag(Region::None.tag()), Region::None));
        assert!(matches!(Region::of_tag(Region::At(here).tag()), Region::At(found) if found == here));
        let named = Region::of_tag(Region::Named(Name::given("mixer")).tag());
        assert!(matches!(named, Region::Named(name) if name.to_string() == "mixer"));
    }

    #[test]
    fn a_share_is_counted_in_parts_of_blocks() {
        assert_eq!(Share { bytes: 1 << 19, size: 64 }.blocks(), 8192 * PARTS);
        assert_eq!(Share { bytes: 1 << 19, size: 1 << 20 }.blocks(), PARTS / 2);
        assert_eq!(Share { bytes: u64::MAX, size: 1 }.blocks(), u64::MAX);
    }
}
