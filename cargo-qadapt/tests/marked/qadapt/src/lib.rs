//! The marks alone, as the guard has them with its checks off.

pub mod mark {
    //! One function for each closure or future: what the prover takes for a region.

    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// A region.
    #[cfg_attr(qadapt_marks, inline(never))]
    #[cfg_attr(not(qadapt_marks), inline(always))]
    pub fn region<R, F: FnOnce() -> R>(f: F) -> R {
        f()
    }

    /// A region that must be proven.
    #[cfg_attr(qadapt_marks, inline(never))]
    #[cfg_attr(not(qadapt_marks), inline(always))]
    pub fn required<R, F: FnOnce() -> R>(f: F) -> R {
        f()
    }

    /// One poll of a protected future.
    #[cfg_attr(qadapt_marks, inline(never))]
    #[cfg_attr(not(qadapt_marks), inline(always))]
    pub fn poll<F: Future>(f: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
        f.poll(context)
    }
}

/// Protects a closure.
#[inline(always)]
pub fn assert_no_alloc<R>(f: impl FnOnce() -> R) -> R {
    mark::region(f)
}
