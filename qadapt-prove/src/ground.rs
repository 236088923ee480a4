//! What an answer rests on that nobody has vouched for, and that is printed with it.

/// Something that the analysis takes for granted at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// The call is made through a static that the program writes to by its own address alone.
    Chosen,
    /// A permit covers the call, in a program some of whose regions forbid permits.
    Permitted,
}

impl Ground {
    /// What is taken for granted, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Chosen => {
                "that a function pointer which is chosen at run time is written by its static's own address, not by an \
                 offset from an address beside it"
            }
            Self::Permitted => {
                "that no region which forbids permits is open where it begins: some regions of this file do, and below \
                 them the permits in it are void"
            }
        }
    }
}
