//! What reports say of C.
//!
//! Alone in its process because it sets the hook and the mode of the process.
#![expect(unsafe_code, reason = "calls C")]

use core::hint::black_box;
use std::sync::Mutex;

use qadapt::{Mode, QADAPT, assert_no_alloc};
use qadapt_c_tests::{Habit, allocates};
use qadapt_malloc as _;
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// A report, and C's function in it.
type Said = (String, Option<String>);

static SAID: Mutex<Vec<Said>> = Mutex::new(Vec::new());
static ALONE: Mutex<()> = Mutex::new(());

/// The reports of a region round this; none where this build has no checks.
fn reports_of(habit: impl FnOnce()) -> Option<Vec<Said>> {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    qadapt::set_mode(Mode::Log);
    qadapt::set_violation_hook(|violation| {
        let said = (violation.to_string(), violation.c_function().map(str::to_owned));
        SAID.lock().expect("the hook does not panic").push(said);
    });
    assert_no_alloc(habit);
    let said = std::mem::take(&mut *SAID.lock().expect("the hook does not panic"));
    watching("the reports").then_some(said)
}

/// The number of this file's line that ends in this mark.
fn line(mark: &str) -> usize {
    number_of(include_str!("reports.rs"), &format!("// here: {mark}"))
}

fn number_of(text: &str, end: &str) -> usize {
    text.lines().position(|line| line.ends_with(end)).expect("the mark is there") + 1
}

#[test]
fn a_copy_that_c_makes_is_told() {
    let Some(said) = reports_of(|| {
        // SAFETY: a C string.
        let copy = black_box(unsafe { libc::strdup(c"text".as_ptr()) }); // here: copy
        // SAFETY: the line above made it.
        unsafe { libc::free(copy.cast()) }
    }) else {
        return;
    };
    let [(first, function), (second, freeing)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((function.as_deref(), freeing.as_deref()), (Some("malloc"), Some("free")));
    let place = format!("tests/reports.rs:{}:", line("copy"));
    assert!(
        first.starts_with("qadapt: C allocation of 5 bytes (align 16) in a protected region\n"),
        "{first}"
    );
    assert!(first.contains(&format!("--> {place}")), "{first}");
    assert!(first.contains("   = in C: `malloc`, called by `"), "{first}");
    assert!(first.contains("strdup`; called from Rust at "), "{first}");
    assert!(first.contains(&format!("called from Rust at {place}")), "{first}");
    assert!(!first.contains("qadapt_malloc"), "{first}");
    assert!(second.starts_with("qadapt: C deallocation of "), "{second}");
    assert!(second.contains("   = in C: `free`, called from Rust at "), "{second}");
}

#[test]
fn a_line_of_c_is_named_and_the_line_of_rust_that_called_it() {
    let Some(said) = reports_of(|| {
        black_box(allocates(black_box(77)));
    }) else {
        return;
    };
    let [(report, function)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(function.as_deref(), Some("malloc"));
    let c = number_of(include_str!("../native/habits.c"), "/* here: allocates */");
    assert!(report.starts_with("qadapt: C allocation of 77 bytes (align 16)"), "{report}");
    assert!(report.contains(&format!("native/habits.c:{c}:")), "{report}");
    assert!(report.contains("return malloc(size);"), "{report}");
    // Optimised, the first line of Rust is the one that calls the wrapper.
    let way = "   = in C: `malloc`, called by `c_allocates`; called from Rust at ";
    let rust = report.split_once(way).unwrap_or_else(|| panic!("{report}")).1;
    assert!(rust.starts_with("src/lib.rs:") || rust.starts_with("tests/reports.rs:"), "{report}");
}

#[test]
fn what_rust_allocates_is_not_called_c_s() {
    let Some(said) = reports_of(|| drop(black_box(Box::new(7_u64)))) else { return };
    assert_eq!(said.len(), 2);
    for (report, function) in said {
        assert!(function.is_none() && !report.contains("C allocation"), "{report}");
        assert!(report.contains("location of 8 bytes (align 8)"), "{report}");
    }
}

#[test]
fn whatever_c_does_has_a_report() {
    // Rust lies further out than SQLite's stacks are recorded: they are deeper than 32 frames.
    for (name, habit) in Habit::all().filter(|(name, _)| *name != "sqlite") {
        let Some(said) = reports_of(|| habit.follow()) else { return };
        assert!(!said.is_empty(), "{name}");
        for (report, function) in said {
            assert!(function.is_some(), "{name}: {report}");
            assert!(report.contains("called from Rust at "), "{name}: {report}");
        }
    }
}
