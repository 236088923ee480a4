//! Calls on a path.

use serde::Serialize;

use super::names::Frame;

/// One call on a path: where it is, inlined frames included. [`Path`](crate::Path) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// The frames at the call, the region's function last.
    pub frames: Vec<Frame>,
    /// What is called.
    pub calls: String,
}
