//! The events of open measurements, each distinct stack once.

use core::cell::Cell;

use qadapt_spin::Key;

use super::capture::{Captured, Kept};
use super::request::Request;
use crate::model::Op;

/// Distinct events that one thread keeps for its open measurements; more are counted as lost.
pub(crate) const ROOM: usize = 16;

/// Equal events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded {
    /// The first of them.
    pub(crate) request: Request,
    /// `None` in a place of the list that is not used.
    key: Option<Key>,
    /// Their stack; `None` where all measurements together had no more room.
    pub(crate) stack: Option<Kept>,
    pub(crate) times: u64,
}

impl Recorded {
    /// What lies in a place that is not used: zeros, so that a thread's start copies nothing.
    const UNUSED: Self = Self {
        request: Request { op: Op::Alloc, size: 0, old_size: 0, align: 0 },
        key: None,
        stack: None,
        times: 0,
    };
}

/// The events of one measurement that has ended. It holds their stacks.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) entries: [Option<Recorded>; ROOM],
    pub(crate) lost: u64,
}

impl Drop for Records {
    fn drop(&mut self) {
        self.entries.iter().flatten().filter_map(|recorded| recorded.stack).for_each(Kept::give_back);
    }
}

struct List {
    entries: [Cell<Recorded>; ROOM],
    length: Cell<usize>,
    lost: Cell<u64>,
}

/// Where a measurement began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    length: usize,
    lost: u64,
}

thread_local! {
    static LIST: List = const {
        List { entries: [const { Cell::new(Recorded::UNUSED) }; ROOM], length: Cell::new(0), lost: Cell::new(0) }
    };
    static START: Cell<usize> = const { Cell::new(0) };
}

/// Keeps an event: with an equal one of the innermost measurement, or as a new one, or as lost.
pub(super) fn push(request: &Request, stack: &Captured) {
    let start = START.try_with(Cell::get).unwrap_or(0);
    let key = Some(stack.key(request));
    let _ = LIST.try_with(|list| {
        let length = list.length.get();
        for cell in list.entries.get(start..length).unwrap_or_default() {
            let mut recorded = cell.get();
            if recorded.key == key {
                recorded.times = recorded.times.saturating_add(1);
                cell.set(recorded);
                return;
            }
        }
        if let Some(cell) = list.entries.get(length) {
            cell.set(Recorded { request: *request, key, stack: stack.keep(), times: 1 });
            list.length.set(length + 1);
        } else {
            list.lost.set(list.lost.get().saturating_add(1));
        }
    });
}

/// Begins a measurement; returns what [`close`] needs.
pub(crate) fn open() -> (Start, usize) {
    let start = LIST
        .try_with(|list| Start { length: list.length.get(), lost: list.lost.get() })
        .unwrap_or(Start { length: 0, lost: 0 });
    (start, START.try_with(|cell| cell.replace(start.length)).unwrap_or(0))
}

/// Ends a measurement: its events, and how many were lost. They stay in the list for the measurement around it.
pub(crate) fn close((start, outer): (Start, usize)) -> Records {
    let mut entries = [None; ROOM];
    let lost = LIST.try_with(|list| {
        let own = list.entries.get(start.length..list.length.get()).unwrap_or_default();
        for (place, cell) in entries.iter_mut().zip(own) {
            let recorded = cell.get();
            if let Some(stack) = recorded.stack {
                stack.share();
            }
            *place = Some(recorded);
        }
        list.lost.get().saturating_sub(start.lost)
    });
    let _ = START.try_with(|cell| cell.set(outer));
    Records { entries, lost: lost.unwrap_or(0) }
}

/// Empties the list, when no measurement is open any more.
pub(crate) fn clear() {
    let _ = LIST.try_with(|list| {
        let recorded = list.entries.iter().map(|cell| cell.replace(Recorded::UNUSED));
        recorded.filter_map(|recorded| recorded.stack).for_each(Kept::give_back);
        list.length.set(0);
        list.lost.set(0);
    });
}
