//! A system call that a region has seen.

use core::fmt;

use super::Calls;

/// A system call in which a thread may wait, and the argument that matters of it: from
/// [`Violation::system_call`](crate::Violation::system_call).
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Mode, Policy};
/// use std::time::Duration;
///
/// let (sender, calls) = std::sync::mpsc::channel();
/// qadapt::set_violation_hook(move |violation| drop(sender.send(violation.system_call())));
/// Policy::no_blocking().mode(Mode::Log).run(|| std::thread::sleep(Duration::from_millis(2)));
/// # if qadapt::is_blocking_watched() {
/// let call = calls.recv().expect("the hook has sent it").expect("nothing else is disallowed");
/// assert_eq!(call.to_string(), "clock_nanosleep (sleep, 2 ms)");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemCall {
    pub(crate) number: u16,
    /// One class.
    pub(crate) class: Calls,
    pub(crate) detail: Detail,
    /// What the detail says that it is: nanoseconds, bytes, a descriptor.
    pub(crate) value: u64,
    /// The program's allocator makes it.
    pub(crate) by_allocator: bool,
}

/// What is known of a call besides its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Detail {
    Nothing,
    Nanoseconds,
    Bytes,
    File,
    Directory,
    Terminal,
    Device,
    Pipe,
    Socket,
    Descriptor,
}

impl Detail {
    const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Nanoseconds,
        Self::Bytes,
        Self::File,
        Self::Directory,
        Self::Terminal,
        Self::Device,
        Self::Pipe,
        Self::Socket,
        Self::Descriptor,
    ];

    /// What a descriptor stands for.
    const fn noun(self) -> &'static str {
        match self {
            Self::Nothing | Self::Nanoseconds | Self::Bytes | Self::Descriptor => "descriptor",
            Self::File => "file",
            Self::Directory => "directory",
            Self::Terminal => "terminal",
            Self::Device => "device",
            Self::Pipe => "pipe",
            Self::Socket => "socket",
        }
    }
}

impl SystemCall {
    /// The greatest value that is kept.
    pub(crate) const MOST: u64 = (1 << 48) - 1;

    /// The call's name, as Linux has it; `unknown` for a number without one.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # let (sender, calls) = std::sync::mpsc::channel();
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.system_call())));
    /// # let policy = qadapt::Policy::no_blocking().mode(qadapt::Mode::Log);
    /// policy.run(|| std::thread::sleep(std::time::Duration::from_millis(2)));
    /// # if qadapt::is_blocking_watched() {
    /// # let call = calls.recv().expect("the hook has sent it").expect("nothing else is disallowed");
    /// // The system call of the violation:
    /// assert_eq!(call.name(), "clock_nanosleep");
    /// # }
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        qadapt_calls::name(self.number).unwrap_or("unknown")
    }

    /// The call's number on this platform.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # let (sender, calls) = std::sync::mpsc::channel();
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.system_call())));
    /// # let policy = qadapt::Policy::no_blocking().mode(qadapt::Mode::Log);
    /// policy.run(|| std::thread::sleep(std::time::Duration::from_millis(2)));
    /// # if qadapt::is_blocking_watched() {
    /// # let call = calls.recv().expect("the hook has sent it").expect("nothing else is disallowed");
    /// // The system call of the violation:
    /// assert_eq!(call.number(), 230); // on x86-64
    /// # }
    /// ```
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// What the thread may wait for: one class.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # let (sender, calls) = std::sync::mpsc::channel();
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.system_call())));
    /// # let policy = qadapt::Policy::no_blocking().mode(qadapt::Mode::Log);
    /// policy.run(|| std::thread::sleep(std::time::Duration::from_millis(2)));
    /// # if qadapt::is_blocking_watched() {
    /// # let call = calls.recv().expect("the hook has sent it").expect("nothing else is disallowed");
    /// // The system call of the violation:
    /// assert_eq!(call.class(), qadapt::Calls::SLEEP);
    /// # }
    /// ```
    #[must_use]
    pub fn class(&self) -> Calls {
        self.class
    }

    /// True if the program's allocator made the call.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # let (sender, calls) = std::sync::mpsc::channel();
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.system_call())));
    /// # let policy = qadapt::Policy::no_blocking().mode(qadapt::Mode::Log);
    /// policy.run(|| std::thread::sleep(std::time::Duration::from_millis(2)));
    /// # if qadapt::is_blocking_watched() {
    /// # let call = calls.recv().expect("the hook has sent it").expect("nothing else is disallowed");
    /// // The system call of the violation:
    /// assert!(!call.is_by_allocator());
    /// # }
    /// ```
    #[must_use]
    pub fn is_by_allocator(&self) -> bool {
        self.by_allocator
    }

    /// True if the program ends with the call, where it succeeds, and another one goes on in the process.
    pub(crate) fn ends_program(&self) -> bool {
        matches!(self.name(), "execve" | "execveat")
    }

    /// The call as two numbers, of which the second has 48 bits.
    #[expect(clippy::cast_possible_truncation, reason = "calls are watched where addresses have 64 bits")]
    pub(crate) fn packed(&self) -> (usize, usize) {
        let first = u64::from(self.number)
            | u64::from(self.class.index()) << 16
            | u64::from(self.detail as u8) << 24
            | u64::from(self.by_allocator) << 32;
        (first as usize, self.value.min(Self::MOST) as usize)
    }

    /// The call that was [packed](Self::packed).
    #[expect(clippy::cast_possible_truncation, reason = "parts of the number")]
    pub(crate) fn unpacked(first: usize, value: usize) -> Self {
        let first = first as u64;
        Self {
            number: first as u16,
            class: Calls::of_index((first >> 16) as u8),
            detail: Detail::ALL.get((first >> 24) as usize & 0xFF).copied().unwrap_or(Detail::Nothing),
            value: value as u64,
            by_allocator: first >> 32 & 1 != 0,
        }
    }

    /// The argument that matters, as a number and what stands around it; `None` where there is none.
    pub(crate) fn argument(&self) -> Option<(&'static str, u64, &'static str)> {
        match self.detail {
            Detail::Nothing => None,
            Detail::Bytes => Some(("", self.value, " bytes")),
            Detail::Nanoseconds if self.value % 1_000_000 == 0 => Some(("", self.value / 1_000_000, " ms")),
            Detail::Nanoseconds if self.value % 1000 == 0 => Some(("", self.value / 1000, " us")),
            Detail::Nanoseconds => Some(("", self.value, " ns")),
            kind => Some((kind.noun(), self.value, "")),
        }
    }
}

/// `clock_nanosleep (sleep, 10 ms)`.
impl fmt::Display for SystemCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.name(), self.class.word())?;
        if let Some((before, number, after)) = self.argument() {
            let space = if before.is_empty() { "" } else { " " };
            write!(f, ", {before}{space}{number}{after}")?;
        }
        f.write_str(if self.by_allocator { ", by the allocator)" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_survives_being_packed() {
        let sleep = SystemCall {
            number: 230,
            class: Calls::SLEEP,
            detail: Detail::Nanoseconds,
            value: 10_000_000,
            by_allocator: false,
        };
        let map = SystemCall {
            number: 9,
            class: Calls::MEMORY,
            detail: Detail::Bytes,
            value: 4096,
            by_allocator: true,
        };
        let read =
            SystemCall { number: 0, class: Calls::FILE, detail: Detail::File, value: 3, by_allocator: false };
        let unknown = SystemCall {
            number: 511,
            class: Calls::OTHER,
            detail: Detail::Nothing,
            value: 0,
            by_allocator: false,
        };
        let told = [
            (sleep, "clock_nanosleep (sleep, 10 ms)"),
            (map, "mmap (memory, 4096 bytes, by the allocator)"),
            (read, "read (file, file 3)"),
            (unknown, "unknown (other)"),
        ];
        for (call, text) in told {
            let (first, value) = call.packed();
            assert_eq!(SystemCall::unpacked(first, value), call);
            assert_eq!(call.to_string(), text);
        }
    }
}
