//! Signal handlers give slots back in the middle of whatever the pool does on the thread that they interrupt.
#![cfg(all(unix, not(miri)))]
#![expect(unsafe_code, reason = "std has no signals")]

mod support;

use std::mem::MaybeUninit;
use std::pin::pin;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::thread;

use qadapt_pool::{Block, Bytes, Pool};

use crate::support::{Count, poll};

static POOL: Pool<Bytes<16>, 24> = Pool::new();

/// Blocks that the handler gives back: places, because a handler cannot take locks.
static HANDED: [AtomicPtr<Block<'static>>; 8] = [const { AtomicPtr::new(null_mut()) }; 8];
static GIVEN_BACK: AtomicUsize = AtomicUsize::new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Gives back what was handed to it, and takes and gives back a slot of its own. Boxes of blocks are not freed here,
/// since that is the heap's business and not the pool's.
extern "C" fn handler(_signal: i32) {
    for place in &HANDED {
        let block = place.swap(null_mut(), Ordering::AcqRel);
        if !block.is_null() {
            // SAFETY: the place held a valid block, which nobody else has any more; its box is freed by who handed it.
            unsafe { block.drop_in_place() };
            GIVEN_BACK.fetch_add(1, Ordering::Relaxed);
        }
    }
    if let Some(slot) = POOL.try_take() {
        drop(slot);
        TAKEN.fetch_add(1, Ordering::Relaxed);
    }
}

fn handle(signal: i32) {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all-zero bytes are a valid `sigaction`.
    let action = unsafe { action.assume_init_mut() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: `action` is a filled-in sigaction, and the old one is not asked for.
    assert_eq!(unsafe { libc::sigaction(signal, action, null_mut()) }, 0);
}

#[test]
fn a_handler_gives_slots_back_whatever_it_interrupts() {
    handle(libc::SIGUSR1);
    // SAFETY: it takes nothing.
    let this = unsafe { libc::pthread_self() };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                // SAFETY: the thread of the test outlives this scope.
                unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
            }
        });
        work();
        is_over.store(true, Ordering::Release);
    });
    // The handler may have left one or the other.
    handler(0);
    assert_eq!(POOL.available(), POOL.capacity());
    assert!(!POOL.has_waiters());
    assert!(GIVEN_BACK.load(Ordering::Relaxed) > 1_000);
    assert!(TAKEN.load(Ordering::Relaxed) > 0);
}

/// Takes slots, hands blocks to the handler, and waits while all are taken, until the handler gave back enough.
fn work() {
    // The blocks' memory, which outlives what the handler does with it.
    let mut memory: [MaybeUninit<Block<'static>>; HANDED.len()] =
        [const { MaybeUninit::uninit() }; HANDED.len()];
    let memory = memory.each_mut().map(MaybeUninit::as_mut_ptr);
    let mut rounds = 0;
    while rounds < 2_000 || GIVEN_BACK.load(Ordering::Relaxed) <= 1_000 {
        rounds += 1;
        let counts = [(); 2].map(|()| Count::new());
        let held: Vec<_> =
            std::iter::from_fn(|| POOL.try_take()).map(qadapt_pool::Slot::into_block).collect();
        let mut first = pin!(POOL.take());
        let mut second = pin!(POOL.take());
        let ready =
            [poll(first.as_mut(), &counts[0]).is_ready(), poll(second.as_mut(), &counts[1]).is_ready()];
        let mut blocks = held.into_iter();
        for (place, own) in HANDED.iter().zip(memory) {
            if place.load(Ordering::Acquire).is_null() {
                let Some(block) = blocks.next() else { break };
                // SAFETY: the handler is done with the block that lay here, and nobody else knows of the place.
                unsafe { own.write(block) };
                place.store(own, Ordering::Release);
            }
        }
        // The rest goes back here, interrupted by the handler; or a waiter leaves as it is served.
        drop(blocks);
        if !ready[1] && rounds % 2 == 0 {
            assert!(poll(second.as_mut(), &counts[1]).is_ready() || counts[1].get() == 0);
        }
    }
    while HANDED.iter().any(|place| !place.load(Ordering::Acquire).is_null()) {
        std::hint::spin_loop();
    }
}
