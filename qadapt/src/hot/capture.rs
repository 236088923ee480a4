//! Raw call stacks, and the table that keeps each distinct one.

use core::ffi::c_void;

use qadapt_spin::{Key, Slot, Stack, StackPool};

use super::request::Request;
use super::stacks::{FRAMES, Stacks};
use super::walk;
use crate::model::Op;

/// The stacks of violations, for the life of the process.
pub(crate) static STACKS: Stacks = Stacks::new();

/// The stacks that open measurements keep: 256 take 72 KiB of zeroed static memory.
static KEPT: StackPool<256, FRAMES> = StackPool::new();

/// A stack of an open measurement, to be [given back](give_back) by each holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept(Slot);

impl Kept {
    /// For one more holder.
    pub(super) fn share(self) {
        KEPT.share(self.0);
    }

    pub(super) fn give_back(self) {
        KEPT.give_back(self.0);
    }

    pub(crate) fn stack(self) -> Option<Stack<FRAMES>> {
        KEPT.stack(self.0)
    }
}

/// True if the program is built with frame pointers, as far as the flags tell with which this crate is.
pub(super) const FRAME_POINTERS: bool = cfg!(qadapt_frame_pointers);

/// The return addresses of one stack, innermost first.
pub(super) struct Captured {
    addresses: [usize; FRAMES],
    length: usize,
}

impl Captured {
    pub(super) fn frames(&self) -> &[usize] {
        self.addresses.get(..self.length).unwrap_or_default()
    }

    /// Walks this thread's stack, leaving out all frames up to the one that holds `mark`.
    pub(super) fn here(mark: *const c_void) -> Self {
        let mut captured = Self { addresses: [0; FRAMES], length: 0 };
        if cfg!(miri) {
            // Walking a stack allocates there.
            return captured;
        }
        if FRAME_POINTERS {
            let push = |_, [_, address]: [usize; 2]| address != 0 && captured.push(address);
            if walk::by_frame_pointers(mark.addr(), push).is_some() {
                return captured;
            }
            captured.length = 0;
        }
        walk::by_unwind_tables(mark.addr(), |address, _| captured.push(address));
        captured
    }

    /// Keeps one more frame; false if there is no room.
    fn push(&mut self, address: usize) -> bool {
        let Some(place) = self.addresses.get_mut(self.length) else { return false };
        *place = address;
        self.length += 1;
        true
    }

    /// What tells this request at this stack from others.
    pub(super) fn key(&self, request: &Request) -> Key {
        Key::of(u64::from(request.op.code()), self.frames())
    }

    /// The stack's slot in the table, and how often it has occurred; `None` if the table is full.
    pub(super) fn record(&self, request: &Request) -> Option<(Slot, u64)> {
        let slot = STACKS.insert(self.key(request), self.frames(), tag(request))?;
        Some((slot, STACKS.hit(slot)))
    }

    /// Keeps the stack for a measurement; `None` if the open ones have no room left.
    pub(super) fn keep(&self) -> Option<Kept> {
        KEPT.keep(self.frames(), [0; 2]).map(Kept)
    }
}

/// Keeps a stack that another copy of the guard has recorded so many times; `None` if the table is full.
pub(super) fn adopt(frames: &[usize], request: &Request, times: u32) -> Option<Slot> {
    let slot = STACKS.insert(Key::of(u64::from(request.op.code()), frames), frames, tag(request))?;
    for _ in 0..times {
        STACKS.hit(slot);
    }
    Some(slot)
}

/// What the table keeps of a stack's first request: the operation in 8 bits, the alignment's logarithm in 8 and the old
/// size in 48; then the size.
fn tag(request: &Request) -> [u64; 2] {
    let op = u64::from(request.op.code()) << 56;
    let align = u64::from(request.align.trailing_zeros()) << 48;
    [op | align | request.old_size as u64 & OLD_SIZE, request.size as u64]
}

const OLD_SIZE: u64 = (1 << 48) - 1;

/// The request that a [`tag`] was made of.
pub(crate) fn first_request([first, size]: [u64; 2]) -> Option<Request> {
    Some(Request {
        op: Op::from_code(u8::try_from(first >> 56).ok()?)?,
        size: usize::try_from(size).ok()?,
        old_size: usize::try_from(first & OLD_SIZE).ok()?,
        align: 1_usize.checked_shl(u32::try_from(first >> 48 & 0xFF).ok()?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_keeps_the_request() {
        for request in [
            Request { op: Op::Alloc, size: 0, old_size: 0, align: 1 },
            Request { op: Op::Realloc, size: 1 << 40, old_size: 3 << 30, align: 4096 },
            Request { op: Op::Dealloc, size: 7, old_size: 0, align: 8 },
        ] {
            let kept = first_request(tag(&request)).expect("a request");
            assert_eq!(
                (kept.op, kept.size, kept.old_size, kept.align),
                (request.op, request.size, request.old_size, request.align)
            );
        }
        assert!(first_request([u64::MAX, 0]).is_none());
    }
}
