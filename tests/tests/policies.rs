//! Policies, budgets, refusals and assertions one by one.
//!
//! Alone in its process because it installs the guard around the system's allocator.
#![expect(clippy::items_after_statements, reason = "a policy stands beside what it is tried on")]

#[path = "policies/entries.rs"]
mod entries;

use std::collections::TryReserveError;
use std::panic::{AssertUnwindSafe, catch_unwind};

use qadapt::{Budget, Mode, Ops, Policy, QADAPT, allocate_panic, count_alloc};
use qadapt_tests::force::{alloc_and_free, force_alloc};
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// The text of the panic that the closure ends with, if it does.
fn report_of(body: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(body)).err()?;
    Some(*payload.downcast::<String>().expect("the guard panics with text"))
}

#[test]
fn operations_are_told_apart() {
    if !watching("which operations a policy disallows") {
        return;
    }
    const FREES: Policy = Policy::new().allow(Ops::DEALLOC);
    const REQUESTS: Policy = Policy::new().allow(Ops::DEALLOC.complement());
    let mut block = force_alloc(8);
    assert_eq!(
        report_of(|| FREES.run(|| drop(force_alloc(8)))).map(|report| report.contains("allocation of 8")),
        Some(true)
    );
    let freed = force_alloc(9);
    assert_eq!(report_of(|| FREES.run(move || drop(freed))), None);
    assert_eq!(report_of(|| REQUESTS.run(|| std::mem::forget(force_alloc(8)))), None);
    let report = report_of(|| REQUESTS.run(|| alloc_and_free(8))).expect("the free is a violation");
    assert!(report.starts_with("qadapt: deallocation of 8 bytes"), "{report}");
    const NO_GROWTH: Policy = Policy::new().allow(Ops::GROW.complement());
    block.extend([0; 8]);
    block.truncate(1);
    assert_eq!(report_of(|| NO_GROWTH.run(|| block.shrink_to_fit())), None);
    let report = report_of(|| NO_GROWTH.run(|| block.reserve_exact(100))).expect("growth is a violation");
    assert!(report.starts_with("qadapt: reallocation from 1 to 101 bytes"), "{report}");
}

#[test]
fn a_permit_does_not_pierce_forbid() {
    if !watching("forbidding regions") {
        return;
    }
    let inside = || qadapt::permit_alloc(|| alloc_and_free(8));
    assert_eq!(report_of(|| Policy::new().run(inside)), None);
    assert!(report_of(|| Policy::new().forbid().run(inside)).is_some());
    // Two counters cannot tell this nesting: forbid, permit, forbid.
    assert!(
        report_of(|| Policy::new().run(|| qadapt::permit_alloc(|| Policy::new().forbid().run(inside))))
            .is_some()
    );
}

/// One allocation and its deallocation, from one place wherever this is called.
#[inline(never)]
fn one() {
    alloc_and_free(std::hint::black_box(1));
}

#[test]
fn a_budget_is_used_up() {
    if !watching("budgets") {
        return;
    }
    const TWO: Policy = Policy::new().allow(Ops::DEALLOC).name("two").budget(Budget::new().requests(2));
    assert_eq!(report_of(|| TWO.run(|| (0..2).for_each(|_| alloc_and_free(8)))), None);
    let report = report_of(|| TWO.run(|| (0..3).for_each(|_| alloc_and_free(8)))).expect("over the budget");
    assert!(
        report.starts_with(
            "qadapt: allocation of 8 bytes (align 1), over the budget, in the protected region `two`"
        ),
        "{report}"
    );
    // From one place, also where the loop is unrolled.
    let five: [fn(); 5] = std::hint::black_box([one; 5]);
    let report = report_of(|| TWO.run(|| five.iter().for_each(|one| one()))).expect("over the budget");
    assert!(
        report.starts_with("qadapt: allocation of 1 byte (align 1), over the budget, ")
            && report.lines().next().is_some_and(|line| {
                line.ends_with("times, in the protected region `two`") && !line.contains(",,")
            })
            || !cfg!(debug_assertions) && report.contains("over the budget, in the protected region `two`"),
        "{report}"
    );
    const BYTES: Policy = Policy::new().allow(Ops::DEALLOC).budget(Budget::new().bytes(100));
    assert_eq!(report_of(|| BYTES.run(|| alloc_and_free(100))), None);
    assert!(report_of(|| BYTES.run(|| alloc_and_free(101))).is_some());
    const PEAK: Policy = Policy::new().allow(Ops::DEALLOC).budget(Budget::new().peak_bytes(100));
    assert_eq!(report_of(|| PEAK.run(|| (0..5).for_each(|_| alloc_and_free(90)))), None);
    assert!(report_of(|| PEAK.run(|| drop((force_alloc(90), force_alloc(90))))).is_some());
    // What a permit allows does not use up the budget around it.
    assert_eq!(
        report_of(|| TWO.run(|| qadapt::permit_alloc(|| (0..9).for_each(|_| alloc_and_free(8))))),
        None
    );
}

#[test]
fn a_budget_counts_what_counts_do() {
    if !watching("budgets") {
        return;
    }
    let work = || {
        let mut block = std::hint::black_box(vec![1_u8; 64]);
        block.truncate(8);
        block.shrink_to_fit();
        block.reserve_exact(100);
        block
    };
    let (counts, block) = count_alloc(work);
    drop(block);
    assert_eq!((counts.requests().get(), counts.reallocs().get()), (Some(3), Some(2)));
    let bytes = counts.bytes().get().expect("it is measured");
    let peak = counts.peak_bytes().get().expect("it is measured");
    for (short, budget) in [
        (0, Budget::new().requests(3).bytes(bytes).peak_bytes(peak)),
        (0, Budget::new().allocs(1)),
        (1, Budget::new().allocs(0)),
        (1, Budget::new().requests(2)),
        (1, Budget::new().bytes(bytes - 1)),
        (1, Budget::new().peak_bytes(peak - 1)),
    ] {
        let policy = Policy::new().allow(Ops::DEALLOC).mode(Mode::Count).budget(budget);
        let before = qadapt::violations();
        drop(policy.run(work));
        assert_eq!(qadapt::violations() - before, short, "{budget}");
    }
    // What makes a block smaller does not go over a peak, however high that is already.
    let block = vec![1_u8; 64];
    let policy = Policy::new().mode(Mode::Count).budget(Budget::new().peak_bytes(0));
    let before = qadapt::violations();
    policy.run(|| {
        let mut more = std::hint::black_box(vec![1_u8; 9]);
        let mut block = block;
        more.truncate(1);
        more.shrink_to_fit();
        block.truncate(1);
        block.shrink_to_fit();
        std::mem::forget((more, block));
    });
    assert_eq!(qadapt::violations() - before, 1);
}

#[test]
fn a_permit_for_some_operations_is_a_policy_in_a_permit() {
    const FREES_ONLY: Policy = Policy::new().allow(Ops::DEALLOC).mode(Mode::Count);
    if !watching("permits for some operations") {
        return;
    }
    let old = force_alloc(8);
    let before = qadapt::violations();
    qadapt::assert_no_alloc(|| qadapt::permit_alloc(|| FREES_ONLY.run(|| drop(old))));
    assert_eq!(qadapt::violations(), before);
    let new = qadapt::assert_no_alloc(|| qadapt::permit_alloc(|| FREES_ONLY.run(|| force_alloc(8))));
    assert_eq!(qadapt::violations(), before + 1);
    drop(new);
    // A region that forbids permits forbids this one.
    let old = force_alloc(8);
    let strict = Policy::new().forbid().mode(Mode::Count);
    strict.run(|| qadapt::permit_alloc(|| FREES_ONLY.run(|| drop(old))));
    assert_eq!(qadapt::violations(), before + 2);
}

#[test]
fn an_iterator_goes_away_with_permission() {
    if !watching("drops with permission") {
        return;
    }
    let blocks: Vec<u64> = (0..20).collect();
    let sum: u64 = qadapt::assert_no_alloc(|| {
        let mut numbers = qadapt::PermitDrop::new(blocks.into_iter());
        assert_eq!((numbers.len(), numbers.next_back(), numbers.nth(1)), (20, Some(19), Some(1)));
        numbers.by_ref().take(2).sum::<u64>() + numbers.sum::<u64>()
    });
    assert_eq!(sum, (2..19).sum());
    // What it makes is not permitted.
    let mut texts = qadapt::PermitDrop::new([1, 2].iter().map(|_| force_alloc(8)));
    let report = report_of(|| drop(qadapt::assert_no_alloc(|| texts.next())));
    assert!(report.is_some_and(|report| report.contains("allocation of 8 bytes")));
}

#[test]
fn a_guard_panics_in_exit_and_logs_in_drop() {
    if !watching("guards") {
        return;
    }
    let region = Policy::new().name("tick").enter();
    assert_eq!(qadapt::protection_level(), 1);
    alloc_and_free(8);
    let report = report_of(|| region.exit()).expect("the region was violated");
    assert!(report.contains("`tick`"), "{report}");
    assert_eq!(qadapt::protection_level(), 0);
    let region = Policy::new().enter();
    alloc_and_free(8);
    assert_eq!(report_of(|| drop(region)), None);
    assert_eq!(qadapt::protection_level(), 0);
}

#[test]
fn a_guard_ends_its_own_region_and_no_other() {
    if !watching("guards out of order") {
        return;
    }
    const COUNT: Policy = Policy::new().mode(Mode::Count);
    let outer = COUNT.enter();
    let inner = COUNT.allow(Ops::ALL).budget(Budget::new().requests(1)).enter();
    drop(outer);
    assert_eq!(qadapt::protection_level(), 1);
    let seen = qadapt::violations();
    alloc_and_free(8);
    assert_eq!(qadapt::violations(), seen, "within the inner one's budget");
    alloc_and_free(8);
    assert_eq!(qadapt::violations(), seen + 1, "over it");
    drop(inner);
    assert_eq!(qadapt::protection_level(), 0);
    alloc_and_free(8);
    assert_eq!(qadapt::violations(), seen + 1);
}

#[test]
fn a_guard_moved_into_a_region_ends_where_it_is_dropped() {
    if !watching("moved guards") {
        return;
    }
    let guard = Policy::new().mode(Mode::Count).enter();
    qadapt::assert_no_alloc(move || {
        assert_eq!(qadapt::protection_level(), 2);
        drop(guard);
        assert_eq!(qadapt::protection_level(), 1);
    });
    assert_eq!(qadapt::protection_level(), 0);
}

#[test]
fn a_guard_that_is_forgotten_ends_with_its_closure() {
    if !watching("forgotten guards") {
        return;
    }
    const COUNT: Policy = Policy::new().mode(Mode::Count);
    COUNT.run(|| std::mem::forget(COUNT.enter()));
    assert_eq!(qadapt::protection_level(), 0);
    let escaped = qadapt::assert_no_alloc(|| COUNT.budget(Budget::new().requests(1)).enter());
    assert_eq!(qadapt::protection_level(), 0);
    let younger = COUNT.enter();
    drop(escaped);
    assert_eq!(qadapt::protection_level(), 1);
    drop(younger);
    assert_eq!(qadapt::protection_level(), 0);
}

#[test]
fn a_refused_request_is_an_error() {
    if !watching("mode fail") {
        return;
    }
    const FAIL: Policy = Policy::new().mode(Mode::Fail);
    let (counts, refused) = qadapt::count_alloc(|| {
        FAIL.run(|| {
            let mut list: Vec<u8> = Vec::new();
            list.try_reserve(64).is_err()
        })
    });
    assert!(refused);
    assert_eq!((counts.failed().get(), counts.bytes().get()), (Some(1), Some(0)));
    // A deallocation happens, and the user's own panic has the memory that it needs.
    let kept = force_alloc(8);
    FAIL.run(move || drop(kept));
    assert_eq!(report_of(|| FAIL.run(|| std::panic::panic_any(String::new()))).as_deref(), Some(""));
}

/// A parser that survives a lack of memory: comma-separated numbers into a list of lists.
fn parse(text: &str) -> Result<Vec<Vec<u32>>, TryReserveError> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let mut row = Vec::new();
        for number in line.split(',').filter_map(|cell| cell.parse().ok()) {
            row.try_reserve(1)?;
            row.push(number);
        }
        rows.try_reserve(1)?;
        rows.push(row);
    }
    Ok(rows)
}

#[test]
fn a_parser_survives_every_refusal() {
    if !watching("sweeps") {
        return;
    }
    const TEXT: &str = "1,2,3,4,5\n6\n7,8,9,10,11,12,13,14,15\n1\n2";
    let (counts, rows) = qadapt::count_alloc(|| parse(TEXT).expect("enough memory"));
    let (refused, swept) = qadapt::sweep(|| parse(TEXT));
    assert_eq!(swept.expect("the last run has enough"), rows);
    let requests =
        counts.allocs().get().zip(counts.reallocs().get()).map(|(allocs, reallocs)| allocs + reallocs);
    assert_eq!(Some(refused), requests);
    assert!(refused > 5, "{refused} requests");
}

#[test]
fn the_standard_library_and_hashbrown_survive_every_refusal() {
    if !watching("sweeps of std and hashbrown") {
        return;
    }
    let (refused, grown) = qadapt::sweep(|| {
        let mut text = String::new();
        let mut map: hashbrown::HashMap<u32, u32> = hashbrown::HashMap::new();
        let mut queue = std::collections::VecDeque::<u8>::new();
        let text_grown = text.try_reserve(10).is_ok();
        let map_grown = map.try_reserve(10).is_ok();
        let queue_grown = queue.try_reserve(10).is_ok();
        (text_grown, map_grown, queue_grown)
    });
    assert_eq!((refused, grown), (3, (true, true, true)));
}

#[test]
fn a_failed_assertion_shows_a_table_and_the_sites() {
    if !watching("the table of a failed assertion") {
        return;
    }
    let kept = qadapt::assert_allocs!(force_alloc(8), allocs == 1, bytes <= 8, peak_bytes < 9, deallocs == 0);
    assert_eq!(kept.capacity(), 8);
    let report = report_of(|| {
        qadapt::assert_allocs!(alloc_and_free(40), allocs <= 1, bytes < 32, deallocs == 0);
    })
    .expect("the assertion fails");
    for line in [
        "qadapt: the assertion about allocations failed",
        "                expected       measured",
        "   allocs       <= 1           1",
        "   bytes        < 32           40           <- not met",
        "   deallocs     == 0           1            <- not met",
        "   = 1 x allocation of 40 bytes at ",
        "   = 1 x deallocation of 40 bytes at ",
    ] {
        assert!(report.contains(line), "{line:?} is not in\n{report}");
    }
    let report = report_of(|| qadapt::assert_allocs!(alloc_and_free(1), allocs == 0)).expect("it fails");
    assert!(report.contains("   = 1 x allocation of 1 byte at "), "{report}");
    // What was recorded is no violation, now or at the process's end.
    assert_eq!(qadapt::violations(), 0);
}

#[test]
fn nothing_is_asserted_where_nothing_is_watched() {
    if qadapt::is_active() {
        assert_eq!(qadapt::assert_allocs!(2 + 2, events == 0), 4);
        return;
    }
    let report = report_of(|| {
        qadapt::assert_allocs!(2 + 2, events == 0);
    });
    assert!(report.expect("the assertion fails").contains("unmeasured"));
    let differs = report_of(|| {
        qadapt::assert_allocs!(2 + 2, allocs != 7);
    });
    assert!(differs.is_some(), "what was not measured is not known to differ");
}

#[allocate_panic(forbid, mode = "panic", allow(dealloc), budget(requests = 1, bytes = 64), name = "twice")]
fn buffers(times: usize) {
    qadapt::permit_alloc(|| (0..times).for_each(|_| alloc_and_free(8)));
}

#[test]
fn an_attribute_can_have_a_policy() {
    assert_eq!(report_of(|| buffers(1)), None);
    let report = report_of(|| buffers(2));
    assert_eq!(report.is_some(), qadapt::is_active());
    assert!(report.is_none_or(|report| report.contains("over the budget, in the protected region `twice`")));
}

/// Grows `times` times what it has allocated once.
#[allocate_panic(mode = "panic", allow(dealloc), budget(allocs = 1))]
fn grows(times: usize) -> usize {
    let mut bytes = std::hint::black_box(Vec::<u8>::with_capacity(8));
    for _ in 0..times {
        bytes.reserve_exact(bytes.capacity() + 8);
        bytes.resize(bytes.capacity(), 0);
    }
    bytes.len()
}

#[test]
fn an_attribute_can_limit_allocations_alone() {
    assert_eq!(report_of(|| assert!(grows(2) > 8)), None, "reallocations have no part in it");
    assert_eq!(report_of(twice).is_some(), qadapt::is_active());
}

#[allocate_panic(mode = "panic", allow(dealloc), budget(allocs = 1))]
fn twice() {
    (0..2).for_each(|_| alloc_and_free(8));
}

struct Meter {
    sum: u64,
}

#[allocate_panic]
impl Meter {
    const fn new() -> Self {
        Self { sum: 0 }
    }

    fn add(&mut self, n: u64) {
        self.sum += n;
    }

    fn describe(&self) -> String {
        format!("sum {}", self.sum)
    }

    #[qadapt::permit_alloc]
    fn permitted(&self) -> String {
        format!("sum {}", self.sum)
    }
}

#[test]
fn an_attribute_on_an_impl_block_marks_its_functions() {
    let mut meter = Meter::new();
    assert_eq!(report_of(|| meter.add(2)), None);
    let report = report_of(|| drop(meter.describe()));
    assert_eq!(report.is_some(), qadapt::is_active());
    assert!(report.is_none_or(|report| report.contains(concat!("`", module_path!(), "::Meter::describe`"))));
    assert_eq!(report_of(|| assert_eq!(meter.permitted(), "sum 2")), None);
}

#[count_alloc]
fn counted(size: usize) -> usize {
    force_alloc(size).capacity()
}

#[test]
fn a_counted_function_does_what_it_did() {
    assert_eq!(counted(8), 8);
    assert_eq!(report_of(|| assert_eq!(qadapt::permit_alloc(|| counted(9)), 9)), None);
}
