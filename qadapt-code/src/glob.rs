//! Patterns in which `*` stands for anything.

use std::error::Error;
use std::fmt;

use regex::Regex;
use serde::Deserialize;

/// A pattern of a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Glob {
    pattern: String,
    regex: Regex,
}

impl Glob {
    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// True if the pattern describes the whole text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPattern {
    /// It has nothing that could match.
    Empty,
    /// This one has spaces round it, or control characters.
    Spaced(String),
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "an empty pattern matches nothing: write a name, in which `*` stands for anything",
            ),
            Self::Spaced(pattern) => {
                write!(f, "the pattern {pattern:?} has spaces round it or control characters")
            }
        }
    }
}

impl Error for InvalidPattern {}

impl TryFrom<String> for Glob {
    type Error = InvalidPattern;

    fn try_from(pattern: String) -> Result<Self, InvalidPattern> {
        if pattern.trim().is_empty() {
            return Err(InvalidPattern::Empty);
        }
        if pattern.trim() != pattern || pattern.chars().any(char::is_control) {
            return Err(InvalidPattern::Spaced(pattern));
        }
        let regex = glob(&pattern);
        Ok(Self { pattern, regex })
    }
}

/// A pattern in which `*` stands for anything.
#[must_use]
pub fn glob(pattern: &str) -> Regex {
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    // Escaped text joined by `.*` is always a valid expression; an impossible one matches nothing.
    Regex::new(&format!("(?s)^{}$", parts.join(".*"))).unwrap_or_else(|_| unreachable_pattern())
}

fn unreachable_pattern() -> Regex {
    #[expect(clippy::expect_used, reason = "a constant expression")]
    Regex::new("[^\\s\\S]").expect("valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        assert!(glob("a::*").is_match("a::b<c>"));
        assert!(!glob("a::*").is_match("b::a::c"));
        assert!(!glob("a.c").is_match("abc"));
    }

    #[test]
    fn patterns_that_cannot_be_meant_are_refused() {
        assert!(Glob::try_from("a::{{closure}}[*".to_owned()).is_ok());
        for bad in ["", "  ", " a", "a\n"] {
            assert!(Glob::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
