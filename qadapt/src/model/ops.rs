//! Sets of operations, for policies.

use core::fmt;
use core::ops::BitOr;

/// A set of operations on the allocator, as a policy tells them apart.
///
/// Growing and shrinking are reallocations to a larger size, and to a smaller or the same size.
///
/// # Examples
/// ```
/// use qadapt::Ops;
///
/// let memory_requests = Ops::ALLOC | Ops::ZEROED | Ops::GROW;
/// assert!(memory_requests.contains(Ops::GROW));
/// assert!(!memory_requests.contains(Ops::DEALLOC));
/// assert_eq!(memory_requests.to_string(), "alloc, zeroed, grow");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ops(u16);

impl Ops {
    /// No operation.
    pub const NONE: Self = Self(0);
    /// New memory.
    pub const ALLOC: Self = Self(1);
    /// New memory, zeroed.
    pub const ZEROED: Self = Self(1 << 1);
    /// A reallocation to a larger size.
    pub const GROW: Self = Self(1 << 2);
    /// A reallocation to a smaller or the same size.
    pub const SHRINK: Self = Self(1 << 3);
    /// A block given back.
    pub const DEALLOC: Self = Self(1 << 4);
    /// Every operation.
    pub const ALL: Self = Self(0b1_1111);

    /// Of a policy: system calls, which are no operation on the allocator. It is the bit that the thread's word has for them.
    pub(crate) const SYSTEM_CALLS: Self = Self(1 << 8);

    /// Of a policy: there is a budget of system calls. It is the bit that the thread's word has for budgets.
    pub(crate) const BUDGET: Self = Self(1 << 6);

    /// The operations in either set.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Ops;
    ///
    /// const REQUESTS: Ops = Ops::ALLOC.union(Ops::GROW);
    /// assert_eq!(REQUESTS, Ops::ALLOC | Ops::GROW);
    /// ```
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The operations in this set and not in the other.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Ops;
    ///
    /// assert_eq!((Ops::ALLOC | Ops::GROW).without(Ops::GROW), Ops::ALLOC);
    /// assert_eq!(Ops::ALLOC.without(Ops::GROW), Ops::ALLOC);
    /// ```
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The operations that are not in this set.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Ops;
    ///
    /// assert_eq!(Ops::DEALLOC.complement().to_string(), "alloc, zeroed, grow, shrink");
    /// ```
    #[must_use]
    pub const fn complement(self) -> Self {
        Self::ALL.without(self)
    }

    /// True if every operation of the other set is in this one.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Ops;
    ///
    /// assert!(Ops::ALL.contains(Ops::ALLOC | Ops::DEALLOC));
    /// assert!(!Ops::ALLOC.contains(Ops::ALLOC | Ops::DEALLOC));
    /// ```
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set as bits, the lowest for [`Ops::ALLOC`].
    pub(crate) const fn bits(self) -> u16 {
        self.0
    }
}

impl BitOr for Ops {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

/// The words that the attributes use, separated by commas.
impl fmt::Display for Ops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (Self::ALLOC, "alloc"),
            (Self::ZEROED, "zeroed"),
            (Self::GROW, "grow"),
            (Self::SHRINK, "shrink"),
            (Self::DEALLOC, "dealloc"),
        ];
        let mut separator = "";
        for (_, word) in words.into_iter().filter(|&(op, _)| self.contains(op)) {
            write!(f, "{separator}{word}")?;
            separator = ", ";
        }
        Ok(())
    }
}
