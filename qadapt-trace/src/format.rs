//! What writers and readers of the file agree on, but for where things lie in it.

use core::fmt;

/// The first eight bytes of a trace.
pub const MAGIC: u64 = u64::from_le_bytes(*b"QADAPTtr");

/// The version that this crate writes.
pub const VERSION: Version = Version { major: 2, minor: 5 };

/// A version of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Changes when an older reader would misread the file.
    pub major: u32,
    /// Changes when something is added.
    pub minor: u32,
}

impl Version {
    pub(crate) const fn code(self) -> u64 {
        (self.major as u64) << 32 | self.minor as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    pub(crate) const fn from_code(code: u64) -> Self {
        Self { major: (code >> 32) as u32, minor: code as u32 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What [`Header::flags`](crate::Header::flags) is made of.
pub mod flags {
    /// The program's checks were compiled in.
    pub const CHECKS_ON: u64 = 1;
    /// An event came through the guard's allocator: it is the program's.
    pub const ALLOCATOR: u64 = 1 << 1;
    /// The whole program counts as one region.
    pub const WHOLE_PROGRAM: u64 = 1 << 2;
    /// The process ended by itself and its exit handlers ran.
    pub const EXITED: u64 = 1 << 3;
    /// Stacks were walked by frame pointers.
    pub const FRAME_POINTERS: u64 = 1 << 4;
    /// Blocks were followed to their end, and each stack was recorded.
    pub const LIVE: u64 = 1 << 5;
    /// Blocks were followed to their end, those that a countdown of bytes picked: see [`interval`](crate::interval).
    pub const SAMPLED: u64 = 1 << 6;
    /// Some blocks were not followed.
    pub const LEFT_OUT: u64 = 1 << 7;
    /// The file could not get all the room that it needed: something is missing. Versions before 2.5 never set it.
    pub const NO_ROOM: u64 = 1 << 8;
}

pub(crate) const SECTIONS: usize = 6;

/// The tables of a trace, in the header's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// [`Region`](crate::Region)s.
    Regions,
    /// [`Stack`](crate::Stack)s.
    Stacks,
    /// [`Site`](crate::Site)s.
    Sites,
    /// [`Module`](crate::Module)s.
    Modules,
    /// Bytes.
    Strings,
    /// Return addresses, to which [`Stack`](crate::Stack)s refer.
    Frames,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; SECTIONS] =
        [Self::Regions, Self::Stacks, Self::Sites, Self::Modules, Self::Strings, Self::Frames];

    /// This table's, of what each has one of, in the header's order.
    pub(crate) const fn of<T>(self, all: &[T; SECTIONS]) -> &T {
        let [regions, stacks, sites, modules, strings, frames] = all;
        match self {
            Self::Regions => regions,
            Self::Stacks => stacks,
            Self::Sites => sites,
            Self::Modules => modules,
            Self::Strings => strings,
            Self::Frames => frames,
        }
    }
}

/// A string's place in the string table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    code: u64,
}

impl Text {
    pub(crate) const EMPTY: Self = Self { code: 0 };

    pub(crate) const fn new(start: u64, length: u64) -> Self {
        Self { code: start << 32 | length & 0xFFFF_FFFF }
    }

    pub(crate) const fn from_code(code: u64) -> Self {
        Self { code }
    }

    pub(crate) const fn code(self) -> u64 {
        self.code
    }

    /// First byte and length.
    pub(crate) const fn range(self) -> (usize, usize) {
        ((self.code >> 32) as usize, (self.code & 0xFFFF_FFFF) as usize)
    }
}

/// The most frames that a [`Stack`](crate::Stack) has: [`INNER`] and [`OUTER`].
pub const FRAMES: usize = INNER + OUTER;

/// The innermost frames of a stack that are kept.
pub const INNER: usize = 192;

/// The outermost frames of a longer stack that are kept besides.
pub const OUTER: usize = 64;

/// Disallowed events of one second of a process's processor time of which each has its stack recorded; of those beyond, some have.
pub const ALL_RECORDED: u64 = 10_000;

/// Groups of entries, by how many events they had.
pub const GROUPS: usize = 26;

/// A region's number in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionNumber(pub(crate) u32);

impl RegionNumber {
    /// The number of the region that was added first.
    pub const FIRST: Self = Self(0);

    /// The region with this number, which [`index`](Self::index) gave.
    #[must_use]
    pub const fn of(index: u32) -> Self {
        Self(index)
    }

    /// The number itself.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What was asked of the allocator, or of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    SystemCall(Call),
}

/// A system call, and what the thread may wait for in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// Its number on the platform.
    pub number: u16,
    /// What the thread may wait for, by its place in the list of these words.
    pub class: u8,
}

impl Op {
    /// What is asked of the allocator.
    pub const REQUESTS: [Self; 4] = [Self::Alloc, Self::AllocZeroed, Self::Realloc, Self::Dealloc];

    /// True for a system call, which asks for no memory and gives none back.
    #[must_use]
    pub const fn is_call(self) -> bool {
        matches!(self, Self::SystemCall(_))
    }

    /// Its number in the file, plus one.
    pub(crate) const fn published(self) -> u32 {
        match self {
            Self::Alloc => 1,
            Self::AllocZeroed => 2,
            Self::Realloc => 3,
            Self::Dealloc => 4,
            Self::SystemCall(_) => 5,
        }
    }

    /// Which call it is, as the file has it; 0 for what is none.
    pub(crate) const fn call(self) -> u64 {
        match self {
            Self::SystemCall(call) => call.number as u64 | (call.class as u64) << 16,
            _ => 0,
        }
    }

    /// The operation with this number and this call.
    #[expect(clippy::cast_possible_truncation, reason = "parts of the number")]
    pub(crate) fn of(published: u32, call: u64) -> Option<Self> {
        let call = Self::SystemCall(Call { number: call as u16, class: (call >> 16) as u8 });
        Self::REQUESTS.into_iter().chain([call]).find(|op| op.published() == published)
    }

    /// A number that tells it from all others.
    #[must_use]
    pub const fn code(self) -> u64 {
        self.published() as u64 | self.call() << 8
    }
}

/// How a region is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionKind {
    /// `assert_no_alloc` and the attributes.
    Plain,
    /// `Policy::run`.
    Policy,
    /// `Policy::enter`.
    Guard,
    /// `enter_protected`.
    Manual,
    /// Everything that the process does.
    WholeProgram,
    /// `count_alloc`, `assert_allocs!` and the like, which disallow nothing.
    Counting,
}

impl RegionKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Plain, Self::Policy, Self::Guard, Self::Manual, Self::WholeProgram, Self::Counting];

    /// Its number in the file, plus one.
    pub(crate) const fn published(self) -> u32 {
        self as u32 + 1
    }
}
