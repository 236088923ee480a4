//! What each value of `QADAPT_MODE` makes of one violation.
// expect: run default
// expect: exit 101
// expect: stderr panicked at tests/src/bin/modes.rs:{region}
// expect: after qadapt: allocation of 16 bytes (align 1)
// expect: never QADAPT_MODE
// expect: run panic
// expect: env QADAPT_MODE=panic
// expect: exit 101
// expect: stderr panicked at tests/src/bin/modes.rs:{region}
// expect: after qadapt: allocation of 16 bytes (align 1)
// expect: run log
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout 1 violations
// expect: stderr qadapt: allocation of 16 bytes (align 1)
// expect: after region entered at tests/src/bin/modes.rs:{region}
// expect: never panicked
// expect: run count
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout 1 violations
// expect: never qadapt
// expect: run abort
// expect: env QADAPT_MODE=abort
// expect: signal ABRT
// expect: stderr qadapt: allocation of 16 bytes (align 1) in the protected region entered at
// expect: after tests/src/bin/modes.rs:{region}
// expect: after ; mode abort ends the process
// expect: after modes+0x
// expect: never panicked
// expect: never after the region
// expect: run trap
// expect: env QADAPT_MODE=trap
// expect: signal TRAP
// expect: stderr qadapt: allocation of 16 bytes (align 1) in the protected region entered at
// expect: after tests/src/bin/modes.rs:{region}
// expect: after SIGTRAP
// expect: after modes+0x
// expect: never after the region
// expect: run unknown
// expect: env QADAPT_MODE=loud
// expect: exit 101
// expect: stderr QADAPT_MODE=loud is unknown
// expect: after panic, abort, log, count
// expect: after trap
// expect: after qadapt: allocation of 16 bytes (align 1)
// expect: run empty
// expect: env QADAPT_MODE=
// expect: exit 101
// expect: stderr QADAPT_MODE= is unknown
// expect: run capital
// expect: env QADAPT_MODE=LOG
// expect: exit 101
// expect: stderr QADAPT_MODE=LOG is unknown
// expect: run overridden log
// expect: env QADAPT_MODE=abort
// expect: exit 0
// expect: stderr qadapt: allocation of 16 bytes (align 1)
// expect: never mode abort
// expect: run set-abort abort
// expect: signal ABRT
// expect: stderr entered at
// expect: after tests/src/bin/modes.rs:{region}
// expect: run set-trap trap
// expect: signal TRAP
// expect: run set-count count
// expect: exit 0
// expect: never qadapt
// expect: stdout 1 violations
// expect: run set-panic panic
// expect: env QADAPT_MODE=count
// expect: exit 101

use std::env;

use qadapt::QADAPT;
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    if let Some(word) = env::args().nth(1) {
        qadapt::set_mode(word.parse().expect("a mode"));
    }
    qadapt::assert_no_alloc(|| leak(16)); // here: region
    eprintln!("after the region");
    println!("{} violations", qadapt::violations());
}
