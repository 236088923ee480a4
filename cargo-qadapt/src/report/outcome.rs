//! What a check found, for every format to print.

use serde::Serialize;

/// All findings of a check, failures first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The findings.
    pub findings: Vec<Finding>,
}

/// One thing that a check has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub rule: Rule,
    /// The region's place in the report, if it is about one that was entered.
    pub region: Option<usize>,
    /// The profile's place in the report, if it is about one.
    pub profile: Option<usize>,
    /// One sentence for people: what was found, against what, and what to do.
    pub message: String,
    /// Lines that the baseline does not have, as places in the report's lines (`sites::lines`).
    pub lines: Vec<usize>,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A region does more than the baseline says.
    MoreThanBaseline,
    /// A region does more than a budget of `qadapt.toml` lets it.
    OverBudget,
    /// A region that the baseline does not know violates.
    NotInBaseline,
    /// A region does less than the baseline says, which can be tightened.
    LessThanBaseline,
    /// A region varies from run to run.
    Varies,
    /// An entry of `qadapt.toml` or of the baseline matches nothing any more.
    Unmatched,
}

impl Rule {
    /// True if it makes the check fail.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::MoreThanBaseline | Self::OverBudget | Self::NotInBaseline)
    }
}

impl Outcome {
    /// True if a finding makes the check fail.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.findings.iter().any(|finding| finding.rule.is_failure())
    }
}
