//! What a thread may wait in: system calls by their numbers and arguments, functions of the C library by their names.
//!
//! A word says what for, as the guard's reports have it: a lock, a file, a socket. What cannot be told may wait.

use qadapt_calls::{Rule, number, rule};

/// `MSG_DONTWAIT`.
const MESSAGE_AT_ONCE: u64 = 0x40;

/// What a thread may wait for in the system call of this number, with these arguments as far as they are known; nothing where
/// it does not wait.
pub(crate) fn of_call(number: u64, argument: impl Fn(usize) -> Option<u64>) -> Option<&'static str> {
    // The system takes the low half.
    let rule = rule(number & u64::from(u32::MAX));
    // What the descriptor is nobody knows; these calls take a socket's.
    let flags = match rule {
        Rule::Message => argument(3),
        Rule::Gathered => argument(2),
        _ => None,
    };
    let is_at_once = flags.is_some_and(|flags| flags & MESSAGE_AT_ONCE != 0);
    (rule.may_wait(argument) && !is_at_once).then(|| word(rule))
}

/// What a thread may wait for in a function of the C library; nothing where it does not wait, or nobody knows.
pub(crate) fn of_function(symbol: &str) -> Option<&'static str> {
    // `read@GLIBC_2.2.5`, `__read_chk`, `pread64`.
    let name = symbol.split('@').next().unwrap_or(symbol);
    let plain = name.trim_start_matches("__").trim_end_matches("_chk");
    if MAPPED.contains(&plain) {
        return None;
    }
    let listed = FUNCTIONS.iter().find(|(_, names)| names.contains(&plain)).map(|(word, _)| *word);
    listed.or_else(|| {
        // Some have `64` at the end for the C library alone, some for the system alone.
        let shorter = || number(plain.strip_suffix("64")?);
        let number = number(plain).or_else(shorter).or_else(|| number(&format!("{plain}64")))?;
        // What it is told nobody knows.
        of_call(u64::from(number), |_| None)
    })
}

const fn word(rule: Rule) -> &'static str {
    match rule {
        Rule::Futex | Rule::FutexWait => "lock",
        Rule::Pause | Rule::Nanosleep | Rule::ClockNanosleep | Rule::SignalFor => "sleep",
        Rule::File
        | Rule::Descriptor
        | Rule::Close
        | Rule::Control
        | Rule::FileLock
        | Rule::Over
        | Rule::Bind => "file",
        Rule::Transfer | Rule::Flagged | Rule::Between | Rule::Spliced | Rule::Copied | Rule::Given => {
            "file or socket"
        }
        Rule::Message
        | Rule::Gathered
        | Rule::Accept
        | Rule::Connect
        | Rule::SocketLock
        | Rule::Poll
        | Rule::PollFor
        | Rule::EpollWait
        | Rule::EpollFor
        | Rule::SelectFor => "socket",
        Rule::Memory | Rule::Break | Rule::Settings => "memory",
        Rule::Process | Rule::ChildBy | Rule::ChildOf => "process",
        Rule::Clock => "clock",
        Rule::Random => "random",
        Rule::Yield => "yield",
        Rule::Never
        | Rule::Other
        | Rule::Device
        | Rule::Semaphores
        | Rule::QueuePut
        | Rule::QueueTake
        | Rule::Queue => "other",
    }
}

/// Functions that the kernel maps into the process (the vDSO): no system call is made where it does.
const MAPPED: [&str; 5] = ["clock_getres", "clock_gettime", "getcpu", "gettimeofday", "time"];

/// Functions that are not called as a system call is.
const FUNCTIONS: [(&str, &[&str]); 7] = [
    (
        "lock",
        &[
            "call_once",
            "cnd_timedwait",
            "cnd_wait",
            "flockfile",
            "mtx_lock",
            "mtx_timedlock",
            "pthread_barrier_wait",
            "pthread_cond_broadcast",
            "pthread_cond_clockwait",
            "pthread_cond_destroy",
            "pthread_cond_signal",
            "pthread_cond_timedwait",
            "pthread_cond_wait",
            "pthread_join",
            "pthread_mutex_clocklock",
            "pthread_mutex_lock",
            "pthread_mutex_timedlock",
            "pthread_once",
            "pthread_rwlock_clockrdlock",
            "pthread_rwlock_clockwrlock",
            "pthread_rwlock_rdlock",
            "pthread_rwlock_timedrdlock",
            "pthread_rwlock_timedwrlock",
            "pthread_rwlock_wrlock",
            "pthread_spin_lock",
            "pthread_timedjoin_np",
            "sem_clockwait",
            "sem_timedwait",
            "sem_wait",
            "thrd_join",
        ],
    ),
    ("sleep", &["sigpause", "sigsuspend", "sigwait", "sigwaitinfo", "sleep", "thrd_sleep", "usleep"]),
    (
        "file",
        &[
            "closedir",
            "fclose",
            "fdopen",
            "fdopendir",
            "fflush",
            "fgetc",
            "fgets",
            "fopen",
            "fprintf",
            "fputc",
            "fputs",
            "fread",
            "freopen",
            "fscanf",
            "fseek",
            "fwrite",
            "getc",
            "getchar",
            "getdelim",
            "getline",
            "lockf",
            "mkdtemp",
            "mkstemp",
            "nftw",
            "posix_fadvise",
            "posix_fallocate",
            "opendir",
            "perror",
            "printf",
            "putc",
            "putchar",
            "puts",
            "readdir",
            "realpath",
            "remove",
            "rewind",
            "scandir",
            "scanf",
            "syslog",
            "tmpfile",
            "vfprintf",
            "vprintf",
            "vsyslog",
        ],
    ),
    ("socket", &["getaddrinfo", "gethostbyaddr", "gethostbyname", "getnameinfo", "pselect", "recv", "send"]),
    (
        "process",
        &[
            "dlclose",
            "dlopen",
            "dlsym",
            "execl",
            "execle",
            "execlp",
            "execv",
            "execvp",
            "execvpe",
            "pclose",
            "popen",
            "posix_spawn",
            "posix_spawnp",
            "pthread_create",
            "system",
            "wait",
            "wait3",
            "waitpid",
        ],
    ),
    ("random", &["arc4random", "arc4random_buf", "arc4random_uniform", "getentropy"]),
    ("yield", &["pthread_yield", "sched_yield", "thrd_yield"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: &[Option<u64>]) -> Option<&'static str> {
        let number = number(name).expect("the name of a call");
        of_call(u64::from(number), |index| arguments.get(index).copied().flatten())
    }

    #[test]
    fn arguments_tell_where_they_are_known() {
        let wake = [None, Some(129)];
        assert_eq!(call("futex", &wake), None);
        assert_eq!(call("futex", &[None, Some(128)]), Some("lock"));
        assert_eq!(call("futex", &[]), Some("lock"));
        assert_eq!(call("recvfrom", &[None, None, None, Some(0x40)]), None);
        assert_eq!(call("recvfrom", &[]), Some("socket"));
        assert_eq!(call("poll", &[None, None, Some(0)]), None);
        assert_eq!(call("poll", &[None, None, Some(u64::from(u32::MAX))]), Some("socket"));
        assert_eq!(call("getrandom", &[None, None, Some(1)]), None);
        assert_eq!(call("flock", &[None, Some(8)]), None);
        assert_eq!(call("flock", &[None, Some(2)]), Some("file"));
        assert_eq!(call("preadv2", &[None, None, None, None, None, Some(8)]), None);
        assert_eq!(call("pwritev2", &[None, None, None, None, None, Some(2)]), Some("file or socket"));
        assert_eq!(call("msgsnd", &[None, None, None, Some(0o4000)]), None);
        assert_eq!(call("msgrcv", &[None, None, None, Some(0o4000), Some(0)]), Some("other"));
        assert_eq!(call("semop", &[]), Some("other"));
        assert_eq!(call("getpid", &[]), None);
        assert_eq!(call("lseek", &[]), Some("file"), "another thread may write");
        assert_eq!(call("dup", &[]), Some("file"), "the table of descriptors may have to grow");
        assert_eq!(call("fcntl", &[None, Some(0)]), Some("file"), "the same");
        assert_eq!(call("fcntl", &[None, Some(1031)]), Some("file"), "the pipe's lock");
        assert_eq!(call("fcntl", &[None, Some(3)]), None);
        assert_eq!(call("epoll_ctl", &[]), Some("socket"));
        assert_eq!(call("prctl", &[Some(15)]), None);
        assert_eq!(call("prctl", &[Some(0x5356_4d41)]), Some("memory"));
        assert_eq!(call("nanosleep", &[]), Some("sleep"));
        assert_eq!(of_call(9999, |_| None), Some("other"), "nobody knows it");
    }

    #[test]
    fn functions_are_known_by_all_their_names() {
        for (symbol, word) in [
            ("read@GLIBC_2.2.5", Some("file or socket")),
            ("__read_chk", Some("file or socket")),
            ("pread64", Some("file or socket")),
            ("pread", Some("file or socket")),
            ("posix_fadvise", Some("file")),
            ("isatty", None),
            ("open64", Some("file")),
            ("bind", Some("file")),
            ("pthread_mutex_lock", Some("lock")),
            ("pthread_cond_signal", Some("lock")),
            ("mmap64", Some("memory")),
            ("nanosleep", Some("sleep")),
            ("__printf_chk", Some("file")),
            ("getaddrinfo", Some("socket")),
            ("clock_gettime", None),
            ("pthread_mutex_unlock", None),
            ("pthread_detach", None),
            ("getpid", None),
            ("memcpy", None),
            ("log", None),
        ] {
            assert_eq!(of_function(symbol), word, "{symbol}");
        }
    }
}
