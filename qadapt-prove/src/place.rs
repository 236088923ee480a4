//! Places in the source.

use std::fmt;

use serde::{Serialize, Serializer};

/// A place in the source.
///
/// # Examples
/// ```
/// use qadapt_prove::Place;
/// let place = Place { file: "src/main.rs".to_owned(), line: 12, column: 5 };
/// assert_eq!(place.to_string(), "src/main.rs:12");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the debug information gives it.
    pub file: String,
    /// The line, from 1; 0 if it is not known.
    pub line: u32,
    /// The column, from 1; 0 if it is not known.
    pub column: u32,
}

/// As text, without the column.
impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
