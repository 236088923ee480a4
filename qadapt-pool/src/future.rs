//! Futures in a pool, pinned, whatever their type.
#![expect(unsafe_code, reason = "a box whose memory stays for ever can be pinned")]

use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;

use crate::boxed::PoolBox;

/// A future of whatever type in a pool, that can go to other threads; like a `Pin<Box<dyn Future + Send>>`.
pub type PoolFuture<'f, O> = Pin<PoolBox<'static, dyn Future<Output = O> + Send + 'f>>;

/// A future of whatever type in a pool, for this thread.
pub type LocalPoolFuture<'f, O> = Pin<PoolBox<'static, dyn Future<Output = O> + 'f>>;

impl<T: ?Sized> PoolBox<'static, T> {
    /// Pins the value.
    ///
    /// Only what lies in a pool that lives for ever can be pinned. A box that was forgotten keeps its slot, but a pool that
    /// ends or moves ends that too, and a pinned value must not lose its memory without having been dropped. (std's
    /// `Box::pin_in` asks the same of its allocator.)
    ///
    /// # Examples
    ///
    /// ```
    /// static POOL: qadapt_pool::Pool<u64, 1> = qadapt_pool::Pool::new();
    ///
    /// let mut number = POOL.try_box(4).expect("a slot is free").pin();
    /// number.set(5);
    /// assert_eq!(*number, 5);
    /// ```
    #[must_use]
    pub fn pin(self) -> Pin<Self> {
        // SAFETY: the value lies in the pool and moves neither with the box nor with the pool, which is borrowed for ever.
        // No method of the box moves the value out of a `Pin`. The memory is used again only after the box was dropped.
        unsafe { Pin::new_unchecked(self) }
    }
}

impl<F: Future> PoolBox<'static, F> {
    /// Pins the future and forgets its type.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool, PoolFuture};
    ///
    /// static FUTURES: Pool<Bytes<128>, 8> = Pool::new();
    ///
    /// fn answer(number: u32) -> PoolFuture<'static, u32> {
    ///     let block = FUTURES.try_take().expect("a slot is free").into_block();
    ///     let Ok(future) = block.put(async move { number + 1 }) else { panic!("the future is larger than 128 bytes") };
    ///     future.into_future_object()
    /// }
    ///
    /// assert_eq!(futures_executor::block_on(answer(41)), 42);
    /// assert_eq!(FUTURES.available(), 8);
    /// ```
    #[must_use = "a future does nothing before it is polled"]
    pub fn into_future_object<'f>(self) -> PoolFuture<'f, F::Output>
    where
        F: Send + 'f,
    {
        let (future, ticket) = self.into_parts();
        let future: NonNull<dyn Future<Output = F::Output> + Send + 'f> = future;
        // SAFETY: the same value in the same memory, with the same ticket.
        unsafe { PoolBox::from_parts(future, ticket) }.pin()
    }

    /// Pins the future, which need not be `Send`, and forgets its type.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use qadapt_pool::{Bytes, LocalPoolFuture, Pool};
    ///
    /// static FUTURES: Pool<Bytes<128>, 8> = Pool::new();
    ///
    /// let number = Rc::new(41); // which cannot go to another thread
    /// let block = FUTURES.try_take().expect("a slot is free").into_block();
    /// let Ok(future) = block.put(async move { *number + 1 }) else { panic!("the future is larger than 128 bytes") };
    /// let future: LocalPoolFuture<'_, i32> = future.into_local_future_object();
    /// assert_eq!(futures_executor::block_on(future), 42);
    /// ```
    #[must_use = "a future does nothing before it is polled"]
    pub fn into_local_future_object<'f>(self) -> LocalPoolFuture<'f, F::Output>
    where
        F: 'f,
    {
        let (future, ticket) = self.into_parts();
        let future: NonNull<dyn Future<Output = F::Output> + 'f> = future;
        // SAFETY: the same value in the same memory, with the same ticket.
        unsafe { PoolBox::from_parts(future, ticket) }.pin()
    }
}
