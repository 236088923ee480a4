//! Failure injection: refusing one request for memory on purpose.

use core::cell::Cell;

use super::capture::{Captured, Kept};
use super::record::Record;
use super::request::Request;
use super::{table, word};
use crate::model::Op;

/// What this thread's innermost sweep is at. Nothing is zero throughout.
#[derive(Clone, Copy)]
struct Swept {
    /// The number of the request that it refuses; 0 where there is no sweep.
    number: u64,
    /// That one was refused.
    has_refused: bool,
    request: Request,
    stack: Option<Kept>,
}

impl Swept {
    const NOTHING: Self = Self {
        number: 0,
        has_refused: false,
        request: Request { op: Op::Alloc, size: 0, old_size: 0, align: 0 },
        stack: None,
    };

    /// Puts this in the place of what was there.
    fn set(self) -> Self {
        SWEPT.try_with(|cell| cell.replace(self)).unwrap_or(Self::NOTHING)
    }

    fn give_back(self) {
        if let Some(stack) = self.stack {
            stack.give_back();
        }
    }
}

thread_local! {
    static SWEPT: Cell<Swept> = const { Cell::new(Swept::NOTHING) };
}

/// A sweep on this thread. When it goes away the one around it goes on.
pub(crate) struct Sweep {
    outer: Swept,
}

impl Sweep {
    pub(crate) fn begin() -> Self {
        Self { outer: Swept::NOTHING.set() }
    }

    /// The next run refuses the request with this number.
    #[expect(clippy::unused_self, reason = "only a sweep runs")]
    pub(crate) fn run(&self, number: u64) {
        Swept { number, ..Swept::NOTHING }.set().give_back();
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        self.outer.set().give_back();
    }
}

/// True if a sweep wants to know the request that is refused.
pub(super) fn is_swept() -> bool {
    SWEPT.try_with(|cell| cell.get().number > 0).unwrap_or(false)
}

/// Keeps the request that is refused.
pub(super) fn keep(request: &Request, stack: &Captured) {
    let stack = stack.keep();
    let _ = SWEPT.try_with(|cell| {
        let swept = Swept { has_refused: true, request: *request, stack, ..cell.get() };
        cell.replace(swept).give_back();
    });
}

/// The number of the request that a sweep refused in this run, the request and its stack.
pub(crate) fn refused() -> Option<(u64, Request, Option<Kept>)> {
    let swept = SWEPT.try_with(Cell::get).ok().filter(|swept| swept.has_refused)?;
    Some((swept.number, swept.request, swept.stack))
}

/// Sets the countdown to a refusal of the innermost region that has one back by one request; true if that is the one to refuse.
pub(super) fn is_due() -> bool {
    with_countdown(|record| {
        let remaining = record.figure.get();
        record.figure.set(remaining.saturating_sub(1).max(0));
        remaining == 1
    })
    .unwrap_or(false)
}

/// Requests until the innermost region that refuses one does; 0 when it has. None if there is no such region: the table of open
/// regions had no room for it.
pub(crate) fn requests_left() -> Option<u64> {
    with_countdown(|record| record.figure.get()).map(i64::unsigned_abs)
}

fn with_countdown<R>(act: impl FnOnce(&Record) -> R) -> Option<R> {
    table::with(|table| {
        let index = table.find(|record| record.flags.get() & word::INJECT != 0)?;
        Some(act(table.record(index)?))
    })
    .flatten()
}
