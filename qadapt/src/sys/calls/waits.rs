//! What a thread may wait for in a call: by the call's rule, and by what its arguments say.

use core::ffi::{c_int, c_long};
use core::mem::MaybeUninit;

use qadapt_calls::{COPY_COMMANDS, Rule};

use super::gate::{self, unsigned};
use crate::model::{Calls, Detail, SystemCall};

/// Commands of `ioctl` that set or tell how a file is and do not wait (asm-generic/ioctls.h): `FIONBIO`, `FIONREAD`, `FIOCLEX`,
/// `FIONCLEX`, `TCGETS`, `TIOCGWINSZ`.
const QUICK: [u64; 6] = [0x5421, 0x541B, 0x5451, 0x5450, 0x5401, 0x5413];
/// `SPLICE_F_NONBLOCK`.
const AT_ONCE_SPLICE: u64 = 2;
/// So many operations on semaphores are looked at; of more it is said that they may wait.
const MOST_OPERATIONS: usize = 16;
/// The bits of an argument that is an `int`. The kernel looks at no others, and compilers leave anything in those.
const INT: u64 = u32::MAX as u64;
/// `AT_FDCWD` and other descriptors that are none are negative.
const MOST_DESCRIPTORS: u64 = 1 << 31;

/// The call if it may wait.
pub(super) fn of(number: u64, arguments: &[u64; 6]) -> Option<SystemCall> {
    let (class, detail, value) = judge(qadapt_calls::rule(number), arguments)?;
    let number = u16::try_from(number).unwrap_or(u16::MAX);
    Some(SystemCall { number, class, detail, value, by_allocator: false })
}

/// The class of a call, and its argument that matters.
type Judged = (Calls, Detail, u64);

fn judge(rule: Rule, arguments: &[u64; 6]) -> Option<Judged> {
    let &[first, second, third, fourth, fifth, sixth] = arguments;
    let plain = |class| Some((class, Detail::Nothing, 0));
    if !rule.may_wait(|index| arguments.get(index).copied()) {
        return None;
    }
    match rule {
        // Such a wait is rare and short, and what does not wait otherwise makes these calls all the time: a proof tells of it, a run does not.
        Rule::Never | Rule::Descriptor | Rule::SocketLock => None,
        Rule::Control if COPY_COMMANDS.contains(&(second & INT)) => None,
        Rule::Queue if is_non_blocking(first & INT) => None,
        Rule::Other | Rule::QueuePut | Rule::QueueTake | Rule::Queue => plain(Calls::OTHER),
        Rule::Semaphores => {
            may_wait_for_semaphores(second, third).then_some((Calls::OTHER, Detail::Nothing, 0))
        }
        Rule::Clock => plain(Calls::CLOCK),
        Rule::Random => Some((Calls::RANDOM, Detail::Bytes, second)),
        Rule::Yield => plain(Calls::YIELD),
        Rule::Process | Rule::ChildBy | Rule::ChildOf => plain(Calls::PROCESS),
        Rule::Memory => Some((Calls::MEMORY, Detail::Bytes, second)),
        Rule::Break | Rule::Settings => plain(Calls::MEMORY),
        Rule::File => plain(Calls::FILE),
        // Also for no time: the kernel sets a timer, which may be late by the thread's slack, and switches to another thread.
        Rule::Futex | Rule::FutexWait => plain(Calls::LOCK),
        Rule::Pause => plain(Calls::SLEEP),
        Rule::Nanosleep => Some(sleep(first)),
        // Until a time, or for one.
        Rule::ClockNanosleep if second & 1 != 0 => plain(Calls::SLEEP),
        Rule::ClockNanosleep => Some(sleep(third)),
        Rule::Transfer | Rule::Flagged | Rule::Accept => transfer(first, false),
        Rule::Message => transfer(first, says_at_once(fourth)),
        Rule::Gathered => transfer(first, says_at_once(third)),
        Rule::Between => between(first, second, false),
        Rule::Spliced => between(first, third, sixth & AT_ONCE_SPLICE != 0),
        Rule::Copied => between(first, second, fourth & AT_ONCE_SPLICE != 0),
        Rule::Given => transfer(first, fourth & AT_ONCE_SPLICE != 0),
        Rule::Connect => transfer(first, sends_single_messages(first)),
        Rule::FileLock | Rule::Control => Some((Calls::FILE, Detail::Descriptor, first & INT)),
        Rule::SignalFor => waits_for(third).map(|_| (Calls::SLEEP, Detail::Nothing, 0)),
        Rule::Bind => makes_file(second, third).then_some((Calls::FILE, Detail::Descriptor, first & INT)),
        Rule::Over => of_file(second),
        Rule::Poll if second & INT == 0 => plain(Calls::SLEEP),
        Rule::Poll | Rule::EpollWait => plain(Calls::SOCKET),
        Rule::PollFor if second & INT == 0 => waits_for(third).map(|_| (Calls::SLEEP, Detail::Nothing, 0)),
        Rule::PollFor => waits_for(third),
        Rule::SelectFor => waits_for(fifth),
        Rule::EpollFor => waits_for(fourth),
        Rule::Close => of_file(first),
        Rule::Device => {
            (!QUICK.contains(&(second & INT))).then_some((Calls::OTHER, Detail::Descriptor, first & INT))
        }
    }
}

fn says_at_once(flags: u64) -> bool {
    flags & u64::from(libc::MSG_DONTWAIT.unsigned_abs()) != 0
}

/// A sleep for the time at this address.
fn sleep(time: u64) -> Judged {
    // A time that is none, or of more than three days, is not told.
    let total =
        |[seconds, nanoseconds]: [u64; 2]| seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds);
    match read(time).and_then(total).filter(|&time| time <= SystemCall::MOST) {
        Some(time) => (Calls::SLEEP, Detail::Nanoseconds, time),
        None => (Calls::SLEEP, Detail::Nothing, 0),
    }
}

/// A wait until a file is ready, for the time at this address.
fn waits_for(time: u64) -> Option<Judged> {
    let is_none = time != 0 && read(time) == Some([0, 0]);
    (!is_none).then_some((Calls::SOCKET, Detail::Nothing, 0))
}

/// Whether one of the operations on semaphores at this address may wait: one that gives does not, nor one with `IPC_NOWAIT`.
fn may_wait_for_semaphores(address: u64, count: u64) -> bool {
    // Each is a `sembuf`: the number of the semaphore, what is added, flags.
    let mut operations = [[0_i16; 3]; MOST_OPERATIONS];
    // The kernel takes the low half.
    let count = usize::try_from(count & INT).unwrap_or(usize::MAX);
    let Some(operations) = operations.get_mut(..count) else { return true };
    let here = operations.as_mut_ptr().expose_provenance() as u64;
    let is_read = copy(libc::SYS_process_vm_readv, here, address, size_of_val(operations));
    let may_wait = |&[_, added, flags]: &[i16; 3]| added <= 0 && c_int::from(flags) & libc::IPC_NOWAIT == 0;
    !is_read || operations.iter().any(may_wait)
}

/// A transfer of bytes, or a wait for a peer; `None` where it does not wait.
fn transfer(argument: u64, at_once: bool) -> Option<Judged> {
    let descriptor = argument & INT;
    // Where there is none, the kernel says that there is no such file.
    let Found { kind, heeds } = found(descriptor)?;
    let class = match kind {
        Detail::Socket | Detail::Pipe | Detail::Descriptor if at_once => return None,
        Detail::Socket | Detail::Pipe | Detail::Descriptor => Calls::SOCKET,
        _ => Calls::FILE,
    };
    (!heeds || !is_non_blocking(descriptor)).then_some((class, kind, descriptor))
}

/// A transfer between two files.
fn between(from: u64, to: u64, at_once: bool) -> Option<Judged> {
    transfer(from, at_once).or_else(|| transfer(to, at_once))
}

/// True for a socket whose peer has no part in a connection, such as UDP's.
#[expect(unsafe_code, reason = "calls the kernel")]
fn sends_single_messages(descriptor: u64) -> bool {
    let mut kind: c_int = 0;
    let mut length = size_of::<c_int>();
    let [level, option] = [libc::SOL_SOCKET, libc::SO_TYPE].map(|number| u64::from(number.unsigned_abs()));
    let answer = (&raw mut kind).expose_provenance() as u64;
    let room = (&raw mut length).expose_provenance() as u64;
    // SAFETY: there is room for the answer, as long as is said.
    let result = unsafe { gate::make(libc::SYS_getsockopt, [descriptor, level, option, answer, room, 0]) };
    result == 0 && kind == libc::SOCK_DGRAM
}

/// What a call waits for that waits for files of a file system alone.
fn of_file(argument: u64) -> Option<Judged> {
    let descriptor = argument & INT;
    let kind = found(descriptor)?.kind;
    matches!(kind, Detail::File | Detail::Directory | Detail::Device | Detail::Nothing).then_some((
        Calls::FILE,
        kind,
        descriptor,
    ))
}

/// Whether binding a socket to this address makes a file: it is the path of a local socket.
fn makes_file(address: u64, length: u64) -> bool {
    // The family, and the first byte of the path. Without a path, or where that begins with a zero, no file is made.
    let mut start = [0_u8; 3];
    if length & INT < start.len() as u64 {
        return false;
    }
    let here = start.as_mut_ptr().expose_provenance() as u64;
    let is_read = copy(libc::SYS_process_vm_readv, here, address, start.len());
    let [low, high, path] = start;
    !is_read || c_int::from(u16::from_ne_bytes([low, high])) == libc::AF_UNIX && path != 0
}

/// What a descriptor stands for.
struct Found {
    kind: Detail,
    /// Whether `O_NONBLOCK` says anything: regular files, directories and block devices wait all the same.
    heeds: bool,
}

/// What a descriptor stands for; `None` where it is none.
#[expect(unsafe_code, reason = "calls the kernel")]
fn found(descriptor: u64) -> Option<Found> {
    let mut status = MaybeUninit::<libc::stat>::zeroed();
    let record = status.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: there is room for the answer.
    let answer = unsafe { gate::make(libc::SYS_fstat, [descriptor, record, 0, 0, 0, 0]) };
    if answer == -i64::from(libc::EBADF) || descriptor >= MOST_DESCRIPTORS {
        return None;
    }
    if answer < 0 {
        // Such as where a filter (`seccomp`) forbids to ask.
        return Some(Found { kind: Detail::Nothing, heeds: true });
    }
    // SAFETY: zeroed at first, which is a valid value.
    let status = unsafe { status.assume_init() };
    let format = status.st_mode & libc::S_IFMT;
    let kind = match format {
        libc::S_IFREG => Detail::File,
        libc::S_IFDIR => Detail::Directory,
        libc::S_IFCHR if is_terminal(status.st_rdev) => Detail::Terminal,
        libc::S_IFCHR | libc::S_IFBLK => Detail::Device,
        libc::S_IFIFO => Detail::Pipe,
        libc::S_IFSOCK => Detail::Socket,
        // The kernel's own: events, timers, epoll.
        _ => Detail::Descriptor,
    };
    Some(Found { kind, heeds: !matches!(format, libc::S_IFREG | libc::S_IFDIR | libc::S_IFBLK) })
}

/// True for the number of a terminal (the kernel's `admin-guide/devices.txt`): consoles, serial lines, pseudo-terminals.
fn is_terminal(device: libc::dev_t) -> bool {
    // What `libc::major` does, which is an unsafe function in some versions and none in others.
    let major = (device >> 8) & 0xFFF | (device >> 32) & !0xFFF;
    matches!(major, 4 | 5 | 136..=143)
}

/// True if a file is set not to block.
#[expect(unsafe_code, reason = "calls the kernel")]
fn is_non_blocking(descriptor: u64) -> bool {
    let command = u64::from(libc::F_GETFL.unsigned_abs());
    // SAFETY: the command only asks.
    let flags = unsafe { gate::make(libc::SYS_fcntl, [descriptor, command, 0, 0, 0, 0]) };
    c_int::try_from(flags).is_ok_and(|flags| flags >= 0 && flags & libc::O_NONBLOCK != 0)
}

/// Two numbers at an address of the program's; `None` where nothing can be read, so that the call will fail, or may not.
pub(super) fn read(address: u64) -> Option<[u64; 2]> {
    let mut numbers = [0_u64; 2];
    let here = (&raw mut numbers).expose_provenance() as u64;
    copy(libc::SYS_process_vm_readv, here, address, size_of::<[u64; 2]>()).then_some(numbers)
}

/// Writes a number to an address of the program's; false where that cannot be done, or may not.
pub(super) fn write(address: u64, number: u64) -> bool {
    let here = (&raw const number).expose_provenance() as u64;
    copy(libc::SYS_process_vm_writev, here, address, size_of::<u64>())
}

/// Copies between the guard's memory and the program's. The kernel fails where an address is none; a plain access would not.
#[expect(unsafe_code, reason = "calls the kernel")]
fn copy(call: c_long, here: u64, there: u64, length: usize) -> bool {
    let length = length as u64;
    let (here, there) = ([here, length], [there, length]);
    let [here, there] = [&here, &there].map(|part| part.as_ptr().expose_provenance() as u64);
    // SAFETY: it has no arguments and cannot fail.
    let this = unsigned(unsafe { gate::make(libc::SYS_getpid, [0; 6]) });
    // SAFETY: the memory here is as long as is said; that of the program's is what a call of its own is told to read or to use.
    let copied = unsafe { gate::make(call, [this, here, 1, there, 1, 0]) };
    unsigned(copied) == length
}

#[cfg(test)]
mod tests {
    use core::ptr;

    use super::*;

    /// The C library's numbers are those that the table goes by.
    #[test]
    fn the_numbers_are_the_c_library_s() {
        for (number, name) in [
            (libc::SYS_futex, "futex"),
            (libc::SYS_openat, "openat"),
            (libc::SYS_rt_sigprocmask, "rt_sigprocmask"),
            (libc::SYS_epoll_pwait, "epoll_pwait"),
            (libc::SYS_sched_yield, "sched_yield"),
            (libc::SYS_clone3, "clone3"),
            (libc::SYS_futex_waitv, "futex_waitv"),
        ] {
            assert_eq!(qadapt_calls::number(name).map(i64::from), Some(number), "{name}");
        }
    }

    #[test]
    fn so_are_the_arguments_that_tell_whether_a_call_waits() {
        let waits = |call: c_long, index: usize, argument: u64| {
            qadapt_calls::rule(unsigned(call)).may_wait(|asked| (asked == index).then_some(argument))
        };
        let known = |number: c_int| u64::from(number.unsigned_abs());
        for (call, index, argument, expected) in [
            (libc::SYS_futex, 1, known(libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG), true),
            (libc::SYS_futex, 1, known(libc::FUTEX_LOCK_PI), true),
            (libc::SYS_futex, 1, known(libc::FUTEX_WAIT_BITSET), true),
            (libc::SYS_futex, 1, known(libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG), false),
            (libc::SYS_getrandom, 2, u64::from(libc::GRND_NONBLOCK), false),
            (libc::SYS_getrandom, 2, 0, true),
            (libc::SYS_wait4, 2, known(libc::WNOHANG), false),
            (libc::SYS_waitid, 3, known(libc::WNOHANG), false),
            (libc::SYS_flock, 1, known(libc::LOCK_EX), true),
            (libc::SYS_flock, 1, known(libc::LOCK_EX | libc::LOCK_NB), false),
            (libc::SYS_flock, 1, known(libc::LOCK_UN), false),
            (libc::SYS_flock, 1, known(libc::LOCK_UN) | 0xDEAD << 32, false),
            (libc::SYS_flock, 1, known(libc::LOCK_SH), true),
            (libc::SYS_preadv2, 5, known(libc::RWF_NOWAIT), false),
            (libc::SYS_pwritev2, 5, known(libc::RWF_NOWAIT | libc::RWF_DSYNC), false),
            (libc::SYS_pwritev2, 5, known(libc::RWF_DSYNC), true),
            (libc::SYS_msgsnd, 3, known(libc::IPC_NOWAIT), false),
            (libc::SYS_msgrcv, 4, known(libc::IPC_NOWAIT), false),
            (libc::SYS_msgrcv, 3, known(libc::IPC_NOWAIT), true),
            (libc::SYS_fcntl, 1, known(libc::F_SETLKW), true),
            (libc::SYS_fcntl, 1, known(libc::F_OFD_SETLKW), true),
            (libc::SYS_fcntl, 1, known(libc::F_GETFL), false),
            (libc::SYS_poll, 2, 0, false),
            (libc::SYS_epoll_wait, 3, u64::MAX, true),
        ] {
            assert_eq!(waits(call, index, argument), expected, "{call} {argument}");
        }
    }

    /// Which sets have a call in common goes by what is said of the rules.
    #[test]
    fn a_call_is_in_a_class_that_its_rule_can_have() {
        let file = std::fs::File::open("/").expect("there is a root");
        let pair = std::os::unix::net::UnixStream::pair().expect("there are sockets");
        let (pipe, _writer) = std::io::pipe().expect("there are pipes");
        let descriptor = |file: &dyn std::os::fd::AsRawFd| u64::from(file.as_raw_fd().unsigned_abs());
        let mut seen = Calls::NONE;
        let firsts = [descriptor(&file), descriptor(&pair.0), descriptor(&pipe), 0];
        let seconds = [0, 7, descriptor(&file), descriptor(&pair.1)];
        for number in 0..512 {
            for (index, first) in firsts.into_iter().cycle().take(32).enumerate() {
                let third = u64::from(index >= 16);
                let Some(call) = of(number, &[first, seconds[index / 4 % 4], third, 1, 0, 0]) else {
                    continue;
                };
                let classes = qadapt_calls::rule(number).classes();
                assert!(classes & 1 << call.class.index() != 0, "{call}");
                seen = seen | call.class;
            }
        }
        assert_eq!(seen, Calls::ALL);
    }

    /// Compilers leave there whatever was in the register.
    #[test]
    fn the_upper_half_of_an_int_says_nothing() {
        let file = std::fs::File::open("/").expect("there is a root");
        let descriptor = u64::from(std::os::fd::AsRawFd::as_raw_fd(&file).unsigned_abs());
        let above = |number: u64| number | 0xDEAD << 32;
        let [lock, ready] = [libc::F_SETLKW, 0x541B].map(|command| u64::from(command.unsigned_abs()));
        for (call, arguments) in [
            (libc::SYS_read, [descriptor, 0, 0]),
            (libc::SYS_close, [descriptor, 0, 0]),
            (libc::SYS_fcntl, [descriptor, lock, 0]),
            (libc::SYS_ioctl, [descriptor, ready, 0]),
            (libc::SYS_ioctl, [descriptor, 0, 0]),
            (libc::SYS_poll, [0, 0, 1]),
        ] {
            let told =
                |[first, second, third]: [u64; 3]| of(unsigned(call), &[first, second, third, 0, 0, 0]);
            let [first, second, third] = arguments;
            let expected = told(arguments);
            assert_eq!(expected.is_some(), (call, second) != (libc::SYS_ioctl, ready), "{call}");
            let first = if call == libc::SYS_poll { first } else { above(first) };
            assert_eq!(told([first, above(second), third]), expected, "{call}");
        }
    }

    #[test]
    fn semaphores_may_wait_if_one_operation_may() {
        let told = |operations: &[[i16; 3]], count: u64| {
            let address = operations.as_ptr().expose_provenance() as u64;
            of(unsigned(libc::SYS_semop), &[1, address, count, 0, 0, 0]).map(|call| call.to_string())
        };
        let at_once = i16::try_from(libc::IPC_NOWAIT).expect("a flag of sixteen bits");
        let (take, try_take, give, until_none) = ([0, -1, 0], [0, -1, at_once], [0, 1, 0], [0, 0, 0]);
        for (operations, waits) in [
            (&[try_take][..], false),
            (&[give], false),
            (&[give, try_take], false),
            (&[take], true),
            (&[until_none], true),
            (&[try_take, give, take], true),
            (&[give; MOST_OPERATIONS], false),
            (&[give; MOST_OPERATIONS + 1], true),
        ] {
            let call = told(operations, operations.len() as u64);
            assert_eq!(call.as_deref(), waits.then_some("semop (other)"), "{operations:?}");
        }
        assert_eq!(told(&[try_take], 1 | 0xDEAD << 32), None, "the upper half says nothing");
        assert!(told(&[], 1).is_some(), "what cannot be read may wait");
        assert!(told(&[give], u64::from(u32::MAX)).is_some(), "there are not so many");
    }

    #[test]
    #[expect(unsafe_code, reason = "calls the kernel past std")]
    fn a_queue_that_is_set_not_to_block_does_not_wait() {
        let name = std::ffi::CString::new(format!("/qadapt-waits-{}", std::process::id())).expect("no zeros");
        for (flag, waits) in [(0, true), (libc::O_NONBLOCK, false)] {
            let none = ptr::null_mut::<libc::mq_attr>();
            // SAFETY: the name ends with a zero, and the queue has the usual attributes.
            let queue =
                unsafe { libc::mq_open(name.as_ptr(), libc::O_CREAT | libc::O_RDWR | flag, 0o600, none) };
            if queue < 0 {
                println!("passed over: {}", std::io::Error::last_os_error());
                return;
            }
            for call in [libc::SYS_mq_timedsend, libc::SYS_mq_timedreceive] {
                let told =
                    of(unsigned(call), &[u64::from(queue.unsigned_abs()) | 0xDEAD << 32, 0, 0, 0, 0, 0]);
                assert_eq!(told.map(|call| call.class), waits.then_some(Calls::OTHER), "{call}");
            }
            // SAFETY: it was opened above.
            assert_eq!(unsafe { libc::mq_close(queue) }, 0);
            // SAFETY: the name ends with a zero.
            assert_eq!(unsafe { libc::mq_unlink(name.as_ptr()) }, 0);
        }
    }

    #[test]
    fn a_device_that_is_set_not_to_block_does_not_wait_and_a_file_does() {
        use std::os::unix::fs::OpenOptionsExt as _;

        let null = Some("(file, device ");
        let program = Some("(file, file ");
        for (path, flag, expected) in [
            ("/dev/null", 0, null),
            ("/dev/null", libc::O_NONBLOCK, None),
            ("/proc/self/exe", 0, program),
            ("/proc/self/exe", libc::O_NONBLOCK, program),
        ] {
            let opened = std::fs::OpenOptions::new().read(true).custom_flags(flag).open(path);
            let file = opened.expect("it is everywhere");
            let descriptor = u64::from(std::os::fd::AsRawFd::as_raw_fd(&file).unsigned_abs());
            let told =
                of(unsigned(libc::SYS_read), &[descriptor, 0, 0, 0, 0, 0]).map(|call| call.to_string());
            let is_so = match expected {
                Some(words) => told.as_ref().is_some_and(|told| told.contains(words)),
                None => told.is_none(),
            };
            assert!(is_so, "{path} {flag}: {told:?}");
        }
    }

    #[test]
    fn binding_a_local_socket_to_a_path_makes_a_file() {
        let [local, internet] = [libc::AF_UNIX, libc::AF_INET].map(|family| family.to_ne_bytes()[0]);
        let told = |start: [u8; 4], length: u64| {
            let address = start.as_ptr().expose_provenance() as u64;
            of(unsigned(libc::SYS_bind), &[5, address, length, 0, 0, 0]).map(|call| call.to_string())
        };
        assert_eq!(told([local, 0, b'/', b'x'], 4).as_deref(), Some("bind (file, descriptor 5)"));
        assert_eq!(told([local, 0, 0, b'x'], 4), None, "the name is abstract");
        assert_eq!(told([local, 0, b'/', b'x'], 2), None, "the kernel chooses a name");
        assert_eq!(told([local, 0, b'/', b'x'], 2 | 0xDEAD << 32), None, "the upper half says nothing");
        assert_eq!(told([internet, 0, 1, 1], 16), None);
    }

    #[test]
    fn a_time_that_cannot_be_kept_is_not_told() {
        let told = |time: &[u64; 2]| {
            of(unsigned(libc::SYS_nanosleep), &[ptr::from_ref(time).addr() as u64, 0, 0, 0, 0, 0])
                .map(|call| call.to_string())
        };
        assert_eq!(told(&[2, 500_000]).as_deref(), Some("nanosleep (sleep, 2000500 us)"));
        for time in [[u64::MAX, 0], [0, u64::MAX], [400_000, 0]] {
            assert_eq!(told(&time).as_deref(), Some("nanosleep (sleep)"), "{time:?}");
        }
    }
}
