//! Plain data shared by all layers.

mod amount;
mod budget;
mod call_count;
mod calls;
mod counts;
mod deferred;
mod measured;
mod mode;
mod name;
mod op;
mod ops;
mod place;
mod system_call;
mod tally;

pub use amount::Amount;
pub use budget::Budget;
pub(crate) use call_count::CallCount;
pub use calls::Calls;
pub(crate) use calls::UserCalls;
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
#[cfg(all(qadapt_calls, not(miri)))]
pub(crate) use system_call::Detail;
pub use system_call::SystemCall;
pub(crate) use tally::{High, Tally};
