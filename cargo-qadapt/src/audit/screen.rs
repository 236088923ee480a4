//! A program's output on a terminal, with a moving line below it that says what runs.
//!
//! The program writes to a terminal of its own (pty(7)), so that it colours and buffers as ever; what it writes is handed
//! on, and the line is drawn only where the program has ended one.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::system;

/// How often the line moves.
const TICK: Duration = Duration::from_millis(120);

/// How long the terminal is read at least that somebody else holds when the program has ended.
const REST: Duration = Duration::from_secs(1);

/// How long nothing comes where nothing of the program's is left.
const MOMENT: Duration = Duration::from_millis(20);

const CHUNK: usize = 4096;

/// Chunks that wait to be handed on. When there are so many, the program waits for its terminal.
const QUEUE: usize = 16;

/// More than what the program has written and nobody has seen when it ends: the queue, a chunk on the way to it and one on the way
/// from it, and what the kernel keeps of a terminal (8 KiB and 4 KiB on Linux).
const UNSEEN: usize = 2 * QUEUE * CHUNK;

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// Goes to the line's beginning and clears it (ECMA-48: CR, EL).
const CLEAR: &str = "\r\x1b[K";

/// A terminal for one program.
#[derive(Debug)]
pub struct Screen {
    /// The program's end.
    program: File,
    hand_on: JoinHandle<()>,
    /// When the program had ended.
    end: Arc<OnceLock<Instant>>,
}

impl Screen {
    /// Opens one whose output goes to standard error; none where that is no terminal, or the system has no more.
    #[must_use]
    pub fn open(what: String) -> Option<Self> {
        // One that cannot clear a line would be filled with them.
        if !io::stderr().is_terminal() || std::env::var_os("TERM").is_some_and(|name| name == "dumb") {
            return None;
        }
        let (mut own, program) = system::terminal().ok()?;
        let (send, receive) = mpsc::sync_channel(QUEUE);
        let end = Arc::new(OnceLock::new());
        let ended: Arc<OnceLock<Instant>> = Arc::clone(&end);
        thread::spawn(move || {
            let mut buffer = [0; CHUNK];
            // An error says that nobody holds the other end any more.
            while let Ok(length) = own.read(&mut buffer)
                && length > 0
                && send.send(buffer[..length].to_vec()).is_ok()
            {}
        });
        let hand_on = thread::spawn(move || {
            let line = Line { what, start: Instant::now(), frame: 0, is_drawn: false, is_free: true };
            hand_on(&receive, &ended, line, &mut io::stderr());
        });
        Some(Self { program, hand_on, end })
    }

    /// What the program writes to.
    ///
    /// # Errors
    /// If the system has no more file descriptors.
    pub fn stdio(&self) -> io::Result<Stdio> {
        Ok(self.program.try_clone()?.into())
    }

    /// Says something among what the program writes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn say(&self, what: &str) -> io::Result<()> {
        // The real terminal returns to the line's beginning by itself.
        writeln!(&self.program, "{what}")
    }

    /// Waits until everything is handed on that the program has written, however slow the real terminal is. What it has left
    /// behind may hold its terminal for ever, and is read for a second.
    pub fn close(self) {
        drop(self.program);
        let _ = self.end.set(Instant::now());
        // A thread that panicked has said so itself.
        let _ = self.hand_on.join();
    }
}

/// Hands on what comes, with the line below it, until nobody can write any more or what comes cannot be the program's, which has
/// ended.
fn hand_on(receive: &Receiver<Vec<u8>>, ended: &OnceLock<Instant>, mut line: Line, out: &mut impl io::Write) {
    // Bytes since the end.
    let mut since = 0;
    loop {
        let is_over = ended.get().is_some_and(|end| end.elapsed() >= REST);
        if is_over && since >= UNSEEN {
            break;
        }
        // If standard error is closed there is no one to tell.
        let _ = match receive.recv_timeout(if is_over { MOMENT } else { TICK }) {
            Ok(bytes) => {
                since += if ended.get().is_some() { bytes.len() } else { 0 };
                line.hand_on(&bytes, out)
            }
            Err(RecvTimeoutError::Timeout) if is_over => break,
            Err(RecvTimeoutError::Timeout) => line.draw(system::columns(), out),
            Err(RecvTimeoutError::Disconnected) => break,
        };
    }
    let _ = line.clear(out);
}

/// The line that says what runs.
struct Line {
    what: String,
    start: Instant,
    frame: usize,
    is_drawn: bool,
    /// True where the program's own line has ended.
    is_free: bool,
}

impl Line {
    /// Draws it in a terminal that is so wide, if that is known.
    fn draw(&mut self, columns: Option<usize>, out: &mut impl io::Write) -> io::Result<()> {
        if !self.is_free {
            return Ok(());
        }
        self.frame = (self.frame + 1) % FRAMES.len();
        self.is_drawn = true;
        let seconds = format!(" {}s", self.start.elapsed().as_secs());
        // A line that wraps would leave a row behind each time that it moves. The last column makes some terminals wrap.
        let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(seconds.len() + 3));
        let what: String = self.what.chars().take(room).collect();
        write!(out, "{CLEAR}{} {what}{seconds}", FRAMES[self.frame])?;
        out.flush()
    }

    fn clear(&mut self, out: &mut impl io::Write) -> io::Result<()> {
        if std::mem::take(&mut self.is_drawn) { write!(out, "{CLEAR}") } else { Ok(()) }
    }

    fn hand_on(&mut self, bytes: &[u8], out: &mut impl io::Write) -> io::Result<()> {
        self.clear(out)?;
        self.is_free = bytes.last() == Some(&b'\n');
        out.write_all(bytes)?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is handed on when the program ended long ago, and somebody sends so many full chunks.
    fn handed_on(chunks: usize, is_left_open: bool) -> usize {
        let (send, receive) = mpsc::sync_channel(QUEUE);
        let long_ago = Instant::now().checked_sub(REST * 2).expect("the machine has run for some seconds");
        let ended = OnceLock::from(long_ago);
        let line = Line { what: "running".into(), start: long_ago, frame: 0, is_drawn: false, is_free: true };
        let sender = thread::spawn(move || {
            for _ in 0..chunks {
                if send.send(vec![b'x'; CHUNK]).is_err() {
                    break;
                }
            }
            is_left_open.then_some(send)
        });
        let mut out = Vec::new();
        hand_on(&receive, &ended, line, &mut out);
        drop(receive);
        drop(sender.join().expect("it does not panic"));
        out.len()
    }

    #[test]
    fn what_waits_when_the_program_has_ended_is_handed_on() {
        assert_eq!(handed_on(QUEUE + 2, false), (QUEUE + 2) * CHUNK);
        assert_eq!(handed_on(0, true), 0, "who says nothing is not waited for");
    }

    #[test]
    fn who_never_stops_is_not_heard_for_ever() {
        assert_eq!(handed_on(usize::MAX, false), UNSEEN);
    }

    #[test]
    fn the_line_never_wraps() {
        let what = "running the binary `my-service-integration-harness` in profile release (Ctrl-C ends it)";
        let start = Instant::now();
        let mut line = Line { what: what.into(), start, frame: 0, is_drawn: false, is_free: true };
        for columns in [1, 2, 5, 20, 80, 95, 96, 200] {
            let mut out = Vec::new();
            line.draw(Some(columns), &mut out).expect("it can be written");
            let drawn = String::from_utf8(out).expect("UTF-8");
            let width = drawn.strip_prefix(CLEAR).expect("it clears the line").chars().count();
            assert!(width < columns.max(6), "{columns}: {drawn:?}");
            assert!(drawn.ends_with('s') && (columns < 200 || drawn.contains(what)), "{columns}: {drawn:?}");
        }
    }

    #[test]
    fn the_line_moves_and_never_stands_in_the_programs_own() {
        let mut line =
            Line { what: "running".into(), start: Instant::now(), frame: 0, is_drawn: false, is_free: true };
        let mut out = Vec::new();
        line.draw(None, &mut out).expect("it can be written");
        line.draw(Some(80), &mut out).expect("it can be written");
        let drawn = String::from_utf8(std::mem::take(&mut out)).expect("UTF-8");
        let frames: Vec<&str> = drawn.split(CLEAR).skip(1).collect();
        assert!(frames.len() == 2 && frames[0] != frames[1], "{drawn:?}");
        line.hand_on(b"name? ", &mut out).expect("it can be written");
        line.draw(None, &mut out).expect("it can be written");
        line.hand_on(b"ok\n", &mut out).expect("it can be written");
        line.clear(&mut out).expect("it can be written");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), format!("{CLEAR}name? ok\n"));
    }
}
