//! Foreign functions: which allocate, which are known not to, which never return.
//!
//! These are names of the C library's functions: whoever asks has made sure that the symbol is of that library. Entries of
//! an allocator are believed by their name alone. A name is listed as quiet only if glibc's documented and actual behaviour is to neither call `malloc` nor call
//! back into the program. Everything else is unknown until the user says otherwise.

use super::role::{Role, Sink};

/// The role of an imported symbol.
pub(crate) fn role(symbol: &str) -> Role {
    // `memcpy@GLIBC_2.14` and the like.
    let name = symbol.split('@').next().unwrap_or(symbol);
    let entry = ["_rjem_", "__libc_", "je_"].iter().find_map(|p| name.strip_prefix(p)).unwrap_or(name);
    if ALLOC.binary_search(&entry).is_ok() {
        Role::Sink(Sink::Alloc)
    } else if FREE.binary_search(&entry).is_ok() {
        Role::Sink(Sink::Free)
    } else if QUIET.binary_search(&name).is_ok() {
        Role::Quiet
    } else if ABORT.contains(&name) {
        Role::Abort
    } else if EXIT.contains(&name) {
        Role::Exit
    } else {
        Role::Foreign
    }
}

/// Functions that allocate, or whose documented job is to return allocated memory.
const ALLOC: [&str; 44] = [
    "_Znam",
    "_ZnamRKSt9nothrow_t",
    "_ZnamSt11align_val_t",
    "_Znwm",
    "_ZnwmRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "__cxa_allocate_exception",
    "__cxa_thread_atexit_impl",
    "aligned_alloc",
    "asprintf",
    "calloc",
    // That of `open_memstream` gives its text the size that it has by then.
    "fclose",
    "fdopen",
    "fopen",
    "fopen64",
    "getaddrinfo",
    "getdelim",
    "getline",
    "malloc",
    "mallocx",
    "memalign",
    "mi_calloc",
    "mi_malloc",
    "mi_malloc_aligned",
    "mi_realloc",
    "mi_realloc_aligned",
    "mi_zalloc",
    "mi_zalloc_aligned",
    "open_memstream",
    "opendir",
    "posix_memalign",
    "pvalloc",
    "rallocx",
    "realloc",
    "reallocarray",
    "realpath",
    "scandir",
    "strdup",
    "strndup",
    "tc_malloc",
    "valloc",
    "vasprintf",
    "wcsdup",
    "xallocx",
];

/// Functions that free.
const FREE: [&str; 18] = [
    "_ZdaPv",
    "_ZdaPvm",
    "_ZdaPvmSt11align_val_t",
    "_ZdlPv",
    "_ZdlPvm",
    "_ZdlPvmSt11align_val_t",
    "cfree",
    "closedir",
    "dallocx",
    "free",
    "free_aligned_sized",
    "free_sized",
    "freeaddrinfo",
    "mi_free",
    "mi_free_size",
    "mi_free_size_aligned",
    "sdallocx",
    "tc_free",
];

const ABORT: [&str; 6] =
    ["_Unwind_Resume", "__assert_fail", "__chk_fail", "__fortify_fail", "__stack_chk_fail", "abort"];

const EXIT: [&str; 5] = ["_Exit", "_exit", "exit", "pthread_exit", "quick_exit"];

#[rustfmt::skip]
const QUIET: &[&str] = &[
    "__errno_location", "__gettimeofday", "__memcpy_chk", "__memmove_chk", "__memset_chk", "__sched_yield",
    "abs", "accept", "accept4", "access", "acos", "acosf", "acosh", "acoshf", "asin", "asinf", "asinh",
    "asinhf", "atan", "atan2", "atan2f", "atanf", "atanh", "atanhf", "bcmp", "bind", "bzero", "cbrt",
    "cbrtf", "ceil", "ceilf", "chdir", "chmod", "clock_getres", "clock_gettime", "clock_nanosleep", "close",
    "connect", "copysign", "copysignf", "cos", "cosf", "cosh", "coshf", "dup", "dup2", "epoll_create1",
    "epoll_ctl", "epoll_wait", "erf", "erff", "eventfd", "exp", "exp10", "exp2", "exp2f", "expf",
    "explicit_bzero", "expm1", "expm1f", "fabs", "fabsf", "fcntl", "fcntl64", "fdatasync", "fdim", "fdimf",
    "floor", "floorf", "fma", "fmaf", "fmax", "fmaxf", "fmin", "fminf", "fmod", "fmodf", "frexp", "frexpf",
    "fstat", "fstat64", "fsync", "ftruncate", "ftruncate64", "getegid", "geteuid", "getgid", "getpeername",
    "getpid", "getppid", "getrandom", "getrusage", "getsockname", "getsockopt", "gettid", "gettimeofday",
    "getuid", "hypot", "hypotf", "ioctl", "isatty", "labs", "ldexp", "ldexpf", "lgamma_r",
    "lgammaf_r", "listen", "llrint", "llround", "log", "log10", "log10f", "log1p", "log1pf", "log2",
    "log2f", "logf", "lrint", "lround", "lseek", "lseek64", "lstat", "lstat64", "madvise", "memccpy",
    "memchr", "memcmp", "memcpy", "memmem", "memmove", "mempcpy", "memrchr", "memset", "mkdir", "mlock",
    "modf", "modff", "mprotect", "msync", "munlock", "nan", "nanosleep", "nearbyint", "nearbyintf",
    "nextafter", "nextafterf", "open", "open64", "openat", "openat64", "pipe", "pipe2", "poll",
    "posix_fadvise", "pow", "powf", "prctl", "pread", "pread64", "preadv",
    "pthread_cond_broadcast", "pthread_cond_clockwait", "pthread_cond_destroy", "pthread_cond_init",
    "pthread_cond_signal", "pthread_cond_timedwait", "pthread_cond_wait", "pthread_equal",
    "pthread_getspecific", "pthread_mutex_destroy", "pthread_mutex_init",
    "pthread_mutex_unlock", "pthread_mutexattr_destroy",
    "pthread_mutexattr_init", "pthread_mutexattr_settype", "pthread_rwlock_rdlock",
    "pthread_rwlock_tryrdlock", "pthread_rwlock_trywrlock", "pthread_rwlock_unlock",
    "pthread_rwlock_wrlock", "pthread_self", "pthread_spin_lock", "pthread_spin_unlock",
    "pwrite", "pwrite64", "pwritev", "read", "readlink", "readv", "recv", "recvfrom", "recvmsg",
    "remainder", "remainderf", "rename", "rint", "rintf", "rmdir", "round", "roundeven", "roundf", "scalbn",
    "scalbnf", "sched_getaffinity", "sched_getcpu", "sched_setaffinity", "sched_yield", "sem_destroy",
    "sem_init", "sem_post", "sem_timedwait", "sem_trywait", "sem_wait", "send", "sendfile", "sendfile64",
    "sendmsg", "sendto", "setsockopt", "shutdown", "sigaddset", "sigemptyset", "sigfillset",
    "sin", "sincos", "sincosf", "sinf", "sinh", "sinhf", "socket", "socketpair", "sqrt", "sqrtf", "stat",
    "stat64", "stpcpy", "strcat", "strchr", "strcmp", "strcpy", "strcspn", "strlen", "strncat", "strncmp",
    "strncpy", "strnlen", "strrchr", "strspn", "strstr", "strtol", "strtoul", "syscall", "tan", "tanf",
    "tanh", "tanhf", "tgamma", "tgammaf", "time", "trunc", "truncf", "umask", "unlink", "usleep", "wait4",
    "waitpid", "wcslen", "write", "writev",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_disjoint() {
        for list in [&ALLOC[..], &FREE[..], QUIET] {
            for pair in list.windows(2) {
                assert!(pair[0] < pair[1], "{} before {}", pair[0], pair[1]);
            }
        }
        assert!(QUIET.iter().all(|n| !ALLOC.contains(n) && !FREE.contains(n)));
    }

    #[test]
    fn versions_and_prefixes_are_not_part_of_the_name() {
        assert_eq!(role("memcpy@GLIBC_2.14"), Role::Quiet);
        assert_eq!(role("_rjem_malloc"), Role::Sink(Sink::Alloc));
        assert_eq!(role("__libc_free"), Role::Sink(Sink::Free));
        assert_eq!(role("je_memcpy"), Role::Foreign, "only an allocator's entries have prefixes");
        assert_eq!(role("qsort"), Role::Foreign, "it calls back");
        assert_eq!(role("raise"), Role::Foreign, "it runs a signal handler");
        assert_eq!(role("pthread_sigmask"), Role::Foreign, "it lets waiting signals in");
        for name in ["pthread_mutex_lock", "pthread_mutex_trylock"] {
            assert_eq!(
                role(name),
                Role::Foreign,
                "glibc allocates for a mutex whose holder gets another priority"
            );
        }
        assert_eq!(role("mmap"), Role::Foreign);
        assert_eq!(role("abort"), Role::Abort);
    }
}
