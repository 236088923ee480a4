//! What a guest asks its host for: the interface between copies of the guard that were compiled apart.
//!
//! [`MAJOR`] is the number in the note. Within one number all of this only grows at its end: a structure begins with its size, and
//! whoever reads it takes what is beyond that for zero; a copy that asks for more functions than a [`Host`] has is not its guest.
//! Nothing here is changed, removed or moved otherwise. Numbers are the platform's, the bits of
//! operations and modes are those below, and no function unwinds.

use core::ffi::c_void;
use core::ptr;

/// The version of the interface. Copies with different ones have nothing to do with each other.
pub(crate) const MAJOR: u32 = 1;

/// The functions of a host. All act on the calling thread, and all may be called where a signal handler may be.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Host {
    /// Bytes of this structure.
    pub(crate) size: usize,
    /// Opens a record; its serial, or 0 where there is no room.
    pub(crate) open: unsafe extern "C" fn(*const Region) -> u64,
    /// Ends a record: the second number is 0 or [`INTERRUPTED`]. Gives 0, or [`QUIET`] where the guest must say nothing now.
    pub(crate) end: extern "C" fn(u64, u32) -> u32,
    /// Takes something off what is pending for a record that has ended: [`Taken::NOTHING`], or what was taken.
    pub(crate) take: unsafe extern "C" fn(u64, *mut Taken) -> u32,
    /// Judges an event before it happens: a [`Verdict`].
    pub(crate) before: unsafe extern "C" fn(*const Event) -> u32,
    /// Counts an event of which `before` did not say [`Verdict::UNSEEN`].
    pub(crate) after: unsafe extern "C" fn(*const Event),
    /// Adds to this thread's count of violations, and gives it.
    pub(crate) violations: extern "C" fn(i64) -> u64,
    /// Sets the process's mode, by its severity, and gives what it was; a greater number only asks.
    pub(crate) mode: extern "C" fn(u32) -> u32,
    /// Has this thread's system calls watched: 1 if that is so. With 1 for an argument the kernel is asked.
    pub(crate) watch_calls: extern "C" fn(u32) -> u32,
    /// With 1, in own work, has the host listen for this thread's next request, which gets no memory: 1 if it does. With 0 ends that:
    /// 1 if there was one.
    pub(crate) hears: extern "C" fn(u32) -> u32,
    /// How many calls are left of a record's budget of calls, plus one; 0 where there is no such record or budget.
    pub(crate) calls_left: extern "C" fn(u64) -> u64,
    /// How many protected regions are open on this thread, those of guests as one.
    pub(crate) level: extern "C" fn() -> u64,
}

/// What a program hands to its plug-ins where files have no notes.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Handle {
    pub(crate) name: [u8; 8],
    /// [`MAJOR`].
    pub(crate) number: usize,
    pub(crate) host: &'static Host,
}

impl Handle {
    pub(crate) const NAME: [u8; 8] = *b"QADAPT\0\0";

    pub(crate) const fn new(host: &'static Host) -> Self {
        Self { name: Self::NAME, number: MAJOR as usize, host }
    }
}

/// What a guest opens.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Region {
    /// Bytes of this structure.
    pub(crate) size: usize,
    /// One of the numbers in [`kinds`].
    pub(crate) kind: u32,
    /// Disallowed operations: `alloc` 1, `zeroed` 2, `grow` 4, `shrink` 8, `dealloc` 16; system calls 256.
    pub(crate) operations: u32,
    /// A bit for each mode, by its severity (count, log, panic, fail, abort, trap); the highest bit for the process's.
    pub(crate) modes: u32,
    /// Permits have no effect: 1. There is a budget: 2.
    pub(crate) rules: u32,
    /// What is left of the budget: allocations, requests, bytes, and bytes at once.
    pub(crate) budget: [u64; 4],
    /// The system calls that are allowed: a bit for each class, and three single ones: its number, plus one, in the lowest ten bits; bit
    /// 14 where it is not allowed in the first of the classes that it can be in, bit 15 for the last one.
    pub(crate) calls: [u16; 4],
    /// The system calls that are left of the budget, plus one; 0 where it has no number of them.
    pub(crate) budget_calls: u64,
    /// Four more single calls.
    pub(crate) more_calls: [u16; 4],
}

/// The kinds of what a guest opens.
pub(crate) mod kinds {
    /// A closure that protects.
    pub(crate) const CLOSURE: u32 = 1;
    /// What protects and ends by itself, or with the closure around it.
    pub(crate) const GUARD: u32 = 2;
    pub(crate) const PERMIT: u32 = 3;
    pub(crate) const OWN_WORK: u32 = 4;
    /// The user's code inside own work.
    pub(crate) const HOOK: u32 = 5;
    /// A panic of the guard's own while it is raised.
    pub(crate) const RAISING: u32 = 6;
    /// What is left out of counts.
    pub(crate) const UNCOUNTED: u32 = 7;
}

/// The guest ends a record where a signal handler has interrupted an allocator or the guest's own work.
pub(crate) const INTERRUPTED: u32 = 1;
/// It is so of the host.
pub(crate) const QUIET: u32 = 1;

/// A call of an allocator.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Event {
    /// Bytes of this structure.
    pub(crate) size: usize,
    /// Allocation 0, zeroed 1, reallocation 2, deallocation 3.
    pub(crate) operation: u32,
    /// [`PANICKING`] before it, [`SUCCEEDED`] after it, [`C`] in both.
    pub(crate) state: u32,
    /// What is asked for, or given back.
    pub(crate) bytes: usize,
    /// The block's size before a reallocation.
    pub(crate) old_bytes: usize,
    pub(crate) align: usize,
    /// The frames up to this address on the stack are the guest's own.
    pub(crate) mark: *const c_void,
}

/// The guest's thread panics.
pub(crate) const PANICKING: u32 = 1;
/// The request got its memory.
pub(crate) const SUCCEEDED: u32 = 1 << 1;

/// It is a call of C's allocation functions.
pub(crate) const C: u32 = 1 << 2;

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict(pub(crate) u32);

impl Verdict {
    /// The host does not look: nothing is watched, or it has seen the event otherwise.
    pub(crate) const UNSEEN: Self = Self(0);
    pub(crate) const PROCEED: Self = Self(1);
    /// The request gets no memory.
    pub(crate) const REFUSE: Self = Self(2);
}

/// Call stacks have no more frames than this.
pub(crate) const FRAMES: usize = 32;

/// What was pending for a guest's record.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Taken {
    /// Bytes of this structure, which the guest writes.
    pub(crate) size: usize,
    /// As in [`Event`]; a system call is 4.
    pub(crate) operation: u32,
    /// The mode's severity.
    pub(crate) mode: u32,
    /// A budget had not enough left: 1. It happened on a thread that a policy was lent to: 2.
    pub(crate) cause: u32,
    /// Frames of the call stack; 0 where it was not kept.
    pub(crate) frames: u32,
    /// How often; of lost violations, how many.
    pub(crate) times: u64,
    /// Of lost violations, how many are owed as a panic.
    pub(crate) owed: u64,
    pub(crate) bytes: usize,
    pub(crate) old_bytes: usize,
    pub(crate) align: usize,
    pub(crate) stack: [usize; FRAMES],
}

impl Taken {
    /// There is no more.
    pub(crate) const NOTHING: u32 = 0;
    /// Equal violations.
    pub(crate) const VIOLATIONS: u32 = 1;
    /// The number of those that could not be kept.
    pub(crate) const LOST: u32 = 2;

    pub(crate) const EMPTY: Self = Self {
        size: size_of::<Self>(),
        operation: 0,
        mode: 0,
        cause: 0,
        frames: 0,
        times: 0,
        owed: 0,
        bytes: 0,
        old_bytes: 0,
        align: 1,
        stack: [0; FRAMES],
    };
}

/// A structure that begins with its size and has nothing but numbers and addresses: all zeros are one.
///
/// # Safety
/// It is laid out as C has it, its first field is that size, and any bytes are a value of it.
#[expect(unsafe_code, reason = "promises a layout")]
pub(crate) unsafe trait Growing: Copy {}

#[expect(unsafe_code, reason = "promises a layout")]
// SAFETY: `repr(C)`, with the size first, and numbers.
unsafe impl Growing for Region {}
#[expect(unsafe_code, reason = "promises a layout")]
// SAFETY: as above, with an address.
unsafe impl Growing for Event {}
#[expect(unsafe_code, reason = "promises a layout")]
// SAFETY: as for a region.
unsafe impl Growing for Taken {}

/// Reads what another copy has written, as far as it goes; the rest is zero.
///
/// # Safety
/// `from` is aligned and readable for as many bytes as its first field says.
#[expect(unsafe_code, reason = "reads what was compiled apart")]
pub(crate) unsafe fn read<T: Growing>(from: *const T) -> T {
    // SAFETY: the caller says that the first field is there; it is the size.
    let size = unsafe { from.cast::<usize>().read() };
    let mut value = core::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: as many bytes are readable there and writable here, and the two do not overlap.
    unsafe {
        ptr::copy_nonoverlapping(from.cast::<u8>(), value.as_mut_ptr().cast(), size.min(size_of::<T>()));
    };
    // SAFETY: any bytes are a value.
    unsafe { value.assume_init() }
}

/// Writes as much of a structure as another copy has room for, but for the size, which is that copy's.
///
/// # Safety
/// `to` is aligned, and readable and writable for as many bytes as its first field says.
#[expect(unsafe_code, reason = "writes what was compiled apart")]
pub(crate) unsafe fn write<T: Growing>(from: &T, to: *mut T) {
    // SAFETY: the caller says that the first field is there; it is the size.
    let size = unsafe { to.cast::<usize>().read() };
    let rest = size.min(size_of::<T>()).saturating_sub(size_of::<usize>());
    let source = ptr::from_ref(from).cast::<u8>().wrapping_add(size_of::<usize>());
    let target = to.cast::<u8>().wrapping_add(size_of::<usize>());
    // SAFETY: both have as many bytes beyond the size, and do not overlap, since the source is borrowed.
    unsafe { ptr::copy_nonoverlapping(source, target, rest) };
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::kinds::{CLOSURE, GUARD, HOOK, OWN_WORK, PERMIT, RAISING, UNCOUNTED};
    use super::*;

    /// What is compiled into programs that are out there. A line may be added; none may change.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn the_interface_only_grows() {
        assert_eq!(MAJOR, 1);
        let functions = [
            offset_of!(Host, size),
            offset_of!(Host, open),
            offset_of!(Host, end),
            offset_of!(Host, take),
            offset_of!(Host, before),
            offset_of!(Host, after),
            offset_of!(Host, violations),
            offset_of!(Host, mode),
            offset_of!(Host, watch_calls),
            offset_of!(Host, hears),
            offset_of!(Host, calls_left),
            offset_of!(Host, level),
        ];
        assert_eq!(functions, [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88]);
        let handle = [offset_of!(Handle, name), offset_of!(Handle, number), offset_of!(Handle, host)];
        assert_eq!(handle, [0, 8, 16]);
        let region = [
            offset_of!(Region, size),
            offset_of!(Region, kind),
            offset_of!(Region, operations),
            offset_of!(Region, modes),
            offset_of!(Region, rules),
            offset_of!(Region, budget),
            offset_of!(Region, calls),
            offset_of!(Region, budget_calls),
            offset_of!(Region, more_calls),
        ];
        assert_eq!(region, [0, 8, 12, 16, 20, 24, 56, 64, 72]);
        let event = [
            offset_of!(Event, size),
            offset_of!(Event, operation),
            offset_of!(Event, state),
            offset_of!(Event, bytes),
            offset_of!(Event, old_bytes),
            offset_of!(Event, align),
            offset_of!(Event, mark),
        ];
        assert_eq!(event, [0, 8, 12, 16, 24, 32, 40]);
        let taken = [
            offset_of!(Taken, size),
            offset_of!(Taken, operation),
            offset_of!(Taken, mode),
            offset_of!(Taken, cause),
            offset_of!(Taken, frames),
            offset_of!(Taken, times),
            offset_of!(Taken, owed),
            offset_of!(Taken, bytes),
            offset_of!(Taken, old_bytes),
            offset_of!(Taken, align),
            offset_of!(Taken, stack),
        ];
        assert_eq!(taken, [0, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64]);
        assert!(size_of::<Host>() >= 96 && size_of::<Region>() >= 80);
        assert!(size_of::<Event>() >= 48 && size_of::<Taken>() >= 320);
        assert_eq!([CLOSURE, GUARD, PERMIT, OWN_WORK, HOOK, RAISING, UNCOUNTED], [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!([INTERRUPTED, QUIET, PANICKING, SUCCEEDED, C], [1, 1, 1, 2, 4]);
        assert_eq!([Verdict::UNSEEN, Verdict::PROCEED, Verdict::REFUSE].map(|verdict| verdict.0), [0, 1, 2]);
        assert_eq!([Taken::NOTHING, Taken::VIOLATIONS, Taken::LOST], [0, 1, 2]);
    }

    #[test]
    fn an_older_structure_ends_in_zeros_and_a_newer_one_is_cut() {
        #[repr(C)]
        struct Newer {
            event: Event,
            more: u64,
        }
        let event = Event {
            size: offset_of!(Event, align),
            operation: 2,
            state: PANICKING,
            bytes: 3,
            old_bytes: 4,
            align: 5,
            mark: ptr::null(),
        };
        #[expect(unsafe_code, reason = "as between two copies")]
        // SAFETY: a whole structure is there, and its size is less.
        let read_older = unsafe { read(&raw const event) };
        assert_eq!((read_older.old_bytes, read_older.align), (4, 0));
        let newer = Newer { event: Event { size: size_of::<Newer>(), ..event }, more: u64::MAX };
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: as many bytes are there as the size says.
        let read_newer = unsafe { read((&raw const newer).cast::<Event>()) };
        assert_eq!((read_newer.align, newer.more), (5, u64::MAX));
    }
}
