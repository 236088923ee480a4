//! Standard input is the same in each run.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::process::Stdio;

use crate::audit::command::{Run, folder, qadapt};

/// How many lines the program read of an input, in debug and in release.
fn lines(input: impl Into<Stdio>, arguments: &[&str]) -> [u64; 2] {
    let audit = ["audit", "-p", "odd", "--bin", "filter", "--timeout", "60", "--format", "json", "--"];
    let output = qadapt(&[&audit[..], arguments].concat()).stdin(input).output().expect("it starts");
    let run = Run::of(output);
    let report = run.report();
    assert!(run.code < Some(2), "{}", run.stderr);
    [0, 1].map(|profile| report.regions[0].counts[profile].expect("it was entered").allocs)
}

#[test]
fn each_profile_reads_the_same() {
    let path = folder("inputs").join("three.txt");
    std::fs::write(&path, "before\none\ntwo\nthree\n").expect("it can be written");
    let mut file = File::open(&path).expect("it is there");
    file.seek(SeekFrom::Start(7)).expect("it has places");
    assert_eq!(lines(file, &[]), [3, 3], "a file, from where it stood");

    let (reader, mut writer) = std::io::pipe().expect("there is a pipe");
    writer.write_all(b"one\ntwo\n").expect("there is room");
    drop(writer);
    assert_eq!(lines(reader, &[]), [2, 2], "a pipe");

    // Of a pipe that nobody closes one line is read, which is more than it holds, and then three.
    let (reader, mut writer) = std::io::pipe().expect("there is a pipe");
    let line = "x".repeat(200_000) + "\n";
    let writing = std::thread::spawn(move || writer.write_all(line.repeat(3).as_bytes()).map(|()| writer));
    assert_eq!(lines(reader, &["1", "3"]), [1, 3], "what the first run left");
    let _open = writing.join().expect("it does not panic").expect("all was read");

    let (reader, _writer) = std::io::pipe().expect("there is a pipe");
    assert_eq!(lines(reader, &["0", "0"]), [0, 0], "a program that reads nothing waits for nothing");
    assert_eq!(lines(Stdio::null(), &[]), [0, 0]);
}
