//! The model: what is open on this thread, and what an event does then.

use std::cell::RefCell;

use fastrand::Rng;
use qadapt::{Budget, Mode, Ops, Policy};

/// Modes from mild to severe; the process's default is the first.
pub(crate) const MODES: [Mode; 3] = [Mode::Count, Mode::Panic, Mode::Fail];
/// Watched futures and regions that can be open at once.
const OPEN: usize = 48;

/// What was come across.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) steps: u64,
    pub(crate) polls: u64,
    pub(crate) migrations: u64,
    pub(crate) cancels: u64,
    pub(crate) drops_inside: u64,
    pub(crate) violations: u64,
    pub(crate) refusals: u64,
    pub(crate) panics: u64,
    pub(crate) unwound: u64,
    pub(crate) counted: u64,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.polls += other.polls;
        self.migrations += other.migrations;
        self.cancels += other.cancels;
        self.drops_inside += other.drops_inside;
        self.violations += other.violations;
        self.refusals += other.refusals;
        self.panics += other.panics;
        self.unwound += other.unwound;
        self.counted += other.counted;
    }
}

/// The protection of a stretch of code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    levels: usize,
    ops: Ops,
    /// A bit for each mode, by its place in [`MODES`].
    modes: u8,
    forbid: bool,
    inject: bool,
    /// Open budgets that no permit suspends: those from here on among the context's, and how many.
    budgets: (usize, usize),
    /// Requests until one is refused.
    countdown: u64,
    /// Violations owed as a panic by the innermost region.
    owed: u64,
}

impl Now {
    const NOTHING: Self = Self {
        levels: 0,
        ops: Ops::NONE,
        modes: 0,
        forbid: false,
        inject: false,
        budgets: (0, 0),
        countdown: 0,
        owed: 0,
    };
}

/// A policy and what the model needs to know of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) policy: Policy,
    disallowed: Ops,
    /// A bit as in [`Now::modes`]; none for a policy that disallows nothing.
    modes: u8,
    forbid: bool,
    fail_nth: u64,
    /// What it may use, and has used.
    budget: Option<Budgeted>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    allocs: u64,
    requests: u64,
    bytes: u64,
    peak: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Budgeted {
    limits: Limits,
    allocs: u64,
    requests: u64,
    bytes: u64,
    live: i64,
}

impl Rules {
    pub(crate) fn random(random: &mut Rng) -> Self {
        let mut rules = Self {
            policy: Policy::new(),
            disallowed: Ops::NONE,
            modes: 0,
            forbid: false,
            fail_nth: 0,
            budget: None,
        };
        if random.usize(..6) == 0 {
            rules.fail_nth = 1 + random.usize(..4) as u64;
            rules.policy = Policy::fail_nth(rules.fail_nth);
            return rules;
        }
        let mut policy = Policy::new();
        rules.disallowed = Ops::ALL;
        for op in [Ops::ALLOC, Ops::ZEROED, Ops::GROW, Ops::SHRINK, Ops::DEALLOC] {
            if random.usize(..3) == 0 {
                policy = policy.allow(op);
                rules.disallowed = rules.disallowed.without(op);
            }
        }
        // The last choice is no mode of its own: then the process's acts, which is the first.
        let mode = random.usize(..=MODES.len());
        if let Some(&mode) = MODES.get(mode) {
            policy = policy.mode(mode);
        }
        if random.usize(..6) == 0 {
            policy = policy.forbid();
            rules.forbid = true;
        }
        if random.usize(..3) == 0 {
            let [allocs, requests, bytes, peak] = [8, 9, 400, 200].map(|below| random.usize(..below) as u64);
            let limits = Limits { allocs, requests, bytes, peak };
            policy =
                policy.budget(Budget::new().allocs(allocs).requests(requests).bytes(bytes).peak_bytes(peak));
            rules.disallowed = rules.disallowed.without(Ops::DEALLOC.complement());
            rules.budget = Some(Budgeted { limits, ..Budgeted::default() });
        }
        if rules.budget.is_some() || rules.disallowed != Ops::NONE {
            rules.modes = 1 << (mode % MODES.len());
        }
        rules.policy = policy;
        rules
    }
}

/// What a counting region must have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) allocs: u64,
    pub(crate) reallocs: u64,
    pub(crate) deallocs: u64,
    pub(crate) failed: u64,
    pub(crate) asked: u64,
    pub(crate) freed: u64,
    pub(crate) live: i64,
    pub(crate) high: i64,
    /// The most blocks at once.
    pub(crate) high_blocks: i64,
    /// Something unwound: the panic's own events are in the counts.
    pub(crate) panicked: bool,
}

/// Something that did not do what the model says.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "read by Debug, which prints it")]
pub(crate) struct Difference {
    step: u64,
    what: &'static str,
    seen: u64,
    expected: u64,
    now: Now,
}

/// What is open on a thread.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    now: Now,
    budgets: [Budgeted; OPEN],
    budget_count: usize,
    counting: [Totals; OPEN],
    counting_count: usize,
    violations: u64,
    pub(crate) seen: Seen,
    pub(crate) difference: Option<Difference>,
}

const NO_BUDGET: Budgeted = Budgeted {
    limits: Limits { allocs: 0, requests: 0, bytes: 0, peak: 0 },
    allocs: 0,
    requests: 0,
    bytes: 0,
    live: 0,
};
const NO_TOTALS: Totals = Totals {
    allocs: 0,
    reallocs: 0,
    deallocs: 0,
    failed: 0,
    asked: 0,
    freed: 0,
    live: 0,
    high: 0,
    high_blocks: 0,
    panicked: false,
};

thread_local! {
    static CONTEXT: RefCell<Context> = const {
        RefCell::new(Context {
            now: Now::NOTHING,
            budgets: [NO_BUDGET; OPEN],
            budget_count: 0,
            counting: [NO_TOTALS; OPEN],
            counting_count: 0,
            violations: 0,
            seen: Seen {
                steps: 0,
                polls: 0,
                migrations: 0,
                cancels: 0,
                drops_inside: 0,
                violations: 0,
                refusals: 0,
                panics: 0,
                unwound: 0,
                counted: 0,
            },
            difference: None,
        })
    };
}

/// Reads or changes this thread's model.
pub(crate) fn with<R>(act: impl FnOnce(&mut Context) -> R) -> R {
    CONTEXT.with_borrow_mut(act)
}

/// True once the guard and the model differed.
pub(crate) fn differs() -> bool {
    with(|context| context.difference.is_some())
}

/// Takes note if the two are not equal.
pub(crate) fn same(what: &'static str, seen: u64, expected: u64) {
    with(|context| context.same(what, seen, expected));
}

/// Compares the thread's level and its violations.
pub(crate) fn compare(what: &'static str) {
    with(|context| {
        let Now { levels, modes, forbid, inject, budgets, .. } = context.now;
        let policy = modes != 0 || forbid || inject || budgets.1 > 0;
        let level = qadapt::protection_level() as u64;
        context.same(what, level, levels as u64 + u64::from(policy));
        context.same("violations", qadapt::violations(), context.violations);
    });
}

impl Context {
    fn same(&mut self, what: &'static str, seen: u64, expected: u64) {
        if seen != expected {
            let difference = Difference { step: self.seen.steps, what, seen, expected, now: self.now };
            self.difference.get_or_insert(difference);
        }
    }

    /// A region opens. Returns what [`Context::leave`] restores.
    pub(crate) fn enter_plain(&mut self) -> Now {
        let before = self.now;
        self.now = Now { levels: before.levels + 1, owed: 0, ..before };
        before
    }

    /// As above: a permit.
    pub(crate) fn enter_permit(&mut self) -> Now {
        let before = self.now;
        self.now = Now { owed: 0, ..before };
        if !before.forbid {
            self.now = Now { countdown: before.countdown, ..Now::NOTHING };
        }
        before
    }

    /// As above: a policy, with what is left of its budget.
    pub(crate) fn enter_policy(&mut self, rules: &Rules) -> Now {
        let before = self.now;
        let now = &mut self.now;
        now.owed = 0;
        now.ops = now.ops | rules.disallowed;
        now.modes |= rules.modes;
        now.forbid |= rules.forbid;
        if rules.fail_nth > 0 {
            now.inject = true;
            now.countdown = rules.fail_nth;
        }
        if let Some(budget) = rules.budget {
            if now.budgets.1 == 0 {
                now.budgets.0 = self.budget_count;
            }
            now.budgets.1 += 1;
            self.budgets[self.budget_count] = budget;
            self.budget_count += 1;
        }
        before
    }

    /// The region closes. Returns how many violations it owes as a panic.
    pub(crate) fn leave(&mut self, before: Now) -> u64 {
        let Now { owed, countdown, .. } = self.now;
        // A countdown that goes on from outside is the outer one's.
        self.now = Now { countdown, ..before };
        owed
    }

    /// The same for a permit, which owes nothing itself. One that is forbidden is none: what was owed inside is owed by
    /// the region around it.
    pub(crate) fn leave_permit(&mut self, before: Now) {
        let owed = self.leave(before);
        if before.forbid {
            self.now.owed += owed;
        }
    }

    /// The same for a policy, whose budget is written down and whose countdown ends.
    pub(crate) fn leave_policy(&mut self, before: Now, rules: &mut Rules) -> u64 {
        let owed = self.leave(before);
        if rules.fail_nth > 0 {
            self.now.countdown = before.countdown;
        }
        if rules.budget.is_some() {
            self.budget_count -= 1;
            rules.budget = Some(self.budgets[self.budget_count]);
        }
        owed
    }

    /// Counting goes on from these totals.
    pub(crate) fn enter_count(&mut self, totals: Totals) {
        self.counting[self.counting_count] = totals;
        self.counting_count += 1;
    }

    pub(crate) fn leave_count(&mut self) -> Totals {
        self.counting_count -= 1;
        self.counting[self.counting_count]
    }

    /// A panic's own events are in all the open counts.
    pub(crate) fn panicked(&mut self) {
        for totals in &mut self.counting[..self.counting_count] {
            totals.panicked = true;
        }
    }

    /// Takes an event into the model; true if the model refuses it.
    pub(crate) fn expect(&mut self, op: Ops, size: usize, old_size: usize) -> bool {
        let (bytes, old_bytes) = (size as u64, old_size as u64);
        let sign = if op == Ops::DEALLOC { -1 } else { 1 };
        let change = sign * i64::try_from(size).expect("small") - i64::try_from(old_size).expect("small");
        let Now { levels, ops, modes, inject, budgets, .. } = self.now;
        let open = budgets.0..budgets.0 + budgets.1;
        let is_alloc = u64::from([Ops::ALLOC, Ops::ZEROED].contains(&op));
        let over = op != Ops::DEALLOC
            && self.budgets[open.clone()].iter().any(
                |&Budgeted { limits, allocs, requests, bytes: used, live }| {
                    is_alloc > 0 && allocs + 1 > limits.allocs
                        || requests + 1 > limits.requests
                        || used + bytes > limits.bytes
                        || change > 0 && live + change > i64::try_from(limits.peak).expect("small")
                },
            );
        let mut refused = false;
        if levels > 0 || ops.contains(op) || over {
            self.violations += 1;
            self.seen.violations += 1;
            // A plain region's mode is the process's: the mildest.
            let mode = (0..MODES.len()).rev().find(|mode| modes & 1 << mode != 0).unwrap_or(0);
            self.now.owed += u64::from(MODES[mode] == Mode::Panic);
            refused = MODES[mode] == Mode::Fail && op != Ops::DEALLOC;
        }
        if !refused && inject && op != Ops::DEALLOC {
            refused = self.now.countdown == 1;
            self.now.countdown = self.now.countdown.saturating_sub(1);
        }
        self.seen.refusals += u64::from(refused);
        for totals in &mut self.counting[..self.counting_count] {
            totals.take(op, bytes, old_bytes, change, refused);
        }
        if refused {
            return true;
        }
        for budget in &mut self.budgets[open] {
            budget.live += change;
            if op != Ops::DEALLOC {
                budget.allocs += is_alloc;
                budget.requests += 1;
                budget.bytes += bytes;
            }
        }
        false
    }
}

impl Totals {
    fn take(&mut self, op: Ops, bytes: u64, old_bytes: u64, change: i64, refused: bool) {
        if refused {
            self.failed += 1;
            return;
        }
        if op == Ops::DEALLOC {
            self.deallocs += 1;
            self.freed += bytes;
        } else {
            self.asked += bytes;
            self.freed += old_bytes;
            if (Ops::GROW | Ops::SHRINK).contains(op) {
                self.reallocs += 1;
            } else {
                self.allocs += 1;
            }
        }
        self.live += change;
        self.high = self.high.max(self.live);
        self.high_blocks = self.high_blocks.max(self.allocs.cast_signed() - self.deallocs.cast_signed());
    }
}
