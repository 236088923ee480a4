//! Why a profile cannot be joined with others.

use std::error::Error;
use std::fmt;

/// What is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It says of no value what it is.
    NoValues,
    /// Its samples have other values than those of the profiles before: their names.
    OtherValues { its: String, before: String },
    /// A sample has so many values, which are not as many as the profile has names for.
    Values(usize),
    /// It does not have a text of this number, which it speaks of.
    NoText(i64),
    /// Nor such a mapping.
    NoMapping(u64),
    /// Nor such a function.
    NoFunction(u64),
    /// Nor such a location.
    NoLocation(u64),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValues => f.write_str("it says of no value what it is"),
            Self::OtherValues { its, before } => write!(
                f,
                "its samples are of {its}, those of the profiles before of {before}: join each kind by itself"
            ),
            Self::Values(values) => write!(f, "it is damaged: a sample has {values} values"),
            Self::NoText(number) => write!(f, "it is damaged: there is no text {number}"),
            Self::NoMapping(number) => write!(f, "it is damaged: there is no mapping {number}"),
            Self::NoFunction(number) => write!(f, "it is damaged: there is no function {number}"),
            Self::NoLocation(number) => write!(f, "it is damaged: there is no location {number}"),
        }
    }
}

impl Error for Unfit {}
