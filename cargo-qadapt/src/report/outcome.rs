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
    /// The places in the report of the profiles in which it is so; none if it is about no profile.
    pub profiles: Vec<usize>,
    /// One sentence for people: what was found, against what, and what to do.
    pub message: String,
    /// Lines that the baseline does not have, or has less often, as places in the report's lines (`lines::lines`);
    /// none where the region alone can be named.
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
    /// A region that the baseline does not know does something, and violates nothing.
    NewRegion,
    /// A region does less than the baseline says, which can be tightened.
    LessThanBaseline,
    /// A region varies from run to run.
    Varies,
    /// An entry of `qadapt.toml` or of the baseline matches nothing any more.
    Unmatched,
}

impl Finding {
    /// True if it speaks of this profile, or of none.
    #[must_use]
    pub fn is_of(&self, profile: usize) -> bool {
        self.profiles.is_empty() || self.profiles.contains(&profile)
    }
}

impl Rule {
    /// All of them, failures first.
    pub const ALL: [Self; 7] = [
        Self::MoreThanBaseline,
        Self::OverBudget,
        Self::NotInBaseline,
        Self::NewRegion,
        Self::LessThanBaseline,
        Self::Varies,
        Self::Unmatched,
    ];

    /// True if it makes the check fail.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::MoreThanBaseline | Self::OverBudget | Self::NotInBaseline)
    }

    /// A name that stays the same.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::MoreThanBaseline => "more-than-baseline",
            Self::OverBudget => "over-budget",
            Self::NotInBaseline => "not-in-baseline",
            Self::NewRegion => "new-region",
            Self::LessThanBaseline => "less-than-baseline",
            Self::Varies => "varies",
            Self::Unmatched => "unmatched",
        }
    }

    /// What it is about, in one sentence.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::MoreThanBaseline => "A region does more than the baseline says.",
            Self::OverBudget => "A region does more than a budget of qadapt.toml lets it.",
            Self::NotInBaseline => "A region that the baseline does not know violates.",
            Self::NewRegion => {
                "A region that the baseline does not know does something that it is allowed to."
            }
            Self::LessThanBaseline => "A region does less than the baseline says, which can be tightened.",
            Self::Varies => "A region varies from run to run.",
            Self::Unmatched => "An entry of qadapt.toml or of the baseline matches nothing any more.",
        }
    }
}

impl Outcome {
    /// True if a finding makes the check fail.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.findings.iter().any(|finding| finding.rule.is_failure())
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn rules_have_one_name_and_failures_come_first() {
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_value(rule).expect("it is a string"), rule.id());
        }
        assert!(Rule::ALL.is_sorted() && Rule::ALL.is_sorted_by_key(|rule| !rule.is_failure()));
    }
}
