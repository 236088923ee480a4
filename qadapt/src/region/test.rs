//! What `#[qadapt::test]` checks besides the test's own body.

use crate::checks;
use crate::hot::blocking;
use crate::model::Place;
use crate::report::live;

/// Whether the test can see violations, those of calls that wait included if it `waits` for them. If not, says why; and panics, unless the test is expected to panic: that one
/// must fail by returning.
#[doc(hidden)]
#[must_use]
#[track_caller]
pub fn test(place: Place, waits: bool, should_panic: bool) -> bool {
    if live::is_active() {
        return !waits || sees_waits(place, should_panic);
    }
    let name = place.name;
    let why = if checks::ON {
        "QADAPT is not the global allocator. Add to the test's file:\n\n    #[global_allocator]\n    static ALLOC: \
         qadapt::QADAPT = qadapt::QADAPT;\n"
    } else {
        "this build has no checks: set QADAPT_ENFORCE=1 in its environment (or use the feature `enforce`), or run the \
         tests in debug"
    };
    assert!(should_panic, "qadapt: `{name}` cannot see an allocation, because {why}");
    eprintln!("qadapt: `{name}` cannot see an allocation, because {why}");
    false
}

/// The same of system calls.
#[track_caller]
fn sees_waits(place: Place, should_panic: bool) -> bool {
    if blocking::is_watched() {
        return true;
    }
    let (name, why) = (place.name, blocking::WHY_NOT);
    assert!(should_panic, "qadapt: `{name}` cannot see a blocking call, because {why}");
    eprintln!("qadapt: `{name}` cannot see a blocking call, because {why}");
    false
}
