//! Standard input for several runs: each gets the same, from the place where it stood at the start.
//!
//! A file goes back to that place before each run. What passes only once is kept while it passes, and only read where a program may
//! want it, since a pipe that nobody closes must not stop programs that read nothing:
//!
//! ```text
//! standard input --> file of what was read --> pipe --> first run
//!                                         \--> pipe --> second run
//! ```

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::system;

/// What the programs of several runs read.
#[derive(Debug, Default)]
pub enum Input {
    /// This command's own: there is one run alone, or each reads something else, as from a terminal.
    #[default]
    Inherited,
    /// A file, from this place on.
    File(File, u64),
    /// What passes once.
    Stream(Arc<Stream>),
}

impl Input {
    /// Standard input for so many runs. What passes once is kept in a file without a name in this folder.
    ///
    /// # Errors
    /// If that file cannot be made.
    pub fn of(runs: usize, folder: &Path) -> Result<Self> {
        if runs < 2 {
            return Ok(Self::Inherited);
        }
        // Where it cannot be opened once more, programs cannot read it either.
        let Ok(mut own) = system::standard_input() else { return Ok(Self::Inherited) };
        if system::is_stream(&own) {
            let failed = |e| Error::io("make a file for standard input in", folder, e);
            let kept =
                std::fs::create_dir_all(folder).and_then(|()| system::nameless(folder)).map_err(failed)?;
            return Ok(Self::Stream(Stream::new(own, kept)));
        }
        let place = if system::is_file(&own) { own.stream_position().ok() } else { None };
        Ok(place.map_or(Self::Inherited, |place| Self::File(own, place)))
    }

    /// Standard input of the next run.
    ///
    /// # Errors
    /// If a file does not go back, or the system has no more pipes.
    pub fn next(&self) -> io::Result<Stdio> {
        match self {
            Self::Inherited => Ok(Stdio::inherit()),
            Self::File(file, place) => {
                let mut file = file;
                file.seek(SeekFrom::Start(*place))?;
                Ok(Stdio::inherit())
            }
            Self::Stream(stream) => stream.pipe().map(Stdio::from),
        }
    }

    /// Why not every run got all of it, if so.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let Self::Stream(stream) = self else { return None };
        let state = stream.state();
        let problem = state.problem.as_ref()?;
        Some(format!(
            "standard input could not be kept for all runs ({problem}): write it to a file, and give that with `<`"
        ))
    }
}

/// Bytes that pass at once.
const CHUNK: usize = 1 << 14;

/// How long nothing is read where a source that does not wait has nothing.
const MOMENT: Duration = Duration::from_millis(10);

/// What passes once, and what was kept of it.
#[derive(Debug)]
pub struct Stream {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    kept: File,
    length: u64,
    /// Whether somebody has seen all that is kept.
    is_wanted: bool,
    is_over: bool,
    problem: Option<io::Error>,
}

impl Stream {
    fn new(source: File, kept: File) -> Arc<Self> {
        let state = State { kept, length: 0, is_wanted: false, is_over: false, problem: None };
        let stream = Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() });
        let own = Arc::clone(&stream);
        // Nobody waits for it: the source may stay open for ever.
        thread::spawn(move || own.keep_all(source));
        stream
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what the source has, as far as it is wanted.
    fn keep_all(&self, mut source: File) {
        let mut buffer = vec![0; CHUNK];
        let mut state = self.state();
        while !state.is_over {
            if !std::mem::take(&mut state.is_wanted) {
                state = self.wait(state);
                continue;
            }
            drop(state);
            let read = read(&mut source, &mut buffer);
            state = self.state();
            match read.and_then(|length| state.keep(&buffer[..length])) {
                Ok(()) => {}
                Err(e) => state.end(e),
            }
            self.changed.notify_all();
        }
    }

    /// A pipe in which all of it passes.
    fn pipe(self: &Arc<Self>) -> io::Result<io::PipeReader> {
        let (reader, mut writer) = io::pipe()?;
        let own = Arc::clone(self);
        thread::spawn(move || {
            let mut buffer = vec![0; CHUNK];
            let mut place = 0;
            loop {
                let length = own.read(place, &mut buffer);
                // A program that has ended takes no more.
                if length == 0 || writer.write_all(&buffer[..length]).is_err() {
                    break;
                }
                place += length as u64;
            }
        });
        Ok(reader)
    }

    /// Reads from this place on, and waits for it; nothing at the end.
    fn read(&self, place: u64, buffer: &mut [u8]) -> usize {
        let mut state = self.state();
        while state.length <= place && !state.is_over {
            state.is_wanted = true;
            self.changed.notify_all();
            state = self.wait(state);
        }
        let read = state.kept.seek(SeekFrom::Start(place)).and_then(|_| state.kept.read(buffer));
        read.unwrap_or_else(|e| {
            state.end(e);
            0
        })
    }
}

impl State {
    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.is_over = bytes.is_empty();
        self.kept.seek(SeekFrom::Start(self.length))?;
        self.kept.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self, problem: io::Error) {
        self.is_over = true;
        self.problem.get_or_insert(problem);
    }
}

/// Reads from a source, which another process may have told not to wait.
fn read(source: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => thread::sleep(MOMENT),
            read => return read,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    /// An input, and what writes to it.
    fn input() -> (Arc<Stream>, io::PipeWriter) {
        let (reader, writer) = io::pipe().expect("there is a pipe");
        let kept = system::nameless(&std::env::temp_dir()).expect("a file can be made");
        (Stream::new(OwnedFd::from(reader).into(), kept), writer)
    }

    fn all(stream: &Arc<Stream>) -> Vec<u8> {
        let mut bytes = Vec::new();
        stream.pipe().expect("there is a pipe").read_to_end(&mut bytes).expect("it can be read");
        bytes
    }

    /// More than pipes hold, of every byte.
    fn much() -> Vec<u8> {
        (0..1_u32 << 20).map(|number| number.wrapping_mul(0x9E37_79B9).to_be_bytes()[0]).collect()
    }

    #[test]
    fn each_run_reads_the_same() {
        let (stream, mut writer) = input();
        let writing = thread::spawn(move || writer.write_all(&much()));
        assert!(all(&stream) == much() && all(&stream) == much(), "some is lost");
        writing.join().expect("it does not panic").expect("all is taken");
    }

    #[test]
    fn what_one_run_leaves_the_next_one_reads() {
        let (stream, mut writer) = input();
        drop(stream.pipe().expect("a run that reads nothing"));
        let writing = thread::spawn(move || writer.write_all(&much()));
        let mut some = vec![0; 100_000];
        stream.pipe().expect("there is a pipe").read_exact(&mut some).expect("so much is there");
        assert!(much().starts_with(&some) && all(&stream) == much(), "some is lost");
        writing.join().expect("it does not panic").expect("all is taken");
    }

    /// As where a program that runs already asks.
    #[test]
    fn what_comes_passes_at_once() {
        let (stream, mut writer) = input();
        let mut runs = [(); 2].map(|()| stream.pipe().expect("there is a pipe"));
        for byte in 0..3 {
            writer.write_all(&[byte]).expect("it is taken");
            for run in &mut runs {
                let mut read = [9];
                run.read_exact(&mut read).expect("it has come");
                assert_eq!(read, [byte]);
            }
        }
    }
}
