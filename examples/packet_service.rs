//! A UDP service that allocates nothing once it has warmed up: packets lie in pools of `qadapt-pool`, and a policy forbids
//! the global allocator.
//!
//! `cargo run -p qadapt-examples --example packet_service` has a client flood the service with 20,000 packets over the
//! loopback interface; another number can be given: `--release .. -- 1000000`. The client has more packets under way than
//! the service has buffers. While all are taken the service waits for one, and so packets wait in the socket; what finds
//! none within a millisecond is refused, and the client sends it again. UDP itself may drop packets: those have no answer,
//! and are sent again too. At the end each packet has been answered, and all figures add up.
//!
//! Exit codes: 0 done, 1 something is missing, 2 could not run.
#![expect(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use qadapt::Qadapt;
use qadapt_examples::packets::{Client, Phase, SERVICE, prepare_threads};
use tokio::runtime::Builder;

/// Below the guard, whatever the whole process asks of the system is counted: executor and client too.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is the system's; counting does not touch the heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOC: Qadapt<Counting> = Qadapt::new(Counting);

const PACKETS: u64 = 20_000;
const WARM_UP: u64 = 4_000;
const WORKERS: usize = 4;
const THREADS: usize = 2;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("packet_service: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let packets = match std::env::args().nth(1) {
        Some(number) => number.parse()?,
        None => PACKETS,
    };
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    // The receiver and the workers.
    prepare_threads(&runtime, THREADS, WORKERS + 1)?;
    let _context = runtime.enter();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    client.connect(socket.local_addr()?)?;
    socket.set_nonblocking(true)?;
    let socket: &'static _ = Box::leak(Box::new(tokio::net::UdpSocket::from_std(socket)?));

    SERVICE.prepare();
    let receiver = runtime.spawn(SERVICE.receive(socket));
    let workers: Vec<_> = (0..WORKERS).map(|_| runtime.spawn(SERVICE.work(socket))).collect();
    let mut client = Client::new(client)?;

    client.flood(WARM_UP)?;
    SERVICE.enter(Phase::Steady);
    // Each worker is in the steady phase once it has answered one more packet.
    client.flood(WARM_UP * 2)?;
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    client.flood(WARM_UP * 2 + packets)?;
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    client.finish()?;

    SERVICE.enter(Phase::Over);
    runtime.block_on(async {
        receiver.await??;
        for worker in workers {
            worker.await??;
        }
        Ok::<_, Box<dyn Error>>(())
    })?;

    let (tally, counts) = (client.tally(), SERVICE.counts());
    println!("packets after the warm-up: {packets}");
    println!("done: {} of {}", tally.done, WARM_UP * 2 + packets);
    println!("sent: {}, of which UDP dropped {}", tally.sent, tally.sent - counts.received);
    println!("received: {} = {} done + {} refused", counts.received, counts.done, counts.refused);
    println!(
        "answers: {} done and {} refused arrived, of which {} for what was done already",
        tally.answered,
        tally.refused,
        tally.answered - tally.done,
    );
    println!("waits for a buffer: {}", counts.waits);
    println!("buffers: {}", if SERVICE.is_at_rest() { "all back" } else { "MISSING" });
    println!("allocations of the whole process after the warm-up: {allocations}");
    Ok(tally.done == WARM_UP * 2 + packets
        && counts.received == counts.done + counts.refused
        && tally.sent >= counts.received
        && SERVICE.is_at_rest()
        && allocations == 0)
}
