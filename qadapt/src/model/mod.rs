//! Plain data shared by all layers.

mod counts;
mod mode;
mod op;
mod place;

pub(crate) use counts::Tally;
pub use counts::{Counts, Measured};
pub use mode::{Mode, UnknownMode};
pub use op::Op;
pub use place::Place;
