//! What the graph is made of: functions and regions, and the calls from one to the next.

use super::body::{Body, Callee, Why};
use super::ground::Ground;
use super::role::Sink;
use super::start::Part;

/// Where a call edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// To another node.
    Node(u32),
    /// To what a region must not come to.
    Sink(Sink, Callee),
    /// To something unresolved.
    Unknown(Why),
    /// To a foreign function of which nothing is known.
    Foreign(u32),
    /// To something the user vouches for: the number of the assumption.
    Assumed(u32),
    /// To something that is taken for granted.
    Granted(Ground),
}

/// One call that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Address of the call instruction.
    pub(crate) site: u64,
    /// Where it leads.
    pub(crate) to: To,
}

/// A function, or a region inside one.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) entry: u64,
    /// The calls on its paths that do not panic.
    pub(crate) edges: Vec<Edge>,
    /// What is in it.
    pub(super) body: Body,
    /// Whether an assumption covers what is unknown in it.
    pub(super) vouched: bool,
    /// Whether it is called from a permit.
    pub(super) permitted: bool,
    /// The part of the function that it is; all of it if there is none.
    pub(super) part: Option<Part>,
}
