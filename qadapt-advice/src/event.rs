//! What happened: one request to the allocator, and the names on its call stack.

/// What was asked of the allocator, or of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// New memory.
    Alloc,
    /// New memory, zeroed.
    AllocZeroed,
    /// A block gets another size.
    Realloc,
    /// A block is given back.
    Dealloc,
    /// A system call in which the thread may wait.
    SystemCall,
}

/// A request to the allocator, or a call that may wait.
///
/// # Examples
/// ```
/// use qadapt_advice::{Event, Frame, Op, advise};
///
/// // Memory asked for without any library in between is no habit.
/// let frames = [Frame::own("arena::refill", "src/arena.rs")];
/// assert!(advise(&Event { op: Op::Alloc, size: 4096, old_size: 0, frames: &frames }).is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What was asked for.
    pub op: Op,
    /// The bytes asked for, or given back.
    pub size: usize,
    /// The block's bytes before a reallocation; otherwise 0.
    pub old_size: usize,
    /// The functions from the allocator's caller outwards, inlined ones included, as far as the region's edge.
    pub frames: &'a [Frame<'a>],
}

/// A function on a call stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub(crate) function: &'a str,
    pub(crate) file: &'a str,
    pub(crate) own: bool,
}

impl<'a> Frame<'a> {
    /// A function of the user's own code, at which most rules stop looking.
    ///
    /// # Examples
    /// ```
    /// use qadapt_advice::Frame;
    ///
    /// assert_ne!(Frame::own("run", "src/main.rs"), Frame::foreign("run", "src/main.rs"));
    /// ```
    #[must_use]
    pub const fn own(function: &'a str, file: &'a str) -> Self {
        Self { function, file, own: true }
    }

    /// A function of the standard library or of a dependency: its name, demangled, without the hash at the end, and
    /// the source file as the debug information gives it, or an empty string.
    ///
    /// # Examples
    /// ```
    /// use qadapt_advice::{Event, Frame, Op, advise};
    ///
    /// // Without debug information the symbol's name must do.
    /// let frames = [Frame::foreign("<alloc::string::String as core::clone::Clone>::clone", "")];
    /// let advice = advise(&Event { op: Op::Alloc, size: 3, old_size: 0, frames: &frames });
    /// assert_eq!(advice.map(|advice| advice.id()), Some("string-clone"));
    /// ```
    #[must_use]
    pub const fn foreign(function: &'a str, file: &'a str) -> Self {
        Self { function, file, own: false }
    }
}
