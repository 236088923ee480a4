//! What a branch changed, as rows of a table.

/// What changed since a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The revision, as it was named.
    pub since: String,
    /// What ran, as a command line.
    pub command: String,
    /// The names of the figures.
    pub figures: Vec<String>,
    /// The regions and profiles in which a figure changed.
    pub rows: Vec<Change>,
    /// The number of regions and profiles in which none did.
    pub same: usize,
}

/// A region in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What became of it.
    pub trend: Trend,
    /// The region, in words.
    pub region: String,
    /// The profile.
    pub profile: String,
    /// Each figure: before and now where they differ.
    pub cells: Vec<String>,
    /// Lines that are new or passed more often, as places in the report's lines.
    pub lines: Vec<usize>,
}

/// What became of a region, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trend {
    /// Some figure is more.
    More,
    /// It was not there.
    New,
    /// None is more, and some is less.
    Less,
    /// It is no longer entered.
    Gone,
}

impl Trend {
    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::New => "new",
            Self::Less => "less",
            Self::Gone => "gone",
        }
    }
}
