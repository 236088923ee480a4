//! What the fields of a line are.

/// The feed's first line.
pub const HEADER: &str = "time,event,order,side,price,quantity";
