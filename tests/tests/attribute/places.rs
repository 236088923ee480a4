//! What a report says about the region.

use super::*;

const LINE: u32 = line!();
#[no_alloc]
fn unnamed(_boxed: Box<u8>) {}

#[no_alloc(name = "the mixer")]
fn named(_boxed: Box<u8>) {}

#[no_alloc]
fn r#match(_boxed: Box<u8>) {}

#[test]
fn the_report_names_the_region_and_its_line() {
    let first: fn(Box<u8>) = unnamed;
    let regions = [
        (first, concat!(module_path!(), "::unnamed"), LINE + 2),
        (named, "the mixer", LINE + 5),
        (r#match, concat!(module_path!(), "::match"), LINE + 8),
    ];
    for (region, name, line) in regions {
        let outcome = catch_unwind(AssertUnwindSafe(|| region(std::hint::black_box(Box::new(1)))));
        if !is_active() {
            outcome.expect("without checks nothing happens");
            continue;
        }
        let payload = outcome.expect_err("a box is freed inside");
        let report = payload.downcast_ref::<String>().expect("a report");
        assert!(report.contains(name), "{name}: {report}");
        let place = format!("{}:{line}:", file!());
        assert!(report.contains(&place), "{place}: {report}");
    }
}
