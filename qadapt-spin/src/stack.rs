//! A call stack that was kept, as its keeper gives it back.

use core::fmt;

/// A copy of a stack that was kept in a [`StackTable`](crate::StackTable).
///
/// # Examples
///
/// ```
/// use qadapt_spin::{Key, StackTable};
///
/// static STACKS: StackTable<8, 4> = StackTable::new();
///
/// let slot = STACKS.insert(Key::of(0, &[16]), &[16], [24, 8]).expect("there is room");
/// let stack = STACKS.stack(slot).expect("published before insert returned");
/// assert_eq!(format!("{stack:?}"), "Stack { frames: [0x10], tag: [24, 8] }");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stack<const FRAMES: usize> {
    pub(crate) frames: [usize; FRAMES],
    pub(crate) len: usize,
    pub(crate) tag: [u64; 2],
}

impl<const FRAMES: usize> Stack<FRAMES> {
    /// The return addresses, in the order in which they were inserted, at most `FRAMES`.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1, 2]), &[1, 2], [0, 0]).expect("there is room");
    /// assert_eq!(STACKS.stack(slot).expect("published").frames(), [1, 2]);
    /// ```
    #[must_use]
    pub fn frames(&self) -> &[usize] {
        self.frames.get(..self.len).unwrap_or_default()
    }

    /// What the first inserter gave with the stack.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [24, 8]).expect("there is room");
    /// assert_eq!(STACKS.stack(slot).expect("published").tag(), [24, 8]);
    /// ```
    #[must_use]
    pub const fn tag(&self) -> [u64; 2] {
        self.tag
    }
}

#[expect(clippy::missing_fields_in_debug, reason = "`len` shows as the number of frames")]
impl<const FRAMES: usize> fmt::Debug for Stack<FRAMES> {
    /// Shows the frames up to the stack's length, in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("frames", &Addresses(self.frames())).field("tag", &self.tag).finish()
    }
}

struct Addresses<'a>(&'a [usize]);

impl fmt::Debug for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for frame in self.0 {
            list.entry(&format_args!("{frame:#x}"));
        }
        list.finish()
    }
}
