//! What is open on a thread, as a list; everything else is worked out from the list.

use qadapt::{Mode, Ops};

use crate::spending::{Kind as Event, Limits, Request, Tally, Used};

/// The process's mode in this test.
pub(crate) const DEFAULT: Mode = Mode::Count;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Policy,
    Permit,
    /// The user's hook, which the guard's own work calls.
    Hook,
    Guard,
    Manual,
    Counting,
}

impl Kind {
    /// True for what ends what was left open by hand inside it.
    fn is_closure(self) -> bool {
        matches!(self, Self::Plain | Self::Policy | Self::Permit | Self::Hook)
    }

    fn is_by_hand(self) -> bool {
        matches!(self, Self::Guard | Self::Manual)
    }

    /// True for what tells of the violations inside it.
    fn reports(self) -> bool {
        matches!(self, Self::Plain | Self::Policy | Self::Hook | Self::Guard | Self::Manual)
    }
}

/// A name of something open, which nothing else has or had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(u64);

/// What a policy says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) ops: Ops,
    pub(crate) mode: Mode,
    pub(crate) forbid: bool,
    pub(crate) budget: Option<Limits>,
    /// Requests until one is refused; 0 once it was.
    pub(crate) countdown: Option<u64>,
}

impl Rules {
    pub(crate) const NONE: Self =
        Self { ops: Ops::NONE, mode: DEFAULT, forbid: false, budget: None, countdown: None };

    fn disallows(&self) -> bool {
        self.ops != Ops::NONE || self.budget.is_some()
    }

    fn is_something(&self) -> bool {
        self.disallows() || self.forbid || self.countdown.is_some()
    }
}

/// Violations that a region has to tell of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owed {
    /// Those that it owes as a panic.
    pub(crate) panics: u64,
    /// Those that it logs.
    pub(crate) logs: u64,
}

impl Owed {
    fn add(&mut self, other: Self) {
        self.panics += other.panics;
        self.logs += other.logs;
    }

    pub(crate) fn all(self) -> u64 {
        self.panics + self.logs
    }
}

#[derive(Clone, Copy, Debug)]
struct Open {
    id: Id,
    kind: Kind,
    rules: Rules,
    used: Used,
    tally: Tally,
    owed: Owed,
}

/// What came of an end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    pub(crate) owed: Owed,
    pub(crate) used: Used,
    pub(crate) tally: Tally,
}

/// A closure's end in the model, just before its real one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Closing {
    pub(crate) ended: Ended,
    /// What the hook had been shown before.
    pub(crate) told: u64,
}

#[derive(Debug)]
pub(crate) struct Model {
    /// Newest last.
    open: Vec<Open>,
    last: u64,
    pub(crate) violations: u64,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self { open: Vec::with_capacity(512), last: 0, violations: 0 }
    }

    /// Opens something, of whose budget so much has been used.
    pub(crate) fn open(&mut self, kind: Kind, rules: Rules, used: Used) -> Id {
        self.last += 1;
        let id = Id(self.last);
        assert!(self.open.len() < self.open.capacity(), "room without an allocation");
        self.open.push(Open { id, kind, rules, used, tally: Tally::default(), owed: Owed::default() });
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    fn position(&self, id: Id) -> Option<usize> {
        self.open.iter().position(|open| open.id == id)
    }

    pub(crate) fn is_innermost(&self, id: Id) -> bool {
        self.open.last().is_some_and(|open| open.id == id)
    }

    /// Ends what was opened by hand, wherever it is; none if something else has ended it.
    pub(crate) fn end(&mut self, id: Id) -> Option<Ended> {
        let Open { owed, used, tally, .. } = self.open.remove(self.position(id)?);
        Some(Ended { owed, used, tally })
    }

    /// The entry that `exit_protected` ends here.
    pub(crate) fn innermost_manual(&self) -> Option<Id> {
        let is_end = |open: &&Open| open.kind == Kind::Manual || open.kind.is_closure();
        self.open.iter().rev().find(is_end).filter(|open| open.kind == Kind::Manual).map(|open| open.id)
    }

    /// True if something else ends it at the latest, or has.
    pub(crate) fn ends_anyway(&self, id: Id) -> bool {
        self.position(id).is_none_or(|index| self.open[..index].iter().any(|open| open.kind.is_closure()))
    }

    /// Ends a closure, and with it what was opened by hand while it was the innermost closure.
    pub(crate) fn end_closure(&mut self, id: Id) -> Ended {
        let index = self.position(id).expect("a closure ends once");
        let mut owed = self.open[index].owed;
        let mut above = index + 1;
        while above < self.open.len() && !self.open[above].kind.is_closure() {
            if self.open[above].kind.is_by_hand() {
                owed.add(self.open.remove(above).owed);
            } else {
                above += 1;
            }
        }
        let Open { kind, used, tally, .. } = self.open.remove(index);
        let is_void = kind == Kind::Permit && self.visible(index).iter().any(|open| open.rules.forbid);
        if is_void && let Some(around) = self.open[..index].iter_mut().rev().find(|open| open.kind.reports())
        {
            // It was none: what is left stays with the region around.
            around.owed.add(owed);
            owed = Owed::default();
        }
        Ended { owed, used, tally }
    }

    /// Of the first so many: those that nothing further in hides.
    fn visible(&self, count: usize) -> &[Open] {
        let (mut from, mut forbid) = (0, false);
        for (index, open) in self.open[..count].iter().enumerate() {
            if open.kind == Kind::Hook || open.kind == Kind::Permit && !forbid {
                (from, forbid) = (index + 1, false);
            }
            forbid |= open.rules.forbid;
        }
        &self.open[from..count]
    }

    pub(crate) fn level(&self) -> usize {
        let visible = self.visible(self.open.len());
        let plain = visible.iter().filter(|open| matches!(open.kind, Kind::Plain | Kind::Manual)).count();
        plain + usize::from(visible.iter().any(|open| open.rules.is_something()))
    }

    fn disallows(&self, request: Request) -> bool {
        self.visible(self.open.len()).iter().any(|open| {
            matches!(open.kind, Kind::Plain | Kind::Manual)
                || open.rules.ops.contains(request.ops())
                || open.rules.budget.is_some_and(|limits| limits.are_broken(open.used, request))
        })
    }

    /// The most severe of the modes that are open.
    fn mode(&self) -> Mode {
        let visible = self.visible(self.open.len()).iter();
        let modes = visible.filter(|open| open.rules.disallows()).map(|open| open.rules.mode);
        modes.max_by_key(|&mode| severity(mode)).unwrap_or(DEFAULT)
    }

    /// An event: true if it is refused. What happens while the thread is panicking is counted, and nothing else.
    pub(crate) fn event(&mut self, request: Request, is_panicking: bool) -> bool {
        let from = self.open.len() - self.visible(self.open.len()).len();
        let mut refused = false;
        if !is_panicking && self.disallows(request) {
            self.violations += 1;
            let mode = self.mode();
            refused = mode == Mode::Fail && request.kind != Event::Dealloc;
            let owed = Owed {
                panics: u64::from(mode == Mode::Panic),
                logs: u64::from(matches!(mode, Mode::Log | Mode::Fail)),
            };
            let reporter = self.open.iter_mut().rev().find(|open| open.kind.reports());
            reporter.expect("somebody disallowed it").owed.add(owed);
        }
        let mut countdowns =
            self.open[from..].iter_mut().rev().filter_map(|open| open.rules.countdown.as_mut());
        if !is_panicking
            && !refused
            && request.kind != Event::Dealloc
            && let Some(countdown) = countdowns.next()
        {
            refused = *countdown == 1;
            *countdown = countdown.saturating_sub(1);
        }
        let hook = self.open.iter().rposition(|open| open.kind == Kind::Hook).unwrap_or(0);
        for open in self.open[hook..].iter_mut().filter(|open| open.kind == Kind::Counting) {
            open.tally.add(request, refused);
        }
        if !refused && !is_panicking {
            self.open[from..].iter_mut().for_each(|open| open.used.add(request));
        }
        refused
    }
}

fn severity(mode: Mode) -> usize {
    [Mode::Count, Mode::Log, Mode::Panic, Mode::Fail]
        .iter()
        .position(|&other| other == mode)
        .expect("one of four")
}
