//! Regions that drop in a deferral, beside it, and round it. No two have the same code, so that none is merged with another.

use std::hint::black_box;

use qadapt::{Policy, allocate_panic, assert_no_alloc, defer_frees};

const DEFERS: Policy = Policy::new().name("defers").defer();
const KEEPS: Policy = Policy::new().name("keeps");

/// A message of the kind that a callback is handed.
#[derive(Debug)]
pub struct Message {
    /// Its text.
    pub text: String,
    /// A block without anything in it to drop.
    pub block: Box<[u64; 8]>,
}

impl Message {
    /// Makes one.
    #[inline(never)]
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { text: black_box("m".repeat(n + 20)), block: Box::new(black_box([n as u64; 8])) }
    }
}

#[inline(never)]
fn take_down(message: Message) -> usize {
    black_box(message.text.len())
}

/// All of the region is a deferral's.
#[inline(never)]
pub fn inside(message: Message) -> usize {
    assert_no_alloc(|| defer_frees(|| take_down(message)))
}

/// The deferral is round the region.
#[inline(never)]
pub fn around(message: Message) -> usize {
    defer_frees(|| assert_no_alloc(|| black_box(message).text.len()))
}

/// The same drop behind the deferral.
#[inline(never)]
pub fn beside(first: Message, second: Message) -> usize {
    assert_no_alloc(|| defer_frees(|| take_down(first)) + take_down(second))
}

/// A drop without any.
#[inline(never)]
pub fn without(message: Message) -> usize {
    assert_no_alloc(|| take_down(message))
}

/// A policy that defers.
#[inline(never)]
pub fn by_policy(message: Message) -> usize {
    DEFERS.run(|| take_down(message)) + 2
}

/// One that does not.
#[inline(never)]
pub fn by_other_policy(message: Message) -> usize {
    KEEPS.run(|| take_down(message)) + 3
}

/// One of which nothing is known.
#[inline(never)]
pub fn by_some_policy(policy: &Policy, message: Message) -> usize {
    policy.run(|| take_down(message)) + 4
}

/// Two rounds, of which the first alone is under a policy that defers. Their loop is unrolled.
#[inline(never)]
pub fn by_policy_at_first(messages: [Message; 2]) -> usize {
    let mut policy = DEFERS;
    let mut total = 6;
    for message in messages {
        total += policy.run(|| take_down(message));
        policy = KEEPS;
    }
    total
}

/// An attribute that defers.
#[allocate_panic(defer)]
#[inline(never)]
pub fn by_attribute(message: Message) -> usize {
    take_down(message) + 5
}

/// What it allocates stays an allocation.
#[allocate_panic(defer)]
#[inline(never)]
pub fn allocates(message: Message) -> usize {
    take_down(message) + black_box(vec![1_u8; 9]).len()
}

/// A reallocation to a larger size is an allocation.
#[allocate_panic(defer)]
#[inline(never)]
pub fn grows(mut message: Message) -> usize {
    message.text.push_str(black_box("some more of it"));
    message.text.len()
}

/// What another allocator frees waits for nobody.
#[inline(never)]
pub fn by_another_allocator(block: *mut u8) {
    use std::alloc::{GlobalAlloc as _, Layout, System};
    // SAFETY: `main` has made the block with this layout, of the system's allocator.
    assert_no_alloc(|| defer_frees(|| unsafe { System.dealloc(black_box(block), Layout::new::<[u64; 4]>()) }));
}

/// Runs them all.
pub fn run() {
    use std::alloc::{GlobalAlloc as _, Layout, System};
    let n = black_box(std::env::args().count());
    let some = if n > 5 { KEEPS } else { DEFERS };
    let mut total = inside(Message::new(n)) + around(Message::new(n)) + without(Message::new(n));
    total += beside(Message::new(n), Message::new(n)) + by_policy(Message::new(n)) + by_attribute(Message::new(n));
    total += by_other_policy(Message::new(n)) + by_some_policy(black_box(&some), Message::new(n));
    total += allocates(Message::new(n)) + grows(Message::new(n));
    total += by_policy_at_first([Message::new(n), Message::new(n + 1)]);
    // SAFETY: the layout has a size.
    by_another_allocator(unsafe { System.alloc(Layout::new::<[u64; 4]>()) });
    println!("{total}");
}
