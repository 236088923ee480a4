//! A pool of blocks of several sizes.

use core::alloc::Layout;
use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::block::Block;
use crate::boxed::PoolBox;
use crate::class::Class;
use crate::take::TakeTimeout;
use crate::turn::Turn;

/// Memory in blocks of several sizes: size classes, each with slots and a queue of its own.
///
/// A block comes from the smallest class that fits and has a slot for it. Whoever waits, waits for the smallest class that
/// fits.
///
/// # Examples
///
/// ```
/// use core::alloc::Layout;
/// use qadapt_pool::{BytePool, Bytes, Pool};
///
/// static SMALL: Pool<Bytes<64>, 16> = Pool::new();
/// static LARGE: Pool<Bytes<2048>, 4> = Pool::new();
/// static MEMORY: BytePool<'static, 2> = BytePool::new([SMALL.class(), LARGE.class()]);
///
/// # futures_executor::block_on(async {
/// let number = MEMORY.try_box(5_u64).expect("a slot is free");
/// let block = MEMORY.take(Layout::new::<[u8; 1500]>())?.await;
/// let packet = block.zeroed(1500).expect("it is as large");
/// # drop((number, packet));
/// # Ok::<_, qadapt_pool::TooLarge>(())
/// # });
/// ```
#[derive(Clone)]
pub struct BytePool<'p, const CLASSES: usize> {
    /// By size.
    classes: [Class<'p>; CLASSES],
}

impl<'p, const CLASSES: usize> BytePool<'p, CLASSES> {
    /// A pool of these classes, in any order.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// static SMALL: Pool<Bytes<64>, 16> = Pool::new();
    /// static LARGE: Pool<Bytes<2048>, 4> = Pool::new();
    /// static MEMORY: BytePool<'static, 2> = BytePool::new([LARGE.class(), SMALL.class()]);
    /// assert_eq!(MEMORY.classes()[0].size(), 64);
    /// ```
    #[must_use]
    pub const fn new(mut classes: [Class<'p>; CLASSES]) -> Self {
        // Insertion sort, since this is `const`.
        let mut sorted = 1;
        while sorted < CLASSES {
            let mut at = sorted;
            while at > 0 && classes[at].size() < classes[at - 1].size() {
                classes.swap(at, at - 1);
                at -= 1;
            }
            sorted += 1;
        }
        Self { classes }
    }

    /// Its classes, by size.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// let (small, large) = (Pool::<Bytes<64>, 2>::new(), Pool::<Bytes<2048>, 4>::new());
    /// let memory = BytePool::new([large.class(), small.class()]);
    /// assert_eq!(memory.classes().map(|class| class.size()), [64, 2048]);
    /// ```
    #[must_use]
    pub const fn classes(&self) -> &[Class<'p>; CLASSES] {
        &self.classes
    }

    /// Takes a block for what has this layout; `None` if no class that fits has a free slot for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// let (small, large) = (Pool::<Bytes<64>, 1>::new(), Pool::<Bytes<2048>, 1>::new());
    /// let memory = BytePool::new([small.class(), large.class()]);
    /// let first = memory.try_take(Layout::new::<u64>()).expect("a slot is free");
    /// let second = memory.try_take(Layout::new::<u64>()).expect("a larger slot is free");
    /// assert_eq!((first.size(), second.size()), (64, 2048));
    /// assert!(memory.try_take(Layout::new::<u64>()).is_none());
    /// ```
    #[inline]
    #[must_use]
    pub fn try_take(&self, layout: Layout) -> Option<Block<'p>> {
        fitting(&self.classes, layout).find_map(Class::try_take)
    }

    /// Takes a block for what has this layout, and waits until it is its turn in the smallest class that fits.
    ///
    /// At its first poll the future looks into the larger classes too; later it does not.
    ///
    /// # Errors
    /// [`TooLarge`] if no class fits.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use core::alloc::Layout;
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<64>, 1>::new();
    /// let memory = BytePool::new([pool.class()]);
    /// let number = memory.take(Layout::new::<u64>())?.await.put(5_u64).expect("it fits");
    /// assert_eq!(*number, 5);
    /// assert!(memory.take(Layout::new::<[u8; 65]>()).is_err());
    /// # Ok::<_, qadapt_pool::TooLarge>(())
    /// # }).expect("a class fits");
    /// ```
    pub fn take(&self, layout: Layout) -> Result<TakeBlock<'_, 'p>, TooLarge> {
        let smallest = *fitting(&self.classes, layout).next().ok_or(TooLarge(()))?;
        Ok(TakeBlock { turn: Turn::new(smallest.shelf()), smallest, layout, classes: &self.classes })
    }

    /// Takes a block for what has this layout, and waits until it is its turn, or until a timer has ended.
    ///
    /// # Errors
    /// [`TooLarge`] if no class fits; the future gives [`Elapsed`](crate::Elapsed) if the timer has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use core::alloc::Layout;
    /// use core::future::ready;
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<64>, 1>::new();
    /// let memory = BytePool::new([pool.class()]);
    /// let layout = Layout::new::<u64>();
    /// let block = memory.take_timeout(layout, ready(()))?.await.expect("a slot is free");
    /// assert!(memory.take_timeout(layout, ready(()))?.await.is_err());
    /// # drop(block);
    /// # Ok::<_, qadapt_pool::TooLarge>(())
    /// # }).expect("a class fits");
    /// ```
    pub fn take_timeout<F: Future>(
        &self,
        layout: Layout,
        timer: F,
    ) -> Result<TakeTimeout<TakeBlock<'_, 'p>, F>, TooLarge> {
        Ok(TakeTimeout::new(self.take(layout)?, timer))
    }

    /// Takes a block for a value.
    ///
    /// # Errors
    /// The value, if no class that fits has a free slot for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<64>, 1>::new();
    /// let memory = BytePool::new([pool.class()]);
    /// let word = memory.try_box("one").expect("a slot is free");
    /// assert_eq!(memory.try_box("two"), Err("two"));
    /// # drop(word);
    /// ```
    #[inline]
    pub fn try_box<T>(&self, value: T) -> Result<PoolBox<'p, T>, T> {
        match self.try_take(Layout::new::<T>()) {
            Some(block) => block.put(value).map_err(|(_, value)| value),
            None => Err(value),
        }
    }

    /// Takes a block for so many bytes, which are zeros then; `None` if no class that fits has a free slot for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<64>, 1>::new();
    /// let memory = BytePool::new([pool.class()]);
    /// assert_eq!(*memory.try_bytes(10).expect("a slot is free"), [0; 10]);
    /// assert!(memory.try_bytes(65).is_none());
    /// ```
    #[must_use]
    pub fn try_bytes(&self, len: usize) -> Option<PoolBox<'p, [u8]>> {
        self.try_take(Layout::array::<u8>(len).ok()?)?.zeroed(len).ok()
    }
}

/// The classes that fit, by size.
#[inline]
fn fitting<'a, 'p>(classes: &'a [Class<'p>], layout: Layout) -> impl Iterator<Item = &'a Class<'p>> {
    classes.iter().filter(move |class| class.fits(layout))
}

impl<const CLASSES: usize> fmt::Debug for BytePool<'_, CLASSES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BytePool").field("classes", &self.classes).finish()
    }
}

pin_project! {
    /// Waits for a block of a [`BytePool`]; made by [`BytePool::take`].
    ///
    /// # Panics
    /// If polled again after it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use qadapt_pool::{BytePool, Bytes, Pool, TakeBlock};
    ///
    /// let pool = Pool::<Bytes<64>, 1>::new();
    /// let memory = BytePool::new([pool.class()]);
    /// let block: TakeBlock<'_, '_> = memory.take(Layout::new::<u64>()).expect("a class fits");
    /// assert_eq!(pool.available(), 1, "nothing is taken before the first poll");
    /// assert_eq!(futures_executor::block_on(block).size(), 64);
    /// ```
    #[must_use = "nothing is taken before the future is awaited"]
    pub struct TakeBlock<'a, 'p> {
        #[pin]
        turn: Turn<'p>,
        smallest: Class<'p>,
        layout: Layout,
        classes: &'a [Class<'p>],
    }
}

impl<'p> Future for TakeBlock<'_, 'p> {
    type Output = Block<'p>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.turn.is_fresh() {
            if let Some(block) = fitting(this.classes, *this.layout).find_map(Class::try_take) {
                this.turn.as_mut().end();
                return Poll::Ready(block);
            }
        }
        this.turn.poll(context).map(|ticket| this.smallest.block(ticket))
    }
}

impl fmt::Debug for TakeBlock<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakeBlock").field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// No size class of the pool is as large.
///
/// # Examples
///
/// ```
/// use core::alloc::Layout;
/// use qadapt_pool::{BytePool, Bytes, Pool};
///
/// let pool = Pool::<Bytes<64>, 1>::new();
/// let memory = BytePool::new([pool.class()]);
/// let error = memory.take(Layout::new::<[u8; 65]>()).expect_err("65 bytes fit nowhere");
/// assert_eq!(error.to_string(), "no size class of the pool is as large or as strictly aligned");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(());

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no size class of the pool is as large or as strictly aligned")
    }
}

impl Error for TooLarge {}
