//! Regions that last as long as a guard.

use core::marker::PhantomData;
use core::{mem, ptr};

use super::policy::Injection;
use super::{edge, lending};
use crate::hot::budget::{self, Open};
use crate::hot::guards::{self, Restore};
use crate::hot::pending::{self, Base};
use crate::hot::trace::chain::{Node, Opening};
use crate::hot::{frame, loans, trace, word};
use crate::model::{Place, RegionKind};
use crate::report::misuse;

/// A region opened by [`Policy::enter`](crate::Policy::enter); it ends when the guard goes away.
///
/// The guard belongs to the thread that entered, and to the closure region in which it was made: it ends with that at
/// the latest. Where guards are dropped out of order that is reported on standard error, and protection ends with the
/// outer one of them.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let region = qadapt::Policy::new().name("tick").enter();
/// let sum: u64 = (1..=4).sum();
/// region.exit(); // panics here if the region allocated
/// assert_eq!(sum, 10);
/// ```
/// It cannot be sent to another thread:
/// ```compile_fail,E0277
/// let region = qadapt::Policy::new().enter();
/// std::thread::spawn(move || drop(region));
/// ```
#[derive(Debug)]
#[must_use = "the region ends when the guard is dropped"]
pub struct Region {
    open: Option<Opened>,
    not_send: PhantomData<*const ()>,
}

#[derive(Debug)]
struct Opened {
    restore: Restore,
    place: Place,
    /// Where the region's own violations begin.
    start: Base,
    /// On the heap, because the guard can move.
    budget: Option<Box<Open>>,
    /// On the heap too; there while a trace is written.
    node: Option<Box<Node>>,
    injection: Injection,
}

impl Region {
    pub(super) const fn unwatched() -> Self {
        Self { open: None, not_send: PhantomData }
    }

    pub(super) fn open(place: Place, flags: i64, budget: Option<Open>, fail_nth: u64) -> Self {
        edge::touch(place);
        let outer = guards::innermost();
        let policy = word::get() & word::POLICY;
        let injection = Injection::open(fail_nth);
        let number = guards::open(place, injection.outer());
        let outer_budget = budget::innermost();
        let budget = budget.map(|budget| word::as_own_work(|| Box::new(budget)));
        if let Some(budget) = &budget {
            budget.open();
        }
        let node = trace::is_on().then(|| word::as_own_work(|| Box::new(Node::idle())));
        if let Some(node) = &node {
            node.open(place, Opening::Region(RegionKind::Guard));
        }
        let start = pending::end();
        let restore = Restore {
            number,
            outer,
            policy,
            budget: outer_budget,
            start: pending::set_start(start),
            node: node.as_deref().map_or(ptr::null(), ptr::from_ref),
        };
        word::set(word::get() | flags);
        frame::update_attention();
        Self { open: Some(Opened { restore, place, start, budget, node, injection }), not_send: PhantomData }
    }

    /// Ends the region.
    ///
    /// # Panics
    /// In mode [`Panic`](crate::Mode::Panic), at the caller's line, if the region's policy was violated. Where the
    /// guard is just dropped the report is logged instead.
    #[track_caller]
    pub fn exit(mut self) {
        if let Some((place, outer)) = self.end() {
            edge::close(outer, place).act();
        }
    }

    /// Restores what the region changed. Returns what its report needs; nothing if it is not this guard's to report.
    fn end(&mut self) -> Option<(Place, Base)> {
        let Opened { restore, place, start, budget, node, injection } = self.open.take()?;
        let innermost = guards::innermost().number;
        if innermost < restore.number {
            // The countdown and the budget's place in the chain are the business of what ended the region.
            mem::forget(injection);
            if frame::encloses(restore.number) {
                misuse::say(
                    place,
                    format_args!("was moved into a region that was entered later: it ends with that"),
                );
                // The chains of budgets and of open regions still lead through these.
                mem::forget(budget);
                mem::forget(node);
                guards::postpone(restore);
            } else {
                if let Some(node) = &node {
                    // Nothing, if what ended the region took it off the chain.
                    node.close();
                }
                drop_as_own_work(budget);
                drop_as_own_work(node);
            }
            return None;
        }
        if innermost > restore.number {
            misuse::say(place, format_args!("ended before one that was entered inside it: both end here"));
        }
        let lent = loans::take_since_guard(restore.number);
        loans::settle(lent);
        guards::restore(&restore);
        pending::set_start(start);
        lending::end(lent);
        drop_as_own_work(budget);
        drop_as_own_work(node);
        Some((place, restore.start))
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if let Some((place, outer_start)) = self.end() {
            edge::log(outer_start, place);
        }
    }
}

fn drop_as_own_work<T>(block: Option<Box<T>>) {
    if block.is_some() {
        word::as_own_work(|| drop(block));
    }
}
