//! Random trees of nested regions against a simple model of what each of them does.
//!
//! Alone in its process because it sets the process's mode and its panic hook.
#![expect(unsafe_code, reason = "the allocator is called directly, so that every event is a planned one")]

use std::alloc::{self, Layout};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

use qadapt::{Budget, Mode, Ops, Policy, QADAPT, Region};
use qadapt_tests::random::Random;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Steps of all threads together: entries and ends of regions, and events.
const STEPS: u64 = 1_000_000;
const THREADS: u64 = 4;
const DEPTH: usize = 6;
/// Guards that one stretch of code holds at once.
const GUARDS: usize = 3;
/// Manual regions that one thread has open at once: as many as the guard remembers.
const MANUAL: usize = 4;
/// Blocks that one thread holds at once.
const BLOCKS: usize = 16;

#[test]
fn a_million_steps_agree_with_the_model() {
    if !qadapt_tests::watching("the model of nested regions") {
        return;
    }
    qadapt::set_mode(Mode::Count);
    std::panic::set_hook(Box::new(|_| ()));
    let threads: Vec<_> =
        (0..THREADS).map(|seed| std::thread::spawn(move || Walk::new(seed).run(STEPS / THREADS))).collect();
    let ended: Vec<_> = threads.into_iter().map(std::thread::JoinHandle::join).collect();
    drop(std::panic::take_hook());
    let mut seen = Seen::default();
    for (seed, result) in ended.into_iter().enumerate() {
        match result.expect("the walk catches its own panics") {
            Ok(of_thread) => seen.add(&of_thread),
            Err(difference) => panic!("seed {seed}: {difference:?}"),
        }
    }
    // A walk that never got anywhere would agree with any model.
    let Seen { steps, violations, refusals, panics, unwound, stale, counted } = seen;
    assert!(steps >= STEPS, "{steps} steps");
    for (what, number) in [
        ("violations", violations),
        ("refusals", refusals),
        ("panics that a region owed", panics),
        ("panics of the code itself", unwound),
        ("guards dropped out of order", stale),
        ("counts compared", counted),
    ] {
        assert!(number > 100, "only {number} {what}");
    }
}

/// What a walk came across.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    steps: u64,
    violations: u64,
    refusals: u64,
    panics: u64,
    unwound: u64,
    stale: u64,
    counted: u64,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.violations += other.violations;
        self.refusals += other.refusals;
        self.panics += other.panics;
        self.unwound += other.unwound;
        self.stale += other.stale;
        self.counted += other.counted;
    }
}

/// What policies have set: the part of the protection that a guard restores.
#[derive(Clone, Copy, Debug)]
struct Flags {
    ops: Ops,
    /// A bit for each mode, by its place in [`MODES`].
    modes: u8,
    forbid: bool,
    inject: bool,
    /// Open budgets, as places in the walk's list; 0 ends it.
    budgets: [usize; DEPTH + GUARDS],
    budget_count: usize,
}

impl Flags {
    const NONE: Self = Self {
        ops: Ops::NONE,
        modes: 0,
        forbid: false,
        inject: false,
        budgets: [0; DEPTH + GUARDS],
        budget_count: 0,
    };
}

/// Modes from mild to severe; the process's default is the first.
const MODES: [Mode; 3] = [Mode::Count, Mode::Panic, Mode::Fail];

/// The protection of a stretch of code.
#[derive(Clone, Copy, Debug)]
struct Now {
    /// Plain and manual regions.
    levels: usize,
    flags: Flags,
    /// Manual regions that this stretch may close, and what the region around each had owed.
    manual: usize,
    outer_owed: [u64; MANUAL],
    /// Manual regions open on the thread.
    all_manual: usize,
    /// Guards open since the innermost closure region: manual regions are not mixed with them.
    guards: usize,
    /// What the regions around these guards had owed, and the region around the first of them.
    guards_owed: u64,
    first_owed: u64,
    /// Violations owed as a panic by the innermost region.
    owed: u64,
    /// A closure region is open, with which ends what is left open by hand.
    enclosed: bool,
    /// Requests until one is refused.
    countdown: u64,
    /// The countdown before the first open guard of this stretch that has one of its own.
    before_guards: Option<u64>,
}

impl Now {
    /// The same protection at the start of a closure region.
    fn inside(self) -> Self {
        Self { manual: 0, guards: 0, guards_owed: 0, owed: 0, enclosed: true, before_guards: None, ..self }
    }
}

#[derive(Clone, Copy, Debug)]
struct Budgeted {
    limits: (u64, u64, u64),
    allocs: u64,
    bytes: u64,
    live: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    allocs: u64,
    reallocs: u64,
    deallocs: u64,
    failed: u64,
    asked: u64,
    freed: u64,
    live: i64,
    high: i64,
}

/// A guard that is open, and what the model restores at its end.
struct Held {
    guard: Region,
    outer: Now,
    /// The countdown before, if the guard has one of its own.
    countdown: Option<u64>,
    /// False once an outer guard has ended it.
    open: bool,
}

/// The guards of one stretch of code. Unwinding drops them as locals: the last first.
struct Locals([Option<Held>; GUARDS]);

impl Drop for Locals {
    fn drop(&mut self) {
        for held in self.0.iter_mut().rev() {
            drop(held.take());
        }
    }
}

/// A step that did not do what the model says. Making one needs no memory: there may be none.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "read by Debug, which prints it")]
struct Difference {
    step: u64,
    what: &'static str,
    seen: u64,
    expected: u64,
    now: Now,
}

struct Walk {
    random: Random,
    now: Now,
    budgets: Vec<Budgeted>,
    blocks: [(*mut u8, usize); BLOCKS],
    totals: Totals,
    /// Something unwound: the panic's own events are in the counts.
    panicked: bool,
    expected_violations: u64,
    difference: Option<Difference>,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Alloc,
    Zeroed,
    Grow,
    Shrink,
    Dealloc,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            now: Now {
                levels: 0,
                flags: Flags::NONE,
                manual: 0,
                outer_owed: [0; MANUAL],
                all_manual: 0,
                guards: 0,
                guards_owed: 0,
                first_owed: 0,
                owed: 0,
                enclosed: false,
                countdown: 0,
                before_guards: None,
            },
            budgets: Vec::with_capacity(1 << 12),
            blocks: [(ptr::null_mut(), 0); BLOCKS],
            totals: Totals::default(),
            panicked: false,
            expected_violations: 0,
            difference: None,
            seen: Seen::default(),
        }
    }

    fn run(mut self, steps: u64) -> Result<Seen, Difference> {
        while self.seen.steps < steps && self.difference.is_none() {
            self.budgets.clear();
            let before = self.now;
            if catch_unwind(AssertUnwindSafe(|| self.stretch(0))).is_err() {
                // What was opened by hand outside any closure stays open.
                while qadapt::protection_level() > 0 {
                    std::mem::forget(catch_unwind(qadapt::exit_protected));
                }
                let countdown = self.now.countdown;
                self.now = Now { countdown, ..before };
            }
            self.same("level at the end", level(), 0);
        }
        for (block, size) in self.blocks {
            if !block.is_null() {
                // SAFETY: the block was allocated with this layout and not freed.
                unsafe { alloc::dealloc(block, layout(size)) };
            }
        }
        self.difference.map_or(Ok(self.seen), Err)
    }

    #[cold]
    fn differ(&mut self, what: &'static str, seen: u64, expected: u64) {
        let Self { seen: Seen { steps: step, .. }, now, .. } = *self;
        self.difference.get_or_insert(Difference { step, what, seen, expected, now });
    }

    /// Takes note if the two are not equal.
    fn same(&mut self, what: &'static str, seen: u64, expected: u64) {
        if seen != expected {
            self.differ(what, seen, expected);
        }
    }

    /// A random stretch of code: events, regions, guards. Returns early or unwinds at random.
    fn stretch(&mut self, depth: usize) {
        let mut locals = Locals([const { None }; GUARDS]);
        let held = &mut locals.0;
        for _ in 0..=self.random.below(6) {
            if self.difference.is_some() {
                break;
            }
            self.seen.steps += 1;
            match self.random.below(32) {
                0..12 => self.event(),
                12..21 if depth < DEPTH => self.region(depth),
                21..23 => self.enter(),
                23..25 => self.exit(),
                25..27 => self.open_guard(held),
                27..30 => self.end_guard(held),
                30 if depth > 0 && self.random.below(4) == 0 => {
                    self.seen.unwound += 1;
                    self.panicked = true;
                    // A payload without a size needs no memory.
                    resume_unwind(Box::new(()));
                }
                31 => break,
                _ => {}
            }
            self.compare();
        }
        // From the innermost outwards, as locals would be.
        for slot in (0..GUARDS).rev() {
            if held[slot].is_some() && self.random.below(8) != 0 {
                self.end_guard_at(held, slot, false);
            }
        }
        // The rest is never dropped: what holds them ends with the region around.
        for slot in (0..GUARDS).rev() {
            if !self.now.enclosed {
                self.end_guard_at(held, slot, false);
            } else if let Some(left) = held[slot].take() {
                std::mem::forget(left.guard);
            }
        }
        while depth == 0 && self.now.manual > 0 {
            self.exit();
        }
    }

    fn compare(&mut self) {
        let Now { levels, flags, .. } = self.now;
        let policy = flags.modes != 0 || flags.forbid || flags.inject || flags.budget_count > 0;
        let expected = u64::try_from(levels).expect("small") + u64::from(policy);
        self.same("level", level(), expected);
        self.same("violations", qadapt::violations(), self.expected_violations);
    }

    fn region(&mut self, depth: usize) {
        let before = self.now;
        match self.random.below(8) {
            0..3 => {
                self.now = Now { levels: before.levels + 1, ..before }.inside();
                let outcome =
                    catch_unwind(AssertUnwindSafe(|| qadapt::assert_no_alloc(|| self.stretch(depth + 1))));
                self.closed(before, outcome, true, None);
            }
            3..5 => {
                let (policy, after, replaced) = self.random_policy();
                self.now = after.inside();
                let outcome = catch_unwind(AssertUnwindSafe(|| policy.run(|| self.stretch(depth + 1))));
                self.closed(before, outcome, true, replaced);
            }
            5..7 => {
                let flags = if before.flags.forbid { before.flags } else { Flags::NONE };
                let levels = if before.flags.forbid { before.levels } else { 0 };
                self.now = Now { levels, flags, ..before }.inside();
                let outcome =
                    catch_unwind(AssertUnwindSafe(|| qadapt::permit_alloc(|| self.stretch(depth + 1))));
                self.closed(before, outcome, false, None);
            }
            _ => self.counted(depth),
        }
    }

    /// A closure region has closed: with a payload if it unwound. `own_countdown` is the one that it replaced.
    fn closed(
        &mut self,
        before: Now,
        outcome: std::thread::Result<()>,
        can_owe: bool,
        own_countdown: Option<u64>,
    ) {
        // What was left open by hand ended with the region, which reports for it.
        let left: u64 = self.now.outer_owed[before.all_manual..self.now.all_manual].iter().sum();
        let owed = self.now.owed + left + self.now.guards_owed;
        let countdown = self.now.before_guards.unwrap_or(self.now.countdown);
        // A permit that is forbidden is none: what was owed inside is owed by the region around it.
        let unwound = matches!(&outcome, Err(payload) if payload.is::<()>());
        let own = if !unwound {
            owed
        } else if self.now.guards > 0 {
            // Unwinding dropped the guards, which logged their own.
            left + self.now.first_owed
        } else {
            left + self.now.owed
        };
        let passed_on = if !can_owe && before.flags.forbid { own } else { 0 };
        self.now =
            Now { countdown: own_countdown.unwrap_or(countdown), owed: before.owed + passed_on, ..before };
        match outcome {
            Ok(()) if can_owe && owed > 0 => self.differ("panics of a region that owed", 0, owed),
            Ok(()) => {}
            Err(payload) if payload.is::<()>() => {
                std::mem::forget(payload);
                if self.random.below(2) == 0 {
                    resume_unwind(Box::new(()));
                }
            }
            Err(payload) => {
                self.seen.panics += 1;
                self.panicked = true;
                if !can_owe || owed == 0 {
                    self.differ("panics of a region that owed none", 1, 0);
                }
                // Freeing the report would be an event.
                std::mem::forget(payload);
            }
        }
    }

    fn counted(&mut self, depth: usize) {
        let before = self.totals;
        let panicked = std::mem::replace(&mut self.panicked, false);
        self.totals.high = before.live;
        let outcome = catch_unwind(AssertUnwindSafe(|| qadapt::count_alloc(|| self.stretch(depth + 1))));
        let now = self.totals;
        self.totals.high = now.high.max(before.high);
        match outcome {
            Ok((counts, ())) if !self.panicked => {
                self.seen.counted += 1;
                for (what, measured, expected) in [
                    ("allocs", counts.allocs(), now.allocs - before.allocs),
                    ("reallocs", counts.reallocs(), now.reallocs - before.reallocs),
                    ("deallocs", counts.deallocs(), now.deallocs - before.deallocs),
                    ("failed", counts.failed(), now.failed - before.failed),
                    ("bytes", counts.bytes_allocated(), now.asked - before.asked),
                    ("bytes freed", counts.bytes_freed(), now.freed - before.freed),
                    (
                        "peak",
                        counts.peak_bytes(),
                        u64::try_from(now.high - before.live).expect("never below 0"),
                    ),
                ] {
                    self.same(what, measured.get().expect("measured"), expected);
                }
                let net = counts.net_bytes().get().expect("measured");
                self.same("net", net.unsigned_abs(), (now.live - before.live).unsigned_abs());
                self.panicked = panicked;
            }
            Ok(_) => {}
            // Counting owes nothing: this is the code's own panic, or that of an exit.
            Err(payload) => {
                std::mem::forget(payload);
                resume_unwind(Box::new(()));
            }
        }
    }

    fn enter(&mut self) {
        if self.now.guards > 0 || self.now.all_manual == MANUAL {
            return;
        }
        qadapt::enter_protected();
        self.now.outer_owed[self.now.all_manual] = std::mem::take(&mut self.now.owed);
        self.now.levels += 1;
        self.now.manual += 1;
        self.now.all_manual += 1;
    }

    fn exit(&mut self) {
        if self.now.guards > 0 {
            return;
        }
        let outcome = catch_unwind(qadapt::exit_protected);
        let expected = self.now.manual == 0 || self.now.owed > 0;
        if self.now.manual > 0 {
            self.now.levels -= 1;
            self.now.manual -= 1;
            self.now.all_manual -= 1;
            self.now.owed = self.now.outer_owed[self.now.all_manual];
        }
        self.panicked |= outcome.is_err();
        self.same("panics of exit_protected", outcome.is_err().into(), expected.into());
        if let Err(payload) = outcome {
            std::mem::forget(payload);
        }
    }

    /// A policy, the protection under it, and the countdown that it replaces, if it has one.
    fn random_policy(&mut self) -> (Policy, Now, Option<u64>) {
        let mut after = self.now;
        let flags = &mut after.flags;
        if self.random.below(6) == 0 {
            let nth = 1 + self.random.below(4);
            after.countdown = u64::try_from(nth).expect("small");
            flags.inject = true;
            return (Policy::fail_nth(after.countdown), after, Some(self.now.countdown));
        }
        let mode = self.random.below(MODES.len() + 1);
        let mut policy = Policy::new();
        let mut disallowed = Ops::ALL;
        for op in [Ops::ALLOC, Ops::ZEROED, Ops::GROW, Ops::SHRINK, Ops::DEALLOC] {
            if self.random.below(3) == 0 {
                policy = policy.allow(op);
                disallowed = disallowed.without(op);
            }
        }
        // The last choice is no mode of its own: then the process's acts, which is the first.
        if let Some(&mode) = MODES.get(mode) {
            policy = policy.mode(mode);
        }
        if self.random.below(6) == 0 {
            policy = policy.forbid();
            flags.forbid = true;
        }
        let budgeted = self.random.below(4) == 0 && self.budgets.len() < self.budgets.capacity();
        if budgeted {
            let mut limit = |most: usize| u64::try_from(self.random.below(most)).expect("small");
            let limits = (limit(4), limit(200), limit(150));
            policy = policy.budget(Budget::new().allocs(limits.0).bytes(limits.1).peak_bytes(limits.2));
            disallowed = disallowed.without(Ops::DEALLOC.complement());
            flags.budgets[flags.budget_count] = self.budgets.len();
            flags.budget_count += 1;
            self.budgets.push(Budgeted { limits, allocs: 0, bytes: 0, live: 0 });
        }
        if budgeted || disallowed != Ops::NONE {
            flags.modes |= 1 << (mode % MODES.len());
        }
        flags.ops = flags.ops | disallowed;
        (policy, after, None)
    }

    fn open_guard(&mut self, held: &mut [Option<Held>; GUARDS]) {
        let open = held.iter().flatten().count();
        // Guards fill the slots in the order of their entry.
        if held[GUARDS - 1].is_some() || self.now.flags.budget_count >= DEPTH {
            return;
        }
        let slot = held.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        debug_assert!(open <= slot);
        let outer = self.now;
        let Now { owed, before_guards, guards, guards_owed, .. } = outer;
        let (policy, after, countdown) = self.random_policy();
        let guard = policy.enter();
        let before_guards = before_guards.or(countdown);
        let first_owed = if guards == 0 { owed } else { outer.first_owed };
        let (guards, guards_owed) = (guards + 1, guards_owed + owed);
        self.now = Now { owed: 0, before_guards, guards, guards_owed, first_owed, ..after };
        held[slot] = Some(Held { guard, outer, countdown, open: true });
    }

    fn end_guard(&mut self, held: &mut [Option<Held>; GUARDS]) {
        let last = held.iter().rposition(Option::is_some);
        let slot = if self.random.below(6) == 0 { Some(self.random.below(GUARDS)) } else { last };
        let exits = self.random.below(2) == 0;
        if let Some(slot) = slot.filter(|&slot| held[slot].is_some()) {
            self.end_guard_at(held, slot, exits);
        }
    }

    fn end_guard_at(&mut self, held: &mut [Option<Held>], slot: usize, exits: bool) {
        let Some(Held { guard, outer, countdown, open }) = held[slot].take() else {
            return;
        };
        let mut due = 0;
        if open {
            due = self.now.owed;
            for inner in held.iter_mut().skip(slot + 1).flatten() {
                if inner.open {
                    self.seen.stale += 1;
                    due += inner.outer.owed;
                    inner.open = false;
                }
            }
            let countdown = countdown.unwrap_or(self.now.countdown);
            self.now = Now { countdown, ..outer };
        }
        if !exits {
            drop(guard);
            return;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| guard.exit()));
        self.panicked |= outcome.is_err();
        self.same("panics of a guard's exit", outcome.is_err().into(), (due > 0).into());
        if let Err(payload) = outcome {
            std::mem::forget(payload);
        }
    }

    /// One random event, and what the model says of it.
    fn event(&mut self) {
        let place = self.random.below(BLOCKS);
        let (block, old) = self.blocks[place];
        let size = 1 + self.random.below(64);
        let kind = match self.random.below(3) {
            _ if block.is_null() && size % 2 == 0 => Kind::Alloc,
            _ if block.is_null() => Kind::Zeroed,
            0 => Kind::Dealloc,
            _ if size > old => Kind::Grow,
            _ => Kind::Shrink,
        };
        let old_size = if block.is_null() || kind == Kind::Dealloc { 0 } else { old };
        let size = if kind == Kind::Dealloc { old } else { size };
        let refused = self.expect(kind, size, old_size);
        let moved = match kind {
            // SAFETY: the size is not 0.
            Kind::Alloc => unsafe { alloc::alloc(layout(size)) },
            // SAFETY: the size is not 0.
            Kind::Zeroed => unsafe { alloc::alloc_zeroed(layout(size)) },
            // SAFETY: the block was allocated with the layout of its old size; the new size is not 0.
            Kind::Grow | Kind::Shrink => unsafe { alloc::realloc(block, layout(old), size) },
            Kind::Dealloc => {
                // SAFETY: the block was allocated with this layout, and its place is cleared below.
                unsafe { alloc::dealloc(block, layout(size)) };
                ptr::null_mut()
            }
        };
        if kind == Kind::Dealloc {
            self.blocks[place] = (ptr::null_mut(), 0);
        } else {
            self.same("refusals", moved.is_null().into(), refused.into());
            if !moved.is_null() {
                self.blocks[place] = (moved, size);
            }
        }
    }

    /// Takes the event into the model; true if the model refuses it.
    fn expect(&mut self, kind: Kind, size: usize, old_size: usize) -> bool {
        let ops = match kind {
            Kind::Alloc => Ops::ALLOC,
            Kind::Zeroed => Ops::ZEROED,
            Kind::Grow => Ops::GROW,
            Kind::Shrink => Ops::SHRINK,
            Kind::Dealloc => Ops::DEALLOC,
        };
        let bytes = u64::try_from(size).expect("small");
        let old_bytes = u64::try_from(old_size).expect("small");
        let change = i64::try_from(size).expect("small") - i64::try_from(old_size).expect("small");
        let Now { levels, flags, .. } = self.now;
        let open = &flags.budgets[..flags.budget_count];
        let grows = matches!(kind, Kind::Alloc | Kind::Zeroed | Kind::Grow);
        let over = grows
            && open.iter().any(|&budget| {
                let Budgeted { limits, allocs, bytes: used, live } = self.budgets[budget];
                allocs + 1 > limits.0
                    || used + bytes > limits.1
                    || live + change > i64::try_from(limits.2).expect("small")
            });
        let mut refused = false;
        if levels > 0 || flags.ops.contains(ops) || over {
            self.expected_violations += 1;
            self.seen.violations += 1;
            // A plain region's mode is the process's: the mildest.
            let mode = MODES[(0..MODES.len()).rev().find(|mode| flags.modes & 1 << mode != 0).unwrap_or(0)];
            self.now.owed += u64::from(mode == Mode::Panic);
            refused = mode == Mode::Fail && kind != Kind::Dealloc;
        }
        if !refused && flags.inject && kind != Kind::Dealloc {
            refused = self.now.countdown == 1;
            self.now.countdown = self.now.countdown.saturating_sub(1);
        }
        let totals = &mut self.totals;
        if refused {
            self.seen.refusals += 1;
            totals.failed += 1;
            return true;
        }
        match kind {
            Kind::Dealloc => {
                totals.deallocs += 1;
                totals.freed += bytes;
                totals.live -= change;
            }
            _ => {
                if matches!(kind, Kind::Grow | Kind::Shrink) {
                    totals.reallocs += 1;
                } else {
                    totals.allocs += 1;
                }
                totals.asked += bytes;
                totals.freed += old_bytes;
                totals.live += change;
            }
        }
        totals.high = totals.high.max(totals.live);
        for &budget in open {
            let budget = &mut self.budgets[budget];
            if kind == Kind::Dealloc {
                budget.live -= change;
            } else {
                budget.allocs += u64::from(grows);
                budget.bytes += bytes;
                budget.live += change;
            }
        }
        false
    }
}

fn level() -> u64 {
    u64::try_from(qadapt::protection_level()).expect("small")
}

fn layout(size: usize) -> Layout {
    Layout::array::<u8>(size).expect("small")
}
