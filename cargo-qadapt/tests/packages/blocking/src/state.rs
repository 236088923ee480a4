//! What the functions work on.

use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

#[derive(Default)]
pub struct Shared {
    pub lock: Mutex<u64>,
    pub free_lock: Mutex<u64>,
    pub other_lock: parking_lot::Mutex<u64>,
    pub readers: RwLock<u64>,
    pub free_readers: RwLock<u64>,
    pub signal: Condvar,
    pub once: OnceLock<u64>,
    is_held: AtomicBool,
    is_over: AtomicBool,
}

pub struct State {
    pub shared: Arc<Shared>,
    pub number: AtomicU64,
    pub words: Vec<u64>,
    pub file: File,
    pub peer: TcpStream,
    pub socket: UdpSocket,
    /// Nothing is sent.
    _sender: SyncSender<u64>,
    pub receiver: Mutex<Receiver<u64>>,
    pub thread: Thread,
    pub callback: fn(u64) -> u64,
    pub object: Box<dyn Fn(u64) -> u64 + Sync>,
    _other_end: TcpStream,
}

impl State {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let peer = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let (other_end, _) = listener.accept().expect("a connection");
        peer.set_read_timeout(Some(Duration::from_millis(5))).expect("a limit");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let (sender, receiver) = sync_channel(4);
        let shared = Shared { once: OnceLock::from(7), ..Shared::default() };
        let callback: fn(u64) -> u64 = if std::env::args().count() > 5 { |n| n + 1 } else { |n| n + 2 };
        let addend = std::env::args().count() as u64;
        Self {
            shared: Arc::new(shared),
            number: AtomicU64::new(3),
            words: (0..64).rev().collect(),
            file: File::open("/proc/self/stat").expect("a file"),
            peer,
            socket,
            _sender: sender,
            receiver: Mutex::new(receiver),
            thread: thread::current(),
            callback,
            object: Box::new(move |n| n + addend),
            _other_end: other_end,
        }
    }

    /// A thread that holds the locks for a while, where the function of this name is one that waits for them; it notifies
    /// whoever waits, until the end.
    pub fn keep_company(&self, name: &str) -> JoinHandle<()> {
        let shared = Arc::clone(&self.shared);
        let holds = ["lock", "lock_by_other", "read", "write"].contains(&name);
        let company = thread::spawn(move || {
            if holds {
                let lock = shared.lock.lock();
                let other = shared.other_lock.lock();
                let readers = shared.readers.write();
                shared.is_held.store(true, Ordering::Release);
                thread::sleep(Duration::from_millis(20));
                drop((lock, other, readers));
            }
            shared.is_held.store(true, Ordering::Release);
            while !shared.is_over.load(Ordering::Acquire) {
                shared.signal.notify_all();
                thread::sleep(Duration::from_millis(2));
            }
        });
        while !self.shared.is_held.load(Ordering::Acquire) {
            thread::sleep(Duration::from_micros(100));
        }
        company
    }

    pub fn let_go(&self) {
        self.shared.is_over.store(true, Ordering::Release);
    }
}
