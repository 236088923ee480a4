//! The client: sends as much as its window lets it, and again what was refused or lost, until all is done.

use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::time::Duration;

use super::wire::{ANSWER, Answer, REQUEST, read_answer, sum_of, write_request};

/// So many requests are under way at most: more than the service has buffers, and less than a socket holds.
const WINDOW: u64 = 64;
/// UDP may drop packets: if no answer comes for so long, what is under way is sent again.
const SILENCE: Duration = Duration::from_millis(200);

/// What was sent and what came back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Requests that were done, each counted once.
    pub done: u64,
    /// Packets that were sent, those that were sent again included.
    pub sent: u64,
    /// Answers that say that a request is done, those for requests that were done already included.
    pub answered: u64,
    /// Answers that say that there was no memory in time.
    pub refused: u64,
}

/// A client with its socket, its window and its memory.
#[derive(Debug)]
pub struct Client {
    socket: UdpSocket,
    tally: Tally,
    /// All before are done.
    base: u64,
    /// The next to be sent for the first time.
    next: u64,
    /// A bit for each from `base` on: 1 = done.
    done: u64,
    packet: [u8; REQUEST],
}

impl Client {
    /// A client of the service that the socket is connected to.
    ///
    /// # Errors
    /// What the system says of the socket.
    pub fn new(socket: UdpSocket) -> io::Result<Self> {
        socket.set_read_timeout(Some(SILENCE))?;
        Ok(Self { socket, tally: Tally::default(), base: 0, next: 0, done: 0, packet: [0; REQUEST] })
    }

    /// What it has sent and what came back so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Sends requests until so many are done, each with the right answer.
    ///
    /// # Errors
    /// What the system says of the socket; that an answer is wrong.
    pub fn flood(&mut self, until: u64) -> io::Result<()> {
        while self.base < until {
            while self.next < until && self.next < self.base + WINDOW {
                self.send(self.next)?;
                self.next += 1;
            }
            let mut answer = [0; ANSWER + 1];
            match self.socket.recv(&mut answer) {
                Ok(len) => self.take(read_answer(&answer[..len]))?,
                Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                    for number in self.base..self.next {
                        if self.done >> (number - self.base) & 1 == 0 {
                            self.send(number)?;
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes the answers that are still under way to requests that were sent twice, until the service is silent.
    ///
    /// # Errors
    /// As for [`flood`](Self::flood).
    pub fn finish(&mut self) -> io::Result<()> {
        let mut answer = [0; ANSWER + 1];
        loop {
            match self.socket.recv(&mut answer) {
                Ok(len) => self.take(read_answer(&answer[..len]))?,
                Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&mut self, number: u64) -> io::Result<()> {
        write_request(&mut self.packet, number);
        self.socket.send(&self.packet)?;
        self.tally.sent += 1;
        Ok(())
    }

    fn take(&mut self, answer: Option<Answer>) -> io::Result<()> {
        match answer {
            Some(Answer::Done(number, sum)) => {
                write_request(&mut self.packet, number);
                if sum != sum_of(&self.packet) {
                    return Err(ErrorKind::InvalidData.into());
                }
                self.tally.answered += 1;
                if number >= self.base && number < self.next {
                    self.done |= 1 << (number - self.base);
                }
                let finished = self.done.trailing_ones();
                self.done = self.done.checked_shr(finished).unwrap_or(0);
                self.base += u64::from(finished);
                self.tally.done = self.base + u64::from(self.done.count_ones());
                Ok(())
            }
            Some(Answer::Refused(number)) => {
                self.tally.refused += 1;
                let is_open = number >= self.base && self.done >> (number - self.base) & 1 == 0;
                if is_open { self.send(number) } else { Ok(()) }
            }
            None => Err(ErrorKind::InvalidData.into()),
        }
    }
}
