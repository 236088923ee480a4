//! A program with QADAPT that loads a plug-in with a QADAPT of its own: the two have one guard.
//!
//! Alone because it loads files, which stay for as long as the process.
#![cfg(all(target_os = "linux", any(debug_assertions, feature = "enforce")))]

use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use qadapt::{Mode, Policy, QADAPT, assert_no_alloc, count_alloc, permit_alloc};
use qadapt_tests::force;

mod loaded;
use loaded::Plugin;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Plugin::load(&loaded::file()));

/// The plug-in, whose functions this thread has called: what that allocates once is done.
fn plugin() -> &'static Plugin {
    PLUGIN.allocate(1);
    PLUGIN.violations();
    &PLUGIN
}

/// What a body's panic says.
fn report(body: impl FnOnce()) -> String {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(()) => String::new(),
        Err(payload) => *payload.downcast::<String>().expect("a report"),
    }
}

extern "C" fn allocate() {
    drop(black_box(Box::new(1)));
}

extern "C" fn allocate_in_the_plugin() {
    PLUGIN.allocate(1);
}

extern "C" fn allocate_thrice() {
    allocate();
    allocate_in_the_plugin();
    allocate();
}

extern "C" fn allocate_permitted() {
    permit_alloc(|| allocate_thrice());
}

extern "C" fn nothing() {}

#[test]
fn a_region_of_the_program_sees_what_the_plugin_allocates() {
    let plugin = plugin();
    assert!(plugin.is_active() && qadapt::is_active());
    let before = qadapt::violations();
    let report = report(|| assert_no_alloc(|| plugin.allocate(3)));
    assert!(report.contains("allocation of 4 bytes (align 4), 3 times, in a protected region"), "{report}");
    assert!(
        report.contains("  (libqadapt_plugin.so)\n") && report.contains("plugin_allocate  src/lib.rs:"),
        "{report}"
    );
    // Each box is given back.
    assert_eq!(qadapt::violations() - before, 6);
    assert_eq!(plugin.violations(), qadapt::violations(), "one count");
}

#[test]
fn a_region_of_the_plugin_sees_what_the_program_allocates() {
    let report = plugin().protect(allocate);
    assert!(report.contains("allocation of 4 bytes (align 4) in a protected region"), "{report}");
    assert!(report.contains("--> tests/host.rs:"), "{report}");
    assert!(report.contains("region entered at tests/plugin/src/lib.rs:"), "{report}");
    assert_eq!(plugin().protect(nothing), "");
    assert_eq!(qadapt::protection_level(), 0);
    allocate();
}

#[test]
fn a_region_of_the_plugin_sees_its_own_allocations() {
    let report = plugin().protect(allocate_in_the_plugin);
    assert!(report.contains("plugin_allocate"), "{report}");
    assert_eq!(plugin().protect(nothing), "");
}

#[test]
fn an_event_is_reported_once_and_by_the_innermost_region() {
    let plugin = plugin();
    let before = qadapt::violations();
    let inner = Cell::new(String::new());
    let outer = report(|| assert_no_alloc(|| inner.set(permit_alloc(|| plugin.protect(allocate)))));
    assert_eq!(outer, "", "the plug-in's region has said it");
    assert!(inner.take().contains("allocation of 4 bytes"));
    assert_eq!(qadapt::violations() - before, 2);
}

#[test]
fn a_permit_holds_on_both_sides() {
    let plugin = plugin();
    assert_no_alloc(|| plugin.permit(allocate));
    assert_no_alloc(|| plugin.permit(allocate_in_the_plugin));
    assert_eq!(plugin.protect(allocate_permitted), "");
    let forbidden = report(|| Policy::new().forbid().run(|| plugin.permit(allocate_in_the_plugin)));
    assert!(forbidden.contains("plugin_allocate"), "{forbidden}");
}

#[test]
fn a_level_is_one_for_both() {
    extern "C" fn protected() {
        assert_eq!((PLUGIN.level(), qadapt::protection_level()), (1, 1));
        assert_eq!(permit_alloc(|| PLUGIN.level()), 0);
    }
    extern "C" fn permitted() {
        assert_eq!((PLUGIN.level(), qadapt::protection_level()), (0, 0));
    }
    let plugin = plugin();
    permitted();
    Policy::new().mode(Mode::Count).run(|| protected());
    assert_no_alloc(|| {
        protected();
        assert_no_alloc(|| assert_eq!(plugin.level(), 2));
        plugin.permit(permitted);
    });
    assert_eq!(plugin.protect(protected), "");
    permitted();
}

#[test]
fn a_region_in_the_plugin_s_permit_protects_again() {
    extern "C" fn protected() {
        Policy::new().mode(Mode::Count).run(|| PLUGIN.allocate(1));
    }
    let plugin = plugin();
    let seen = qadapt::violations();
    assert_no_alloc(|| plugin.permit(protected));
    assert_eq!(qadapt::violations() - seen, 2);
}

#[test]
fn a_count_has_what_the_plugin_allocates() {
    let plugin = plugin();
    let (counts, ()) = count_alloc(|| {
        plugin.allocate(5);
        drop(force::force_alloc(10));
    });
    assert_eq!((counts.allocs().get(), counts.bytes().get()), (Some(6), Some(30)));
    assert_eq!((counts.deallocs().get(), counts.net_bytes().get()), (Some(6), Some(0)));
}

#[test]
fn what_a_plugin_s_guard_does_itself_is_no_thread_s_first_touch() {
    let plugin = plugin();
    let thread = std::thread::spawn(|| {
        plugin.takes_hook();
        let report = plugin.budget(0, allocate);
        assert!(report.contains("over the budget"), "{report}");
        assert_eq!(qadapt::protection_level(), 0);
        let report = plugin.protect(allocate);
        assert!(report.contains("allocation of"), "{report}");
        allocate();
    });
    thread.join().expect("nothing is left open");
}

#[test]
fn a_budget_is_one_for_both() {
    let plugin = plugin();
    assert_eq!(plugin.budget(2, allocate), "");
    let report = plugin.budget(2, allocate_thrice);
    assert!(report.contains("over the budget"), "{report}");
    assert_eq!(report.matches("qadapt: allocation").count(), 1, "{report}");
}

#[test]
fn a_refusal_of_one_reaches_the_other() {
    let plugin = plugin();
    assert!(plugin.try_to_allocate());
    let refused = Policy::new().mode(Mode::Fail).run(|| plugin.try_to_allocate());
    assert!(!refused);
    thread_local! {
        static REFUSED: Cell<bool> = const { Cell::new(false) };
    }
    extern "C" fn try_here() {
        let mut bytes = Vec::<u8>::new();
        REFUSED.set(black_box(&mut bytes).try_reserve_exact(10).is_err());
    }
    plugin.refuse(try_here);
    assert!(REFUSED.get());
}

#[test]
fn what_a_panic_of_the_plugin_s_allocates_is_no_violation() {
    let plugin = plugin();
    let seen = qadapt::violations();
    let report = report(|| Policy::new().mode(Mode::Count).run(|| assert!(plugin.panics())));
    assert_eq!((report.as_str(), qadapt::violations() - seen), ("", 0));
}

#[test]
fn a_system_call_of_one_is_seen_by_a_region_of_the_other() {
    extern "C" fn sleep() {
        std::thread::sleep(std::time::Duration::from_micros(1));
    }
    extern "C" fn sleep_in_the_plugin() {
        PLUGIN.sleep();
    }
    let plugin = plugin();
    let is_seen = qadapt::is_blocking_watched();
    assert_eq!(plugin.sees_calls(), is_seen);
    for asleep in [sleep, sleep_in_the_plugin] {
        assert_eq!(plugin.hurry(asleep).contains("clock_nanosleep (sleep"), is_seen);
    }
    let report = report(|| qadapt::no_blocking(|| plugin.sleep()));
    assert_eq!(report.contains("clock_nanosleep (sleep"), is_seen, "{report}");
    assert_eq!(report.contains("plugin_sleep"), is_seen, "{report}");
    assert_eq!(plugin.hurry(allocate), "");
}

#[test]
fn a_budget_of_calls_is_one_for_all_polls_of_a_plugin_s_future() {
    let plugin = plugin();
    let is_seen = qadapt::is_blocking_watched();
    assert_eq!([plugin.turns(2), plugin.turns(5)], if is_seen { [0, 3] } else { [0, 0] });
    // The calls come to the host, and the plug-in does not say that there were none.
    assert!(!plugin.counts_calls());
    let (counts, ()) = qadapt::count_blocking(|| plugin.sleep());
    assert_eq!(counts.calls().get(), is_seen.then_some(1));
}

#[test]
fn a_thread_that_the_plugin_has_not_seen_is_watched_too() {
    let plugin = plugin();
    let report = std::thread::spawn(|| {
        let plugin = &*PLUGIN;
        report(|| assert_no_alloc(|| plugin.allocate(1)))
    });
    assert!(report.join().expect("no panic").contains("plugin_allocate"));
    plugin.allocate(1);
}
