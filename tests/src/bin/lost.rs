//! What does not fit is counted as lost, and said.
// expect: run a-dozen-in-a-region few
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 12 qadapt: allocation of 17 bytes
// expect: never were lost
// expect: never never closed
// expect: stdout 12 violations
// expect: off stdout 0 violations
// expect: run before-a-panic few
// expect: exit 101
// expect: times 1 panicked at
// expect: times 12 qadapt: allocation of 17 bytes
// expect: run at-the-processs-end open
// expect: exit 6
// expect: times 12 qadapt: allocation of 17 bytes
// expect: never were lost
// expect: off exit 6
// expect: run many-stacks many
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout 1500 violations, 1500 heard, 1500 with a site
// expect: never could not be recorded
// expect: off stdout 0 violations
// expect: run what-passes-leaves-nothing passing
// expect: exit 101
// expect: stderr qadapt: allocation of 17 bytes
// expect: after qadapt_tests::force::leak
// expect: off skip no assertion passes there
// expect: run lines-are-thinned thinned
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 3 more violations in a protected region
// expect: times 2 were lost there so far; the next line is at ten times as many
// expect: off exit 0
// expect: run full-table-in-panic-mode one-more
// expect: exit 101
// expect: stderr qadapt: allocation of 17 bytes
// expect: after its call stack could not be recorded, since there is no room for more stacks
// expect: off skip nothing panics there
// expect: run full-table-at-the-processs-end full-open
// expect: exit 8
// expect: stderr qadapt: 98976 more violations in a protected region
// expect: after qadapt: violations lost in protected regions that were never closed: 1
// expect: times 1024 qadapt: allocation of 17 bytes
// expect: off exit 8

use std::env;
use std::hint::black_box;
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};

use qadapt::{Mode, QADAPT, assert_allocs, assert_no_alloc, permit_alloc, set_mode, violations};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// One allocation, at a stack that the low bits of `path` choose: each two pick one of four ways.
#[inline(never)]
fn descend(path: u32, bits: u32) -> u32 {
    if bits == 0 {
        leak(17);
        return 0;
    }
    let (path, next, bits) = (path >> 2, black_box(path) & 3, bits - 2);
    match next {
        0 => north(path, bits),
        1 => east(path, bits),
        2 => south(path, bits),
        _ => west(path, bits),
    }
}

/// Functions that no optimiser takes for one.
macro_rules! ways {
    ($($way:ident $number:literal)*) => {$(
        #[inline(never)]
        fn $way(path: u32, bits: u32) -> u32 {
            descend(path, bits) + black_box($number)
        }
    )*};
}

ways! { north 1 east 2 south 3 west 4 }

/// Fills the table of stacks, and reports next to nothing of it.
fn fill() {
    set_mode(Mode::Log);
    assert_no_alloc(|| {
        for path in 0..100_000 {
            descend(path, 18);
        }
    });
    set_mode(Mode::Panic);
}

fn main() {
    match env::args().nth(1).expect("a case").as_str() {
        "few" => {
            // below: few
            assert_no_alloc(|| {
                for path in 0..12 {
                    descend(path, 4);
                }
            });
            println!("{} violations", violations());
        }
        "open" => assert_no_alloc(|| {
            for path in 0..12 {
                descend(path, 4);
            }
            permit_alloc(|| exit(6));
        }),
        "many" => {
            static HEARD: AtomicU64 = AtomicU64::new(0);
            static SITES: AtomicU64 = AtomicU64::new(0);
            qadapt::set_violation_hook(|violation| {
                HEARD.fetch_add(violation.times(), Ordering::Relaxed);
                SITES.fetch_add(u64::from(violation.site().is_some()), Ordering::Relaxed);
            });
            for path in 0..1500 {
                assert_no_alloc(|| descend(path, 12));
            }
            let (heard, sites) = (HEARD.load(Ordering::Relaxed), SITES.load(Ordering::Relaxed));
            println!("{} violations, {heard} heard, {sites} with a site", violations());
        }
        "one-more" => {
            fill();
            assert_no_alloc(|| descend(0, 10));
        }
        "passing" => {
            for round in 0..100 {
                for path in 0..1000 {
                    assert_allocs!(descend(path + round, 12), allocs == 1, bytes <= 17);
                }
            }
            assert_no_alloc(|| descend(0, 10));
        }
        "thinned" => {
            // 76 more a region than there is room for.
            for _ in 0..50 {
                assert_no_alloc(|| {
                    for path in 0..1100 {
                        descend(path, 12);
                    }
                });
            }
        }
        "full-open" => {
            fill();
            assert_no_alloc(|| {
                descend(0, 10);
                permit_alloc(|| exit(8));
            });
        }
        other => panic!("no case {other}"),
    }
}
