//! Assertions about what an expression asks of the allocator.

use super::count::Counting;
use crate::checks;
use crate::hot::measured::{self, Records, Start};
use crate::hot::record::{Kind, Serial};
use crate::hot::{end, open, table, word};
use crate::model::{Counts, Measured};
use crate::report::excess::{self, Expectation};
use crate::report::payload;

/// What an expression asked of the allocator, with the stack of each event.
#[derive(Debug)]
pub struct Measurement {
    counts: Counts,
    records: Records,
}

impl Measurement {
    /// Runs a closure and measures it.
    #[track_caller]
    pub fn of<R>(body: impl FnOnce() -> R) -> (Self, R) {
        let recording = Recording::open();
        let mut then = None;
        let counting = Counting::open_if_live(&mut then);
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

    /// Successful allocations.
    #[must_use]
    pub fn allocs(&self) -> Measured<u64> {
        self.counts.allocs()
    }

    /// Successful reallocations.
    #[must_use]
    pub fn reallocs(&self) -> Measured<u64> {
        self.counts.reallocs()
    }

    /// Deallocations.
    #[must_use]
    pub fn deallocs(&self) -> Measured<u64> {
        self.counts.deallocs()
    }

    /// Requests that got no memory.
    #[must_use]
    pub fn failed(&self) -> Measured<u64> {
        self.counts.failed()
    }

    /// Bytes asked for.
    #[must_use]
    pub fn bytes(&self) -> Measured<u64> {
        self.counts.bytes_allocated()
    }

    /// Bytes given back.
    #[must_use]
    pub fn bytes_freed(&self) -> Measured<u64> {
        self.counts.bytes_freed()
    }

    /// Bytes asked for less bytes given back.
    #[must_use]
    pub fn net(&self) -> Measured<i64> {
        self.counts.net_bytes()
    }

    /// The most bytes live at once.
    #[must_use]
    pub fn peak(&self) -> Measured<u64> {
        self.counts.peak_bytes()
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
            if checks::ON { open::measuring(Kind::Recording, word::RECORDING, 0) } else { Serial::NONE };
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
/// The figures are `allocs`, `reallocs`, `deallocs`, `failed` (calls), `bytes` (asked for), `bytes_freed`, `net` and
/// `peak` (bytes), as in [`Counts`](crate::Counts); each is compared with `==`, `!=`, `<`, `<=`, `>` or `>=`. Nothing
/// is disallowed that is not disallowed anyway. Other threads do not count, so that tests can run side by side.
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
/// # }
/// ```
#[macro_export]
macro_rules! assert_allocs {
    ($body:expr, $($figure:ident $compare:tt $limit:expr),+ $(,)?) => {{
        let (measurement, value) = $crate::__private::Measurement::of(|| $body);
        measurement.check(&[$({
            let figure = measurement.$figure();
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

/// Asserts that an expression does not touch the allocator on this thread, and gives its value.
///
/// Unlike [`assert_no_alloc`](crate::assert_no_alloc) it always panics, whatever the mode, also where nothing is
/// watched; and permits inside do not help.
///
/// # Panics
/// As [`assert_allocs!`](crate::assert_allocs), with every figure expected to be 0.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// # if qadapt::is_active() {
/// assert_eq!(qadapt::assert_no_allocs!([3, 1, 2].iter().max()), Some(&3));
/// # }
/// ```
#[macro_export]
macro_rules! assert_no_allocs {
    ($body:expr $(,)?) => {
        $crate::assert_allocs!($body, allocs == 0, reallocs == 0, deallocs == 0, failed == 0)
    };
}
