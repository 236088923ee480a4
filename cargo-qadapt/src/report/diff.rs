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
    /// The mark in a report.
    #[must_use]
    pub fn mark(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Same => "both".to_owned(),
            Self::Differs => "both, not equally often".to_owned(),
            Self::Only(profiles) if profiles == &["debug"] => "only in debug: optimised away".to_owned(),
            Self::Only(profiles) => format!("only in {}", profiles.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::presence;

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
}
