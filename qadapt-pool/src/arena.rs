//! Size classes in memory of the caller's.
#![expect(unsafe_code, reason = "memory is cut into parts")]

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use crate::class::Class;
use crate::primitive::AtomicUsize;
use crate::shelf::Shelf;

/// Memory of the caller's, from which size classes are cut: a static, a part of the heap taken at start-up, a bank of RAM
/// that a device can reach.
///
/// # Examples
///
/// ```
/// use core::alloc::Layout;
/// use core::mem::MaybeUninit;
/// use qadapt_pool::{BytePool, Arena};
///
/// let mut memory = [const { MaybeUninit::uninit() }; 8192];
/// let mut arena = Arena::new(&mut memory);
/// let small = arena.class(Layout::new::<[u64; 4]>(), 16).expect("there is room");
/// let large = arena.class(Layout::new::<[u64; 128]>(), 4).expect("there is room");
/// let pool = BytePool::new([small, large]);
///
/// let text = pool.try_bytes(100).expect("a slot is free");
/// assert_eq!(large.available(), 3);
/// # drop(text);
/// ```
pub struct Arena<'m> {
    next: *mut u8,
    left: usize,
    _memory: PhantomData<&'m mut [MaybeUninit<u8>]>,
}

// SAFETY: it owns its memory for `'m`.
unsafe impl Send for Arena<'_> {}
// SAFETY: a shared arena gives access to nothing.
unsafe impl Sync for Arena<'_> {}

/// A shelf without its words.
type Empty = Shelf<[AtomicUsize; 0]>;

impl<'m> Arena<'m> {
    /// An arena of all of this memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use qadapt_pool::Arena;
    ///
    /// let mut memory = [const { MaybeUninit::uninit() }; 4096];
    /// let arena = Arena::new(&mut memory);
    /// assert_eq!(arena.left(), 4096);
    /// ```
    #[must_use]
    pub const fn new(memory: &'m mut [MaybeUninit<u8>]) -> Self {
        Self { left: memory.len(), next: memory.as_mut_ptr().cast(), _memory: PhantomData }
    }

    /// How many bytes are left.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use core::mem::MaybeUninit;
    /// use qadapt_pool::Arena;
    ///
    /// let mut memory = [const { MaybeUninit::uninit() }; 4096];
    /// let mut arena = Arena::new(&mut memory);
    /// assert!(arena.class(Layout::new::<[u8; 64]>(), 16).is_some());
    /// assert!(arena.left() < 4096 - 16 * 64);
    /// ```
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }

    /// Cuts off a class of so many slots for values of this layout; `None` if there is no room for it, and then nothing
    /// was cut off.
    ///
    /// A slot takes the layout's size, rounded up to its alignment, and a word more; a class takes up to 256 bytes more,
    /// for its waiters and for alignment.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use core::mem::MaybeUninit;
    /// use qadapt_pool::Arena;
    ///
    /// let mut memory = [const { MaybeUninit::uninit() }; 4096];
    /// let mut arena = Arena::new(&mut memory);
    /// let class = arena.class(Layout::new::<[u8; 64]>(), 16).expect("there is room");
    /// assert_eq!((class.size(), class.capacity()), (64, 16));
    /// assert!(arena.class(Layout::new::<[u8; 64]>(), 64).is_none());
    /// ```
    #[must_use]
    pub fn class(&mut self, layout: Layout, capacity: usize) -> Option<Class<'m>> {
        let slot = layout.pad_to_align();
        let before = (self.next, self.left);
        let cut = self.shelf(capacity).and_then(|numbers| {
            let memory =
                self.cut(Layout::from_size_align(slot.size().checked_mul(capacity)?, slot.align()).ok()?)?;
            Some((numbers, memory))
        });
        let Some((numbers, memory)) = cut else {
            (self.next, self.left) = before;
            return None;
        };
        // SAFETY: the memory was cut off for these slots, and nobody but this class and its copies knows of it.
        Some(unsafe { Class::new(numbers, memory, slot.size(), slot.align()) })
    }

    fn shelf(&mut self, capacity: usize) -> Option<&'m Shelf> {
        let words = Layout::array::<AtomicUsize>(capacity).ok()?;
        let (layout, _) = Layout::new::<Empty>().extend(words).ok()?;
        let layout = layout.pad_to_align();
        let memory = self.cut(layout)?;
        // SAFETY: the memory was cut off for it.
        unsafe { memory.write_bytes(0, layout.size()) };
        // The length of the slice at its end is that of the shelf.
        let numbers = ptr::slice_from_raw_parts(memory.cast::<Empty>().as_ptr(), capacity) as *const Shelf;
        // SAFETY: zeroed memory is a shelf whose slots are all free. Its size is that of the layout: the words lie behind
        // the rest, and the whole is rounded up to its alignment. Nobody else knows of the memory.
        Some(unsafe { &*numbers })
    }

    fn cut(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let skipped = self.next.align_offset(layout.align());
        let cut = skipped.checked_add(layout.size())?;
        self.left = self.left.checked_sub(cut)?;
        // The places lie in the arena, or are its end; wrapping, because an empty arena may have no place at all.
        let first = self.next.wrapping_add(skipped);
        self.next = self.next.wrapping_add(cut);
        NonNull::new(first)
    }
}

impl fmt::Debug for Arena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("left", &self.left).finish_non_exhaustive()
    }
}
