//! What a failed assertion about allocations says.

use core::fmt::Write as _;

use super::violation::Violation;
use crate::hot::measured::{ROOM, Records};
use crate::hot::{blocking, own_work};
use crate::model::Counts;

/// One condition of an assertion.
#[derive(Clone, Copy, Debug)]
pub struct Expectation {
    figure: &'static str,
    condition: &'static str,
    measured: Option<i128>,
    met: bool,
}

impl Expectation {
    /// A condition on a figure, both as the user wrote them, and what was measured.
    #[must_use]
    pub fn new(
        figure: &'static str,
        condition: &'static str,
        measured: Option<impl Into<i128>>,
        met: bool,
    ) -> Self {
        // What was not measured is not equal to anything.
        let met = met && measured.is_some();
        Self { figure, condition, measured: measured.map(Into::into), met }
    }

    pub(crate) const fn is_met(&self) -> bool {
        self.met
    }
}

/// The table of what was expected and measured, and the site of each event.
pub(crate) fn report(
    expectations: &[Expectation],
    counts: Counts,
    Records { entries, lost }: &Records,
) -> String {
    own_work::as_own_work(|| {
        let mut text = String::from("qadapt: the assertion about allocations failed\n");
        row(&mut text, "", "expected", "measured", "");
        for Expectation { figure, condition, measured, met } in expectations {
            let measured = measured.map_or_else(|| "unmeasured".to_owned(), |measured| measured.to_string());
            row(&mut text, figure, condition, &measured, if *met { "" } else { "<- not met" });
        }
        if !counts.is_measured() {
            text.push_str(
                "   = nothing is watched in this build: QADAPT must be the global allocator, and a release build needs \
                 QADAPT_ENFORCE=1 in its environment (or the feature `enforce`)\n",
            );
        }
        if counts.misses_calls() {
            let _ = writeln!(text, "   = blocking calls are not watched here: {}", blocking::WHY_NOT);
        }
        for recorded in entries.iter().flatten() {
            let event = Violation::event(&recorded.request, recorded.stack, recorded.times);
            let _ = write!(text, "   = {}", event.line());
        }
        if *lost > 0 {
            let _ =
                writeln!(text, "   = {lost} more events are not listed: a thread keeps {ROOM} distinct ones");
        }
        text
    })
}

fn row(text: &mut String, figure: &str, expected: &str, measured: &str, note: &str) {
    let line = format!("   {figure:<12} {expected:<14} {measured:<12} {note}");
    text.push_str(line.trim_end());
    text.push('\n');
}
