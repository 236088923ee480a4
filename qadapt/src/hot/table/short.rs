//! The short ways: opening and ending the newest record where nothing is interrupted, pending, or asked for.
//!
//! ```text
//!  open:  the word gets QUIET  ->  length + 1  ->  fill, write the kind  ->  the word that follows
//!  end:   the word gets QUIET  ->  kind = Free  ->  length - 1  ->  the word that follows
//! ```
//! A signal handler in between finds the word quiet, takes the long ways, and leaves all as it was.

use super::super::head::Head;
use super::super::record::{Kind, Record, Serial};
use super::super::word;
use super::{Table, step};

impl Table {
    /// Opens the first record where the word is [free](word::is_free): it becomes the base. See [`push`](Self::push).
    #[inline(always)]
    pub(in super::super) fn push_first(&self, base: i64, kind: Kind, fill: impl FnOnce(&Record)) -> Serial {
        let [record, ..] = &self.inline;
        word::set(base | word::ATTENTION | word::QUIET);
        step();
        self.base.set(base);
        step();
        self.length.set(1);
        step();
        // The thread is linked, so that the serials have begun.
        let serial = self.begin_record(record, fill);
        let word = record.settle_first(kind, base);
        step();
        record.kind.set(kind);
        step();
        word::set(word | word::ATTENTION);
        step();
        serial
    }

    /// Begins what a record that opens holds, and returns its serial: serials have begun.
    #[inline(always)]
    fn begin_record(&self, record: &Record, fill: impl FnOnce(&Record)) -> Serial {
        let serial = self.serials.get().wrapping_add(1);
        self.serials.set(serial);
        record.serial.set(serial);
        record.flags.set(0);
        record.loans.set(Head::NONE);
        fill(record);
        Serial(serial)
    }

    /// True if nothing is asked for and no step is interrupted.
    #[inline(always)]
    fn is_calm(&self) -> bool {
        self.asks.get() == 0 && !word::is_interrupted(word::get())
    }

    /// Opens a record on top of others, where nothing is interrupted or asked for and it has a place in the thread's own memory;
    /// `None` if that is not so. See [`push`](Self::push).
    #[inline(always)]
    pub(in super::super) fn push_newest(&self, kind: Kind, fill: impl FnOnce(&Record)) -> Option<Serial> {
        self.push_newest_and(kind, fill, |record, below| record.settle_on(kind, Some(below), 0))
    }

    /// The same for what has no flags of its own, where no budget is open: it calls nothing.
    #[inline(always)]
    pub(in super::super) fn push_newest_without_budget(
        &self,
        kind: Kind,
        fill: impl FnOnce(&Record),
    ) -> Option<Serial> {
        if word::get() & word::BUDGET != 0 {
            return None;
        }
        self.push_newest_and(kind, fill, |record, below| {
            record.settle_without_budget(kind, Some(below), 0);
        })
    }

    #[inline(always)]
    fn push_newest_and(
        &self,
        kind: Kind,
        fill: impl FnOnce(&Record),
        settle: impl FnOnce(&Record, &Record),
    ) -> Option<Serial> {
        let index = self.length.get();
        let below = self.inline.get(index.wrapping_sub(1))?;
        let record = self.inline.get(index)?;
        if !self.is_calm() {
            return None;
        }
        word::set(word::get() | word::QUIET);
        step();
        self.length.set(index + 1);
        step();
        // There is a record, so that the serials have begun.
        let serial = self.begin_record(record, fill);
        settle(record, below);
        step();
        record.kind.set(kind);
        step();
        word::set(record.word() | word::ATTENTION);
        step();
        Some(serial)
    }

    /// Ends the newest record if it is this, hides no budgets, is not the first, and nothing is interrupted or asked for; false if
    /// that is not so.
    #[inline(always)]
    pub(in super::super) fn pop_newest(&self, is_it: impl Fn(&Record) -> bool) -> bool {
        let index = self.length.get().wrapping_sub(1);
        let Some(record) = self.inline.get(index) else { return false };
        let Some(below) = self.inline.get(index.wrapping_sub(1)) else { return false };
        if !is_it(record) || !record.loans.get().is_empty() {
            return false;
        }
        if !self.is_calm() {
            return false;
        }
        step();
        word::set(word::get() | word::QUIET);
        step();
        record.kind.set(Kind::Free);
        step();
        self.length.set(index);
        step();
        word::set(below.word() | word::ATTENTION);
        step();
        true
    }

    /// The record, if it is the only one, and it can be [popped](Self::pop_only).
    #[inline(always)]
    pub(in super::super) fn only(&self, is_it: impl Fn(&Record) -> bool) -> Option<&Record> {
        let [record, ..] = &self.inline;
        // Where no step is interrupted, the first of some records is not free.
        if self.length.get() != 1 || !is_it(record) || !record.loans.get().is_empty() {
            return None;
        }
        if !self.is_calm() {
            return None;
        }
        Some(record)
    }

    /// Ends the only record.
    #[inline(always)]
    pub(in super::super) fn pop_only(&self, record: &Record) {
        step();
        // What has ended is out of the word first: where there is no record, a signal handler takes the word for the base.
        let base = self.base.get();
        word::set(base | word::ATTENTION | word::QUIET);
        step();
        record.kind.set(Kind::Free);
        step();
        self.length.set(0);
        step();
        word::set(base);
        step();
        // Looked at last: what a signal handler left until now is seen.
        if self.asks.get() != 0 {
            word::set(word::get() | word::ATTENTION);
        }
    }
}
