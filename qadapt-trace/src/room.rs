//! Room on the disk for what is written.
//!
//! A mapped file that has holes ends the program with `SIGBUS` when one is written to and the disk is full. So nothing
//! is claimed before there is room for it on the disk.

/// Makes room on the disk.
pub trait Room {
    /// Makes sure that these bytes of the file can be written, and returns false if they cannot. It is called inside
    /// allocator calls, for some bytes more than once, and by several threads.
    fn reserve(offset: u64, length: u64) -> bool;

    /// True if no other thread is there that could count at the same time: then counting takes no locked instruction.
    /// A signal handler may interrupt at any point.
    #[must_use]
    fn is_alone() -> bool {
        false
    }
}

/// For a trace that lies in no file.
#[derive(Clone, Copy, Debug)]
pub enum InMemory {}

impl Room for InMemory {
    fn reserve(_offset: u64, _length: u64) -> bool {
        true
    }
}
