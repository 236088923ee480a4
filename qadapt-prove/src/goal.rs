//! What is asked of every node of the graph.

use super::node::To;
use super::role::Sink;
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
    pub(crate) fn forbidden(subject: Subject, allow_frees: bool) -> &'static [(Self, Sink)] {
        match subject {
            // An allocator takes locks, and asks the system for memory.
            Subject::Blocking => {
                &[(Self::Wait, Sink::Wait), (Self::Alloc, Sink::Alloc), (Self::Free, Sink::Free)]
            }
            Subject::Allocation if allow_frees => &[(Self::Alloc, Sink::Alloc)],
            Subject::Allocation => &[(Self::Alloc, Sink::Alloc), (Self::Free, Sink::Free)],
        }
    }

    /// Whether it is reached where an edge leads here.
    pub(super) fn is(self, to: To) -> bool {
        match self {
            Self::Alloc => matches!(to, To::Sink(Sink::Alloc, _)),
            Self::Free => matches!(to, To::Sink(Sink::Free, _)),
            Self::Wait => matches!(to, To::Sink(Sink::Wait, _)),
            Self::Unknown => matches!(to, To::Unknown(_) | To::Foreign(_)),
            Self::Assumed => matches!(to, To::Assumed(_) | To::Granted(_)),
        }
    }
}
