//! QADAPT is not the global allocator here: said once, with the two lines to add, but only to who asked
//! (`tests/missing_allocator.rs` has who did not).
// expect: run mode-set regions
// expect: env QADAPT_MODE=panic
// expect: exit 0
// expect: times 1 is not watched
// expect: stderr the region at tests/src/bin/missing.rs:{first}:
// expect: after #[global_allocator]
// expect: after static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
// expect: run trace-set regions
// expect: env QADAPT_TRACE=target
// expect: exit 0
// expect: times 1 is not watched
// expect: stderr #[global_allocator]
// expect: run after-other-calls asked
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 is not watched
// expect: stderr the region at tests/src/bin/missing.rs:{asked}:
// expect: run named named
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stderr the region `gate` at tests/src/bin/missing.rs:
// expect: run entered-by-hand entered
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 is not watched
// expect: run counted counted
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 is not watched
// expect: stdout unmeasured
// expect: run no-region none
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: never qadapt
// expect: run who-only-counts regions
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: never qadapt
// expect: run a-forked-child forked
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: times 1 is not watched
// expect: run unknown-mode none
// expect: env QADAPT_MODE=x
// expect: exit 0
// expect: stderr QADAPT_MODE=x is unknown
// expect: run unknown-backtrace none
// expect: env QADAPT_BACKTRACE=ful
// expect: exit 0
// expect: stderr QADAPT_BACKTRACE=ful is unknown; write full
// expect: run empty-words none
// expect: env QADAPT_BACKTRACE=
// expect: env QADAPT_TRACE=
// expect: exit 0
// expect: never qadapt
// expect: run unknown-switches none
// expect: env QADAPT_TRACE=target
// expect: env QADAPT_WHOLE_PROGRAM=true
// expect: env QADAPT_TRACE_LIVE=yes
// expect: env QADAPT_TRACE_THREADS=0
// expect: exit 0
// expect: times 1 QADAPT_WHOLE_PROGRAM=true is unknown; write 1 to switch it on
// expect: times 1 QADAPT_TRACE_LIVE=yes is unknown
// expect: never QADAPT_TRACE_THREADS
// expect: run no-directory none
// expect: env QADAPT_TRACE=/qadapt-is-not-there/traces
// expect: exit 0
// expect: stderr the directory is not there
// expect: run no-directory-but-a-file none
// expect: env QADAPT_TRACE=Cargo.toml
// expect: exit 0
// expect: stderr qadapt: no trace in

use std::{env, thread};

use qadapt::__private::{Place, no_alloc};
use qadapt::{assert_no_alloc, count_alloc, enter_protected, exit_protected, is_active};
use qadapt_tests::force::alloc_and_free;

/// A region in a child, which exits as a process does.
#[expect(unsafe_code, reason = "std does not fork")]
fn forked() {
    // SAFETY: the child runs a region and exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        assert_no_alloc(|| alloc_and_free(8));
        std::process::exit(0);
    }
    // SAFETY: a null status is not written.
    assert_eq!(unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) }, child);
}

fn main() {
    match env::args().nth(1).expect("a case").as_str() {
        "regions" => {
            assert_no_alloc(|| alloc_and_free(8)); // here: first
            for _ in 0..3 {
                assert_no_alloc(|| alloc_and_free(8));
            }
            thread::spawn(|| assert_no_alloc(|| alloc_and_free(8))).join().expect("nothing is watched");
        }
        "asked" => {
            qadapt::set_mode(qadapt::Mode::Panic);
            assert!(qadapt::take_violation_hook().is_none());
            qadapt::set_violation_hook(|_| ());
            qadapt::reclaim(qadapt::Amount::ALL);
            assert!(!is_active());
            assert_no_alloc(|| alloc_and_free(8)); // here: asked
        }
        "named" => no_alloc(Place::named("gate"), || alloc_and_free(8)),
        "entered" => {
            enter_protected();
            alloc_and_free(8);
            exit_protected();
        }
        "counted" => {
            let (counts, ()) = count_alloc(|| alloc_and_free(8));
            assert!(!counts.is_measured());
            assert_ne!(counts.allocs(), 0);
            assert_ne!(counts.allocs(), 1);
            println!("{counts}");
        }
        "forked" => {
            assert_no_alloc(|| alloc_and_free(8));
            forked();
        }
        "none" => alloc_and_free(8),
        other => panic!("no case {other}"),
    }
    assert!(!is_active());
    assert_eq!(qadapt::violations(), 0);
}
