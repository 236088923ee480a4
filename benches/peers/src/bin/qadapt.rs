//! QADAPT.

use std::hint::black_box;

use qadapt_peers::{Ways, main_with, pair};

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
        recorded: None,
    })
}
