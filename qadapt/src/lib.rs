//! QADAPT guards code against heap allocation: code that is marked, or that runs in a protected region, panics with a
//! report of the line when it touches the allocator.
//!
//! ```
//! use qadapt::QADAPT;
//!
//! // Once in the program's main file.
//! #[global_allocator]
//! static ALLOC: QADAPT = QADAPT;
//!
//! #[qadapt::allocate_panic]
//! fn mix(left: &[f32], right: &[f32], out: &mut [f32]) {
//!     for ((out, left), right) in out.iter_mut().zip(left).zip(right) {
//!         *out = 0.5 * (left + right);
//!     }
//! }
//!
//! let mut out = [0.0; 2];
//! mix(&[1.0, 2.0], &[3.0, 4.0], &mut out); // would panic here if `mix` allocated
//! assert_eq!(out, [2.0, 3.0]);
//! ```
//!
//! # Where to begin
//! | you have | you write |
//! |---|---|
//! | a function, a method, an `async fn` | [`#[allocate_panic]`](macro@allocate_panic), or [`#[no_alloc]`](macro@no_alloc), which is the same |
//! | a block | [`assert_no_alloc`] |
//! | a future | [`GuardExt`]: `future.no_alloc()` |
//! | a stream, a sink, a reader, a writer | [`Policy::wrap`] |
//! | two places in the code | [`enter_protected`], [`exit_protected`] |
//! | an exemption | [`permit_alloc()`], [`#[permit_alloc]`](macro@permit_alloc), [`PermitDrop`] |
//! | a question: how much? how often does it wait? | [`count_alloc()`], [`count_blocking`], [`Counts`] |
//! | the same of the whole process, now or for a monitor | `Stats`, `metrics`, with the feature `process-counts` |
//! | which stacks hold the memory of a running process? | `profile`, with the feature `profile` |
//! | a test | [`#[qadapt::test]`](macro@test), [`assert_allocs!`] |
//! | rules of your own: budgets, modes, sampling | [`Policy`], [`Budget`], [`Mode`] |
//! | work on other threads | [`Policy::current`], [`PolicyToken`] |
//! | a drop that must cost nothing | [`Deferring`], [`defer_frees`], [`Reclaimer`] |
//! | code that must survive a lack of memory | [`sweep`] |
//! | reports that go elsewhere | [`set_violation_hook`], [`Violation`] |
//! | another tool so far | [the names, side by side](migration) |
//!
//! What the modules [`policy`], [`futures`], [`testing`], [`memory`], [`reports`] and [`watched`] describe has its name here too:
//! `qadapt::Policy` is `qadapt::policy::Policy`.
//!
//! A library's own tests need no such lines with the feature `install`, which brings them:
//!
//! ```toml
//! [dev-dependencies]
//! qadapt = { path = "../qadapt/qadapt", features = ["install"] } # where your clone lies
//! ```
//! No other allocator can be installed then. Where a workspace is built with all its features and some program has an allocator of its
//! own, set `QADAPT_INSTALL=0` in the environment of the build: it takes the feature's effect away.
//!
//! # Words
//! - An *event* is one call of the allocator: an allocation, a reallocation or a deallocation.
//! - A *region* is a stretch of execution on one thread (or of one future, poll by poll) that is protected: a function
//!   with [`#[allocate_panic]`](macro@allocate_panic), a closure in [`assert_no_alloc`] or [`Policy::run`], or what lies
//!   between [`enter_protected`] and [`exit_protected`]. Regions nest, and an inner one can only add to what is
//!   disallowed.
//! - A *violation* is an event that a region disallows. What it does is the region's [`Mode`].
//! - A *permit* ([`permit_alloc()`], [`PermitDrop`]) is an exemption inside all open regions, unless one of
//!   them [forbids](Policy::forbid) it.
//!
//! # When it panics
//! Unwinding out of an allocator is undefined behaviour, so the request succeeds and the region panics at its end, once
//! every local has been dropped. What happens while the thread is panicking is never a violation.
//!
//! # Where the checks are on
//! In debug builds; and in release builds with the feature `enforce`, `--cfg qadapt_enforce`, or `QADAPT_ENFORCE=1` in
//! the environment of the build. Elsewhere everything here compiles to nothing, but for deferred frees and the feature `profile`; [`is_active`] is
//! false, and counts are [unmeasured](Counts::is_measured).
//!
//! Where there is no operating system (`target_os = "none"`) nothing can be watched: there the attributes, `assert_no_alloc` and
//! `permit_alloc` are all there is, the crate needs no std, and to ask for the checks is an error.
//!
//! # Proofs
//! `QADAPT_MARKS=1` in the environment of a release build, or the feature `marks` where the checks are off, puts a label
//! at the entry of each region, for `cargo qadapt prove`: no byte of code, in a section that is not loaded. The variable also
//! turns the checks off, so that what is proven is what ships.
//!
//! # Environment
//! - `QADAPT_MODE`: the process's [`Mode`], read before `main`.
//! - `QADAPT_BACKTRACE=full`: reports show every frame, those beyond `main` included. Read before `main`.
//! - `QADAPT_TRACE` and what begins so, and `QADAPT_WHOLE_PROGRAM`: by these `cargo qadapt audit` asks for a trace; its documentation
//!   has them.
//!
//! A process with rights that its user has not (a set-user-id program) reads none of them.
#![cfg_attr(qadapt_unhosted, no_std)]
// docs.rs says of each item which feature it takes.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(all(qadapt_allocator_api, not(feature = "allocator-api2")), feature(allocator_api))]

#[cfg(not(qadapt_unhosted))]
pub use hot::allocator::{QADAPT, Qadapt};
#[cfg(not(qadapt_unhosted))]
pub use qadapt_macro::test;
pub use qadapt_macro::{allocate_panic, count_alloc, no_alloc, nonblocking, permit_alloc};
#[cfg(not(qadapt_unhosted))]
pub use region::{
    RegionGuard, assert_no_alloc, enter_protected, exit_protected, no_blocking, permit_alloc,
    protection_level,
};
#[cfg(not(qadapt_unhosted))]
pub use report::is_active;

// What a section below describes has its short name here too.
#[cfg(all(feature = "profile", not(qadapt_unhosted)))]
#[doc(hidden)]
pub use crate::reports::{Profile, profile, set_profile_interval};
#[doc(hidden)]
#[cfg(not(qadapt_unhosted))]
pub use crate::{
    futures::{Counted, CountsHandle, GuardExt, Guarded, NoAlloc, NoBlocking, Permitted, Policed, Watch},
    memory::{Deferred, Deferring, PermitDrop, Reclaimer, defer_frees, deferred, reclaim},
    policy::{
        Amount, Beyond, Budget, Calls, Mode, Op, Ops, Policy, PolicyToken, SystemCall, UnknownMode, mode,
        set_mode,
    },
    reports::{
        Advice, Site, StackFrame, Violation, blocking_violations, set_violation_hook, take_violation_hook,
        take_violations, violations,
    },
    testing::{
        Counts, Measured, PageFaults, count_alloc, count_blocking, count_page_faults, sweep, uncounted,
        warm_up,
    },
    watched::{c_is_active, guard_handle, is_blocking_watched, share_guard},
};
#[cfg(all(feature = "process-counts", not(qadapt_unhosted)))]
#[doc(hidden)]
pub use crate::{
    reports::{Metrics, RegionMetrics, metrics},
    testing::Stats,
};

/// Rules of your own for a region: what is disallowed, what happens then, and how much is allowed.
///
/// A [`Policy`] is a value that functions, blocks, futures and other threads can run under.
///
/// # Examples
/// ```
/// use qadapt::policy::{Budget, Policy};
///
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let one = Policy::new().name("one text").budget(Budget::new().allocs(1));
/// let text = one.run(|| String::from("one allocation is allowed"));
/// assert!(text.starts_with("one"));
/// ```
#[cfg(not(qadapt_unhosted))]
pub mod policy {
    pub use crate::model::{Amount, Beyond, Budget, Calls, Mode, Op, Ops, SystemCall, UnknownMode};
    pub use crate::region::{Policy, PolicyToken, mode, set_mode};
}

/// Regions that follow each poll: of futures, streams, sinks, readers and writers.
///
/// # Examples
/// ```
/// use qadapt::futures::GuardExt as _;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let mut sum = pin!(async { 2 + 2 }.no_alloc());
/// # use std::future::Future as _;
/// assert_eq!(sum.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(4));
/// ```
#[cfg(not(qadapt_unhosted))]
pub mod futures {
    pub use crate::region::{
        Counted, CountsHandle, GuardExt, Guarded, NoAlloc, NoBlocking, Permitted, Policed, Watch,
    };
}

/// Questions of tests: how much does this allocate, and does it survive a lack of memory?
///
/// Beside these stand [`#[qadapt::test]`](macro@test) and [`assert_allocs!`].
///
/// # Examples
/// ```
/// use qadapt::testing::count_alloc;
///
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (counts, text) = count_alloc(|| String::from("one"));
/// # if counts.is_measured() {
/// assert_eq!(counts.allocs().get(), Some(1), "{text}");
/// # }
/// ```
#[cfg(not(qadapt_unhosted))]
pub mod testing {
    #[doc(no_inline)]
    pub use crate::assert_allocs;
    pub use crate::model::{Counts, Measured};
    #[cfg(feature = "process-counts")]
    pub use crate::region::Stats;
    pub use crate::region::{
        PageFaults, count_alloc, count_blocking, count_page_faults, sweep, uncounted, warm_up,
    };
    #[doc(no_inline)]
    pub use qadapt_macro::test;
}

/// Memory and drops that protected code may use: frees that are put off, and values whose drop is permitted.
///
/// # Examples
/// ```
/// use qadapt::memory::{Deferring, defer_frees};
/// use std::alloc::System;
///
/// #[global_allocator]
/// static ALLOC: qadapt::Qadapt<Deferring<System>> = qadapt::Qadapt::new(Deferring::new(System));
///
/// fn main() {
///     let old = vec![1.0; 64];
///     qadapt::assert_no_alloc(|| defer_frees(|| drop(old)));
/// }
/// ```
#[cfg(not(qadapt_unhosted))]
pub mod memory {
    pub use crate::hot::defer::allocator::Deferring;
    pub use crate::model::Deferred;
    pub use crate::region::{PermitDrop, Reclaimer, defer_frees, deferred, reclaim};
}

/// What violations tell, where they go, and plain numbers for a monitor.
///
/// # Examples
/// ```
/// use qadapt::reports::violations;
///
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// assert_eq!(violations(), 0);
/// ```
#[cfg(not(qadapt_unhosted))]
pub mod reports {
    #[cfg(feature = "process-counts")]
    pub use crate::region::{Metrics, RegionMetrics, metrics};
    #[cfg(feature = "profile")]
    pub use crate::region::{Profile, profile, set_profile_interval};
    pub use crate::region::{blocking_violations, take_violations, violations};
    pub use crate::report::{Site, StackFrame, Violation, set_violation_hook, take_violation_hook};
    pub use qadapt_advice::Advice;
}

/// Whether anything is watched here, and one guard for a program and its plug-ins.
///
/// Beside these stands [`is_active`].
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// if !qadapt::watched::is_blocking_watched() {
///     println!("calls that wait are not seen here");
/// }
/// ```
#[cfg(not(qadapt_unhosted))]
pub mod watched {
    pub use crate::region::{guard_handle, is_blocking_watched, share_guard};
    pub use crate::report::c_is_active;
}

/// With the feature `install`.
#[cfg(all(qadapt_install, not(qadapt_unhosted)))]
#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[cfg(not(qadapt_unhosted))]
mod checks;
#[cfg(not(qadapt_unhosted))]
mod hot;
#[cfg(not(qadapt_unhosted))]
#[doc(hidden)]
pub mod mark;
#[cfg(not(qadapt_unhosted))]
mod model;
#[cfg(not(qadapt_unhosted))]
mod region;
#[cfg(not(qadapt_unhosted))]
mod report;
#[cfg(not(qadapt_unhosted))]
mod sys;

#[cfg(qadapt_unhosted)]
mod unhosted;
#[cfg(qadapt_unhosted)]
pub use unhosted::{Budget, Calls, Mode, Ops, Policy, UnknownMode, assert_no_alloc, is_active, permit_alloc};

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/migration.md")]
pub mod migration {}

/// Everything but `#[qadapt::test]` and what shares a guard, for `use qadapt::prelude::*`.
///
/// After `use qadapt::*` the compiler cannot tell which `test` a plain `#[test]` means, also one that some other macro
/// writes, nor which `futures`, if the program depends on the crate of that name: a module of this crate has it, too.
///
/// # Examples
/// ```
/// use qadapt::prelude::*;
///
/// # #[global_allocator] static ALLOC: QADAPT = QADAPT;
/// #[no_alloc]
/// fn half(sample: f32) -> f32 {
///     0.5 * sample
/// }
///
/// assert_eq!(half(1.0), 0.5);
/// ```
#[cfg(not(qadapt_unhosted))]
pub mod prelude {
    #[cfg(feature = "profile")]
    #[doc(no_inline)]
    pub use crate::reports::{Profile, profile, set_profile_interval};
    #[doc(no_inline)]
    pub use crate::{
        QADAPT, Qadapt, RegionGuard, assert_allocs, assert_no_alloc, enter_protected, exit_protected,
        futures::{Counted, CountsHandle, GuardExt, Guarded, NoAlloc, NoBlocking, Permitted, Policed, Watch},
        is_active,
        memory::{Deferred, Deferring, PermitDrop, Reclaimer, defer_frees, deferred, reclaim},
        no_blocking,
        policy::{
            Amount, Beyond, Budget, Calls, Mode, Op, Ops, Policy, PolicyToken, SystemCall, UnknownMode, mode,
            set_mode,
        },
        protection_level,
        reports::{
            Advice, Site, StackFrame, Violation, blocking_violations, set_violation_hook,
            take_violation_hook, take_violations, violations,
        },
        testing::{
            Counts, Measured, PageFaults, count_blocking, count_page_faults, sweep, uncounted, warm_up,
        },
        watched::{c_is_active, is_blocking_watched},
    };
    #[doc(no_inline)]
    pub use crate::{allocate_panic, count_alloc, no_alloc, nonblocking, permit_alloc};
    #[cfg(feature = "process-counts")]
    #[doc(no_inline)]
    pub use crate::{
        reports::{Metrics, RegionMetrics, metrics},
        testing::Stats,
    };
}

/// What the attributes expand to; no part of the public interface.
#[doc(hidden)]
#[cfg(not(qadapt_unhosted))]
pub mod __private {
    pub use crate::__note as note;
    pub use crate::model::{Function, Place};
    pub use crate::region::Note;
    pub use crate::region::{
        Measurement, count_calls, count_future, guard_future, made, no_alloc, no_blocking_at as no_blocking,
        no_blocking_future, permit_alloc, permit_future, pinned, policy_future, run_policy, run_required,
        test,
    };
    pub use crate::report::Expectation;
}

/// What the attributes expand to; no part of the public interface.
#[doc(hidden)]
#[cfg(qadapt_unhosted)]
pub mod __private {
    pub use crate::__note as note;
    pub use crate::unhosted::{
        Function, Place, count_calls, count_future, guard_future, made, no_alloc, no_blocking,
        no_blocking_future, permit_alloc, permit_future, pinned, policy_future, run_policy, run_required,
    };
}

/// What the crate `qadapt-malloc` calls; no part of the public interface.
#[doc(hidden)]
#[cfg(not(qadapt_unhosted))]
pub mod __c {
    pub use crate::hot::c::{ALWAYS, CRequest, ON, UNWATCHED, define, free, is_watched, request, word};
}
