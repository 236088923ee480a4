//! `async` functions: each poll is a region.

use super::*;

/// Is pending once.
#[derive(Default)]
struct Once(bool);

impl Future for Once {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<usize> {
        if self.0 {
            return Poll::Ready(protection_level());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls to the end, and sees that no region stays open between two polls.
fn finish<F: Future>(future: F) -> (usize, F::Output) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for polls in 1.. {
        let poll = future.as_mut().poll(&mut context);
        assert_eq!(protection_level(), 0, "after poll {polls}");
        if let Poll::Ready(output) = poll {
            return (polls, output);
        }
    }
    unreachable!("polls do not run out")
}

#[no_alloc]
async fn levels(x: u32) -> (usize, usize, usize, u32) {
    let before = protection_level();
    let inside = Once::default().await;
    (before, inside, protection_level(), x)
}

#[test]
fn each_poll_runs_inside() {
    let (polls, (before, inside, after, x)) = finish(levels(3));
    assert_eq!((polls, x), (2, 3));
    assert_inside(&[before, inside, after]);
}

#[no_alloc]
async fn allocates_when_resumed() {
    Once::default().await;
    leak(8);
}

#[test]
fn the_poll_that_allocates_panics() {
    let mut future = pin!(allocates_when_resumed());
    let mut context = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
    leak(8);
    assert_eq!(violates(|| assert!(future.as_mut().poll(&mut context).is_ready())), is_active());
}

#[permit_alloc]
async fn permitted(seed: &str) -> (usize, String) {
    Once::default().await;
    (protection_level(), seed.repeat(2))
}

#[no_alloc]
async fn around_a_permit() -> (usize, (usize, String), usize) {
    (protection_level(), permitted("ab").await, protection_level())
}

#[test]
fn a_permitted_future_sets_the_region_aside() {
    let (polls, (before, (level, text), after)) = finish(around_a_permit());
    assert_eq!((polls, level, text.as_str()), (2, 0, "abab"));
    assert_inside(&[before, after]);
}

#[no_alloc]
async fn leaves(how: u32) -> Result<u32, std::num::TryFromIntError> {
    if how == 0 {
        return Ok(10);
    }
    let small = u8::try_from(how)?;
    ready(()).await;
    Ok(u32::from(small) + 100)
}

#[no_alloc]
async fn opaque(end: u32) -> impl Iterator<Item = u32> {
    ready(()).await;
    0..end
}

#[permit_alloc]
async fn coerced(x: u32) -> Box<dyn Fn(&u32) -> u32> {
    Box::new(move |y| x + y)
}

#[no_alloc]
async fn gives_a_future(x: u32) -> impl Future<Output = u32> {
    ready(x)
}

#[test]
fn values_come_out() {
    assert_eq!(finish(leaves(0)).1, Ok(10));
    assert_eq!(finish(leaves(5)).1, Ok(105));
    assert!(finish(leaves(500)).1.is_err());
    assert!(finish(opaque(3)).1.eq([0, 1, 2]));
    assert_eq!(finish(coerced(2)).1(&3), 5);
    assert_eq!(finish(async { gives_a_future(4).await.await }).1, 4);
}

#[no_alloc]
async fn diverges(code: u8) -> ! {
    Once::default().await;
    std::panic::panic_any((protection_level(), code))
}

#[test]
fn a_future_that_never_ends_runs_inside() {
    let payload = catch_unwind(|| finish(async { diverges(3).await })).expect_err("it panics");
    assert_eq!(payload.downcast_ref(), Some(&(one(), 3_u8)));
    assert_inside(&[]);
}

trait Pulls {
    #[no_alloc]
    async fn pull(&mut self) -> (usize, u32) {
        (protection_level(), self.next().await)
    }

    async fn next(&mut self) -> u32;
}

struct Source(u32);

impl Source {
    #[no_alloc]
    async fn peek(&self) -> (usize, &u32) {
        Once::default().await;
        (protection_level(), &self.0)
    }

    #[no_alloc]
    async fn close(mut self: Box<Self>) -> (usize, Box<Self>) {
        self.0 = 0;
        (Once::default().await, self)
    }
}

impl Pulls for Source {
    #[no_alloc]
    async fn next(&mut self) -> u32 {
        self.0 += Once::default().await.try_into().unwrap_or(100) + 1;
        self.0
    }
}

#[test]
fn methods_run_inside() {
    let mut source = Source(5);
    let (_, (level, next)) = finish(source.pull());
    assert_eq!(next, 6 + 2 * u32::try_from(one()).expect("a level"));
    let (_, (peeked, value)) = finish(source.peek());
    assert_eq!(*value, next);
    let (_, (closed, source)) = finish(Box::new(source).close());
    assert_eq!(source.0, 0);
    assert_inside(&[level, peeked, closed]);
}

/// Keeps the level at which it was dropped.
struct Dropped<'a>(&'a Cell<Option<usize>>);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.set(Some(protection_level()));
    }
}

#[no_alloc]
async fn owns(_: Dropped<'_>, named: Dropped<'_>) {
    Once::default().await;
    assert!(named.0.get().is_none(), "it is still there");
}

#[test]
fn arguments_are_dropped_in_the_last_poll() {
    let (first, second) = (Cell::new(None), Cell::new(None));
    let (polls, ()) = finish(owns(Dropped(&first), Dropped(&second)));
    assert_eq!(polls, 2);
    assert_eq!((first.get(), second.get()), (Some(one()), Some(one())));
}

#[test]
fn arguments_of_a_cancelled_future_are_dropped_outside() {
    let (first, second) = (Cell::new(None), Cell::new(None));
    {
        let mut future = pin!(owns(Dropped(&first), Dropped(&second)));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!((first.get(), second.get()), (None, None));
    }
    assert_eq!((first.get(), second.get()), (Some(0), Some(0)));
}

#[no_alloc]
async fn gives_what_no_thread_may_send() -> (Rc<u32>, u32) {
    let level = Once::default().await;
    let value = permit();
    (value, u32::try_from(level).unwrap_or(0))
}

#[permit_alloc]
fn permit() -> Rc<u32> {
    Rc::new(1)
}

#[test]
fn a_future_is_send_if_the_bare_one_is() {
    fn sent<T: Send>(value: T) -> T {
        value
    }
    assert_eq!(finish(sent(levels(1))).0, 2);
    assert_eq!(*finish(sent(gives_what_no_thread_may_send())).1.0, 1);
}
