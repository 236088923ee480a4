//! Assertions about what an expression asks of the allocator.

use core::mem::MaybeUninit;

use super::count::{Counting, CountingCalls};
use crate::checks;
use crate::hot::measured::{self, Records, Start};
use crate::hot::record::{Kind, Serial};
use crate::hot::{end, open, table, word};
use crate::model::{Counts, Name, Place};
use crate::report::excess::{self, Expectation};
use crate::report::payload;

/// What an expression asked of the allocator, with the stack of each event.
#[derive(Debug)]
pub struct Measurement {
    counts: Counts,
    records: Records,
}

impl Measurement {
    /// Runs a closure and measures it: what these figures of [`Counts`] need.
    #[track_caller]
    pub fn of<R>(figures: &[&str], body: impl FnOnce() -> R) -> (Self, R) {
        let recording = Recording::open();
        let mut then = MaybeUninit::uninit();
        if figures.contains(&"calls") {
            let counting = CountingCalls::open(&mut then, Place::unnamed());
            let result = body();
            return (Self { counts: counting.close(), records: recording.close() }, result);
        }
        let counting = Counting::open_if_live(&mut then, Some(Name::NONE));
        let result = body();
        let counts = counting.map_or(Counts::UNMEASURED, Counting::close);
        (Self { counts, records: recording.close() }, result)
    }

    /// Panics with a table if an expectation is not met.
    #[track_caller]
    pub fn check(&self, expectations: &[Expectation]) {
        if !expectations.iter().all(Expectation::is_met) {
            payload::raise(excess::report(expectations, self.counts, &self.records));
        }
    }

    /// What was counted.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// An open recording; dropping it closes it.
struct Recording {
    serial: Serial,
    start: (Start, usize),
}

impl Recording {
    fn open() -> Self {
        let start = measured::open();
        let serial =
            if checks::ON { open::measuring(Kind::Recording, word::RECORDING) } else { Serial::NONE };
        Self { serial, start }
    }

    fn close(self) -> Records {
        measured::close(self.start)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = end::measuring(self.serial, |_, _| (), |_, _, _| ());
        measured::close(self.start);
        // Own work may hide one that is open further out from the word.
        if !table::has(Kind::Recording) {
            measured::clear();
        }
    }
}

/// Runs an expression and asserts what it asks of the allocator on this thread; gives the expression's value.
///
/// The figures are those of [`Counts`](crate::Counts), by the names of its methods: `allocs`, `bytes`, `peak_bytes`, ..; each is
/// compared with `==`, `!=`, `<`, `<=`, `>` or `>=`. `events == 0` says that the allocator is not touched at all; unlike
/// [`assert_no_alloc`](crate::assert_no_alloc) that panics in any mode, and permits inside do not help. `calls == 0` says that the thread
/// makes no system call in which it may wait, as [`count_blocking`](crate::count_blocking) counts them. Nothing is disallowed that
/// is not disallowed anyway. Other threads do not count, so that tests can run side by side.
///
/// # Panics
/// If a condition is not met, with a table of what was expected and measured, and the site of each event. Where nothing
/// is watched no condition is met.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// # if qadapt::is_active() {
/// let text = qadapt::assert_allocs!(String::from("seven"), allocs <= 1, bytes < 4096, deallocs == 0);
/// assert_eq!(text, "seven");
/// assert_eq!(qadapt::assert_allocs!([3, 1, 2].iter().max(), events == 0), Some(&3));
/// # }
/// ```
#[macro_export]
macro_rules! assert_allocs {
    ($body:expr, $($figure:ident $compare:tt $limit:expr),+ $(,)?) => {{
        let figures = &[$(::core::stringify!($figure)),+];
        let (measurement, value) = $crate::__private::Measurement::of(figures, || $body);
        measurement.check(&[$({
            let figure = measurement.counts().$figure();
            $crate::__private::Expectation::new(
                ::core::stringify!($figure),
                ::core::concat!(::core::stringify!($compare), " ", ::core::stringify!($limit)),
                figure.get(),
                figure $compare $limit,
            )
        }),+]);
        value
    }};
}
