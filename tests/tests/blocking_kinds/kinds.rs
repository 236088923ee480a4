//! Thirteen ways to wait, or to run code that may, without any dependency: also compiled with a sanitizer.

use std::arch::asm;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::UdpSocket;
use std::sync::{Arc, Mutex, RwLock, mpsc};
use std::thread;
use std::time::Duration;

/// Their names.
pub(crate) const NAMES: [&str; 13] = [
    "sleep",
    "lock that another thread holds",
    "free mutex",
    "free rwlock",
    "file opened",
    "file read",
    "text printed",
    "socket read",
    "thread started",
    "memory mapped",
    "random bytes",
    "raw system call",
    "page fault",
];

unsafe extern "C" {
    fn getrandom(buffer: *mut u8, length: usize, flags: u32) -> isize;
    fn mmap(at: *mut u8, length: usize, access: i32, how: i32, file: i32, offset: i64) -> *mut u8;
}

/// Runs one of them; only what is to be caught runs in `region`.
pub(crate) fn act(kind: &str, region: &mut dyn FnMut(&mut dyn FnMut())) {
    match kind {
        "sleep" => region(&mut || thread::sleep(Duration::from_micros(50))),
        "lock that another thread holds" => contended(region),
        "free mutex" => {
            let lock = Mutex::new(0);
            region(&mut || *lock.lock().expect("no panic") += 1);
        }
        "free rwlock" => {
            let lock = RwLock::new(0);
            region(&mut || *lock.write().expect("no panic") += 1);
        }
        "file opened" => region(&mut || std::mem::forget(black_box(File::open("/proc/self/stat")))),
        "file read" => {
            let mut file = File::open("/proc/self/stat").expect("a file");
            region(&mut || drop(black_box(file.read(&mut [0; 8]))));
        }
        "text printed" => region(&mut || drop(black_box(std::io::stderr().write_all(b"text\n")))),
        "socket read" => {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            socket.send_to(b"x", socket.local_addr().expect("bound")).expect("room");
            region(&mut || drop(black_box(socket.recv(&mut [0; 8]))));
        }
        "thread started" => {
            let mut started = None;
            region(&mut || started = Some(thread::spawn(|| ())));
            started.expect("started").join().expect("no panic");
        }
        "memory mapped" => region(&mut || {
            // SAFETY: a new private mapping.
            black_box(unsafe { mmap(std::ptr::null_mut(), 4096, 3, 0x22, -1, 0) });
        }),
        "random bytes" => region(&mut || {
            let mut bytes = [0; 8];
            // SAFETY: the buffer has eight bytes.
            black_box(unsafe { getrandom(bytes.as_mut_ptr(), 8, 0) });
        }),
        "raw system call" => region(&mut || {
            let time = [0_i64, 1000];
            // SAFETY: it is `nanosleep` for a time.
            unsafe {
                asm!("syscall", inout("rax") 35_i64 => _, in("rdi") time.as_ptr(), in("rsi") 0, out("rcx") _, out("r11") _);
            }
        }),
        "page fault" => {
            // SAFETY: a new private mapping.
            let page = unsafe { mmap(std::ptr::null_mut(), 4096, 3, 0x22, -1, 0) };
            // SAFETY: it is mapped and writable.
            region(&mut || unsafe { page.write_volatile(1) });
        }
        other => panic!("there is no kind `{other}`"),
    }
}

fn contended(region: &mut dyn FnMut(&mut dyn FnMut())) {
    let lock = Arc::new(Mutex::new(0));
    let held = Arc::clone(&lock);
    let (ready, is_ready) = mpsc::channel();
    let holder = thread::spawn(move || {
        let guard = held.lock().expect("no panic");
        ready.send(()).expect("somebody listens");
        thread::sleep(Duration::from_millis(50));
        drop(guard);
    });
    is_ready.recv().expect("the holder is there");
    region(&mut || *lock.lock().expect("no panic") += 1);
    holder.join().expect("no panic");
}
