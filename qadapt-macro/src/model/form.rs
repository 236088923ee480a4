//! What of a function an attribute watches: its call, or the polls of its future.

use super::Tail;

/// Where the function's work is done.
pub(crate) enum Form {
    /// In the call.
    Call,
    /// In the future of an `async fn`, which is its whole body.
    Async,
    /// In the future that the function returns.
    Returned,
    /// In the future that the function puts in a box at its end.
    Boxed(Tail),
}
