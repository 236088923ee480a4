//! What is asked of every node of the graph.

use super::node::To;
use super::role::Kind;
use super::subject::Subject;

/// One question that is asked of every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Can it allocate?
    Alloc,
    /// Can it free?
    Free,
    /// Can it wait?
    Wait,
    /// Can it come to something unresolved?
    Unknown,
    /// Does it rest on an assumption?
    Assumed,
}

impl Goal {
    /// All of them, in their order.
    pub(super) const ALL: [Self; 5] = [Self::Alloc, Self::Free, Self::Wait, Self::Unknown, Self::Assumed];

    /// The goals that a region must not come to, each with its kind.
    pub(crate) fn forbidden(subject: Subject, allow_frees: bool) -> &'static [(Self, Kind)] {
        match subject {
            // An allocator takes locks, and asks the system for memory.
            Subject::Blocking => {
                &[(Self::Wait, Kind::Wait), (Self::Alloc, Kind::Alloc), (Self::Free, Kind::Free)]
            }
            Subject::Allocation if allow_frees => &[(Self::Alloc, Kind::Alloc)],
            Subject::Allocation => &[(Self::Alloc, Kind::Alloc), (Self::Free, Kind::Free)],
        }
    }

    /// Whether it is reached where an edge leads here.
    pub(super) fn is(self, to: To) -> bool {
        match self {
            Self::Alloc => matches!(to, To::Sink(Kind::Alloc, _)),
            Self::Free => matches!(to, To::Sink(Kind::Free, _)),
            Self::Wait => matches!(to, To::Sink(Kind::Wait, _)),
            Self::Unknown => matches!(to, To::Unknown(_) | To::Foreign(_)),
            Self::Assumed => matches!(to, To::Assumed(_) | To::Granted(_)),
        }
    }
}
