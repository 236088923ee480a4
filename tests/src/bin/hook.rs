//! The user's hook: called outside of any region, may allocate, may panic, may hold a region itself.
// expect: run called called
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout heard allocation 24 1 2 Some("gate") entered in hook.rs, tests/src/
// expect: stdout heard deallocation 24 1 2 Some("gate") entered in hook.rs, tests/src/
// expect: stderr qadapt: allocation of 24 bytes
// expect: off stdout nothing heard
// expect: run also-before-a-panic called
// expect: exit 101
// expect: stdout heard allocation 24 1 2
// expect: stderr panicked at
// expect: run not-in-count-mode called
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout nothing heard
// expect: run its-panic-is-caught panics
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stderr the hook's own panic
// expect: after qadapt: allocation of 24 bytes
// expect: stdout went on
// expect: off stdout went on
// expect: run its-payload-may-panic-too payload
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stderr qadapt: allocation of 24 bytes
// expect: stdout went on
// expect: run not-counted counted
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout 1 allocs
// expect: off stdout unmeasured
// expect: run replaced replaced
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout second heard
// expect: never first heard
// expect: off stdout went on
// expect: run with-a-region-of-its-own region
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stderr qadapt: allocation of 24 bytes
// expect: stdout went on
// expect: stdout heard at level 0
// expect: off stdout went on
// expect: run sets-a-hook-itself sets
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout second heard
// expect: off stdout went on
// expect: run while-the-user-panics unwinding
// expect: exit 101
// expect: stderr the user's panic
// expect: stdout heard allocation 24
// expect: off exit 101

use std::env;
use std::panic::panic_any;

use qadapt::__private::{Place, no_alloc};
use qadapt::{QADAPT, Violation, set_violation_hook};
use qadapt_tests::force::{alloc_and_free, leak};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Prints what a hook can see; printing allocates.
fn print(violation: &Violation) {
    let site = violation.site().map_or_else(String::new, |site| site.to_string());
    let file = violation.entered().map_or("", |entered| entered.file());
    let file = file.rsplit('/').next().unwrap_or_default();
    println!(
        "heard {} {} {} {} {:?} entered in {file}, {site}",
        violation.op(),
        violation.size(),
        violation.align(),
        violation.times(),
        violation.region(),
    );
}

fn violate() {
    no_alloc(Place::named("gate"), || {
        for _ in 0..std::hint::black_box(2) {
            alloc_and_free(24);
        }
    });
}

fn main() {
    let case = env::args().nth(1).expect("a case");
    match case.as_str() {
        "called" => {
            set_violation_hook(print);
            let seen = std::panic::catch_unwind(violate);
            if qadapt::violations() == 0 || env::var("QADAPT_MODE").is_ok_and(|mode| mode == "count") {
                println!("nothing heard, {} violations", qadapt::violations());
            }
            if let Err(payload) = seen {
                std::panic::resume_unwind(payload);
            }
        }
        "panics" => {
            set_violation_hook(|_| panic!("the hook's own panic"));
            violate();
        }
        "payload" => {
            struct Payload;
            impl Drop for Payload {
                fn drop(&mut self) {
                    panic!("the payload's own panic");
                }
            }
            set_violation_hook(|_| panic_any(Payload));
            violate();
        }
        "counted" => {
            set_violation_hook(|_| alloc_and_free(1000));
            let (counts, ()) = qadapt::count_alloc(|| no_alloc(Place::named("gate"), || leak(24)));
            println!("{counts}");
        }
        "replaced" => {
            set_violation_hook(|_| eprintln!("first heard"));
            set_violation_hook(|_| println!("second heard"));
            violate();
        }
        "region" => {
            set_violation_hook(|_| {
                println!("heard at level {}", qadapt::protection_level());
                qadapt::assert_no_alloc(|| alloc_and_free(48));
            });
            violate();
        }
        "sets" => {
            set_violation_hook(|_| set_violation_hook(|_| println!("second heard")));
            violate();
        }
        "unwinding" => {
            set_violation_hook(print);
            no_alloc(Place::named("gate"), || {
                leak(24);
                panic!("the user's panic");
            });
        }
        other => panic!("no case {other}"),
    }
    println!("went on");
}
