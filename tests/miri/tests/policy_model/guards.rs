//! Guards and manual regions, ended in any order, place and way.

use std::borrow::Borrow;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::{Kind, Rules};
use crate::spending::Used;
use crate::state::Held;
use crate::walk::Walk;

/// Guards that one stretch of code holds at once.
const LOCALS: usize = 3;

/// The guards of one stretch of code, or of a future. Dropped as locals are: the last first.
pub(crate) struct Locals<W: Borrow<Walk>> {
    walk: W,
    held: [Option<Held>; LOCALS],
}

impl<W: Borrow<Walk>> Locals<W> {
    pub(crate) fn new(walk: W) -> Self {
        Self { walk, held: [const { None }; LOCALS] }
    }

    pub(crate) fn place(&mut self, place: usize) -> &mut Option<Held> {
        &mut self.held[place % LOCALS]
    }
}

impl<W: Borrow<Walk>> Drop for Locals<W> {
    fn drop(&mut self) {
        for held in self.held.iter_mut().rev() {
            if let Some(held) = held.take() {
                self.walk.borrow().end_guard(held, End::Drop);
            }
        }
    }
}

/// How a guard goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Drop,
    Exit,
}

impl Walk {
    /// Does something with a guard of this stretch, or one that is kept outside of all.
    pub(crate) fn use_guard<W: Borrow<Walk>>(&self, locals: &mut Locals<W>) {
        let place = self.below(8);
        let is_kept = self.below(3) == 0;
        let held = if is_kept {
            self.with(|state| state.kept[place % state.kept.len()].take())
        } else {
            locals.place(place).take()
        };
        let Some(held) = held else {
            if self.with(|state| state.model.len()) < 64 {
                let held = self.open_guard();
                let old = if is_kept {
                    self.with(|state| {
                        let length = state.kept.len();
                        state.kept[place % length].replace(held)
                    })
                } else {
                    locals.place(place).replace(held)
                };
                if let Some(old) = old {
                    // The report of the one that opened had the hook fill its place.
                    self.end_guard(old, End::Drop);
                }
            }
            return;
        };
        let can_forget = self.with(|state| state.model.ends_anyway(held.id));
        match self.below(8) {
            0..3 => self.end_guard(held, End::Drop),
            3..6 => self.end_guard(held, End::Exit),
            6 if can_forget => {
                self.with(|state| {
                    state.action("forget a guard");
                    state.seen.forgotten += 1;
                });
                mem::forget(held.guard);
            }
            _ => {
                // Moved elsewhere: it may leave the closure that it was made in.
                let old = self.with(|state| {
                    state.action("move a guard");
                    let length = state.kept.len();
                    state.kept[(place + 1) % length].replace(held)
                });
                if let Some(old) = old {
                    self.end_guard(old, End::Drop);
                }
            }
        }
    }

    fn open_guard(&self) -> Held {
        let (policy, rules) = self.random_policy();
        let guard = policy.enter();
        let id = self.with(|state| {
            state.action("open a guard");
            state.model.open(Kind::Guard, rules, Used::default())
        });
        Held { guard, id }
    }

    pub(crate) fn end_guard(&self, held: Held, end: End) {
        let Held { guard, id } = held;
        let ended = self.with(|state| {
            state.action(if end == End::Drop { "drop a guard" } else { "exit a guard" });
            let innermost = state.model.is_innermost(id);
            let ended = state.model.end(id);
            state.seen.stale += u64::from(ended.is_none());
            state.seen.out_of_order += u64::from(ended.is_some() && !innermost);
            ended
        });
        let owed = ended.map_or_else(Default::default, |ended| ended.owed);
        let told = self.told();
        let outcome = if end == End::Drop {
            drop(guard);
            Ok(())
        } else {
            catch_unwind(AssertUnwindSafe(|| guard.exit()))
        };
        self.is_told(told, owed);
        self.is_due("panics of a guard's exit", outcome, end == End::Exit && owed.panics > 0);
    }

    pub(crate) fn enter(&self) {
        if self.with(|state| state.model.len()) < 64 {
            qadapt::enter_protected();
            self.with(|state| {
                state.action("enter_protected");
                state.model.open(Kind::Manual, Rules::NONE, Used::default());
            });
        }
    }

    pub(crate) fn exit(&self) {
        let ended = self.with(|state| {
            state.action("exit_protected");
            let id = state.model.innermost_manual()?;
            state.model.end(id)
        });
        if ended.is_none() && std::thread::panicking() {
            // The panic could not be told from the one that is under way.
            return;
        }
        let told = self.told();
        let outcome = catch_unwind(qadapt::exit_protected);
        let owed = ended.map_or_else(Default::default, |ended| ended.owed);
        self.is_told(told, owed);
        self.is_due("panics of exit_protected", outcome, ended.is_none() || owed.panics > 0);
    }

    /// Ends what is open by hand outside of all closures.
    pub(crate) fn end_all(&self) {
        while self.with(|state| state.model.innermost_manual().is_some()) {
            self.exit();
        }
        if self.below(4) != 0 {
            self.end_kept();
        }
    }

    pub(crate) fn end_kept(&self) {
        for place in 0..self.with(|state| state.kept.len()) {
            if let Some(held) = self.with(|state| state.kept[place].take()) {
                self.end_guard(held, End::Drop);
            }
        }
    }

    /// A guard under which every region has a record.
    pub(crate) fn open_base(&self) -> Held {
        let guard = qadapt::Policy::new().allow(qadapt::Ops::ALL).enter();
        let id = self.with(|state| state.model.open(Kind::Guard, Rules::NONE, Used::default()));
        Held { guard, id }
    }

    /// Forgets some of the guards that a stretch of code leaves: they end with the closure around it.
    pub(crate) fn forget_some(&self, locals: &mut Locals<&Self>) {
        for place in 0..LOCALS {
            let id = locals.place(place).as_ref().map(|held| held.id);
            let can_forget = id.is_some_and(|id| self.with(|state| state.model.ends_anyway(id)));
            if can_forget
                && self.below(8) == 0
                && let Some(held) = locals.place(place).take()
            {
                self.with(|state| state.seen.forgotten += 1);
                mem::forget(held.guard);
            }
        }
    }
}
