//! Functions in which a thread may wait.

use std::io::{Read as _, Seek as _, Write as _};
use std::net::ToSocketAddrs as _;
use std::os::fd::AsRawFd as _;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::Function;
use crate::state::State;

pub const ALL: &[(&str, Function)] = &[
    ("lock", lock),
    ("lock_by_other", lock_by_other),
    ("tries_other_lock", tries_other_lock),
    ("read", read),
    ("write", write),
    ("waits_for_signal", waits_for_signal),
    ("parks", parks),
    ("receives", receives),
    ("sleeps", sleeps),
    ("sleeps_in_c", sleeps_in_c),
    ("waits_by_number", waits_by_number),
    ("yields", yields),
    ("prints", prints),
    ("opens", opens),
    ("reads_file", reads_file),
    ("asks_for_file", asks_for_file),
    ("asks_where_file_is", asks_where_file_is),
    ("names_socket", names_socket),
    ("makes_descriptor", makes_descriptor),
    ("locks_file", locks_file),
    ("reads_socket", reads_socket),
    ("sends", sends),
    ("looks_up", looks_up),
    ("starts_process", starts_process),
    ("starts_thread", starts_thread),
    ("maps", maps),
    ("takes_random", takes_random),
    ("allocates", allocates),
];

#[inline(never)]
fn lock(state: &State) -> u64 {
    state.shared.lock.lock().map_or(0, |number| *number)
}

#[inline(never)]
fn lock_by_other(state: &State) -> u64 {
    *state.shared.other_lock.lock()
}

/// Where others wait for the lock, to give it back takes one on the list of them.
#[inline(never)]
fn tries_other_lock(state: &State) -> u64 {
    state.shared.other_lock.try_lock().map_or(0, |number| *number)
}

#[inline(never)]
fn read(state: &State) -> u64 {
    state.shared.readers.read().map_or(0, |number| *number)
}

#[inline(never)]
fn write(state: &State) -> u64 {
    state.shared.readers.write().map_or(0, |number| *number)
}

#[inline(never)]
fn waits_for_signal(state: &State) -> u64 {
    let Ok(guard) = state.shared.free_lock.lock() else { return 0 };
    let waited = state.shared.signal.wait_timeout(guard, Duration::from_millis(3));
    waited.map_or(0, |(number, _)| *number)
}

#[inline(never)]
fn parks(_: &State) -> u64 {
    // The first time it may have been woken beforehand.
    thread::park_timeout(Duration::from_millis(2));
    thread::park_timeout(Duration::from_millis(2));
    0
}

#[inline(never)]
fn receives(state: &State) -> u64 {
    let Ok(receiver) = state.receiver.try_lock() else { return 0 };
    receiver.recv_timeout(Duration::from_millis(2)).unwrap_or(1)
}

#[inline(never)]
fn sleeps(_: &State) -> u64 {
    thread::sleep(Duration::from_millis(1));
    0
}

#[inline(never)]
fn sleeps_in_c(_: &State) -> u64 {
    // SAFETY: any time will do.
    u64::from(unsafe { libc::usleep(100) }.unsigned_abs())
}

#[inline(never)]
fn waits_by_number(state: &State) -> u64 {
    // SAFETY: it waits for a word that has another value, and so comes back.
    let waited = unsafe { libc::syscall(libc::SYS_futex, state.number.as_ptr(), libc::FUTEX_WAIT, 77, 0) };
    waited.unsigned_abs()
}

#[inline(never)]
fn yields(_: &State) -> u64 {
    thread::yield_now();
    0
}

#[inline(never)]
fn prints(_: &State) -> u64 {
    eprint!(".");
    0
}

#[inline(never)]
fn opens(_: &State) -> u64 {
    u64::from(std::fs::File::open("/dev/null").is_ok())
}

#[inline(never)]
fn reads_file(state: &State) -> u64 {
    let mut bytes = [0; 8];
    (&state.file).read(&mut bytes).map_or(0, |read| read as u64)
}

#[inline(never)]
fn asks_for_file(state: &State) -> u64 {
    state.file.metadata().map_or(0, |metadata| metadata.len())
}

#[inline(never)]
fn locks_file(state: &State) -> u64 {
    // SAFETY: a lock on a file that is open.
    u64::from(unsafe { libc::flock(state.file.as_raw_fd(), libc::LOCK_EX) }.unsigned_abs())
}

/// Another thread may write to the file at this moment, which has its place until it is done.
#[inline(never)]
fn asks_where_file_is(state: &State) -> u64 {
    (&state.file).stream_position().unwrap_or(0)
}

/// Another thread may send by the socket, which has its lock meanwhile.
#[inline(never)]
fn names_socket(state: &State) -> u64 {
    state.socket.local_addr().map_or(0, |address| u64::from(address.port()))
}

/// The table of descriptors may have to grow.
#[inline(never)]
fn makes_descriptor(_: &State) -> u64 {
    // SAFETY: it takes two numbers.
    let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    u64::try_from(descriptor).unwrap_or(0)
}

#[inline(never)]
fn reads_socket(state: &State) -> u64 {
    let mut bytes = [0; 8];
    (&state.peer).read(&mut bytes).map_or(0, |read| read as u64)
}

#[inline(never)]
fn sends(state: &State) -> u64 {
    let _ = (&state.peer).flush();
    state.socket.send_to(b"word", "127.0.0.1:9").map_or(0, |sent| sent as u64)
}

#[inline(never)]
fn looks_up(_: &State) -> u64 {
    "localhost:80".to_socket_addrs().map_or(0, |found| u64::from(found.count() > 0))
}

#[inline(never)]
fn starts_process(_: &State) -> u64 {
    Command::new("true").status().map_or(0, |status| u64::from(status.success()))
}

#[inline(never)]
fn starts_thread(_: &State) -> u64 {
    thread::spawn(|| 4).join().unwrap_or(0)
}

#[inline(never)]
fn maps(_: &State) -> u64 {
    // SAFETY: memory of its own, which it gives back.
    unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let at = libc::mmap(
            std::ptr::null_mut(),
            4096,
            protection,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        u64::from(libc::munmap(at, 4096).unsigned_abs())
    }
}

#[inline(never)]
fn takes_random(_: &State) -> u64 {
    let mut bytes = [0_u8; 8];
    // SAFETY: there is room.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), 8, 0) };
    got.unsigned_abs() as u64
}

/// The allocator takes locks, and asks the system for memory.
#[inline(never)]
fn allocates(state: &State) -> u64 {
    let block = vec![state.words[1]; 1 << 20];
    std::hint::black_box(block)[5]
}
