//! The system calls of Linux on x86-64: their names and what a thread may wait for in them.
//!
//! For what watches calls while they are made, and for what reads them from a file.
//!
//! ```
//! use qadapt_calls::{Rule, name, number, rule};
//!
//! assert_eq!(number("nanosleep"), Some(35));
//! assert_eq!(name(39), Some("getpid"));
//! assert_eq!((rule(35), rule(39)), (Rule::Nanosleep, Rule::Never));
//! ```

// The numbers are those of the kernel's `arch/x86/entry/syscalls/syscall_64.tbl`: each call stands at its number. What each may
// wait for is said by one letter, for `Rule`. It is text, since addresses would be written when the program starts.

#![no_std]

/// The words for what a thread may wait for, in the order by which traces number them.
///
/// ```
/// assert!(qadapt_calls::CLASSES.contains(&"sleep"));
/// ```
pub const CLASSES: [&str; 10] =
    ["sleep", "lock", "file", "socket", "memory", "process", "clock", "random", "yield", "other"];

/// How it is told whether a call may wait, and for what.
///
/// ```
/// use qadapt_calls::{Rule, number, rule};
///
/// assert_eq!(rule(u64::from(number("getpid").unwrap())), Rule::Never);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rule {
    /// It does not wait: `n`.
    Never = b'n',
    /// It is in class other: `o`. So are the calls that nobody knows.
    Other = b'o',
    /// It is in class clock: `c`.
    Clock = b'c',
    /// It is in class random: `r`.
    Random = b'r',
    /// It is in class yield: `y`.
    Yield = b'y',
    /// It is in class process: `P`.
    Process = b'P',
    /// It is in class memory, and the second argument is a size: `M`.
    Memory = b'M',
    /// It is in class memory: `B`.
    Break = b'B',
    /// It is in class file: `f`.
    File = b'f',
    /// It makes a descriptor: where the table of descriptors grows that threads share, it waits until none reads the old one: `A`.
    Descriptor = b'A',
    /// The option tells whether it takes the lock of the process's memory: `N`.
    Settings = b'N',
    /// It takes the lock of a socket or of a set of files, which another thread may have while it moves bytes: `L`.
    SocketLock = b'L',
    /// It is in class lock: `l`.
    FutexWait = b'l',
    /// It waits for a signal: `w`.
    Pause = b'w',
    /// It sleeps for the time that the first argument points to: `s`.
    Nanosleep = b's',
    /// It sleeps for the time, or until the time, that the third argument points to: `S`.
    ClockNanosleep = b'S',
    /// The operation tells whether it waits: `x`.
    Futex = b'x',
    /// It moves bytes from or to the file of the first argument: `t`.
    Transfer = b't',
    /// The same with flags in the fourth argument: `m`.
    Message = b'm',
    /// The same with flags in the third argument: `g`.
    Gathered = b'g',
    /// It moves bytes from or to the file of the first argument, with flags in the sixth: `F`.
    Flagged = b'F',
    /// It waits for a peer of the socket of the first argument: `a`.
    Accept = b'a',
    /// It moves bytes between two files: `e`.
    Between = b'e',
    /// It waits until a file is ready, for so many milliseconds as the third argument says: `p`.
    Poll = b'p',
    /// The same with the fourth argument: `E`.
    EpollWait = b'E',
    /// It waits until a file is ready, for the time that the third argument points to: `q`.
    PollFor = b'q',
    /// The same with the fourth argument: `h`.
    EpollFor = b'h',
    /// The same with the fifth argument: `u`.
    SelectFor = b'u',
    /// Closing a file of a file system may wait: `k`.
    Close = b'k',
    /// The command tells whether it waits: `v`.
    Control = b'v',
    /// A device's own command: `i`.
    Device = b'i',
    /// It moves bytes between the files of the first and the third argument, with flags in the sixth: `b`.
    Spliced = b'b',
    /// It copies from one pipe to another, with flags in the fourth argument: `T`.
    Copied = b'T',
    /// It gives memory to the pipe of the first argument, with flags in the fourth: `V`.
    Given = b'V',
    /// It waits for a peer of the socket of the first argument, unless that one sends single messages: `C`.
    Connect = b'C',
    /// It waits for a child, with options in the third argument: `j`.
    ChildBy = b'j',
    /// The same with the fourth argument: `J`.
    ChildOf = b'J',
    /// It locks a file, with the operation in the second argument: `z`.
    FileLock = b'z',
    /// It waits for a signal, for the time that the third argument points to: `d`.
    SignalFor = b'd',
    /// It closes what the second argument stood for before: `D`.
    Over = b'D',
    /// It takes or gives semaphores, as many times as the third argument says, each with its flags at the address of the second: `O`.
    Semaphores = b'O',
    /// It puts a message into a queue of System V, with flags in the fourth argument: `Q`.
    QueuePut = b'Q',
    /// It takes a message out of one, with flags in the fifth argument: `R`.
    QueueTake = b'R',
    /// It puts a message into the queue of POSIX that the first argument stands for, or takes one out: `G`.
    Queue = b'G',
    /// It gives a socket the address at the second argument, of so many bytes as the third says. It makes a file of the address of a
    /// local socket: `U`.
    Bind = b'U',
}

impl Rule {
    const ALL: [Self; 45] = [
        Self::Never,
        Self::Other,
        Self::Clock,
        Self::Random,
        Self::Yield,
        Self::Process,
        Self::Memory,
        Self::Break,
        Self::File,
        Self::Descriptor,
        Self::Settings,
        Self::SocketLock,
        Self::FutexWait,
        Self::Pause,
        Self::Nanosleep,
        Self::ClockNanosleep,
        Self::Futex,
        Self::Transfer,
        Self::Message,
        Self::Gathered,
        Self::Flagged,
        Self::Accept,
        Self::Between,
        Self::Poll,
        Self::EpollWait,
        Self::PollFor,
        Self::EpollFor,
        Self::SelectFor,
        Self::Close,
        Self::Control,
        Self::Device,
        Self::Spliced,
        Self::Copied,
        Self::Given,
        Self::Connect,
        Self::ChildBy,
        Self::ChildOf,
        Self::FileLock,
        Self::SignalFor,
        Self::Over,
        Self::Semaphores,
        Self::QueuePut,
        Self::QueueTake,
        Self::Queue,
        Self::Bind,
    ];

    /// Whether a call may wait by what these arguments of it say, as far as they are known: its operation, its flags, its time. What
    /// it finds behind a descriptor or an address is another question.
    ///
    /// ```
    /// use qadapt_calls::{number, rule};
    ///
    /// let futex = rule(u64::from(number("futex").unwrap()));
    /// assert!(futex.may_wait(|_| None));
    /// assert!(!futex.may_wait(|index| (index == 1).then_some(1)), "it wakes");
    /// ```
    #[must_use]
    pub fn may_wait(self, argument: impl Fn(usize) -> Option<u64>) -> bool {
        let (index, waits): (usize, fn(u64) -> bool) = match self {
            Self::Never => return false,
            Self::Futex => (1, |operation| FUTEX_WAITS.contains(&(operation & 0x7F))),
            Self::Random => (2, |flags| flags & GRND_NONBLOCK == 0),
            Self::Poll => (2, |time| time & INT != 0),
            Self::EpollWait => (3, |time| time & INT != 0),
            Self::ChildBy => (2, |options| options & WNOHANG == 0),
            Self::ChildOf => (3, |options| options & WNOHANG == 0),
            Self::Flagged => (5, |flags| flags & RWF_NOWAIT == 0),
            Self::FileLock => {
                (1, |operation| operation & LOCK_NB == 0 && operation & INT & !LOCK_NB != LOCK_UN)
            }
            Self::QueuePut => (3, |flags| flags & IPC_NOWAIT == 0),
            Self::QueueTake => (4, |flags| flags & IPC_NOWAIT == 0),
            Self::Settings => (0, |option| !SETTINGS_AT_ONCE.contains(&(option & INT))),
            Self::Control => (1, |command| {
                let command = command & INT;
                CONTROL_WAITS.contains(&command) || COPY_COMMANDS.contains(&command)
            }),
            _ => return true,
        };
        argument(index).is_none_or(waits)
    }

    /// The classes in which a call of this rule can be, by what it finds behind its arguments: a bit for each of [`CLASSES`].
    ///
    /// ```
    /// use qadapt_calls::{CLASSES, Rule};
    ///
    /// let words = |rule: Rule| (0..10).filter(move |bit| rule.classes() & 1 << bit != 0).map(|bit| CLASSES[bit]);
    /// assert!(words(Rule::Transfer).eq(["file", "socket"]));
    /// ```
    #[must_use]
    pub const fn classes(self) -> u16 {
        const SLEEP: u16 = 1;
        const LOCK: u16 = 1 << 1;
        const FILE: u16 = 1 << 2;
        const SOCKET: u16 = 1 << 3;
        const MEMORY: u16 = 1 << 4;
        const PROCESS: u16 = 1 << 5;
        const CLOCK: u16 = 1 << 6;
        const RANDOM: u16 = 1 << 7;
        const YIELD: u16 = 1 << 8;
        const OTHER: u16 = 1 << 9;
        match self {
            Self::Never => 0,
            Self::Pause | Self::Nanosleep | Self::ClockNanosleep | Self::SignalFor => SLEEP,
            Self::Futex | Self::FutexWait => LOCK,
            Self::File
            | Self::Descriptor
            | Self::Close
            | Self::Over
            | Self::Control
            | Self::FileLock
            | Self::Bind => FILE,
            Self::SocketLock | Self::EpollWait | Self::EpollFor | Self::SelectFor => SOCKET,
            Self::Memory | Self::Break | Self::Settings => MEMORY,
            Self::Process | Self::ChildBy | Self::ChildOf => PROCESS,
            Self::Clock => CLOCK,
            Self::Random => RANDOM,
            Self::Yield => YIELD,
            Self::Other
            | Self::Device
            | Self::Semaphores
            | Self::QueuePut
            | Self::QueueTake
            | Self::Queue => OTHER,
            Self::Poll | Self::PollFor => SLEEP | SOCKET,
            Self::Transfer
            | Self::Message
            | Self::Gathered
            | Self::Flagged
            | Self::Accept
            | Self::Between
            | Self::Spliced
            | Self::Copied
            | Self::Given
            | Self::Connect => FILE | SOCKET,
        }
    }

    /// The rule of a letter. Where there is none, the program that uses the table does not compile.
    const fn of(letter: u8) -> Self {
        let mut index = 0;
        while Self::ALL[index] as u8 != letter {
            index += 1;
        }
        Self::ALL[index]
    }
}

/// The operations of `futex` that wait (linux/futex.h); the rest wakes others.
const FUTEX_WAITS: [u64; 5] = [0, 6, 9, 11, 13];
/// The commands of `fcntl` that make a descriptor: `F_DUPFD`, `F_DUPFD_CLOEXEC`. They may wait as [`Rule::Descriptor`] does.
///
/// ```
/// use qadapt_calls::{COPY_COMMANDS, Rule};
///
/// let wait = |command| Rule::Control.may_wait(|index| (index == 1).then_some(command));
/// assert!(COPY_COMMANDS.into_iter().all(wait));
/// ```
pub const COPY_COMMANDS: [u64; 2] = [0, 1030];
/// The other commands of `fcntl` that wait: `F_SETLKW`, `F_OFD_SETLKW`; and `F_SETLEASE`, `F_NOTIFY`, `F_SETPIPE_SZ`, `F_GETPIPE_SZ`,
/// `F_ADD_SEALS`, which take the lock of a file or a pipe.
const CONTROL_WAITS: [u64; 7] = [7, 38, 1024, 1026, 1031, 1032, 1033];
/// The options of `prctl` of which each is known to set or tell a number of the thread's or the process's (linux/prctl.h): `PR_SET_PDEATHSIG`,
/// `PR_SET_DUMPABLE`, `PR_SET_KEEPCAPS`, `PR_SET_NAME`, `PR_SET_TIMERSLACK`, `PR_SET_NO_NEW_PRIVS`, and what asks for these.
const SETTINGS_AT_ONCE: [u64; 12] = [1, 2, 3, 4, 7, 8, 15, 16, 29, 30, 38, 39];
const GRND_NONBLOCK: u64 = 1;
const WNOHANG: u64 = 1;
const RWF_NOWAIT: u64 = 8;
const IPC_NOWAIT: u64 = 0o4000;
const LOCK_NB: u64 = 4;
const LOCK_UN: u64 = 8;
/// The bits of an argument that is an `int`: what is above them in the register may be anything.
const INT: u64 = u32::MAX as u64;

/// Those from 0 on.
const FIRST: &str = "\
    read:t write:t open:f close:k stat:f fstat:f lstat:f poll:p lseek:f mmap:M mprotect:M munmap:M \
    brk:B rt_sigaction:n rt_sigprocmask:n rt_sigreturn:n ioctl:i pread64:t pwrite64:t readv:t \
    writev:t access:f pipe:A select:u sched_yield:y mremap:M msync:M mincore:M madvise:M shmget:o \
    shmat:o shmctl:o dup:A dup2:D pause:w nanosleep:s getitimer:n alarm:n setitimer:n getpid:n \
    sendfile:e socket:A connect:C accept:a sendto:m recvfrom:m sendmsg:g recvmsg:g shutdown:L bind:U \
    listen:L getsockname:L getpeername:L socketpair:A setsockopt:L getsockopt:L clone:P fork:P \
    vfork:P execve:P exit:n wait4:j kill:n uname:n semget:o semop:O semctl:o shmdt:o msgget:o \
    msgsnd:Q msgrcv:R msgctl:o fcntl:v flock:z fsync:f fdatasync:f truncate:f ftruncate:f getdents:f \
    getcwd:f chdir:f fchdir:f rename:f mkdir:f rmdir:f creat:f link:f unlink:f symlink:f readlink:f \
    chmod:f fchmod:f chown:f fchown:f lchown:f umask:n gettimeofday:c getrlimit:n getrusage:c \
    sysinfo:n times:c ptrace:P getuid:n syslog:o getgid:n setuid:o setgid:o geteuid:n getegid:n \
    setpgid:o getppid:n getpgrp:n setsid:o setreuid:o setregid:o getgroups:n setgroups:o setresuid:o \
    getresuid:n setresgid:o getresgid:n getpgid:n setfsuid:o setfsgid:o getsid:n capget:n capset:o \
    rt_sigpending:n rt_sigtimedwait:d rt_sigqueueinfo:n rt_sigsuspend:w sigaltstack:n utime:f \
    mknod:f uselib:o personality:o ustat:f statfs:f fstatfs:f sysfs:o getpriority:n setpriority:o \
    sched_setparam:o sched_getparam:n sched_setscheduler:o sched_getscheduler:n \
    sched_get_priority_max:n sched_get_priority_min:n sched_rr_get_interval:n mlock:M munlock:M \
    mlockall:B munlockall:B vhangup:o modify_ldt:o pivot_root:f _sysctl:o prctl:N arch_prctl:n \
    adjtimex:c setrlimit:o chroot:f sync:f acct:o settimeofday:c mount:f umount2:f swapon:o \
    swapoff:o reboot:o sethostname:o setdomainname:o iopl:o ioperm:o create_module:o init_module:o \
    delete_module:o get_kernel_syms:o query_module:o quotactl:o nfsservctl:o getpmsg:o putpmsg:o \
    afs_syscall:o tuxcall:o security:o gettid:n readahead:f setxattr:f lsetxattr:f fsetxattr:f \
    getxattr:f lgetxattr:f fgetxattr:f listxattr:f llistxattr:f flistxattr:f removexattr:f \
    lremovexattr:f fremovexattr:f tkill:n time:c futex:x sched_setaffinity:o sched_getaffinity:n \
    set_thread_area:o io_setup:o io_destroy:o io_getevents:u io_submit:o io_cancel:o \
    get_thread_area:o lookup_dcookie:o epoll_create:A epoll_ctl_old:o epoll_wait_old:E \
    remap_file_pages:M getdents64:f set_tid_address:n restart_syscall:n semtimedop:O fadvise64:f \
    timer_create:n timer_settime:n timer_gettime:n timer_getoverrun:n timer_delete:n clock_settime:c \
    clock_gettime:c clock_getres:c clock_nanosleep:S exit_group:n epoll_wait:E epoll_ctl:L tgkill:n \
    utimes:f vserver:o mbind:M set_mempolicy:o get_mempolicy:o mq_open:o mq_unlink:o mq_timedsend:G \
    mq_timedreceive:G mq_notify:o mq_getsetattr:o kexec_load:o waitid:J add_key:o request_key:o \
    keyctl:o ioprio_set:o ioprio_get:o inotify_init:o inotify_add_watch:f inotify_rm_watch:o \
    migrate_pages:B openat:f mkdirat:f mknodat:f fchownat:f futimesat:f newfstatat:f unlinkat:f \
    renameat:f linkat:f symlinkat:f readlinkat:f fchmodat:f faccessat:f pselect6:u ppoll:q unshare:P \
    set_robust_list:n get_robust_list:n splice:b tee:T sync_file_range:f vmsplice:V move_pages:B \
    utimensat:f epoll_pwait:E signalfd:A timerfd_create:A eventfd:A fallocate:f timerfd_settime:n \
    timerfd_gettime:n accept4:a signalfd4:A eventfd2:A epoll_create1:A dup3:D pipe2:A \
    inotify_init1:o preadv:t pwritev:t rt_tgsigqueueinfo:n perf_event_open:o recvmmsg:m \
    fanotify_init:o fanotify_mark:o prlimit64:n name_to_handle_at:f open_by_handle_at:f \
    clock_adjtime:c syncfs:f sendmmsg:m setns:P getcpu:n process_vm_readv:P process_vm_writev:P \
    kcmp:P finit_module:o sched_setattr:o sched_getattr:n renameat2:f seccomp:o getrandom:r \
    memfd_create:f kexec_file_load:o bpf:o execveat:P userfaultfd:o membarrier:o mlock2:M \
    copy_file_range:b preadv2:F pwritev2:F pkey_mprotect:M pkey_alloc:o pkey_free:o statx:f \
    io_pgetevents:u rseq:n";
/// Those from [`GAP`] on.
const FURTHER: &str = "\
    pidfd_send_signal:n io_uring_setup:o io_uring_enter:o io_uring_register:o open_tree:o \
    move_mount:o fsopen:o fsconfig:o fsmount:o fspick:o pidfd_open:P clone3:P close_range:f \
    openat2:f pidfd_getfd:P faccessat2:f process_madvise:B epoll_pwait2:h mount_setattr:o \
    quotactl_fd:o landlock_create_ruleset:o landlock_add_rule:o landlock_restrict_self:o \
    memfd_secret:B process_mrelease:P futex_waitv:l set_mempolicy_home_node:o cachestat:f \
    fchmodat2:f map_shadow_stack:M futex_wake:n futex_wait:l futex_requeue:n statmount:o listmount:o \
    lsm_get_self_attr:o lsm_set_self_attr:o lsm_list_modules:o mseal:M setxattrat:f getxattrat:f \
    listxattrat:f removexattrat:f open_tree_attr:o file_getattr:f file_setattr:f";

/// The number after the last one of [`FIRST`] and before those of [`FURTHER`], which all architectures share.
const GAP: u16 = 424;

/// More than the greatest number.
const END: usize = 512;

/// The rule of each call by its number.
static RULES: [Rule; END] = {
    let mut rules = [Rule::Other; END];
    fill(&mut rules, FIRST, 0);
    fill(&mut rules, FURTHER, GAP as usize);
    rules
};

/// The rule of a call; of a number that nobody knows, [`Rule::Other`].
///
/// ```
/// use qadapt_calls::{Rule, rule};
///
/// assert_eq!(rule(35), Rule::Nanosleep, "nanosleep on x86-64");
/// assert_eq!(rule(100_000), Rule::Other);
/// ```
#[inline]
#[must_use]
pub fn rule(number: u64) -> Rule {
    usize::try_from(number).ok().and_then(|number| RULES.get(number).copied()).unwrap_or(Rule::Other)
}

/// Sets the rules of the calls from a number on.
const fn fill(rules: &mut [Rule; END], text: &str, start: usize) {
    let text = text.as_bytes();
    let (mut at, mut number) = (0, start);
    while at < text.len() {
        if text[at] == b':' {
            rules[number] = Rule::of(text[at + 1]);
            number += 1;
        }
        at += 1;
    }
}

/// The name of a call.
///
/// ```
/// assert_eq!(qadapt_calls::name(35), Some("nanosleep"));
/// assert_eq!(qadapt_calls::name(9_999), None);
/// ```
#[must_use]
pub fn name(number: u16) -> Option<&'static str> {
    let number = usize::from(number);
    let (text, index) = match number.checked_sub(GAP as usize) {
        Some(further) => (FURTHER, further),
        None => (FIRST, number),
    };
    text.split(' ').nth(index)?.split(':').next()
}

/// The number of a call by its name. It is made for constants: a search of all names.
///
/// ```
/// const NANOSLEEP: Option<u16> = qadapt_calls::number("nanosleep");
/// assert_eq!(NANOSLEEP, Some(35));
/// ```
#[must_use]
pub const fn number(name: &str) -> Option<u16> {
    match search(FIRST, name, 0) {
        Some(number) => Some(number),
        None => search(FURTHER, name, GAP),
    }
}

const fn search(text: &str, name: &str, start: u16) -> Option<u16> {
    let (text, name) = (text.as_bytes(), name.as_bytes());
    let (mut at, mut number) = (0, start);
    while at < text.len() {
        let mut length = 0;
        while text[at + length] != b':' {
            length += 1;
        }
        let mut same = if length == name.len() { length } else { 0 };
        while same > 0 && text[at + same - 1] == name[same - 1] {
            same -= 1;
        }
        if same == 0 && length == name.len() {
            return Some(number);
        }
        // The letter, and a space.
        at += length + 3;
        number += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_found_by_its_name() {
        for (number, name) in
            [(0, "read"), (15, "rt_sigreturn"), (230, "clock_nanosleep"), (318, "getrandom")]
        {
            assert_eq!((super::number(name), super::name(number)), (Some(number), Some(name)));
        }
        for (number, name) in [(334, "rseq"), (424, "pidfd_send_signal"), (435, "clone3"), (462, "mseal")] {
            assert_eq!((super::number(name), super::name(number)), (Some(number), Some(name)));
        }
        assert_eq!((number("rea"), number("no_such_call"), name(400)), (None, None, None));
    }

    #[test]
    fn each_call_has_the_rule_at_its_number() {
        assert_eq!(
            (rule(202), rule(15), rule(435), rule(500), rule(u64::MAX)),
            (Rule::Futex, Rule::Never, Rule::Process, Rule::Other, Rule::Other)
        );
    }
}
