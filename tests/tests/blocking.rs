//! System calls in which a thread may wait, in regions that disallow them.
//!
//! Alone in its process because it installs the guard, whose handler of `SIGSYS` the tests below depend on.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(unsafe_code, reason = "calls the kernel past std")]

#[path = "blocking/attributes.rs"]
mod attributes;

use std::fs::{self, File};
use std::future::Future as _;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use qadapt::{Calls, GuardExt as _, Mode, Ops, Policy, QADAPT, is_blocking_watched, no_blocking};
use qadapt_tests::watching_calls;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// In mode count nothing is said, and every call is counted.
const COUNTED: Policy = Policy::no_blocking().mode(Mode::Count);

/// The calls of a class in a region, and what the body returned.
fn calls_in<R>(policy: Policy, body: impl FnOnce() -> R) -> (u64, R) {
    let before = qadapt::violations();
    let result = policy.run(body);
    (qadapt::violations() - before, result)
}

fn count<R>(body: impl FnOnce() -> R) -> u64 {
    calls_in(COUNTED, body).0
}

/// The text of the panic that the closure ends with.
fn report_of(body: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(body)).expect_err("the region panics");
    *payload.downcast::<String>().expect("the guard panics with text")
}

/// The first line of the report of a region with one violation.
fn line_of(body: impl FnOnce()) -> String {
    let report = report_of(|| Policy::no_blocking().mode(Mode::Panic).name("callback").run(body));
    report.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_report_names_the_call_its_class_its_argument_and_the_line() {
    if !watching_calls() {
        return;
    }
    let report = report_of(|| {
        Policy::no_blocking().mode(Mode::Panic).name("callback").run(|| {
            thread::sleep(Duration::from_millis(3));
        });
    });
    let first = "qadapt: blocking call of clock_nanosleep (sleep, 3 ms) in the protected region `callback`\n";
    assert!(report.starts_with(first), "{report}");
    assert!(report.contains("thread::sleep(Duration::from_millis(3));"), "{report}");
    assert!(report.contains("tests/blocking.rs:"), "{report}");
}

#[test]
fn each_class_has_its_calls() {
    if !watching_calls() {
        return;
    }
    let file = File::open("/proc/self/stat").expect("a file");
    let (mut here, mut there) = UnixStream::pair().expect("sockets");
    there.write_all(b"12").expect("room");
    let mut byte = [0];
    let lines = [
        line_of(|| drop(File::open("/proc/self/status"))),
        line_of(|| assert_eq!((&file).read(&mut [0; 8]).expect("bytes"), 8)),
        line_of(|| here.read_exact(&mut byte).expect("a byte")),
        // SAFETY: it has no arguments.
        line_of(|| assert_eq!(unsafe { libc::sched_yield() }, 0)),
        // SAFETY: the buffer has four bytes.
        line_of(|| assert_eq!(unsafe { libc::getrandom([0_u8; 4].as_mut_ptr().cast(), 4, 0) }, 4)),
        line_of(|| {
            let mut time = [0_i64; 2];
            // SAFETY: there is room for a time.
            assert_eq!(unsafe { libc::syscall(libc::SYS_clock_gettime, 0, time.as_mut_ptr()) }, 0);
            assert!(time[0] > 1_000_000_000);
        }),
        // SAFETY: it has no arguments.
        line_of(|| assert_eq!(unsafe { libc::syscall(511) }, -1)),
    ];
    let expected = [
        "openat (file)",
        &format!("read (file, file {})", file.as_raw_fd()),
        &format!("recvfrom (socket, socket {})", here.as_raw_fd()),
        "sched_yield (yield)",
        "getrandom (random, 4 bytes)",
        "clock_gettime (clock)",
        "unknown (other)",
    ];
    // Closing a file waits too, as a second violation: the first line is the opening's.
    for (line, call) in lines.iter().zip(expected) {
        let expected = format!("qadapt: blocking call of {call} in the protected region `callback`");
        assert_eq!(line.replace("read (socket", "recvfrom (socket"), expected);
    }
    assert_eq!(byte, [b'1']);
}

#[test]
fn a_wait_for_a_lock_is_seen_and_a_free_lock_is_not() {
    if !watching_calls() {
        return;
    }
    let lock = Arc::new(Mutex::new(0));
    assert_eq!(count(|| *lock.lock().expect("no panic") += 1), 0, "nobody else has it");
    let held = Arc::clone(&lock);
    let (ready, is_ready) = mpsc::channel();
    let holder = thread::spawn(move || {
        let guard = held.lock().expect("no panic");
        ready.send(()).expect("somebody listens");
        thread::sleep(Duration::from_millis(50));
        drop(guard);
    });
    is_ready.recv().expect("the holder is there");
    let line = line_of(|| *lock.lock().expect("no panic") += 1);
    assert_eq!(line, "qadapt: blocking call of futex (lock) in the protected region `callback`");
    holder.join().expect("no panic");
    assert_eq!(*lock.lock().expect("no panic"), 2);
}

#[test]
fn what_cannot_wait_is_no_violation() {
    if !watching_calls() {
        return;
    }
    let (here, mut there) = UnixStream::pair().expect("sockets");
    here.set_nonblocking(true).expect("a socket");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let blocking = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let waiting = Arc::new((Mutex::new(false), Condvar::new()));
    let seen = count(|| {
        let empty = (&here).read(&mut [0; 8]).expect_err("nothing was sent");
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(listener.accept().expect_err("nobody connects").kind(), io::ErrorKind::WouldBlock);
        let mut buffer = [0_u8; 8];
        // SAFETY: the buffer has eight bytes.
        let none =
            unsafe { libc::recv(blocking.as_raw_fd(), buffer.as_mut_ptr().cast(), 8, libc::MSG_DONTWAIT) };
        assert_eq!((none, io::Error::last_os_error().raw_os_error()), (-1, Some(libc::EAGAIN)));
        // SAFETY: no descriptors are handed over.
        assert_eq!(unsafe { libc::poll(std::ptr::null_mut(), 0, 0) }, 0);
        // SAFETY: it has no arguments.
        assert!(unsafe { libc::syscall(libc::SYS_getpid) } > 0);
        // SAFETY: there is no such descriptor.
        assert_eq!(unsafe { libc::read(-1, buffer.as_mut_ptr().cast(), 8) }, -1);
        *waiting.0.lock().expect("no panic") = true;
        waiting.1.notify_all();
        drop(std::hint::black_box(vec![1_u8; 64_000_000]));
    });
    assert_eq!(seen, 0);
    assert_eq!(count(|| there.write_all(b"x")), 1, "this end is set to block");
    // SAFETY: no descriptors are handed over.
    assert_eq!(count(|| unsafe { libc::poll(std::ptr::null_mut(), 0, 1) }), 1);
}

/// Options by which a call that waits does not.
#[test]
fn what_is_told_not_to_wait_is_no_violation() {
    if !watching_calls() {
        return;
    }
    let mut child = Command::new("/bin/sleep").arg("5").spawn().expect("a process");
    let file = File::open("/proc/self/exe").expect("a file");
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = peer.local_addr().expect("an address");
    let sender = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let [(quick, to_quick), (slow, to_slow)] = [io::pipe(), io::pipe()].map(|pipe| pipe.expect("a pipe"));
    for end in [quick.as_raw_fd(), to_quick.as_raw_fd()] {
        // SAFETY: the arguments are numbers.
        assert_eq!(unsafe { libc::fcntl(end, libc::F_SETFL, libc::O_NONBLOCK) }, 0);
    }
    let splice = |from: i32, to: i32, flags: u32| {
        let none = std::ptr::null_mut();
        // SAFETY: no offsets are handed over.
        unsafe { libc::splice(from, none, to, none, 8, flags) }
    };
    let lock = |how| {
        // SAFETY: the arguments are numbers.
        unsafe { libc::flock(file.as_raw_fd(), how) }
    };
    let seen = count(|| {
        assert!(child.try_wait().expect("it can be asked").is_none());
        assert_eq!(lock(libc::LOCK_SH | libc::LOCK_NB), 0);
        assert_eq!(lock(libc::LOCK_UN), 0);
        sender.connect(address).expect("nobody is asked");
        let mut buffer = [0_u8; 8];
        // SAFETY: the buffer has eight bytes.
        assert_eq!(unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), 8, libc::GRND_NONBLOCK) }, 8);
        let (signals, never) = (buffer, libc::timespec { tv_sec: 0, tv_nsec: 0 });
        let none = std::ptr::null_mut::<libc::siginfo_t>();
        // SAFETY: eight bytes of signals and a time are handed over.
        unsafe { libc::syscall(libc::SYS_rt_sigtimedwait, signals.as_ptr(), none, &raw const never, 8) };
        assert_eq!(splice(slow.as_raw_fd(), to_quick.as_raw_fd(), libc::SPLICE_F_NONBLOCK), -1);
        assert_eq!(splice(quick.as_raw_fd(), to_quick.as_raw_fd(), 0), -1);
    });
    assert_eq!(seen, 0);
    child.kill().expect("it runs");
    assert_eq!(count(|| child.wait()), 1);
    assert_eq!(count(|| lock(libc::LOCK_SH)), 1);
    // The pipe that may wait is the second file.
    (&to_quick).write_all(b"12345678").expect("there is room");
    assert_eq!(count(|| splice(quick.as_raw_fd(), to_slow.as_raw_fd(), 0)), 1);
    let line = line_of(|| {
        // SAFETY: the argument is a number.
        let _ = unsafe { libc::mlockall(0) };
    });
    assert!(line.contains("mlockall (memory) in"), "{line}");
    // SAFETY: no descriptors are handed over.
    let line = line_of(|| assert_eq!(unsafe { libc::poll(std::ptr::null_mut(), 0, 1) }, 0));
    assert!(line.contains("sleep"), "{line}");
}

#[test]
fn the_allocator_s_calls_are_its_own_where_allocation_is_disallowed_too() {
    if !watching_calls() {
        return;
    }
    let policy = COUNTED.disallow(Ops::ALL);
    let allocation = || drop(std::hint::black_box(vec![1_u8; 64_000_000]));
    // An allocation and a deallocation, and what the allocator asks of the kernel for each.
    assert_eq!(calls_in(policy, allocation).0, 4);
    assert_eq!(calls_in(policy.allow_calls(Calls::MEMORY), allocation).0, 2);
    let report = report_of(|| {
        let policy = policy.mode(Mode::Panic).allow(Ops::DEALLOC);
        policy.run(|| std::mem::forget(std::hint::black_box(vec![1_u8; 64_000_000])));
    });
    assert!(report.contains("mmap (memory, 64004096 bytes, by the allocator)"), "{report}");
}

const SLEEPS: Policy = COUNTED.allow_calls(Calls::SLEEP);
const NAMED: Policy = COUNTED.allow_calls(Calls::named("sched_yield").union(Calls::named("getrandom")));

#[test]
fn classes_and_single_calls_can_be_allowed() {
    if !watching_calls() {
        return;
    }
    let act = || {
        thread::sleep(Duration::from_micros(1));
        thread::yield_now();
        // SAFETY: the buffer has four bytes.
        unsafe { libc::getrandom([0_u8; 4].as_mut_ptr().cast(), 4, 0) };
    };
    assert_eq!(calls_in(COUNTED, act).0, 3);
    assert_eq!(calls_in(SLEEPS, act).0, 2);
    assert_eq!(calls_in(NAMED, act).0, 1);
    // Protection only adds: an outer region's permission is none of the inner one's, and the other way round.
    assert_eq!(calls_in(SLEEPS, || NAMED.run(act)).0, 3);
    assert_eq!(calls_in(COUNTED, || SLEEPS.run(act)).0, 3);
    assert_eq!(calls_in(SLEEPS, || SLEEPS.run(act)).0, 2);
}

#[test]
fn permits_and_what_lies_outside_are_not_watched() {
    if !watching_calls() {
        return;
    }
    let sleep = || thread::sleep(Duration::from_micros(1));
    assert_eq!(count(|| qadapt::permit_alloc(sleep)), 0);
    assert_eq!(count(|| qadapt::permit_alloc(|| COUNTED.run(sleep))), 1);
    assert_eq!(calls_in(COUNTED.forbid(), || qadapt::permit_alloc(sleep)).0, 1);
    let before = qadapt::violations();
    sleep();
    qadapt::set_mode(Mode::Count);
    no_blocking(|| ());
    sleep();
    assert_eq!(qadapt::violations(), before);
    no_blocking(sleep);
    no_blocking(|| no_blocking(sleep));
    assert_eq!(qadapt::violations(), before + 2);
    let region = COUNTED.enter();
    sleep();
    region.exit();
    sleep();
    assert_eq!(qadapt::violations(), before + 3);
}

#[test]
fn a_future_is_watched_poll_by_poll() {
    if !watching_calls() {
        return;
    }
    qadapt::set_mode(Mode::Count);
    let (mut polls, before) = (0, qadapt::violations());
    let mut future = Box::pin(
        std::future::poll_fn(move |_| {
            polls += 1;
            thread::sleep(Duration::from_micros(1));
            if polls < 3 { Poll::Pending } else { Poll::Ready(polls) }
        })
        .no_blocking(),
    );
    let mut context = Context::from_waker(Waker::noop());
    for poll in 1..=2 {
        assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
        thread::sleep(Duration::from_micros(1));
        assert_eq!(qadapt::violations(), before + poll);
    }
    // The last poll on another thread, which has not been watched before.
    let last = thread::spawn(move || {
        let before = qadapt::violations();
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        (polled, qadapt::violations() - before)
    });
    assert_eq!(last.join().expect("no panic"), (Poll::Ready(3), 1));
}

#[test]
fn calls_do_what_they_do_without_the_guard() {
    if !watching_calls() {
        return;
    }
    let path = std::env::temp_dir().join(format!("qadapt-blocking-{}", std::process::id()));
    count(|| {
        fs::write(&path, "some text").expect("a file");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "some text");
        fs::remove_file(&path).expect("a file");
        let missing = fs::metadata(&path).expect_err("it was removed");
        assert_eq!(missing.raw_os_error(), Some(libc::ENOENT));
        let (sender, receiver) = mpsc::channel();
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let sender = sender.clone();
                thread::spawn(move || sender.send(number).expect("somebody listens"))
            })
            .collect();
        let sum: i32 = receiver.iter().take(4).sum();
        assert_eq!(sum, 6);
        for thread in threads {
            thread.join().expect("no panic");
        }
        let said = Command::new("/bin/echo").arg("hello").output().expect("a program");
        assert_eq!(said.stdout, b"hello\n");
        assert!(Command::new("/no/such/program").spawn().is_err());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
        let (mut server, _) = listener.accept().expect("a client");
        client.write_all(b"ping").expect("connected");
        let mut four = [0; 4];
        server.read_exact(&mut four).expect("connected");
        assert_eq!(&four, b"ping");
    });
}

#[test]
fn errno_is_the_program_s() {
    if !watching_calls() {
        return;
    }
    // SAFETY: it is this thread's own.
    let errno = || unsafe { libc::__errno_location() };
    count(|| {
        // SAFETY: as above.
        unsafe { errno().write(77) };
        // SAFETY: it has no arguments.
        unsafe { libc::sched_yield() };
        // SAFETY: as above.
        assert_eq!(unsafe { errno().read() }, 77);
    });
    // A report at the event, in another mode, with the first mapping of its tables.
    let policy = Policy::no_blocking().mode(Mode::Fail);
    let region = policy.enter();
    // SAFETY: as above.
    unsafe { errno().write(78) };
    // SAFETY: it has no arguments.
    unsafe { libc::sched_yield() };
    // SAFETY: as above.
    let after = unsafe { errno().read() };
    drop(region);
    assert_eq!(after, 78);
}

#[test]
fn a_panic_leaves_the_region() {
    if !watching_calls() {
        return;
    }
    let before = qadapt::violations();
    let caught = catch_unwind(|| {
        COUNTED.run(|| {
            thread::yield_now();
            panic!("the body's own");
        })
    });
    assert!(caught.is_err());
    thread::yield_now();
    // Neither what the panic's message does nor what comes after.
    assert_eq!(qadapt::violations(), before + 1);
    assert!(is_blocking_watched());
}

#[test]
fn a_lent_policy_watches_the_borrower() {
    if !watching_calls() {
        return;
    }
    let (seen, ()) = calls_in(COUNTED.allow_calls(Calls::ALL.union(Calls::NONE)), || ());
    assert_eq!(seen, 0);
    let region = COUNTED.allow_calls(Calls::SLEEP);
    let before = qadapt::violations();
    region.run(|| {
        let token = Policy::current();
        qadapt::permit_alloc(|| {
            thread::scope(|scope| {
                scope.spawn(move || {
                    token.run(|| {
                        thread::yield_now();
                        thread::sleep(Duration::from_micros(1));
                    });
                });
            });
        });
    });
    assert_eq!(qadapt::violations(), before + 1, "the sleep is allowed there too");
}

#[test]
fn a_thread_s_time_in_a_region_is_its_own() {
    if !watching_calls() {
        return;
    }
    let start = Instant::now();
    assert_eq!(count(|| thread::sleep(Duration::from_millis(20))), 1);
    assert!(start.elapsed() >= Duration::from_millis(20), "the call is made");
}
