//! Panics, forgotten values, odd types, wakers that do odd things.
#![expect(unsafe_code, reason = "a waker of a test's own")]

mod support;

use std::cell::Cell;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use qadapt_pool::{Block, Bytes, Pool, PoolArc, PoolBox, Shared};

use crate::support::{Count, poll, poll_once};

fn panics(work: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err(), "it did not panic");
}

#[test]
fn a_drop_that_panics_gives_the_slot_back() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let pool = Pool::<Panics, 1>::new();
    panics(|| drop(pool.try_take().expect("it is free").put(Panics)));
    assert_eq!(pool.available(), 1);
    let waiting = pool.try_take().expect("it is free").put(Panics);
    let count = Count::new();
    let mut turn = pin!(pool.take());
    assert!(poll(turn.as_mut(), &count).is_pending());
    panics(|| drop(waiting));
    assert_eq!(count.get(), 1);
}

#[test]
fn a_function_that_panics_instead_of_making_a_value_gives_the_slot_back() {
    let pool = Pool::<u64, 1>::new();
    panics(|| drop(pool.try_take().expect("it is free").put_with(|| panic!("no value"))));
    assert_eq!(pool.available(), 1);
}

#[test]
fn a_slice_whose_element_panics_drops_those_before() {
    let pool = Pool::<Bytes<256>, 1>::new();
    let element = Rc::new(());
    panics(|| {
        let block = pool.try_take().expect("it is free").into_block();
        let _slice = block.slice_with(8, |index| {
            assert!(index < 5, "the sixth");
            Rc::clone(&element)
        });
    });
    assert_eq!(Rc::strong_count(&element), 1);
    assert_eq!(pool.available(), 1);
}

#[test]
fn a_slice_drops_its_elements_once() {
    let pool = Pool::<Bytes<256>, 2>::new();
    let element = Rc::new(());
    let block = || pool.try_take().expect("it is free").into_block();
    let mut slice = block().slice_with(8, |_| Rc::clone(&element)).expect("it fits");
    assert_eq!(Rc::strong_count(&element), 9);
    slice.truncate(20);
    assert_eq!(slice.len(), 8);
    slice.truncate(3);
    assert_eq!((slice.len(), Rc::strong_count(&element)), (3, 4));
    drop(slice);
    assert_eq!(Rc::strong_count(&element), 1);
    let copied = block().copy_of(&[1_u16, 2, 3]).expect("it fits");
    assert_eq!(&*copied, &[1, 2, 3]);
    assert!(block().copy_of(&[0_u8; 257]).is_err());
    drop(copied);
    assert_eq!(pool.available(), 2);
}

#[test]
fn what_does_not_fit_comes_back() {
    #[derive(Debug, PartialEq)]
    #[repr(align(64))]
    struct Aligned(u8);
    let pool = Pool::<Bytes<64>, 1>::new();
    let block = || -> Block<'_> { pool.try_take().expect("it is free").into_block() };
    assert!(matches!(block().put(Aligned(1)), Err((_, Aligned(1)))), "its alignment is larger");
    assert!(matches!(block().put([7_u8; 65]), Err((_, [7, ..]))));
    assert!(matches!(block().share([7_u8; 64]), Err((_, [7, ..]))), "the count of owners needs room");
    assert!(block().slice_with(usize::MAX, |_| 0_u64).is_err());
    assert!(block().put([7_u8; 64]).is_ok());
    assert_eq!(pool.available(), 1);
}

#[test]
fn values_without_a_size_are_counted() {
    let pool = Pool::<(), 3>::new();
    let taken: Vec<_> = std::iter::from_fn(|| pool.try_box(()).ok()).collect();
    assert_eq!(taken.len(), 3);
    let mut turn = pin!(pool.take());
    assert!(poll_once(turn.as_mut()).is_pending());
    drop(taken);
    assert!(poll_once(turn.as_mut()).is_ready());
    assert_eq!(pool.available(), 3);
}

#[test]
fn values_lie_as_aligned_as_they_must() {
    #[repr(align(4096))]
    struct Page([u8; 100]);
    let pool: Box<Pool<Page, 3>> = Box::default();
    let pages: Vec<_> = std::iter::from_fn(|| pool.try_box(Page([3; 100])).ok()).collect();
    assert_eq!(pages.len(), 3);
    for page in &pages {
        assert_eq!((&raw const **page).addr() % 4096, 0);
        assert_eq!(page.0, [3; 100]);
    }
}

#[test]
fn a_pool_without_slots_has_none() {
    let pool = Pool::<u64, 0>::new();
    assert!(pool.try_take().is_none());
    assert_eq!(pool.try_box(3), Err(3));
    let mut turn = Box::pin(pool.take());
    assert!(poll_once(turn.as_mut()).is_pending());
    assert!(pool.has_waiters());
    drop(turn);
    assert!(!pool.has_waiters());
    assert_eq!((pool.available(), pool.capacity()), (0, 0));
}

#[test]
fn a_forgotten_future_keeps_its_turn_and_nothing_else() {
    let pool = Pool::<u64, 2>::new();
    let first = pool.try_box(1).expect("it is free");
    let second = pool.try_box(2).expect("it is free");
    let mut forgotten = Box::pin(pool.take());
    assert!(poll_once(forgotten.as_mut()).is_pending());
    let mut forgotten = mem::ManuallyDrop::new(forgotten);
    let count = Count::new();
    let mut turn = pin!(pool.take());
    assert!(poll(turn.as_mut(), &count).is_pending());
    drop(first);
    assert_eq!(count.get(), 0, "the forgotten one was first");
    drop(second);
    assert_eq!(count.get(), 1);
    assert!(poll(turn.as_mut(), &count).is_ready());
    assert_eq!(pool.available(), 1);
    // Remembered after all, it gives its slot back.
    // SAFETY: it is dropped once.
    unsafe { mem::ManuallyDrop::drop(&mut forgotten) };
    assert_eq!(pool.available(), 2);
}

#[test]
fn a_future_that_was_never_polled_can_be_forgotten_and_moved() {
    let pool = Pool::<u64, 1>::new();
    mem::forget(pool.take());
    let moved = Box::pin(pool.take());
    assert!(poll_once(pin!(moved)).is_ready());
    assert_eq!(pool.available(), 1);
}

#[test]
fn a_forgotten_box_keeps_its_slot_and_the_pool_can_move() {
    let pool = Pool::<u64, 2>::new();
    mem::forget(pool.try_box(1).expect("it is free"));
    let moved = Box::new(pool);
    assert_eq!(moved.available(), 1);
    assert!(moved.try_box(2).is_ok());
}

#[test]
fn a_future_that_was_polled_after_its_end_panics_and_harms_nothing() {
    let pool = Pool::<u64, 1>::new();
    let mut turn = Box::pin(pool.take());
    assert!(poll_once(turn.as_mut()).is_ready());
    panics(|| drop(poll_once(turn.as_mut())));
    drop(turn);
    assert_eq!(pool.available(), 1);
}

#[test]
fn a_value_is_dropped_before_its_slot_is_free() {
    static POOL: Pool<Looks, 1> = Pool::new();
    static SEEN: AtomicUsize = AtomicUsize::new(usize::MAX);
    struct Looks;
    impl Drop for Looks {
        fn drop(&mut self) {
            SEEN.store(POOL.available(), Ordering::SeqCst);
        }
    }
    drop(POOL.try_box(Looks));
    assert_eq!(SEEN.load(Ordering::SeqCst), 0);
    assert_eq!(POOL.available(), 1);
}

#[test]
fn a_drop_can_use_its_own_pool() {
    static POOL: Pool<Chain, 3> = Pool::new();
    struct Chain(Option<PoolBox<'static, Chain>>);
    let last = POOL.try_take().expect("it is free").put(Chain(None));
    let middle = POOL.try_take().expect("it is free").put(Chain(Some(last)));
    let first = POOL.try_take().expect("it is free").put(Chain(Some(middle)));
    assert!(first.0.is_some());
    drop(first);
    assert_eq!(POOL.available(), 3);
}

/// A waker whose task does something when it is woken, cloned or dropped.
struct Does<F: Fn(&'static str) + Send + Sync>(F);

impl<F: Fn(&'static str) + Send + Sync + 'static> Wake for Does<F> {
    fn wake(self: Arc<Self>) {
        (self.0)("wake");
    }
}

impl<F: Fn(&'static str) + Send + Sync> Drop for Does<F> {
    fn drop(&mut self) {
        (self.0)("drop");
    }
}

#[test]
fn a_waker_can_use_the_pool_and_allocate() {
    static POOL: Pool<u64, 1> = Pool::new();
    static SEEN: Mutex<Vec<(&str, bool)>> = Mutex::new(Vec::new());
    let waker = Waker::from(Arc::new(Does(|what| {
        // A box given back, a turn waited for and left: with any lock held, this would never end.
        let mut turn = Box::pin(POOL.take());
        let is_ready = poll_once(turn.as_mut()).is_ready();
        drop(turn);
        SEEN.lock().expect("no panic").push((what, is_ready));
        drop(POOL.try_box(3));
    })));
    let mut held = POOL.try_box(1).ok();
    let mut turn = Box::pin(POOL.take());
    assert!(turn.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(held.take());
    // Given to the turn, so that what the waker's task tried was in vain.
    assert_eq!(*SEEN.lock().expect("no panic"), [("wake", false)]);
    assert!(turn.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    assert_eq!(POOL.available(), 1);
    drop((turn, waker));
    assert_eq!(SEEN.lock().expect("no panic").last(), Some(&("drop", true)));
}

#[test]
fn a_waker_that_runs_its_task_at_once_takes_the_slot() {
    static POOL: Pool<u64, 1> = Pool::new();
    type Task = Mutex<Option<std::pin::Pin<Box<qadapt_pool::Take<'static, u64>>>>>;
    static TASK: Task = Mutex::new(None);
    static TAKEN: Mutex<Option<PoolBox<'static, u64>>> = Mutex::new(None);
    struct Inline;
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            let mut task = TASK.lock().expect("no panic").take().expect("it waits");
            match poll_once(task.as_mut()) {
                Poll::Ready(slot) => *TAKEN.lock().expect("no panic") = Some(slot.put(9)),
                Poll::Pending => panic!("it was woken"),
            }
        }
    }
    let held = POOL.try_box(1).expect("it is free");
    let mut turn = Box::pin(POOL.take());
    assert!(turn.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Inline)))).is_pending());
    *TASK.lock().expect("no panic") = Some(turn);
    drop(held);
    assert_eq!(TAKEN.lock().expect("no panic").take().as_deref(), Some(&9));
    assert_eq!(POOL.available(), 1);
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_their_turn() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("in a waker");
        }
    }
    let pool = Pool::<u64, 2>::new();
    let held = [pool.try_box(1), pool.try_box(2)].map(|value| value.expect("it is free"));
    let mut first = pin!(pool.take());
    let mut second = pin!(pool.take());
    let count = Count::new();
    assert!(first.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Panics)))).is_pending());
    assert!(poll(second.as_mut(), &count).is_pending());
    let [one, two] = held;
    panics(|| drop(one));
    assert_eq!(count.get(), 0);
    drop(two);
    assert_eq!(count.get(), 1);
    assert!(poll_once(first.as_mut()).is_ready());
    assert!(poll_once(second.as_mut()).is_ready());
    assert_eq!(pool.available(), 2);
}

#[test]
fn a_waker_whose_clone_panics_leaves_no_waiter() {
    use std::task::{RawWaker, RawWakerVTable};
    const TABLE: RawWakerVTable = RawWakerVTable::new(|_| panic!("in a clone"), |_| {}, |_| {}, |_| {});
    // SAFETY: the functions of the table need no data.
    let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) };
    let pool = Pool::<u64, 1>::new();
    let held = pool.try_box(1).expect("it is free");
    let mut turn = Box::pin(pool.take());
    panics(|| assert!(turn.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()));
    assert!(!pool.has_waiters());
    // Where it waits already, the panic leaves it waiting.
    let count = Count::new();
    assert!(poll(turn.as_mut(), &count).is_pending());
    panics(|| assert!(turn.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()));
    drop(held);
    assert_eq!(count.get(), 1);
    drop(turn);
    assert_eq!(pool.available(), 1);
}

#[test]
fn shared_values_are_dropped_once_and_last() {
    struct Counts<'a>(&'a Cell<u32>);
    impl Drop for Counts<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    let drops = Cell::new(0);
    let pool = Pool::<Shared<Counts<'_>>, 2>::new();
    let mut first = pool.try_take().expect("it is free").share(Counts(&drops));
    assert!(PoolArc::get_mut(&mut first).is_some());
    let second = first.clone();
    assert!(PoolArc::get_mut(&mut first).is_none());
    assert!(PoolArc::ptr_eq(&first, &second));
    assert_eq!(PoolArc::owners(&second), 2);
    drop(first);
    assert_eq!((drops.get(), pool.available()), (0, 1));
    drop(second);
    assert_eq!((drops.get(), pool.available()), (1, 2));
    let third = pool.try_take().expect("it is free").share(Counts(&drops));
    let fourth = third.clone();
    assert!(PoolArc::into_inner(third).is_none());
    let value = PoolArc::into_inner(fourth).expect("the last owner");
    assert_eq!((drops.get(), pool.available()), (1, 2));
    drop(value);
    assert_eq!(drops.get(), 2);
}

#[test]
fn who_tries_goes_behind_who_waits() {
    let pool = Pool::<u64, 1>::new();
    let held = pool.try_box(1).expect("it is free");
    let mut turn = Box::pin(pool.take());
    assert!(poll_once(turn.as_mut()).is_pending());
    drop(held);
    assert!(pool.try_take().is_none(), "the slot belongs to who waits");
    drop(turn);
    assert!(pool.try_take().is_some());
}
