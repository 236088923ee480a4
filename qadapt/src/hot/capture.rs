//! Raw call stacks, and the table that keeps each distinct one.

use core::ffi::c_void;

use qadapt_spin::{Key, Slot, StackTable};

use super::event::Request;
use super::walk;

/// Frames kept of one stack, from the allocator's caller outwards.
pub(crate) const FRAMES: usize = 32;

/// Distinct stacks that the process can keep: 1,024 take 312 KiB of zeroed static memory.
pub(crate) static STACKS: StackTable<1024, FRAMES> = StackTable::new();

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
    #[expect(unsafe_code, reason = "the walk without backtrace's lock")]
    pub(super) fn here(mark: *const c_void) -> Self {
        let mut captured = Self { addresses: [0; FRAMES], length: 0 };
        let keep = |frame: &backtrace::Frame| {
            let address = frame.ip().addr();
            // A frame's stack pointer is where it stood when it called inwards: below `mark` for QADAPT's own.
            if address == 0 || frame.sp().cast_const() <= mark {
                return address != 0;
            }
            let Some(place) = captured.addresses.get_mut(captured.length) else { return false };
            *place = address;
            captured.length += 1;
            true
        };
        // SAFETY: the lock that is left out guards Windows' debug library, and symbol caches that a walk without
        // resolving does not touch; the walk itself (`_Unwind_Backtrace`) reads only this thread's stack.
        unsafe { backtrace::trace_unsynchronized(keep) };
        captured
    }

    /// What [`here`](Self::here) does, by frame pointers where the program is built with them.
    pub(super) fn fast(mark: *const c_void) -> Self {
        if FRAME_POINTERS {
            let mut captured = Self { addresses: [0; FRAMES], length: 0 };
            if let Some(length) = walk::by_frame_pointers(mark.addr(), &mut captured.addresses) {
                captured.length = length;
                return captured;
            }
        }
        Self::here(mark)
    }

    /// The stack's slot in the table, and how often it has occurred; `None` if the table is full.
    pub(super) fn record(&self, request: &Request) -> Option<(Slot, u64)> {
        let op = u64::from(request.op.code());
        let tag = [op << 32 | request.align as u64 & 0xFFFF_FFFF, request.size as u64];
        let slot = STACKS.insert(Key::of(op, self.frames()), self.frames(), tag)?;
        Some((slot, STACKS.hit(slot)))
    }
}
