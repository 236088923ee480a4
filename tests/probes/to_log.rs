//! With the feature `log` reports go to a logger that listens, and otherwise to standard error.
// expect: run listening listening
// expect: exit 0
// expect: stdout ERROR qadapt: qadapt: allocation of 16 bytes (align 1) in a protected region
// expect: stdout --> tests/probes/to_log.rs
// expect: never qadapt
// expect: run nobody-listens deaf
// expect: exit 0
// expect: stderr qadapt: allocation of 16 bytes (align 1) in a protected region

use std::mem;

use log::{LevelFilter, Log, Metadata, Record};
use qadapt::{Mode, QADAPT, assert_no_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Prints, and allocates while it does.
struct Printer;

impl Log for Printer {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "qadapt"
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}: {}", record.level(), record.target(), record.args());
        println!("{line}");
    }

    fn flush(&self) {}
}

fn main() {
    qadapt::set_mode(Mode::Log);
    if std::env::args().nth(1).expect("a case") == "listening" {
        log::set_logger(&Printer).expect("the first logger");
        log::set_max_level(LevelFilter::Trace);
    }
    assert_no_alloc(|| {
        mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(std::hint::black_box(16))));
    });
    assert_eq!(qadapt::violations(), 1);
}
