//! What the attributes do at run time, for every form of function.
//!
//! Alone because the guard is its global allocator with nothing else installed. Every test holds in a build without
//! checks too: values and the order of drops are the same, and no region is ever open.

#![allow(missing_docs, reason = "a test's names say what it shows")]

use std::cell::{Cell, Ref, RefCell};
use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use qadapt::{allocate_panic, is_active, no_alloc, permit_alloc, protection_level};
use qadapt_tests::force::{force_alloc, leak};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// The protection level inside one region of this build.
fn one() -> usize {
    usize::from(is_active())
}

/// Runs `body` and says by whether it panics whether a region saw an allocator event.
fn violates(body: impl FnOnce()) -> bool {
    let panicked = catch_unwind(AssertUnwindSafe(body)).is_err();
    assert_eq!(protection_level(), 0, "the region is closed on the way out");
    panicked
}

/// Asserts that each of these was seen inside one region, and that none is open now.
#[track_caller]
fn assert_inside(levels: &[usize]) {
    assert!(levels.iter().all(|level| *level == one()), "{levels:?}");
    assert_eq!(protection_level(), 0);
}

#[path = "attribute/async_trait.rs"]
mod async_trait;
#[path = "attribute/drops.rs"]
mod drops;
#[path = "attribute/futures.rs"]
mod futures;
#[path = "attribute/methods.rs"]
mod methods;
#[path = "attribute/names.rs"]
mod names;
#[path = "attribute/places.rs"]
mod places;
#[path = "attribute/returned.rs"]
mod returned;
#[path = "attribute/returns.rs"]
mod returns;
#[path = "attribute/values.rs"]
mod values;
