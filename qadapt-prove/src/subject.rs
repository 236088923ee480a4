//! What a proof is about.

use serde::Serialize;

/// What is asked of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Whether it can come to the allocator.
    #[default]
    Allocation,
    /// Whether it can come to a call in which the thread may wait.
    Blocking,
}
