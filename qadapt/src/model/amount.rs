//! Amounts of memory.

/// A number of blocks and of the bytes in them.
///
/// # Examples
/// ```
/// use qadapt::Amount;
///
/// assert_eq!(Amount::of_blocks(10), Amount { blocks: 10, ..Amount::ALL });
/// assert_eq!(Amount::of_bytes(4096), Amount { bytes: 4096, ..Amount::ALL });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Amount {
    /// How many blocks.
    pub blocks: u64,
    /// The bytes that were asked for when they were allocated.
    pub bytes: u64,
}

impl Amount {
    /// Nothing.
    pub const NONE: Self = Self { blocks: 0, bytes: 0 };
    /// However much there is.
    pub const ALL: Self = Self { blocks: u64::MAX, bytes: u64::MAX };

    /// So many blocks, however large.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Amount;
    ///
    /// assert_eq!(Amount::of_blocks(10), Amount { blocks: 10, bytes: u64::MAX });
    /// ```
    #[must_use]
    pub const fn of_blocks(blocks: u64) -> Self {
        Self { blocks, ..Self::ALL }
    }

    /// So many bytes, in however many blocks.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Amount;
    ///
    /// assert_eq!(Amount::of_bytes(4096), Amount { blocks: u64::MAX, bytes: 4096 });
    /// ```
    #[must_use]
    pub const fn of_bytes(bytes: u64) -> Self {
        Self { bytes, ..Self::ALL }
    }
}
