//! Plain data shared by all layers.

mod amount;
mod budget;
mod counts;
mod deferred;
mod measured;
mod mode;
mod name;
mod op;
mod ops;
mod place;
mod tally;

pub use amount::Amount;
pub use budget::Budget;
pub use counts::Counts;
pub use deferred::{Beyond, Deferred};
pub use measured::Measured;
pub use mode::{Mode, UnknownMode};
pub use name::Function;
pub(crate) use name::Name;
pub use op::Op;
pub use ops::Ops;
pub use place::Place;
pub(crate) use qadapt_trace::{RegionKind, RegionNumber};
pub(crate) use tally::{High, Tally};
