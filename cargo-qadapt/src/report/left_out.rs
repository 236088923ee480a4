//! What a report does not show.

use serde::{Deserialize, Serialize};

/// Parts of a report that are not in it, because others were chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Regions.
    pub regions: u64,
    /// Lines.
    pub lines: u64,
}

impl LeftOut {
    /// Adds what another report leaves out.
    pub fn add(&mut self, other: Self) {
        self.regions = self.regions.saturating_add(other.regions);
        self.lines = self.lines.saturating_add(other.lines);
    }

    /// True if the report is whole.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What is missing, in words; none if nothing is.
    #[must_use]
    pub fn words(self) -> Option<String> {
        let some = |number: u64, what: &str| match number {
            0 => None,
            1 => Some(format!("1 {what}")),
            many => Some(format!("{many} {what}s")),
        };
        let parts: Vec<String> =
            [some(self.regions, "region"), some(self.lines, "line")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("{} not shown: others were chosen", parts.join(" and ")))
    }
}
