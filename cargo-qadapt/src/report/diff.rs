//! What differs between profiles.

/// In which of the profiles something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// There is only one profile, or it happens in none.
    Nothing,
    /// In all, equally often.
    Same,
    /// In all, more often in some than in others.
    Differs,
    /// In these only.
    Only(Vec<String>),
    /// In all; how often cannot be compared, and why.
    Both(Doubt),
    /// It was seen in these only; whether it happens in the others is not known, and why.
    Seen(Vec<String>, Doubt),
}

/// Why figures of a profile cannot be compared with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The program has no lines for what is on the stack.
    NoLines,
    /// A stack had too many frames, or no room.
    Cut,
    /// Only some events have their stacks recorded.
    Sampled,
    /// No call could be seen.
    Unmeasured,
    /// A call is made where there is something to wait for.
    Moment,
}

impl Doubt {
    /// In words, as an end of "not compared: ..".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoLines => "no debug information",
            Self::Cut => "stacks are cut",
            Self::Sampled => "stacks are sampled",
            Self::Unmeasured => "blocking calls are unmeasured",
            Self::Moment => "waiting depends on the moment",
        }
    }
}

/// Compares how often something happened in each profile.
#[must_use]
pub fn presence(profiles: &[&str], counts: &[u64]) -> Presence {
    let with: Vec<String> = profiles
        .iter()
        .zip(counts)
        .filter(|&(_, &count)| count > 0)
        .map(|(&profile, _)| profile.to_owned())
        .collect();
    if with.is_empty() || profiles.len() < 2 {
        Presence::Nothing
    } else if with.len() < profiles.len() {
        Presence::Only(with)
    } else if counts.windows(2).all(|pair| pair[0] == pair[1]) {
        Presence::Same
    } else {
        Presence::Differs
    }
}

impl Presence {
    /// The same where these figures are in doubt: then nothing is said that another run, or a whole stack, could refute.
    #[must_use]
    pub fn doubted(self, doubt: Option<Doubt>) -> Self {
        match (self, doubt) {
            // As often in all of these runs, by whatever chance.
            (Self::Same, Some(Doubt::Moment)) => Self::Same,
            (Self::Same | Self::Differs, Some(doubt)) => Self::Both(doubt),
            (Self::Only(profiles), Some(doubt)) => Self::Seen(profiles, doubt),
            (known, _) => known,
        }
    }

    /// True if something is said to differ.
    #[must_use]
    pub const fn is_difference(&self) -> bool {
        matches!(self, Self::Only(_) | Self::Differs)
    }

    /// The mark in a report.
    #[must_use]
    pub fn mark(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Same => "both".to_owned(),
            Self::Differs => "both, not equally often".to_owned(),
            Self::Only(profiles) if profiles == &["debug"] => "only in debug: optimised away".to_owned(),
            Self::Only(profiles) => format!("only in {}", profiles.join(", ")),
            Self::Both(doubt) => format!("both; how often is not compared: {}", doubt.words()),
            Self::Seen(profiles, doubt) => {
                format!("seen in {}; not compared: {}", profiles.join(", "), doubt.words())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_say_where_something_happens() {
        let two = ["debug", "release"];
        let table: [(&[&str], &[u64], &str); 7] = [
            (&two, &[3, 3], "both"),
            (&two, &[3, 1], "both, not equally often"),
            (&two, &[3, 0], "only in debug: optimised away"),
            (&two, &[0, 2], "only in release"),
            (&two, &[0, 0], ""),
            (&["debug"], &[2], ""),
            (&["debug", "release", "thin"], &[2, 0, 1], "only in debug, thin"),
        ];
        for (profiles, counts, expected) in table {
            assert_eq!(presence(profiles, counts).mark(), expected, "{counts:?}");
        }
    }

    #[test]
    fn what_is_in_doubt_is_no_difference() {
        let two = ["debug", "release"];
        for doubt in [Doubt::NoLines, Doubt::Cut, Doubt::Sampled, Doubt::Unmeasured] {
            for counts in [[3, 3], [3, 1], [3, 0], [0, 2]] {
                let found = presence(&two, &counts).doubted(Some(doubt));
                let mark = found.mark();
                assert!(!found.is_difference() && mark.ends_with(doubt.words()), "{mark}");
                for claim in ["only", "optimised", "equally"] {
                    assert!(!mark.contains(claim), "{mark}");
                }
            }
        }
        assert_eq!(presence(&two, &[0, 0]).doubted(Some(Doubt::Cut)), Presence::Nothing);
        let waits =
            [[3, 3], [3, 1], [3, 0]].map(|counts| presence(&two, &counts).doubted(Some(Doubt::Moment)));
        assert_eq!(waits.clone().map(|found| found.is_difference()), [false; 3]);
        assert_eq!(waits[0].mark(), "both");
    }
}
