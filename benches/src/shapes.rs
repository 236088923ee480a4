//! What is counted: each shape as a loop over the bare thing and as a loop over the guarded one.
//!
//! This file is compiled twice, into the library and into the counted programs. Every loop is a function of its
//! own, so that it is compiled by itself. What a loop calls is never inlined, so that the calls cost the same in
//! both halves and the difference is the guard's.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use qadapt::__private::{Place, guard_future, no_alloc};
use qadapt::{
    GuardExt as _, Mode, Ops, Policy, assert_no_alloc, count_alloc, enter_protected, exit_protected,
    permit_alloc,
};

/// Runs one half of a shape; `None` if there is no such shape.
pub(crate) fn run(shape: &str, guarded: bool, turns: u64) -> Option<u64> {
    let half = |bare: fn(u64) -> u64, with: fn(u64) -> u64| if guarded { with } else { bare };
    let turn = match shape {
        // The same under one more allocator.
        "pair" | "pair-deferring" | "pair-profiled" | "pair-beside-c" | "pair-past-c" => pairs,
        // The same where C's functions are watched.
        "pair-c" => pairs_of_c,
        // The same where sampling is off.
        "pair-idle" => half(pairs, unsampled_pairs),
        "pair-permitted" => half(pairs, permitted_pairs),
        "pair-counted" => half(pairs, counted_pairs),
        "pair-violating" => half(pairs, violating_pairs),
        "region" | "region-profiled" => half(calls, regions),
        "region-nested" => half(calls, nested_regions),
        "region-result" => half(results, result_regions),
        "attribute" => half(bare_functions, annotated_functions),
        "attribute-leaf" => half(bare_leaves, annotated_leaves),
        "attribute-tail" => half(bare_tails, annotated_tails),
        "permit" | "permit-profiled" => half(calls, permits),
        "policy" | "policy-profiled" => half(calls, policies),
        "enter-exit" => half(calls, manual_regions),
        "enter-nested" => half(calls, nested_manual_regions),
        "guard" => half(calls, guards),
        "region-in-guard" => half(calls, regions_in_a_guard),
        "count" => half(calls, counting_regions),
        "count-pair" => half(pairs, counting_regions_of_pairs),
        "poll" => half(bare_polls, guarded_polls),
        "poll-dyn" => half(bare_dyn_polls, guarded_dyn_polls),
        "poll-counted" => half(bare_polls, counted_polls),
        "poll-policy" => half(bare_polls, policed_polls),
        _ => return None,
    };
    Some(turn(turns))
}

/// The work that regions are put around.
#[inline(never)]
fn work(value: u64) -> u64 {
    black_box(value)
}

/// The same without a result.
#[inline(never)]
fn call(value: u64) {
    black_box(value);
}

/// One allocation and its deallocation a turn.
#[inline(never)]
fn pairs(turns: u64) -> u64 {
    for turn in 0..turns {
        black_box(Box::new(turn));
    }
    turns
}

/// The same, asked of C.
#[inline(never)]
#[expect(unsafe_code, reason = "calls C")]
fn pairs_of_c(turns: u64) -> u64 {
    for _ in 0..turns {
        // SAFETY: any size may be asked for.
        let block = unsafe { libc::malloc(black_box(8)) };
        // SAFETY: the line above made it.
        unsafe { libc::free(black_box(block)) };
    }
    turns
}

#[inline(never)]
fn unsampled_pairs(turns: u64) -> u64 {
    #[cfg(feature = "profile")]
    qadapt::set_profile_interval(0);
    pairs(turns)
}

/// The permit is opened once: what is counted is the pair in it.
#[inline(never)]
fn permitted_pairs(turns: u64) -> u64 {
    assert_no_alloc(|| permit_alloc(|| pairs(turns)))
}

/// Each of the two events is counted.
#[inline(never)]
fn counted_pairs(turns: u64) -> u64 {
    count_alloc(|| pairs(turns)).1
}

/// Each of the two events is a violation.
#[inline(never)]
fn violating_pairs(turns: u64) -> u64 {
    Policy::new().mode(Mode::Count).run(|| pairs(turns))
}

#[inline(never)]
fn calls(turns: u64) -> u64 {
    for turn in 0..turns {
        call(turn);
    }
    turns
}

#[inline(never)]
fn regions(turns: u64) -> u64 {
    for turn in 0..turns {
        assert_no_alloc(|| call(turn));
    }
    turns
}

#[inline(never)]
fn nested_regions(turns: u64) -> u64 {
    assert_no_alloc(|| regions(turns))
}

#[inline(never)]
fn results(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + work(turn))
}

#[inline(never)]
fn result_regions(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + assert_no_alloc(|| work(turn)))
}

/// A function with a frame of its own: something lives across the first call.
#[inline(never)]
fn bare_function(value: u64) -> u64 {
    work(value) + work(value)
}

/// What `#[allocate_panic]` makes of [`bare_function`].
#[inline(never)]
fn annotated_function(value: u64) -> u64 {
    no_alloc(const { Place::named("annotated_function") }, || work(value) + work(value))
}

#[inline(never)]
fn bare_functions(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + bare_function(turn))
}

#[inline(never)]
fn annotated_functions(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + annotated_function(turn))
}

/// A function that needs no frame: it calls nothing.
#[inline(never)]
fn bare_leaf(value: u64) -> u64 {
    black_box(value)
}

/// What `#[allocate_panic]` makes of [`bare_leaf`].
#[inline(never)]
fn annotated_leaf(value: u64) -> u64 {
    no_alloc(const { Place::named("annotated_leaf") }, || black_box(value))
}

#[inline(never)]
fn bare_leaves(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + bare_leaf(turn))
}

#[inline(never)]
fn annotated_leaves(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + annotated_leaf(turn))
}

/// A function that ends in a jump to another: it has no frame either, and a region turns the jump into a call.
#[inline(never)]
fn bare_tail(value: u64) -> u64 {
    work(value)
}

/// What `#[allocate_panic]` makes of [`bare_tail`].
#[inline(never)]
fn annotated_tail(value: u64) -> u64 {
    no_alloc(const { Place::named("annotated_tail") }, || work(value))
}

#[inline(never)]
fn bare_tails(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + bare_tail(turn))
}

#[inline(never)]
fn annotated_tails(turns: u64) -> u64 {
    (0..turns).fold(0, |sum, turn| sum + annotated_tail(turn))
}

/// Permits are opened in a region, where they have something to do.
#[inline(never)]
fn permits(turns: u64) -> u64 {
    assert_no_alloc(|| {
        for turn in 0..turns {
            permit_alloc(|| call(turn));
        }
    });
    turns
}

/// A policy that needs no state of its own.
#[inline(never)]
fn policies(turns: u64) -> u64 {
    const NO_REQUESTS: Policy = Policy::new().allow(Ops::DEALLOC);
    for turn in 0..turns {
        NO_REQUESTS.run(|| call(turn));
    }
    turns
}

#[inline(never)]
fn manual_regions(turns: u64) -> u64 {
    for turn in 0..turns {
        enter_protected();
        call(turn);
        exit_protected();
    }
    turns
}

#[inline(never)]
fn nested_manual_regions(turns: u64) -> u64 {
    enter_protected();
    manual_regions(turns);
    exit_protected();
    turns
}

#[inline(never)]
fn guards(turns: u64) -> u64 {
    const NO_REQUESTS: Policy = Policy::new().allow(Ops::DEALLOC);
    for turn in 0..turns {
        let guard = NO_REQUESTS.enter();
        call(turn);
        drop(guard);
    }
    turns
}

#[inline(never)]
fn regions_in_a_guard(turns: u64) -> u64 {
    let guard = Policy::new().enter();
    regions(turns);
    drop(guard);
    turns
}

/// Opens and closes a counting region round each pair.
#[inline(never)]
fn counting_regions_of_pairs(turns: u64) -> u64 {
    for turn in 0..turns {
        let _ = count_alloc(|| drop(black_box(Box::new(turn))));
    }
    turns
}

#[inline(never)]
fn counting_regions(turns: u64) -> u64 {
    for turn in 0..turns {
        let _ = count_alloc(|| call(turn));
    }
    turns
}

/// A future that is never done.
struct Pending(u64);

impl Future for Pending {
    type Output = u64;

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
        self.0 += black_box(1);
        Poll::Pending
    }
}

#[inline(never)]
fn bare_polls(turns: u64) -> u64 {
    poll(pin!(Pending(0)), turns)
}

#[inline(never)]
fn guarded_polls(turns: u64) -> u64 {
    poll(pin!(guard_future(const { Place::named("guarded_polls") }, Pending(0))), turns)
}

#[inline(never)]
fn counted_polls(turns: u64) -> u64 {
    let mut future = pin!(Pending(0).count_alloc());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..turns {
        if let Poll::Ready((_, value)) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    turns
}

#[inline(never)]
fn policed_polls(turns: u64) -> u64 {
    const NO_REQUESTS: Policy = Policy::new().allow(Ops::DEALLOC);
    poll(pin!(NO_REQUESTS.wrap(Pending(0))), turns)
}

/// The poll is inlined here.
#[inline(always)]
fn poll<F: Future<Output = u64>>(mut future: Pin<&mut F>, turns: u64) -> u64 {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..turns {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    turns
}

#[inline(never)]
fn bare_dyn_polls(turns: u64) -> u64 {
    dyn_poll(pin!(Pending(0)), turns)
}

#[inline(never)]
fn guarded_dyn_polls(turns: u64) -> u64 {
    dyn_poll(pin!(guard_future(const { Place::named("guarded_dyn_polls") }, Pending(0))), turns)
}

/// The poll goes through a table of methods, as in an executor; here the guard's poll is a function of its own.
#[inline(never)]
fn dyn_poll(mut future: Pin<&mut dyn Future<Output = u64>>, turns: u64) -> u64 {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..turns {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    turns
}
