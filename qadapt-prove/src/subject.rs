//! What a proof is about.

use serde::Serialize;

/// What is asked of a region.
///
/// # Examples
/// ```
/// use qadapt_prove::{Settings, Subject};
/// assert_eq!(Subject::default(), Subject::Allocation);
/// // Whether functions can wait is asked with these settings.
/// let settings = Settings::default().about(Subject::Blocking);
/// assert!(settings.unmatched().is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Whether it can come to the allocator.
    #[default]
    Allocation,
    /// Whether it can come to a call in which the thread may wait.
    Blocking,
}
