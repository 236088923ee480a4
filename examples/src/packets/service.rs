//! The service: a receiver that puts packets into a pool, and workers that answer them.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qadapt::{Mode, Policy};
use qadapt_pool::{Pool, PoolBox, Slot};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use super::wire::{ANSWER, Answer, REQUEST, number_of, sum_of, write_answer};

/// So many requests are in the service at most.
const BUFFERS: usize = 16;
/// A request that finds no buffer for so long is refused.
const PATIENCE: Duration = Duration::from_millis(1);
/// Of so many requests one keeps everybody waiting: what a log that is written to disk does.
const BETWEEN_PAUSES: u64 = 1_000;
const PAUSE: Duration = Duration::from_millis(4);

/// What a service may not do once it has warmed up: touch the global allocator, with a permit or without.
const SERVING: Policy = Policy::new().mode(Mode::Panic).forbid().name("packet service");

type Request = [u8; REQUEST];

/// Memory for requests, which a flood uses up.
static REQUESTS: Pool<Request, BUFFERS> = Pool::new();
/// Memory for answers is apart: from one pool with the requests, a flood of them would leave none for any answer, and
/// then no request would ever be done and give its memory back.
static ANSWERS: Pool<[u8; ANSWER], 4> = Pool::new();
/// One more, to read what is refused.
static REFUSED: Pool<Request, 1> = Pool::new();

/// How far the program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Whatever is made once may be made now.
    WarmUp,
    /// From here on nothing may allocate.
    Steady,
    /// The service ends.
    Over,
}

/// What the service has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Requests that were read from the socket.
    pub received: u64,
    /// Answers that say that a request is done.
    pub done: u64,
    /// Answers that say that there was no memory in time.
    pub refused: u64,
    /// How often the receiver had to wait for a buffer.
    pub waits: u64,
}

/// The service's state; a static, as its pools are.
#[derive(Debug)]
pub struct Service {
    phase: AtomicUsize,
    received: AtomicU64,
    done: AtomicU64,
    refused: AtomicU64,
    waits: AtomicU64,
    /// Requests that wait for a worker; there is room for all buffers, so that it never grows.
    queue: Mutex<VecDeque<(PoolBox<'static, Request>, SocketAddr)>>,
    queued: Semaphore,
    log: tokio::sync::Mutex<()>,
    over: Notify,
}

/// The one service of this program.
pub static SERVICE: Service = Service {
    phase: AtomicUsize::new(Phase::WarmUp as usize),
    received: AtomicU64::new(0),
    done: AtomicU64::new(0),
    refused: AtomicU64::new(0),
    waits: AtomicU64::new(0),
    queue: Mutex::new(VecDeque::new()),
    queued: Semaphore::const_new(0),
    log: tokio::sync::Mutex::const_new(()),
    over: Notify::const_new(),
};

impl Service {
    /// Says how far the program is. The end comes when all that was received has been answered.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as usize, Ordering::Release);
        if phase == Phase::Over {
            self.over.notify_one();
            self.queued.close();
        }
    }

    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let [received, done, refused, waits] = [&self.received, &self.done, &self.refused, &self.waits]
            .map(|count| count.load(Ordering::Acquire));
        Counts { received, done, refused, waits }
    }

    /// True if each slot of each pool has been given back.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        (REQUESTS.available(), ANSWERS.available(), REFUSED.available()) == (BUFFERS, ANSWERS.capacity(), 1)
    }

    /// Makes what is made once.
    pub fn prepare(&self) {
        self.queue().reserve_exact(BUFFERS);
    }

    /// Receives until the end; watched from the end of the warm-up on.
    ///
    /// # Errors
    /// What the system says of the socket.
    pub async fn receive(&'static self, socket: &'static UdpSocket) -> io::Result<()> {
        self.receive_in(Phase::WarmUp, socket).await?;
        SERVING.wrap(self.receive_in(Phase::Steady, socket)).await
    }

    /// Answers until the end; watched from the end of the warm-up on.
    ///
    /// # Errors
    /// What the system says of the socket.
    pub async fn work(&'static self, socket: &'static UdpSocket) -> io::Result<()> {
        self.work_in(Phase::WarmUp, socket).await?;
        SERVING.wrap(self.work_in(Phase::Steady, socket)).await
    }

    async fn receive_in(&self, phase: Phase, socket: &UdpSocket) -> io::Result<()> {
        while self.is_in(phase) {
            tokio::select! {
                readable = socket.readable() => readable?,
                () = self.over.notified() => return Ok(()),
            }
            // Back-pressure: while all buffers are taken, packets stay in the socket.
            let Some(slot) = self.buffer().await else {
                self.refuse(socket).await?;
                continue;
            };
            let mut request = slot.put([0; REQUEST]);
            let Some((len, from)) = received(socket.try_recv_from(&mut *request))? else { continue };
            if number_of(&request[..len]).is_none() {
                continue;
            }
            self.received.fetch_add(1, Ordering::AcqRel);
            self.queue().push_back((request, from));
            self.queued.add_permits(1);
        }
        Ok(())
    }

    /// A buffer, now or after waiting for one as long as patience lasts.
    async fn buffer(&self) -> Option<Slot<'static, Request>> {
        if let Some(slot) = REQUESTS.try_take() {
            return Some(slot);
        }
        self.waits.fetch_add(1, Ordering::Relaxed);
        REQUESTS.take_timeout(sleep(PATIENCE)).await.ok()
    }

    /// Reads one request and says that there is no memory for it.
    async fn refuse(&self, socket: &UdpSocket) -> io::Result<()> {
        let Some(slot) = REFUSED.try_take() else { return Ok(()) };
        let mut request = slot.put([0; REQUEST]);
        let Some((len, from)) = received(socket.try_recv_from(&mut *request))? else { return Ok(()) };
        let Some(number) = number_of(&request[..len]) else { return Ok(()) };
        self.received.fetch_add(1, Ordering::AcqRel);
        let mut answer = [0; ANSWER];
        write_answer(&mut answer, Answer::Refused(number));
        socket.send_to(&answer, from).await?;
        self.refused.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    async fn work_in(&self, phase: Phase, socket: &UdpSocket) -> io::Result<()> {
        while self.is_in(phase) {
            let Ok(permit) = self.queued.acquire().await else { break };
            permit.forget();
            self.answer(socket).await?;
        }
        Ok(())
    }

    async fn answer(&self, socket: &UdpSocket) -> io::Result<()> {
        let Some((request, from)) = self.queue().pop_front() else { return Ok(()) };
        let Some(number) = number_of(&*request) else { return Ok(()) };
        {
            let _log = self.log.lock().await;
            if number % BETWEEN_PAUSES == BETWEEN_PAUSES - 1 {
                sleep(PAUSE).await;
            }
        }
        let mut answer = ANSWERS.take().await.put([0; ANSWER]);
        write_answer(&mut answer, Answer::Done(number, sum_of(&*request)));
        drop(request);
        socket.send_to(&*answer, from).await?;
        self.done.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    fn is_in(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as usize
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<(PoolBox<'static, Request>, SocketAddr)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was received; `None` if there was nothing after all.
fn received(outcome: io::Result<(usize, SocketAddr)>) -> io::Result<Option<(usize, SocketAddr)>> {
    match outcome {
        Ok(received) => Ok(Some(received)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
