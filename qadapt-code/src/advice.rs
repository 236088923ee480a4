//! A piece of the catalogue of advice, as reports and verdicts carry it.

use qadapt_advice::Rule;
use serde::Serialize;

/// A piece of the catalogue of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Advice {
    /// The rule's name, the same in all versions.
    pub id: &'static str,
    /// What to do instead, in one line. It names no bytes: it is for many events.
    pub text: &'static str,
}

impl Advice {
    /// What a rule of the catalogue says.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        Self { id: rule.id(), text: rule.remedy() }
    }
}
