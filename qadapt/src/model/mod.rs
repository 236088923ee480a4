//! Plain data shared by all layers.

mod budget;
mod counts;
mod mode;
mod name;
mod op;
mod ops;
mod place;

pub use budget::Budget;
pub(crate) use counts::Tally;
pub use counts::{Counts, Measured};
pub use mode::{Mode, UnknownMode};
pub use name::Function;
pub(crate) use name::Name;
pub use op::Op;
pub use ops::Ops;
pub use place::Place;
pub(crate) use qadapt_trace::{RegionKind, RegionNumber};
