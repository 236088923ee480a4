//! A program that installs QADAPT and uses every kind of region: it runs under Miri as it is.

use std::hint::black_box;

use qadapt::{Budget, GuardExt as _, Mode, Ops, Policy, QADAPT};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const STRICT: Policy =
    Policy::new().name("strict").allow(Ops::DEALLOC).forbid().budget(Budget::new().requests(1).bytes(64));

fn main() {
    qadapt::set_mode(Mode::Count);
    qadapt::assert_no_alloc(|| drop(black_box(Box::new(1_u8))));
    STRICT.run(|| {
        drop(black_box(vec![1_u8; 10]));
        qadapt::permit_alloc(|| drop(black_box(Box::new(2_u8))));
        qadapt::assert_no_alloc(|| STRICT.run(|| drop(black_box(Box::new(3_u8)))));
    });
    let outer = STRICT.enter();
    let inner = STRICT.enter();
    drop(black_box(Box::new(4_u8)));
    drop(outer);
    inner.exit();
    qadapt::enter_protected();
    qadapt::assert_no_alloc(|| qadapt::permit_alloc(|| drop(black_box(Box::new(5_u8)))));
    qadapt::exit_protected();
    let mut polled = std::pin::pin!(async { black_box(vec![6_u8; 3]).len() }.no_alloc());
    let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
    assert!(polled.as_mut().poll(context).is_ready());
    let (counts, sum) = qadapt::count_alloc(|| {
        let token = Policy::current();
        std::thread::scope(|scope| {
            let worker = scope.spawn(move || token.run(|| black_box(vec![1, 2, 3]).iter().sum::<i32>()));
            worker.join().expect("it does not panic")
        })
    });
    assert_eq!(sum, 6);
    assert_eq!(counts.is_measured(), qadapt::is_active());
    println!("level {}, {} violations", qadapt::protection_level(), qadapt::violations());
}
