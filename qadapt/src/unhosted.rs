//! The guard where there is no operating system (`target_os = "none"`), and so neither std nor checks: the attributes and two
//! functions, which run what they are given. What more an annotated library asks for does not compile.

use core::future::Future;

#[path = "model/budget.rs"]
#[allow(dead_code, reason = "what regions ask of a budget")]
mod budget;
#[path = "model/calls.rs"]
#[allow(dead_code, reason = "what regions ask of calls")]
mod calls;
#[path = "model/mode.rs"]
#[allow(dead_code, reason = "what regions ask of a mode")]
mod mode;
#[path = "model/ops.rs"]
#[allow(dead_code, reason = "what regions ask of operations")]
mod ops;

pub use budget::Budget;
pub use calls::Calls;
pub use mode::{Mode, UnknownMode};
pub use ops::Ops;

#[cfg(any(feature = "enforce", qadapt_enforce))]
compile_error!(
    "qadapt has no checks where there is no operating system: leave out `enforce` and QADAPT_ENFORCE=1"
);

/// A policy that an attribute states: nothing is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Policy(());

/// What attributes write.
impl Policy {
    /// Nothing.
    pub const fn new() -> Self {
        Self(())
    }

    /// Nothing.
    pub const fn no_blocking() -> Self {
        Self(())
    }

    /// Nothing.
    pub const fn disallow(self, _: Ops) -> Self {
        self
    }

    /// Nothing.
    pub const fn allow_calls(self, _: Calls) -> Self {
        self
    }

    /// Nothing.
    pub const fn allow(self, _: Ops) -> Self {
        self
    }

    /// Nothing.
    pub const fn mode(self, _: Mode) -> Self {
        self
    }

    /// Nothing.
    pub const fn forbid(self) -> Self {
        self
    }

    /// Nothing: what is dropped is freed at once.
    pub const fn defer(self) -> Self {
        self
    }

    /// Nothing.
    pub const fn budget(self, _: Budget) -> Self {
        self
    }

    /// Nothing.
    pub const fn sample(self, _: u64) -> Self {
        self
    }
}

/// Runs a closure.
#[inline(always)]
pub fn assert_no_alloc<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Runs a closure.
#[inline(always)]
pub fn permit_alloc<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// False: nothing is watched.
#[must_use]
pub const fn is_active() -> bool {
    false
}

/// A function with an attribute.
pub trait Function {
    /// The module in which the function is written.
    const MODULE: &'static str;
}

/// Where a region is: nobody asks.
#[derive(Clone, Copy, Debug)]
pub struct Place(());

impl Place {
    /// Nowhere.
    #[must_use]
    pub const fn named(_: &'static str) -> Self {
        Self(())
    }

    /// Nowhere.
    #[must_use]
    pub const fn of<F: Function>(_: &F) -> Self {
        Self(())
    }
}

/// Runs a region.
#[inline(always)]
pub fn no_alloc<R>(_: Place, body: impl FnOnce() -> R) -> R {
    body()
}

/// Runs a region.
#[inline(always)]
pub fn no_blocking<R>(_: Place, body: impl FnOnce() -> R) -> R {
    body()
}

/// The future itself.
pub const fn no_blocking_future<F: Future>(_: Place, future: F) -> F {
    future
}

/// Runs a region.
#[inline(always)]
pub fn run_policy<R>(_: &'static Policy, _: Place, body: impl FnOnce() -> R) -> R {
    body()
}

/// Runs a region.
#[inline(always)]
pub fn run_required<R>(_: &'static Policy, _: Place, body: impl FnOnce() -> R) -> R {
    body()
}

/// Runs a counted function.
#[inline(always)]
pub fn count_calls<R>(_: Place, body: impl FnOnce() -> R) -> R {
    body()
}

/// The future itself.
pub const fn guard_future<F: Future>(_: Place, future: F) -> F {
    future
}

/// The future itself.
pub const fn policy_future<F: Future>(_: &'static Policy, _: Place, future: F) -> F {
    future
}

/// The future itself.
pub const fn permit_future<F: Future>(future: F) -> F {
    future
}

/// The future itself.
pub const fn count_future<F: Future>(_: Place, future: F) -> F {
    future
}

/// Makes the future that a function returns.
#[inline(always)]
pub fn made<F>(make: impl FnOnce() -> F) -> F {
    make()
}

/// Makes the box of a future.
#[inline(always)]
pub fn pinned<F>(make: impl FnOnce() -> F) -> F {
    make()
}

/// Leaves nothing: no prover reads programs for such targets.
#[doc(hidden)]
#[macro_export]
macro_rules! __note {
    ($required:literal, $name:expr) => {};
}
