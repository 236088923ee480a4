//! What heaptrack recorded of a program, by line.
//!
//! `heaptrack_print` rounds to three digits, so that its recording is read here: lines of hexadecimal numbers, which its source
//! describes (`src/interpret/heaptrack_interpret.cpp`, KDE, version 1.4). A string, an instruction's place with the places it is inlined into, a
//! frame of a stack and a request are numbered as they come, all from 1 but the requests:
//!
//! ```text
//! s LENGTH TEXT
//! i ADDRESS MODULE [FUNCTION FILE LINE] ..
//! t INSTRUCTION OUTER-FRAME
//! a SIZE FRAME
//! + REQUEST      it gave out a block
//! - REQUEST      a block that it gave out was given back
//! ```

use std::collections::BTreeMap;
use std::process::Command;

use crate::audit::by_line::{ALLOCATOR, ByLine};
use crate::audit::command::{folder, target_directory};

/// Blocks and bytes at the peak and at the end, by line, and all requests and their bytes: of what came through the guard.
pub(crate) fn recorded(program: &str) -> (ByLine, [u64; 2]) {
    let file = folder("heaptrack").join(program);
    let output = Command::new("heaptrack")
        .arg("--output")
        .arg(&file)
        .arg(target_directory().join("qadapt/debug").join(program))
        .env("QADAPT_MODE", "count")
        .output()
        .expect("heaptrack starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let unpacked = Command::new("zstd")
        .args(["--decompress", "--stdout", "--quiet"])
        .arg(file.with_extension("zst"))
        .output()
        .expect("zstd starts, by which heaptrack packs");
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    let text = String::from_utf8(unpacked.stdout).expect("it is text");
    let mut recording = Recording::new(program);
    for line in text.lines() {
        recording.take(line);
    }
    recording.figures()
}

/// A place in the source: indices of its function and its file, and its line.
type Place = [u64; 3];

/// What one request gives out, again and again.
#[derive(Debug)]
struct Request {
    bytes: u64,
    /// The program's line that asked; none for what did not come through the guard.
    line: Option<u64>,
    is_realloc: bool,
    /// The lines whose blocks are alive.
    alive: Vec<u64>,
}

struct Recording {
    own_file: String,
    strings: Vec<String>,
    instructions: Vec<Vec<Place>>,
    /// An instruction, and the frame further out; 0 for none.
    frames: Vec<[u64; 2]>,
    requests: Vec<Request>,
    /// Whose block was given back by the event before.
    given_back: Option<u64>,
    alive: BTreeMap<u64, [u64; 2]>,
    at_peak: BTreeMap<u64, [u64; 2]>,
    bytes: u64,
    peak: u64,
    all: [u64; 2],
}

impl Recording {
    fn new(program: &str) -> Self {
        Self {
            own_file: format!("src/bin/{program}.rs"),
            strings: Vec::new(),
            instructions: Vec::new(),
            frames: Vec::new(),
            requests: Vec::new(),
            given_back: None,
            alive: BTreeMap::new(),
            at_peak: BTreeMap::new(),
            bytes: 0,
            peak: 0,
            all: [0; 2],
        }
    }

    fn take(&mut self, line: &str) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        if kind == "s" {
            let (_, text) = rest.split_once(' ').unwrap_or_default();
            return self.strings.push(text.to_owned());
        }
        if kind == "v" {
            return assert!(rest.ends_with(" 3"), "another version of the format: {line}");
        }
        if !["i", "t", "a", "+", "-"].contains(&kind) {
            return;
        }
        let numbers: Vec<u64> = rest
            .split(' ')
            .map(|number| u64::from_str_radix(number, 16).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        match (kind, &numbers[..]) {
            ("i", [_, _, places @ ..]) => {
                // A function alone has no line.
                let places = places.chunks_exact(3).map(|place| [place[0], place[1], place[2]]);
                self.instructions.push(places.collect());
            }
            ("t", &[instruction, outer]) => self.frames.push([instruction, outer]),
            ("a", &[bytes, frame]) => {
                let (line, is_realloc) = self.asked_by(frame);
                self.requests.push(Request { bytes, line, is_realloc, alive: Vec::new() });
            }
            ("+", &[request]) => self.give_out(index(request)),
            ("-", &[request]) => self.give_back(index(request)),
            _ => panic!("{line}"),
        }
    }

    /// The program's line that a stack leads to, if it comes through the guard, and whether that is a reallocation.
    fn asked_by(&self, mut frame: u64) -> (Option<u64>, bool) {
        let (mut line, mut is_guarded, mut is_realloc) = (None, false, false);
        while let Some(&[instruction, outer]) = before(&self.frames, frame) {
            for &[function, file, number] in before(&self.instructions, instruction).into_iter().flatten() {
                let text = |number| before(&self.strings, number).map_or("", String::as_str);
                is_guarded |= text(function).contains("qadapt") && text(file).contains("/hot/");
                is_realloc |= text(function).contains("___rust_realloc");
                if line.is_none() && text(file).ends_with(&self.own_file) && number != u64::from(ALLOCATOR) {
                    line = Some(number);
                }
            }
            frame = outer;
        }
        (line.filter(|_| is_guarded), is_realloc)
    }

    fn give_out(&mut self, request: usize) {
        let before = self.given_back.take();
        let request = &mut self.requests[request];
        let Some(own) = request.line else { return };
        // A reallocation is a block given back and one given out. The block stays the line's that made it.
        let line = before.filter(|_| request.is_realloc).unwrap_or(own);
        request.alive.push(line);
        self.all[0] += 1;
        self.all[1] += request.bytes;
        self.bytes += request.bytes;
        let sum = self.alive.entry(line).or_default();
        *sum = [sum[0] + request.bytes, sum[1] + 1];
        if self.bytes >= self.peak {
            self.peak = self.bytes;
            self.at_peak = self.alive.clone();
        }
    }

    fn give_back(&mut self, request: usize) {
        let request = &mut self.requests[request];
        if request.line.is_none() {
            return;
        }
        let line = request.alive.pop().expect("it was given out");
        assert!(request.alive.iter().all(|&other| other == line), "one of two lines': {request:?}");
        self.bytes -= request.bytes;
        let sum = self.alive.get_mut(&line).expect("it was given out");
        *sum = [sum[0] - request.bytes, sum[1] - 1];
        self.given_back = Some(line);
    }

    fn figures(self) -> (ByLine, [u64; 2]) {
        let mut lines = ByLine::new();
        for (line, [bytes, blocks]) in self.at_peak {
            lines.entry(line).or_default()[..2].copy_from_slice(&[bytes, blocks]);
        }
        for (line, [bytes, blocks]) in self.alive {
            lines.entry(line).or_default()[2..].copy_from_slice(&[bytes, blocks]);
        }
        lines.retain(|_, figures| *figures != [0; 4]);
        (lines, self.all)
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("it fits")
}

/// What has this number, counted from 1.
fn before<T>(all: &[T], number: u64) -> Option<&T> {
    all.get(index(number).checked_sub(1)?)
}
