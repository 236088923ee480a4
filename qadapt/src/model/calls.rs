//! Sets of system calls, for policies.

use core::fmt;
use core::ops::BitOr;

/// Single calls that a set can name.
const SINGLE: usize = 3;

/// A set of system calls, by what a thread may wait for in them, or by name.
///
/// A call that cannot wait is in no class: `getpid`, a wake-up of other threads, a read of a socket that is set not to block.
///
/// # Examples
/// ```
/// use qadapt::{Calls, Policy};
///
/// const QUICK: Policy = Policy::no_blocking().allow_calls(Calls::CLOCK.union(Calls::named("getrandom")));
///
/// assert_eq!((Calls::SLEEP | Calls::LOCK).to_string(), "sleep, lock");
/// # let _ = QUICK;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    classes: u16,
    /// Numbers of calls, plus one; 0 where there is none.
    single: [u16; SINGLE],
}

impl Calls {
    /// No call.
    pub const NONE: Self = Self::of(0);
    /// A sleep for a time, or until a signal: `nanosleep`, `pause`.
    pub const SLEEP: Self = Self::of(1);
    /// A wait for another thread, as locks, condition variables, channels and `join` make it: `futex`.
    pub const LOCK: Self = Self::of(1 << 1);
    /// Files and file systems, terminals, and locks on files: `open`, `read`, `fsync`.
    pub const FILE: Self = Self::of(1 << 2);
    /// Sockets, pipes, and the wait for their readiness: `recvfrom`, `connect`, `epoll_wait`.
    pub const SOCKET: Self = Self::of(1 << 3);
    /// The process's memory: `mmap`, `munmap`, `madvise`, `brk`. Those of an allocator are watched where the region disallows
    /// allocation too.
    pub const MEMORY: Self = Self::of(1 << 4);
    /// Processes and threads: `clone`, `execve`, `wait4`.
    pub const PROCESS: Self = Self::of(1 << 5);
    /// Clocks, where the kernel has to be asked: most programs read them without a system call.
    pub const CLOCK: Self = Self::of(1 << 6);
    /// Random bytes: `getrandom`.
    pub const RANDOM: Self = Self::of(1 << 7);
    /// The processor given to others: `sched_yield`.
    pub const YIELD: Self = Self::of(1 << 8);
    /// Every call that is in no other class and may wait, and those that nobody knows.
    pub const OTHER: Self = Self::of(1 << 9);
    /// Every class.
    pub const ALL: Self = Self::of((1 << 10) - 1);

    /// The classes, in the order of [`qadapt_calls::CLASSES`].
    const CLASSES: [Self; 10] = [
        Self::SLEEP,
        Self::LOCK,
        Self::FILE,
        Self::SOCKET,
        Self::MEMORY,
        Self::PROCESS,
        Self::CLOCK,
        Self::RANDOM,
        Self::YIELD,
        Self::OTHER,
    ];

    /// Of a region that was opened by a signal handler which had interrupted the guard or an allocator: no class.
    const INTERRUPTING: u16 = 1 << 15;

    const fn of(classes: u16) -> Self {
        Self { classes, single: [0; SINGLE] }
    }

    /// One call by the name that Linux has for it.
    ///
    /// # Panics
    /// If no call has the name; in a constant the compiler says so.
    #[must_use]
    pub const fn named(name: &str) -> Self {
        match qadapt_calls::number(name) {
            Some(number) => Self { classes: 0, single: [number + 1, 0, 0] },
            None => panic!("no system call of Linux's has this name"),
        }
    }

    /// The calls in either set.
    ///
    /// # Panics
    /// If more than three single calls are named: allow their class instead. In a constant the compiler says so.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        let mut union = Self { classes: self.classes | other.classes, single: self.single };
        let mut index = 0;
        while index < SINGLE {
            let number = other.single[index];
            if number != 0 && !union.names(number) {
                let Some(place) = union.place() else { panic!("a set names three single calls at most") };
                union.single[place] = number;
            }
            index += 1;
        }
        union
    }

    /// The classes, and the numbers of single calls, as copies of the guard tell each other.
    pub(crate) const fn parts(self) -> [u16; 4] {
        let [first, second, third] = self.single;
        [self.classes, first, second, third]
    }

    /// The set that was told so.
    pub(crate) const fn of_parts([classes, first, second, third]: [u16; 4]) -> Self {
        Self { classes, single: [first, second, third] }
    }

    /// The same set, kept for a region that was opened by a signal handler which had interrupted the guard or an allocator.
    pub(crate) const fn interrupting(self) -> Self {
        Self { classes: self.classes | Self::INTERRUPTING, ..self }
    }

    /// True for such a region's.
    pub(crate) const fn is_interrupting(self) -> bool {
        self.classes & Self::INTERRUPTING != 0
    }

    /// The calls that are in both sets. A single call is where one names it, and the other does or has each class that it can be in.
    /// Past three of them the others are left out.
    pub(crate) fn both(self, other: Self) -> Self {
        let mut both = Self::of(self.classes & other.classes);
        for (set, beside) in [(self, other), (other, self)] {
            for number in set.single.into_iter().filter(|&number| beside.has_always(number)) {
                if let Some(place) = both.place().filter(|_| !both.names(number)) {
                    both.single[place] = number;
                }
            }
        }
        both
    }

    /// True if a single call is in the set, whatever its arguments say. 0 stands for none.
    fn has_always(self, number: u16) -> bool {
        let Some(call) = number.checked_sub(1) else { return false };
        let classes = qadapt_calls::rule(call.into()).classes();
        self.names(number) || classes != 0 && self.classes & classes == classes
    }

    const fn names(self, number: u16) -> bool {
        self.single[0] == number || self.single[1] == number || self.single[2] == number
    }

    /// A free place for a single call.
    const fn place(self) -> Option<usize> {
        let mut index = 0;
        while index < SINGLE {
            if self.single[index] == 0 {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    /// True if every class and call of the other set is in this one by itself.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        let [first, second, third] = other.single;
        self.classes & other.classes == other.classes
            && (first == 0 || self.names(first))
            && (second == 0 || self.names(second))
            && (third == 0 || self.names(third))
    }

    /// True if the call with this number, which is in these classes, is in the set.
    pub(crate) const fn has(self, number: u16, classes: Self) -> bool {
        self.classes & classes.classes != 0 || self.names(number.saturating_add(1))
    }

    /// The class as a small number, of a set with one class.
    pub(crate) fn index(self) -> u8 {
        u8::try_from(self.classes.trailing_zeros()).unwrap_or(u8::MAX)
    }

    /// The class of which [`index`](Self::index) gave this.
    pub(crate) fn of_index(index: u8) -> Self {
        Self::CLASSES.get(usize::from(index)).copied().unwrap_or(Self::OTHER)
    }

    /// The word for a set with one class.
    pub(crate) fn word(self) -> &'static str {
        qadapt_calls::CLASSES.get(usize::from(self.index())).copied().unwrap_or("other")
    }
}

impl BitOr for Calls {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

/// The words that the attributes use, and names of single calls, separated by commas.
impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = Self::CLASSES.into_iter().filter(|&class| self.contains(class));
        let single = self.single.into_iter().filter_map(|number| qadapt_calls::name(number.checked_sub(1)?));
        let mut separator = "";
        for word in classes.map(Self::word).chain(single) {
            write!(f, "{separator}{word}")?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_it_was_made_of() {
        const SOME: Calls = Calls::CLOCK.union(Calls::named("getrandom")).union(Calls::named("statx"));
        assert!(SOME.contains(Calls::CLOCK) && !SOME.contains(Calls::RANDOM));
        assert!(SOME.contains(Calls::named("statx")) && !SOME.contains(Calls::named("read")));
        assert!(SOME.has(318, Calls::RANDOM) && !SOME.has(0, Calls::FILE) && SOME.has(228, Calls::CLOCK));
        assert_eq!(SOME.to_string(), "clock, getrandom, statx");
        assert_eq!(Calls::NONE.to_string(), "");
    }

    #[test]
    #[should_panic(expected = "three single calls at most")]
    fn a_fourth_single_call_is_refused() {
        let three = Calls::named("read") | Calls::named("write") | Calls::named("open");
        let _ = three | Calls::named("read") | Calls::named("close");
    }

    #[test]
    fn what_two_sets_have_in_common_may_be_named_by_one_of_them() {
        let (sleeps, named) = (Calls::SLEEP | Calls::FILE, Calls::named("nanosleep") | Calls::YIELD);
        for both in [sleeps.both(named), named.both(sleeps)] {
            assert_eq!(both.to_string(), "nanosleep");
        }
        // Of a file it may be, of a socket it may not: a set cannot say that.
        assert_eq!(Calls::named("read").both(Calls::FILE), Calls::NONE);
        assert_eq!(Calls::named("read").both(Calls::FILE | Calls::SOCKET), Calls::named("read"));
        assert_eq!(Calls::named("read").both(Calls::named("write")), Calls::NONE);
        // Of more than there is room for some are left out, and none is there twice.
        let three = |one, two, three| Calls::named(one) | Calls::named(two) | Calls::named(three);
        let first = three("fsync", "open", "rename") | Calls::CLOCK;
        let second = three("clock_gettime", "fsync", "times") | Calls::FILE;
        assert_eq!(first.both(second).to_string(), "fsync, open, rename");
        assert_eq!(first.both(first), first);
    }

    #[test]
    fn every_class_is_known_by_its_index() {
        for (class, word) in Calls::CLASSES.into_iter().zip(qadapt_calls::CLASSES) {
            assert_eq!((Calls::of_index(class.index()), class.word()), (class, word));
        }
    }
}
