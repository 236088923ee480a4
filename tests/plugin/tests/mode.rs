//! The mode of a process is one for a program and its plug-in, and so is the order in which regions end that are opened by hand.
//!
//! Alone because it sets that mode.
#![cfg(all(target_os = "linux", any(debug_assertions, feature = "enforce")))]

use std::hint::black_box;

use qadapt::{Mode, QADAPT};

mod loaded;
use loaded::Plugin;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn allocate() {
    drop(black_box(Box::new(1)));
}

#[test]
fn a_mode_and_regions_opened_by_hand_are_shared() {
    let plugin = Plugin::load(&loaded::file());
    plugin.allocate(1);
    assert_eq!(qadapt::mode(), Mode::Panic);
    plugin.counts_only(true);
    assert_eq!(qadapt::mode(), Mode::Count);

    let seen = qadapt::violations();
    plugin.by_hand(true);
    allocate();
    assert_eq!(qadapt::violations() - seen, 2);
    qadapt::enter_protected();
    // The plug-in's ends, not the program's, which was opened later.
    plugin.by_hand(false);
    allocate();
    plugin.allocate(1);
    assert_eq!(qadapt::violations() - seen, 6);
    qadapt::exit_protected();
    allocate();
    plugin.allocate(1);
    assert_eq!(qadapt::violations() - seen, 6);

    qadapt::set_mode(Mode::Panic);
    plugin.by_hand(true);
    plugin.by_hand(false);
}
