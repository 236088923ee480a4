//! Profiles of heaps, joined: this program is the process that they are of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use object::Object as _;
use prost::Message;

use crate::formats::message::{Location, Mapping, Pair, Profile, Sample};
use crate::formats::pprof::readable;
use crate::formats::sample::root;

/// A function of this program that a profile has on a stack.
#[inline(never)]
fn a_station_that_keeps_memory() -> u64 {
    std::hint::black_box(7)
}

/// Where this program's code with that function lies: start, end, and offset in the file.
fn code(address: u64) -> [u64; 3] {
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let found = maps.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let (start, end, offset) = (number(start)?, number(end)?, number(words.nth(1)?)?);
        (start..end).contains(&address).then_some([start, end, offset])
    });
    found.expect("the function is loaded")
}

/// A profile as a process would write it that has this program so many bytes further up. `shared` says of which program it is.
fn process(moved: u64, build_id: &str, values: [i64; 4]) -> Vec<u8> {
    let address = a_station_that_keeps_memory as fn() -> u64 as usize as u64;
    let [start, end, file_offset] = code(address);
    let program = std::env::current_exe().expect("the program's path");
    let texts = [
        "",
        "alloc_objects",
        "alloc_space",
        "inuse_objects",
        "inuse_space",
        "count",
        "bytes",
        program.to_str().expect("UTF-8"),
        build_id,
        "region",
        "the mixer",
        "space",
    ];
    let pair = |first, second| Pair { first, second };
    let profile = Profile {
        sample_type: vec![pair(1, 5), pair(2, 6), pair(3, 5), pair(4, 6)],
        sample: vec![Sample { location_id: vec![1], value: values.to_vec(), label: vec![pair(9, 10)] }],
        mapping: vec![Mapping {
            id: 1,
            memory_start: start + moved,
            memory_limit: end + moved,
            file_offset,
            filename: 7,
            build_id: 8,
        }],
        location: vec![Location { id: 1, mapping_id: 1, address: address + moved, ..Location::default() }],
        string_table: texts.map(str::to_owned).to_vec(),
        period_type: Some(pair(11, 6)),
        period: 1 << 19,
        ..Profile::default()
    };
    profile.encode_to_vec()
}

/// This program's build id, in digits.
fn build_id() -> String {
    let program = fs::read(std::env::current_exe().expect("the program's path")).expect("it can be read");
    let file = object::File::parse(&*program).expect("it is a program");
    let id = file.build_id().expect("its notes are whole").expect("the linker writes one");
    id.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn merge(files: &[&Path], output: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    command.args(["qadapt", "merge", "--format", "pprof", "--output"]).arg(output).args(files);
    command.output().expect("it starts")
}

/// Profiles of three processes, two of which run this program, joined in a folder of its own.
pub(crate) fn joined(name: &str) -> PathBuf {
    let folder = root(name);
    let write = |name: &str, bytes: Vec<u8>| {
        let file = folder.join(name);
        fs::write(&file, bytes).expect("it can be written");
        file
    };
    let one = write("one.pb", process(0, &build_id(), [40, 4_000, 10, 1_000]));
    let two = write("two.pb", process(0x7000, &build_id(), [4, 400, 1, 100]));
    let other = write("other.pb", process(0x7000, "00ff", [2, 200, 1, 100]));
    let output = folder.join("heap.pb.gz");
    let merged = merge(&[&one, &two, &other], &output);
    assert!(merged.status.success(), "{merged:?}");
    let said = String::from_utf8_lossy(&merged.stderr);
    assert!(
        said.contains("has been built anew since it ran"),
        "the other program's names are not this one's: {said}"
    );
    output
}

/// There is such a sample, and this program's function is the outer frame of its stack: in release another is inlined into it.
fn is_of_the_station(text: &str, sample: &str) {
    let after = text.lines().skip_while(|line| *line != sample).skip(1);
    let outer = after.take_while(|line| line.starts_with(' ')).last();
    let outer = outer.unwrap_or_else(|| panic!("no sample {sample}: {text}"));
    assert!(outer.contains("a_station_that_keeps_memory "), "{text}");
    assert!(outer.contains("tests/tool/formats/heap.rs:"), "{text}");
}

#[test]
fn processes_of_one_program_become_one_with_names() {
    let joined = fs::read(joined("heap-joined")).expect("it was written");
    let text = readable(&joined);
    assert!(
        text.starts_with("alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes \n"),
        "{text}"
    );
    is_of_the_station(&text, "[44, 4400, 11, 1100] region=the mixer");
    assert!(text.contains("\n[2, 200, 1, 100] region=the mixer\n    (no name)\n"), "{text}");
}

#[test]
fn what_a_joined_profile_was_made_of_can_be_joined_again() {
    let once = joined("heap-again");
    let [copy, output] = ["copy.pb.gz", "twice.pb.gz"].map(|name| once.with_file_name(name));
    fs::copy(&once, &copy).expect("it can be copied");
    let merged = merge(&[&once, &copy], &output);
    assert!(merged.status.success(), "{merged:?}");
    let text = readable(&fs::read(&output).expect("it was written"));
    is_of_the_station(&text, "[88, 8800, 22, 2200] region=the mixer");
    // One file counts once, however it is spelled.
    let other = once.parent().expect("a folder").join("./heap.pb.gz");
    let merged = merge(&[&once, &other], &output);
    let said = String::from_utf8_lossy(&merged.stderr);
    assert!(merged.status.success() && said.contains("was given before: a file is counted once"), "{said}");
    let text = readable(&fs::read(&output).expect("it was written"));
    is_of_the_station(&text, "[44, 4400, 11, 1100] region=the mixer");
}

#[test]
fn other_inputs_and_formats_are_refused() {
    let folder = root("heap-refused");
    let profile = folder.join("one.pb");
    fs::write(&profile, process(0, &build_id(), [1; 4])).expect("it can be written");
    let trace = folder.join("run.qtrace");
    fs::write(&trace, b"QADAPTtr").expect("it can be written");
    let damaged = folder.join("damaged.pb.gz");
    fs::write(&damaged, b"\x1f\x8b and no more").expect("it can be written");
    let output = folder.join("heap.pb.gz");
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let mixed = merge(&[&profile, &trace], &output);
    assert!(
        mixed.status.code() == Some(2) && said(&mixed).contains("merge each kind by itself"),
        "{mixed:?}"
    );
    let twice = folder.join("twice.pb.gz");
    let once = fs::read(joined("heap-once")).expect("it was written");
    fs::write(&twice, once.repeat(2)).expect("it can be written");
    let empty = folder.join("empty.pb");
    fs::write(&empty, b"").expect("it can be written");
    for (input, why) in [
        (&damaged, "cannot be decompressed"),
        (&twice, "give each profile in a file of its own"),
        (&empty, "empty.pb`: it is empty"),
    ] {
        let refused = merge(&[input], &output);
        assert!(refused.status.code() == Some(2) && said(&refused).contains(why), "{refused:?}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    let text = command.args(["qadapt", "merge"]).arg(&profile).output().expect("it starts");
    assert!(
        text.status.code() == Some(2) && said(&text).contains("--format pprof --output PATH"),
        "{text:?}"
    );
    assert!(!output.exists());
}
