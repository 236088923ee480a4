//! Thirteen ways to wait: which of them the guard catches, beside LLVM's `RealtimeSanitizer`.
//!
//! Alone because the kinds are also built into another program, which a sanitizer watches: the compiler for that is a nightly one.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(unsafe_code, reason = "some of the kinds call the kernel past std")]

#[path = "blocking_kinds/kinds.rs"]
mod kinds;

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output};

use qadapt::{Mode, Policy, QADAPT, is_blocking_watched};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// What each catches: the guard while it runs, the guard's count of page faults, and the sanitizer.
const EXPECTED: [(&str, bool, bool, bool); 13] = [
    ("sleep", true, false, false),
    ("lock that another thread holds", true, false, true),
    ("free mutex", false, false, false),
    ("free rwlock", false, false, false),
    ("file opened", true, false, true),
    ("file read", true, false, true),
    ("text printed", true, false, true),
    ("socket read", true, false, true),
    ("thread started", true, false, true),
    ("memory mapped", true, false, true),
    ("random bytes", true, false, false),
    ("raw system call", true, false, false),
    ("page fault", false, true, false),
];

/// Whether a kind is a violation, and whether it faults in a page.
fn caught(kind: &str) -> (bool, bool) {
    const REGION: Policy = Policy::no_blocking().mode(Mode::Count);
    let (before, mut faults) = (qadapt::violations(), None);
    kinds::act(kind, &mut |body| faults = qadapt::count_page_faults(|| REGION.run(body)).0);
    (qadapt::violations() > before, faults.is_some_and(|faults| faults.minor > 0))
}

#[test]
fn the_guard_catches_eleven_of_thirteen() {
    if !is_blocking_watched() {
        println!("passed over: blocking calls are not watched here");
        return;
    }
    let mut seen = 0;
    for (index, (kind, call, fault, _)) in EXPECTED.into_iter().enumerate() {
        assert_eq!(kinds::NAMES.get(index), Some(&kind));
        let (is_violation, faults) = caught(kind);
        assert_eq!(is_violation, call, "{kind}");
        // Other kinds may touch a page for the first time, too.
        assert!(faults || !fault, "{kind}");
        seen += u32::from(call || fault);
    }
    assert_eq!(seen, 11);
}

/// The calls that are violations while the body runs.
fn violations_in(body: impl FnOnce()) -> u64 {
    let before = qadapt::violations();
    Policy::no_blocking().mode(Mode::Count).run(body);
    qadapt::violations() - before
}

/// What the arguments of a call say, and what it finds behind them.
#[test]
fn what_is_told_not_to_wait_is_not_caught() {
    if !is_blocking_watched() {
        println!("passed over: blocking calls are not watched here");
        return;
    }
    let program = File::open("/proc/self/exe").expect("it runs");
    let null =
        OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open("/dev/null").expect("it is there");
    let mut buffer = [0_u8; 8];
    let part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let read = |flags| {
        // SAFETY: the part is as long as is said.
        let _ = unsafe { libc::preadv2(program.as_raw_fd(), &raw const part, 1, 0, flags) };
    };
    // SAFETY: the arguments are numbers.
    let semaphores = unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) };
    let operate = |added, flags| {
        let mut operation = libc::sembuf { sem_num: 0, sem_op: added, sem_flg: flags };
        // SAFETY: there is one operation.
        let _ = unsafe { libc::semop(semaphores, &raw mut operation, 1) };
    };
    let seen = violations_in(|| {
        // SAFETY: the arguments are numbers.
        assert_eq!(unsafe { libc::flock(program.as_raw_fd(), libc::LOCK_UN) }, 0);
        read(libc::RWF_NOWAIT);
        (&null).write_all(b"x").expect("it takes everything");
        operate(-1, i16::try_from(libc::IPC_NOWAIT).expect("a flag of sixteen bits"));
        operate(1, 0);
    });
    assert_eq!(seen, 0);
    assert_eq!(violations_in(|| read(0)), 1);
    assert_eq!(violations_in(|| operate(-1, 0)), 1);
    // SAFETY: the arguments are numbers.
    unsafe { libc::semctl(semaphores, 0, libc::IPC_RMID) };
}

#[test]
fn a_socket_that_is_bound_to_a_path_makes_a_file() {
    if !is_blocking_watched() {
        println!("passed over: blocking calls are not watched here");
        return;
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bound-{}", std::process::id()));
    let bound = violations_in(|| drop(UnixDatagram::bind(&path).expect("a new file")));
    std::fs::remove_file(&path).expect("the socket's");
    let elsewhere = violations_in(|| drop(UdpSocket::bind("127.0.0.1:0").expect("a port")));
    assert_eq!((bound, elsewhere), (1, 0));
}

#[test]
fn the_sanitizer_catches_seven() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join("blocking-kinds-sanitized");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/blocking_kinds/sanitized.rs");
    let mut compiler = Command::new("rustc");
    compiler
        .args(["+nightly", "--edition", "2024", "-Zsanitizer=realtime", "-O"])
        .arg(source)
        .arg("-o")
        .arg(&program);
    match compiler.output() {
        Ok(built) if built.status.success() => {}
        Ok(built) => {
            let why = String::from_utf8_lossy(&built.stderr).into_owned();
            let is_missing = why.contains("is not installed") || why.contains("toolchain 'nightly");
            assert!(is_missing, "the kinds do not build:\n{why}");
            println!("passed over: there is no nightly compiler");
            return;
        }
        Err(error) => {
            println!("passed over: {error}");
            return;
        }
    }
    let run = |kind| -> Output { Command::new(&program).arg(kind).output().expect("it was built") };
    for (kind, .., expected) in EXPECTED {
        let said = String::from_utf8_lossy(&run(kind).stderr).into_owned();
        assert_eq!(said.contains("RealtimeSanitizer"), expected, "{kind}: {said}");
    }
}
