//! What is wrong with what the user vouches for.

use std::error::Error;
use std::fmt;

/// Why [`Settings::of`](super::Settings::of) took no section.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalid {
    /// An assumption has no reason.
    NoReason,
    /// This setting, which is the reason itself, is empty.
    Empty(&'static str),
    /// An assumption says neither of what it speaks nor where, or more than goes together.
    NotOne,
    /// `callees` stands beside `blocking`.
    CalleesBlocking,
    /// `callees` stands at this place, of which the column is not named.
    CalleesColumn(String),
    /// `callees` has no name.
    NoCallee,
    /// `callees` has this, which is no whole name.
    Callee(String),
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReason => f.write_str("an assumption has an empty `reason`; say why it holds"),
            Self::Empty(key) => write!(f, "`{key}` is empty; say why it holds"),
            Self::NotOne => f.write_str(
                "each assumption needs one of `function`, `foreign`, `calls-in`, `initialised` or `at`; \
                 only `foreign` or `callees` go with `at`",
            ),
            Self::CalleesBlocking => f.write_str(
                "`callees` says where a call leads, whichever question is asked; leave `blocking` out",
            ),
            Self::CalleesColumn(at) => write!(
                f,
                "`callees` at {at}: name the column too, as the report does: the end of a line may drop what the call is made through"
            ),
            Self::NoCallee => f.write_str("`callees` names no function"),
            Self::Callee(name) => {
                write!(f, "`callees` has `{name}`: name each function in full; `*` stands for nothing here")
            }
        }
    }
}

impl Error for Invalid {}
