//! What a function means to a proof.

/// What a region must not come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sink {
    /// Allocates or reallocates.
    Alloc,
    /// Frees.
    Free,
    /// May wait.
    Wait,
}

impl Sink {
    /// What a path to it does.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Alloc => "allocates",
            Self::Free => "frees",
            Self::Wait => "waits",
        }
    }
}

/// What a function means to the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What a region must not come to: an entry of the allocator, or a call that may wait.
    Sink(Sink),
    /// A panic, if it has no return.
    Panic,
    /// A foreign function that neither allocates nor calls back.
    Quiet,
    /// A foreign function that ends the program abnormally.
    Abort,
    /// A foreign function that ends the program or the thread, doing unknown things before.
    Exit,
    /// A foreign function of which nothing is known.
    Foreign,
    /// A function whose code tells.
    Plain,
}
