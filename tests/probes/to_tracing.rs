//! With the feature `tracing` reports go to a subscriber that listens, and otherwise to standard error.
// expect: run listening listening
// expect: exit 0
// expect: stdout ERROR qadapt message=qadapt: allocation of 16 bytes (align 1) in a protected region
// expect: stdout --> tests/probes/to_tracing.rs
// expect: never qadapt
// expect: run nobody-listens deaf
// expect: exit 0
// expect: stderr qadapt: allocation of 16 bytes (align 1) in a protected region

use std::fmt::Debug;
use std::mem;

use qadapt::{Mode, QADAPT, assert_no_alloc};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Prints events, and allocates while it does.
struct Printer;

impl Visit for Printer {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let line = format!(" {}={value:?}", field.name());
        println!("{line}");
    }
}

impl Subscriber for Printer {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "qadapt"
    }

    fn event(&self, event: &Event<'_>) {
        print!("{} {}", event.metadata().level(), event.metadata().target());
        event.record(&mut Printer);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn main() {
    qadapt::set_mode(Mode::Log);
    if std::env::args().nth(1).expect("a case") == "listening" {
        tracing::subscriber::set_global_default(Printer).expect("the first subscriber");
    }
    assert_no_alloc(|| {
        mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(std::hint::black_box(16))));
    });
    assert_eq!(qadapt::violations(), 1);
}
