//! After `warm_up` the standard library's first uses do not allocate, on the main thread and on another.
// expect: run warmed warmed
// expect: exit 0
// expect: stdout protected line
// expect: never qadapt
// expect: run cold cold
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stderr qadapt: allocation of
// expect: run inside-a-region inside
// expect: exit 0
// expect: never qadapt

use std::sync::mpsc;
use std::time::Duration;
use std::{env, thread};

use qadapt::{QADAPT, assert_no_alloc, count_alloc, warm_up};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Each of these allocates on its first use, or did once.
fn first_uses(receiver: &mpsc::Receiver<()>) {
    println!("protected line");
    assert!(receiver.recv_timeout(Duration::from_nanos(1)).is_err());
    assert_eq!(thread::current().id(), thread::current().id());
}

fn run(warm: bool) {
    let (_sender, receiver) = mpsc::channel();
    if warm {
        warm_up();
    }
    assert_no_alloc(|| first_uses(&receiver));
}

fn main() {
    match env::args().nth(1).expect("a case").as_str() {
        "warmed" => {
            run(true);
            thread::spawn(|| run(true)).join().expect("warmed as well");
            let (counts, ()) = count_alloc(|| println!("again"));
            assert!(!counts.is_measured() || counts.allocs() == 0, "{counts}");
        }
        "cold" => run(false),
        "inside" => assert_no_alloc(warm_up),
        other => panic!("no case {other}"),
    }
}
