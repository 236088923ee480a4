//! Two thousand tests in one process, side by side: each counts its own events and no others'.
//!
//! Alone because its harness runs that many tests.

use qadapt::QADAPT;
use qadapt_tests::force::alloc_and_free;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn counted(size: usize) {
    if !qadapt::is_active() {
        return;
    }
    qadapt::assert_allocs!(
        alloc_and_free(size),
        allocs == 1,
        deallocs == 1,
        reallocs == 0,
        bytes == u64::try_from(size).expect("small"),
        net_bytes == 0
    );
}

fn violated(size: usize) {
    if !qadapt::is_active() {
        return;
    }
    let before = qadapt::violations();
    let count = qadapt::Policy::new().mode(qadapt::Mode::Count);
    count.run(|| alloc_and_free(size));
    assert_eq!(qadapt::violations() - before, 2);
}

/// Ten modules of whatever the next macro makes.
macro_rules! ten {
    ($next:ident $($rest:ident)*) => {
        ten!(@ $next [$($rest)*] a b c d e f g h i j);
    };
    (@ $next:ident [$($rest:ident)*] $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $i:ident $j:ident) => {
        mod $a { $next!($($rest)*); }
        mod $b { $next!($($rest)*); }
        mod $c { $next!($($rest)*); }
        mod $d { $next!($($rest)*); }
        mod $e { $next!($($rest)*); }
        mod $f { $next!($($rest)*); }
        mod $g { $next!($($rest)*); }
        mod $h { $next!($($rest)*); }
        mod $i { $next!($($rest)*); }
        mod $j { $next!($($rest)*); }
    };
}

macro_rules! two_tests {
    () => {
        #[test]
        fn counts() {
            crate::counted(1 + line!() as usize);
        }

        #[test]
        fn violates() {
            crate::violated(1 + column!() as usize);
        }
    };
}

ten!(ten ten two_tests);
