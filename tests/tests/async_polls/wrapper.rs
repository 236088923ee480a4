//! What a guarded future is as a type and a value: its traits, its words, its place.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::task::{Context, Poll};

use qadapt::{Counted, GuardExt as _, Guarded, Permitted, Policed, Policy, count_alloc};
use qadapt_tests::polled::{Yield, finish};
use qadapt_tests::watching;

use crate::COUNT;

/// Says at compile time whether a type has a trait: an inherent function hides the trait's where it exists.
macro_rules! has {
    ($bound:path: $type:ty) => {{
        #[allow(dead_code, reason = "hidden where the bound holds")]
        trait No {
            const HAS: bool = false;
        }
        impl<T: ?Sized> No for T {}
        struct Of<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "there only where the bound holds")]
        impl<T: ?Sized + $bound> Of<T> {
            const HAS: bool = true;
        }
        <Of<$type>>::HAS
    }};
}

/// Where the inner type has them, and where it has not.
#[test]
fn send_sync_and_unpin_follow_the_inner_type() {
    macro_rules! assert_follows {
        ($inner:ty, $send:literal, $sync:literal, $unpin:literal) => {
            assert_follows!($inner, $send, $sync, $unpin, qadapt::NoAlloc);
            assert_follows!($inner, $send, $sync, $unpin, Permitted);
            assert_follows!($inner, $send, $sync, $unpin, Counted);
            assert_follows!($inner, $send, $sync, $unpin, Policed);
        };
        ($inner:ty, $send:literal, $sync:literal, $unpin:literal, $watch:ty) => {
const _: () = assert!(has!(Send: Guarded<$inner, $watch>) == $send);
const _: () = assert!(has!(Sync: Guarded<$inner, $watch>) == $sync);
const _: () = assert!(has!(Unpin: Guarded<$inner, $watch>) == $unpin);
        };
    }
    assert_follows!(u8, true, true, true);
    assert_follows!(Cell<u8>, true, false, true);
    assert_follows!(std::sync::MutexGuard<'static, u8>, false, true, true);
    assert_follows!(std::rc::Rc<u8>, false, false, true);
    assert_follows!((u8, PhantomPinned), true, true, false);
}

#[test]
fn a_wrapper_is_a_few_words_larger() {
    fn words<T, W: qadapt::Watch>(_: &Guarded<T, W>) -> usize {
        (size_of::<Guarded<T, W>>() - size_of::<T>()).div_ceil(size_of::<usize>())
    }

    let inner = || async {
        let block = [1_u8; 100];
        Yield::default().await;
        std::hint::black_box(&block);
    };
    let sizes = [
        ("no_alloc", words(&inner().no_alloc()), 7),
        ("permit_alloc", words(&inner().permit_alloc()), 1),
        ("count_alloc", words(&inner().count_alloc()), 19),
        ("wrap", words(&Policy::new().wrap(inner())), 23),
    ];
    println!("words more than the inner future: {sizes:?}");
    for (what, words, most) in sizes {
        // Figures have 64 bits everywhere.
        let most = most * size_of::<u64>() / size_of::<usize>();
        assert!(words <= most, "{what}: {words} words");
    }
}

/// A wrapped future asks for no memory of its own, pinned on the stack or in a box.
#[test]
fn pinning_on_the_stack_takes_no_memory() {
    if !watching("what pinning takes") {
        return;
    }
    let inner = || async {
        let sum = std::hint::black_box([1_u64; 20]);
        Yield::default().await;
        sum.iter().sum::<u64>()
    };
    let (on_the_stack, sum) = count_alloc(|| {
        finish(pin!(inner().no_alloc()))
            + finish(pin!(inner().permit_alloc()))
            + finish(pin!(COUNT.wrap(inner())))
            + finish(pin!(inner().count_alloc())).1
    });
    assert_eq!((on_the_stack.allocs().get(), sum), (Some(0), 80));
    let (boxed, sum) = count_alloc(|| finish(Box::pin(inner().no_alloc()).as_mut()));
    assert_eq!((boxed.allocs().get(), boxed.deallocs().get(), sum), (Some(1), Some(1), 20));
}

/// Holds a pointer to itself from its first poll on.
#[derive(Default)]
struct PointsAtItself {
    number: u32,
    own: Option<NonNull<u32>>,
    _pinned: PhantomPinned,
}

impl Future for PointsAtItself {
    type Output = bool;

    #[expect(unsafe_code, reason = "a pinned future that knows its own address")]
    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<bool> {
        // SAFETY: nothing is moved out.
        let this = unsafe { self.get_unchecked_mut() };
        let own = NonNull::from(&this.number);
        match this.own.replace(own) {
            None => Poll::Pending,
            Some(before) => Poll::Ready(before == own),
        }
    }
}

#[test]
fn a_future_that_points_at_itself_stays_where_it_is() {
    assert!(finish(pin!(PointsAtItself::default().no_alloc())));
    assert!(finish(pin!(PointsAtItself::default().permit_alloc().no_alloc())));
    assert!(finish(Box::pin(COUNT.wrap(PointsAtItself::default())).as_mut()));
    assert!(finish(pin!(PointsAtItself::default().count_alloc())).1);
    // The compiler's own: a reference into the future's own state, across a poll.
    let sum = finish(pin!(
        async {
            let numbers = std::hint::black_box([1, 2, 3]);
            let last = &numbers[2];
            Yield::default().await;
            numbers[0] + *last
        }
        .no_alloc()
    ));
    assert_eq!(sum, 4);
}
