//! Sets of system calls, for policies.

use core::fmt;
use core::ops::BitOr;

/// Single calls that a user's set can name.
const SINGLE: usize = 3;
/// Single calls that a set has room for: what two sets have in common can be named by either.
const ROOM: usize = 7;
/// Of a named call: its number, plus one.
const NUMBER: u16 = 0x3FF;
/// Of a named call: not in the first of the classes that it can be in, and not in the last one.
const NOT_FIRST: u16 = 1 << 14;
const NOT_LAST: u16 = 1 << 15;

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
    /// Named calls, each with the classes in which it is not in the set; 0 where there is none.
    single: [u16; ROOM],
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
        Self { classes, single: [0; ROOM] }
    }

    /// One call by the name that Linux has for it.
    ///
    /// # Panics
    /// If no call has the name; in a constant the compiler says so.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Calls;
    ///
    /// const RANDOM: Calls = Calls::named("getrandom");
    /// assert_eq!(RANDOM.to_string(), "getrandom");
    /// ```
    #[must_use]
    pub const fn named(name: &str) -> Self {
        match qadapt_calls::number(name) {
            Some(number) => {
                let mut single = [0; ROOM];
                single[0] = number + 1;
                Self { classes: 0, single }
            }
            None => panic!("no system call of Linux's has this name"),
        }
    }

    /// The calls in either set.
    ///
    /// # Panics
    /// If more than three single calls are named: allow their class instead. In a constant the compiler says so.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Calls;
    ///
    /// const CALLS: Calls = Calls::SLEEP.union(Calls::LOCK);
    /// assert_eq!(CALLS, Calls::SLEEP | Calls::LOCK);
    /// ```
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        let mut union = Self { classes: self.classes | other.classes, single: self.single };
        let mut index = 0;
        while index < ROOM {
            let named = other.single[index];
            if named != 0 && !union.names(named) {
                match union.place() {
                    Some(place) if place < SINGLE => union.single[place] = named,
                    _ => panic!("a set names three single calls at most"),
                }
            }
            index += 1;
        }
        union
    }

    /// The classes, and the single calls, as copies of the guard tell each other.
    pub(crate) const fn parts(self) -> ([u16; 4], [u16; 4]) {
        let [first, second, third, fourth, fifth, sixth, seventh] = self.single;
        ([self.classes, first, second, third], [fourth, fifth, sixth, seventh])
    }

    /// The set that was told so.
    pub(crate) const fn of_parts([classes, first, second, third]: [u16; 4], more: [u16; 4]) -> Self {
        let [fourth, fifth, sixth, seventh] = more;
        Self { classes, single: [first, second, third, fourth, fifth, sixth, seventh] }
    }

    /// The same set, kept for a region that was opened by a signal handler which had interrupted the guard or an allocator.
    pub(crate) const fn interrupting(self) -> Self {
        Self { classes: self.classes | Self::INTERRUPTING, ..self }
    }

    /// True for such a region's.
    pub(crate) const fn is_interrupting(self) -> bool {
        self.classes & Self::INTERRUPTING != 0
    }

    /// The calls that are in both sets: by their classes, and by name where one or both name it, in those of its classes in which both
    /// have it. Past seven named calls, which two sets of a user's do not reach, the others are left out.
    pub(crate) fn both(self, other: Self) -> Self {
        let mut both = Self::of(self.classes & other.classes);
        for number in self.single.into_iter().chain(other.single).map(|named| named & NUMBER) {
            let common = self.classes_of(number) & other.classes_of(number);
            if common & !both.classes == 0 || both.single.iter().any(|&named| named & NUMBER == number) {
                continue;
            }
            if let Some(place) = both.place().and_then(|place| both.single.get_mut(place)) {
                *place = named_in(number, common);
            }
        }
        both
    }

    /// The classes in which a call is in the set, of those that it can be in.
    fn classes_of(self, number: u16) -> u16 {
        let named = self.single.into_iter().find(|&named| named & NUMBER == number).map_or(0, named_classes);
        named | self.classes & classes_of_call(number)
    }

    /// True if there is this named call.
    const fn names(self, named: u16) -> bool {
        let mut index = 0;
        while index < ROOM {
            if self.single[index] == named {
                return true;
            }
            index += 1;
        }
        false
    }

    /// A free place for a single call.
    const fn place(self) -> Option<usize> {
        let mut index = 0;
        while index < ROOM {
            if self.single[index] == 0 {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    /// True if every class and call of the other set is in this one by itself.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Calls;
    ///
    /// let calls = Calls::SLEEP | Calls::LOCK;
    /// assert!(calls.contains(Calls::SLEEP));
    /// assert!(!calls.contains(Calls::SLEEP | Calls::FILE));
    /// ```
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        let mut index = 0;
        while index < ROOM {
            if other.single[index] != 0 && !self.names(other.single[index]) {
                return false;
            }
            index += 1;
        }
        self.classes & other.classes == other.classes
    }

    /// True if the call with this number, which is in this class, is in the set.
    pub(crate) fn has(self, number: u16, class: Self) -> bool {
        let is_named = |&named: &u16| {
            named & NUMBER == number.saturating_add(1)
                && (named & !NUMBER == 0 || named_classes(named) & class.classes != 0)
        };
        self.classes & class.classes != 0 || self.single.iter().any(is_named)
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

/// The classes that a call can be in, by its number plus one.
fn classes_of_call(number: u16) -> u16 {
    number.checked_sub(1).map_or(0, |call| qadapt_calls::rule(call.into()).classes())
}

/// The first and the last one of some classes, which are the same where there is but one.
const fn ends(classes: u16) -> [u16; 2] {
    let last = if classes == 0 { 0 } else { 1 << (u16::BITS - 1 - classes.leading_zeros()) };
    [classes & classes.wrapping_neg(), last]
}

/// The classes in which a named call is in a set.
fn named_classes(named: u16) -> u16 {
    let classes = classes_of_call(named & NUMBER);
    let [first, last] = ends(classes);
    let without = |bit: u16, class: u16| if named & bit == 0 { 0 } else { class };
    classes & !without(NOT_FIRST, first) & !without(NOT_LAST, last)
}

/// A named call that is in a set in these of its classes, of which it has two at most.
fn named_in(number: u16, classes: u16) -> u16 {
    let [first, last] = ends(classes_of_call(number));
    let flag = |class: u16, bit: u16| if classes & class == 0 { bit } else { 0 };
    number | flag(first, NOT_FIRST) | flag(last, NOT_LAST)
}

/// A set of a user's in as few bytes as it needs, since it names three single calls at most: each wrapped future holds one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserCalls([u16; 1 + SINGLE]);

impl UserCalls {
    pub(crate) const fn new(calls: Calls) -> Self {
        Self(calls.parts().0)
    }

    pub(crate) const fn get(self) -> Calls {
        Calls::of_parts(self.0, [0; ROOM - SINGLE])
    }
}

impl fmt::Debug for UserCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
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
        let name = |named: u16| qadapt_calls::name((named & NUMBER).checked_sub(1)?);
        let single = self.single.into_iter().filter_map(name);
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
        // Of a file it may be, of a socket it may not.
        let read = Calls::named("read").both(Calls::FILE);
        assert!(read.has(0, Calls::FILE) && !read.has(0, Calls::SOCKET) && !read.has(1, Calls::FILE));
        assert_eq!(read.both(Calls::SOCKET), Calls::NONE);
        assert_eq!(Calls::named("read").both(Calls::FILE | Calls::SOCKET), Calls::named("read"));
        assert_eq!(Calls::named("read").both(Calls::named("write")), Calls::NONE);
        // What both have the class of needs no name, and none is there twice.
        assert_eq!((Calls::FILE | Calls::named("open")).both(Calls::FILE), Calls::FILE);
        let three = |one, two, three| Calls::named(one) | Calls::named(two) | Calls::named(three);
        let first = three("fsync", "open", "rename") | Calls::CLOCK;
        let second = three("clock_gettime", "fsync", "times") | Calls::FILE;
        assert_eq!(first.both(second).to_string(), "fsync, open, rename, clock_gettime, times");
        assert_eq!(first.both(first), first);
    }

    /// Of each call and each class that it can be in.
    #[test]
    fn what_sets_have_in_common_is_exact() {
        let names = ["read", "write", "poll", "ppoll", "futex", "nanosleep", "openat", "connect"];
        let mut random = fastrand::Rng::with_seed(7);
        let mut partly = 0;
        for _ in 0..1_000 {
            let sets: Vec<Calls> = (0..3)
                .map(|_| {
                    let classes = Calls::of(random.u16(..1 << 10) & random.u16(..1 << 10));
                    (0..random.u8(..4)).fold(classes, |set, _| set | Calls::named(names[random.usize(..8)]))
                })
                .collect();
            // Of three sets, the last one without names, so that there is room for all.
            let two = sets[0].both(sets[1]);
            let three = two.both(Calls::of(sets[2].classes));
            for number in 0..512 {
                let classes = qadapt_calls::rule(number.into()).classes();
                for class in Calls::CLASSES.into_iter().filter(|class| classes & class.classes != 0) {
                    let has = |set: Calls| set.has(number, class);
                    assert_eq!(has(two), has(sets[0]) && has(sets[1]), "{sets:?} {number} {class}");
                    assert_eq!(has(three), has(two) && sets[2].classes & class.classes != 0, "{sets:?}");
                }
            }
            partly += u32::from(two.single.iter().any(|named| named & !NUMBER != 0));
        }
        assert!(partly > 50, "{partly}");
    }

    #[test]
    fn a_call_can_be_in_two_classes_at_most() {
        for number in 0..512 {
            let classes = qadapt_calls::rule(number).classes();
            assert!(classes.count_ones() <= 2, "{number}");
            let [first, last] = ends(classes);
            assert_eq!(first | last, classes, "{number}");
        }
    }

    #[test]
    fn every_class_is_known_by_its_index() {
        for (class, word) in Calls::CLASSES.into_iter().zip(qadapt_calls::CLASSES) {
            assert_eq!((Calls::of_index(class.index()), class.word()), (class, word));
        }
    }
}
