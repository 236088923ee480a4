//! QADAPT.

use std::future::{Future as _, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use qadapt::GuardExt as _;
use qadapt_peers::{Ways, callbacks, main_with, pair};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() -> std::process::ExitCode {
    qadapt::set_mode(qadapt::Mode::Count);
    main_with(&Ways {
        region: Some(|turns| (0..turns).for_each(|turn| _ = black_box(qadapt::assert_no_alloc(|| turn)))),
        enter_exit: Some(|turns| {
            for _ in 0..turns {
                qadapt::enter_protected();
                qadapt::exit_protected();
            }
        }),
        permitted: Some(|turns| {
            (0..turns).for_each(|_| qadapt::assert_no_alloc(|| qadapt::permit_alloc(pair)));
        }),
        counted: Some(|turns| (0..turns).for_each(|_| _ = black_box(qadapt::count_alloc(pair)))),
        violating: Some(|turns| (0..turns).for_each(|_| qadapt::assert_no_alloc(pair))),
        shown: Some(|turns| {
            // What would be written is not what is measured.
            qadapt::set_violation_hook(|_| ());
            qadapt::set_mode(qadapt::Mode::Log);
            qadapt::assert_no_alloc(|| (0..turns).for_each(|_| pair()));
        }),
        poll: Some(|turns| {
            let mut context = Context::from_waker(Waker::noop());
            let mut future = pin!(poll_fn(|_| Poll::<()>::Pending).no_alloc());
            (0..turns).for_each(|_| _ = black_box(future.as_mut().poll(&mut context)));
        }),
        callbacks: Some(|turns| {
            callbacks(turns, |filter, block| qadapt::assert_no_alloc(|| filter.process(block)));
        }),
        recorded: None,
        is_bare: false,
    })
}
