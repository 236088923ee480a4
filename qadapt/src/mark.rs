//! Marks: how `cargo qadapt prove` finds protected regions in a binary.
//!
//! In a build with `QADAPT_MARKS=1`, or with the feature `marks` and without checks, each region begins with a label:
//! no byte of code, only the address of this place in a section that is not loaded and that `strip` may remove. The
//! compiler writes a label for each copy of a region that it emits, inlined and merged copies too. In every other build
//! these functions leave nothing behind.
//!
//! The section `.qadapt.marks` holds two words of 64 bits for each label: the address, and the kind of region.
//!
//! ```text
//! +----------------+---------+
//! | address        | kind    |   1 region, 2 required, 3 poll, 4 part of a poll, 5 open extent, 6 a future is dropped inside,
//! +----------------+---------+   7 something is made whose polls are regions, 8 permit, 9 its end; of the next region:
//!                                10 it forbids permits, 11 it has a budget; 12 a deferral of frees
//!                                begins, 13 region that may allocate, but must not wait, 14 poll of such a future
//! ```
//!
//! The functions have names that no other function has, since debug information may tell a name without its path.
#![cfg_attr(qadapt_marks, expect(unsafe_code, reason = "the assembler writes a label"))]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

pub use __qadapt_deferral as deferral;
pub use __qadapt_deferred as deferred;
pub use __qadapt_drops as drops;
pub use __qadapt_extent as extent;
pub use __qadapt_made as made;
pub use __qadapt_part as part;
pub use __qadapt_permit as permit;
pub use __qadapt_poll as poll;
pub use __qadapt_quiet as quiet;
pub use __qadapt_quiet_poll as quiet_poll;
pub use __qadapt_region as region;
pub use __qadapt_required as required;
pub use __qadapt_rules as rules;

/// Writes a label here, of one kind.
///
/// The statement is volatile, so that each call of the region stays behind it; its options tell the optimiser that no
/// register, no flag and no memory is touched, so that all other code may move across.
macro_rules! label {
    ($kind:literal) => {
        #[cfg(qadapt_marks)]
        // SAFETY: the template has no instruction: it writes two words into another section and returns to this one.
        unsafe {
            core::arch::asm!(
                "66:",
                ".pushsection .qadapt.marks,\"\",@progbits",
                ".quad 66b",
                concat!(".quad ", $kind),
                ".popsection",
                options(nomem, nostack, preserves_flags)
            );
        }
    };
}

/// Runs a region's closure.
#[inline(always)]
pub fn __qadapt_region<R, F: FnOnce() -> R>(body: F) -> R {
    label!(1);
    body()
}

/// Runs the closure of a region that may allocate, but must not wait.
#[inline(always)]
pub fn __qadapt_quiet<R, F: FnOnce() -> R>(body: F) -> R {
    label!(13);
    body()
}

/// Runs the closure of a region that must be proven: `#[allocate_panic(prove)]`.
#[inline(always)]
pub fn __qadapt_required<R, F: FnOnce() -> R>(body: F) -> R {
    label!(2);
    body()
}

/// Polls a protected future.
#[inline(always)]
pub fn __qadapt_poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    label!(3);
    future.poll(context)
}

/// Polls a future that may allocate, but must not wait.
#[inline(always)]
pub fn __qadapt_quiet_poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    label!(14);
    future.poll(context)
}

/// Runs what a protected future, stream, sink, reader or writer does in a poll; the closure is the guard's own, and its
/// first type argument is what is watched.
#[inline(always)]
pub fn __qadapt_part<R, F: FnOnce() -> R>(body: F) -> R {
    label!(4);
    body()
}

/// Stands where a region begins whose end is another call or a drop.
#[inline(always)]
pub fn __qadapt_extent() {
    label!(5);
}

/// Stands where a future is told to run its drop in the region too; what it drops is its type argument.
#[inline(always)]
pub fn __qadapt_drops<T>() {
    label!(6);
}

/// Stands where a future, stream, sink, reader or writer is told to be watched; what that is is its type argument. It is polled
/// somewhere else: this place alone is in the source for everybody to see.
#[inline(always)]
pub fn __qadapt_made<T>() {
    label!(7);
}

/// Runs a permit's closure. Its end has a label too, so that what follows a permit is never the same code as what is in one.
#[inline(always)]
pub fn __qadapt_permit<R, F: FnOnce() -> R>(body: F) -> R {
    label!(8);
    let result = body();
    label!(9);
    result
}

/// Stands before a region opens under a policy, and says of it what matters to a proof.
#[inline(always)]
#[cfg_attr(not(qadapt_marks), expect(unused_variables, reason = "without labels nothing is said"))]
pub fn __qadapt_rules(forbids: bool, has_budget: bool) {
    #[cfg(qadapt_marks)]
    {
        if forbids {
            label!(10);
        }
        if has_budget {
            label!(11);
        }
    }
}

/// Stands where a thread begins to defer frees.
#[inline(always)]
pub fn __qadapt_deferral() {
    label!(12);
}

/// Runs the body of a deferral that nothing but this body is in. It has no label: debug information tells what is in it.
#[inline(always)]
pub fn __qadapt_deferred<R, F: FnOnce() -> R>(body: F) -> R {
    body()
}
