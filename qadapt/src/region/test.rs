//! What `#[qadapt::test]` checks besides the test's own body.

use crate::checks;
use crate::hot::blocking;
use crate::model::Place;
use crate::report::{c_is_active, live};

/// Whether the test can see violations: also those of calls that wait, if it `waits` for them, and those of C code, if it wants
/// them `with_c`. If not, says why; and panics, unless the test is expected to panic: that one must fail by returning.
#[doc(hidden)]
#[must_use]
#[track_caller]
pub fn test(place: Place, waits: bool, with_c: bool, should_panic: bool) -> bool {
    let (what, why) = if !live::is_active() {
        ("an allocation", why_not_active())
    } else if waits && !blocking::is_watched() {
        ("a blocking call", blocking::WHY_NOT)
    } else if with_c && !c_is_active() {
        ("what C allocates", WHY_NO_C)
    } else {
        return true;
    };
    let name = place.name;
    assert!(should_panic, "qadapt: `{name}` cannot see {what}, because {why}");
    eprintln!("qadapt: `{name}` cannot see {what}, because {why}");
    false
}

const fn why_not_active() -> &'static str {
    if checks::ON {
        "QADAPT is not the global allocator. Add to the test's file:\n\n    #[global_allocator]\n    static ALLOC: \
         qadapt::QADAPT = qadapt::QADAPT;\n"
    } else {
        "this build has no checks: set QADAPT_ENFORCE=1 in its environment (or use the feature `enforce`), or run the \
         tests in debug"
    }
}

const WHY_NO_C: &str = "`malloc` is not that of `qadapt-malloc`. On Linux with glibc, depend on that crate, and add to the test's \
    file:\n\n    use qadapt_malloc as _;\n\nElsewhere, and under Valgrind, C cannot be watched.\n";
