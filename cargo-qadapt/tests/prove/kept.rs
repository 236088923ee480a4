//! Proofs that are kept from one run to the next: when one counts, and when it does not.
//!
//! That a proof was kept shows by an entry that says something else and is whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use qadapt_code::origin::Code;
use qadapt_prove::{Answer, Proof, Rules, Settings, Subject, Which, prove_file};
use regex::Regex;

use crate::digest::sha256;

const PROGRAM: &str = "
#[inline(never)]
#[unsafe(no_mangle)]
fn called(x: u64) -> u64 { BODY }

#[inline(never)]
#[unsafe(no_mangle)]
fn region(x: u64) -> u64 { called(x) + 1 }

fn main() { println!(\"{}\", region(std::env::args().count() as u64)); }
";
const DOUBLES: &str = "std::hint::black_box(x) * 2";
const BOXES: &str = "*std::hint::black_box(Box::new(x))";

/// What an entry is made to say.
const NEVER: usize = 7_777_777;

/// A program and the folder of its proofs, in a target folder as cargo makes one.
struct Kept {
    target: PathBuf,
    program: PathBuf,
    source: PathBuf,
}

impl Kept {
    fn new(name: &str) -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept").join(name);
        let _ = fs::remove_dir_all(&target);
        fs::create_dir_all(&target).expect("a folder");
        fs::write(target.join(".rustc_info.json"), "{}").expect("cargo's file");
        let kept = Self { program: target.join("program"), source: target.join("program.rs"), target };
        kept.compile(DOUBLES);
        kept
    }

    /// Compiles the program anew, with this in the function that the region calls.
    fn compile(&self, body: &str) {
        fs::write(&self.source, PROGRAM.replace("BODY", body)).expect("the source is written");
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "-Copt-level=2", "-g", "-o"]).args([&self.program, &self.source]);
        assert!(rustc.status().expect("rustc starts").success(), "the program compiles");
    }

    fn folder(&self) -> PathBuf {
        self.target.join("qadapt/proofs")
    }

    /// All that lies in the folder.
    fn files(&self) -> Vec<PathBuf> {
        let files =
            fs::read_dir(self.folder()).map(|files| files.flatten().map(|file| file.path()).collect());
        files.unwrap_or_default()
    }

    fn entry(&self) -> PathBuf {
        let [entry] = self.files().try_into().expect("one entry and nothing else");
        entry
    }

    /// Makes the entry say that so many functions were analysed.
    fn mark(&self) {
        let text = fs::read_to_string(self.entry()).expect("an entry");
        let (first, body) = text.split_once('\n').expect("a first line");
        let (before, rest) = body.split_once("\"analysed\":").expect("a number of functions");
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let body = format!("{before}\"analysed\":{NEVER}{rest}");
        let digest = sha256(&body);
        let key = first.split(' ').next().expect("a key");
        fs::write(self.entry(), format!("{key} {digest}\n{body}")).expect("it can be written");
    }

    fn settings(&self) -> Settings {
        self.with(Settings::default(), "")
    }

    /// Settings that keep proofs, with relative paths below `root`.
    fn with(&self, mut settings: Settings, root: &str) -> Settings {
        settings.kept = Some(self.folder());
        settings.code = Some(Rc::new(Code::below(Path::new(root))));
        settings
    }

    fn proof(&self) -> Proof {
        self.proof_with("^region$", false, &self.settings())
    }

    fn proof_with(&self, pattern: &str, allow_frees: bool, settings: &Settings) -> Proof {
        let pattern = Regex::new(pattern).expect("a pattern");
        let rules = Rules { allow_frees, gaps: 3 };
        prove_file(&self.program, Which::Functions(&pattern), rules, settings, None).expect("a proof")
    }
}

fn json(proof: &Proof) -> String {
    serde_json::to_string(proof).expect("JSON")
}

#[test]
fn the_second_proof_of_a_file_is_the_first_one() {
    let kept = Kept::new("second");
    kept.compile(BOXES);
    let first = kept.proof();
    assert_eq!(first.verdicts[0].answer, Answer::Allocates);
    let again = kept.proof();
    assert_eq!(json(&first), json(&again));
    assert_eq!(first.verdicts, again.verdicts, "columns and whose code it is are not in JSON");
    kept.mark();
    let marked = kept.proof();
    assert_eq!((marked.analysed, &marked.verdicts), (NEVER, &first.verdicts), "it is read from the entry");
}

#[test]
fn an_edit_of_a_function_that_is_called_counts() {
    let kept = Kept::new("edited");
    let before = kept.proof();
    assert_eq!(before.verdicts[0].answer, Answer::Proven);
    kept.mark();
    kept.compile(BOXES);
    let after = kept.proof();
    assert_eq!(after.verdicts[0].answer, Answer::Allocates);
    assert_ne!(after.analysed, NEVER);
    kept.compile(DOUBLES);
    let back = kept.proof();
    assert_eq!((back.verdicts[0].answer, back.analysed), (Answer::Proven, NEVER), "the same bytes again");
}

#[test]
fn what_is_asked_is_part_of_it() {
    let kept = Kept::new("asked");
    assert_ne!(kept.proof().analysed, NEVER);
    kept.mark();
    let assume = "[[assume]]\nfunction = 'called'\nreason = 'a test'\n";
    let section = toml::from_str(assume).expect("a section");
    let assuming = Settings::of(section, kept.settings().sites).expect("an assumption");
    let assuming = kept.with(assuming, "");
    let mut nowhere = kept.settings();
    nowhere.kept = None;
    for (what, other) in [
        ("other functions", kept.proof_with("^(region|called)$", false, &kept.settings())),
        ("frees", kept.proof_with("^region$", true, &kept.settings())),
        ("waits", kept.proof_with("^region$", false, &kept.settings().about(Subject::Blocking))),
        ("an assumption", kept.proof_with("^region$", false, &assuming)),
        (
            "whose code it is",
            kept.proof_with("^region$", false, &kept.with(Settings::default(), "/elsewhere")),
        ),
        ("no folder", kept.proof_with("^region$", false, &nowhere)),
    ] {
        assert_ne!(other.analysed, NEVER, "{what}");
    }
    assert_eq!(kept.proof_with("^region$", false, &kept.settings()).analysed, NEVER);
}

#[test]
fn what_is_known_of_assumptions_is_kept_with_the_proof() {
    let kept = Kept::new("assumed");
    let assume = "[[assume]]\nfunction = 'called'\nreason = 'a test'\n\
                  [[assume]]\nforeign = 'mallok'\nreason = 'a test'\n";
    let unmatched = || {
        let settings = Settings::of(toml::from_str(assume).expect("a section"), kept.settings().sites);
        let settings = kept.with(settings.expect("assumptions"), "");
        let proof = kept.proof_with("^region$", false, &settings);
        (settings.unmatched(), proof.verdicts[0].assumes.clone(), proof.analysed)
    };
    let first = unmatched();
    assert_eq!((first.0.len(), first.1.len()), (1, 1), "{first:?}");
    kept.mark();
    assert_eq!(unmatched(), (first.0, first.1, NEVER));
}

#[test]
fn a_source_that_was_edited_is_read_again() {
    let kept = Kept::new("sources");
    kept.compile(BOXES);
    let first = kept.proof();
    kept.mark();
    let source = fs::read_to_string(&kept.source).expect("the source");
    fs::write(&kept.source, source + "// Edited.\n").expect("it can be written");
    let again = kept.proof();
    assert_eq!((again.analysed, &again.verdicts), (first.analysed, &first.verdicts));
}

#[test]
fn a_damaged_entry_counts_as_none_and_is_written_anew() {
    let kept = Kept::new("damaged");
    let first = kept.proof();
    let entry = kept.entry();
    let whole = fs::read(&entry).expect("an entry");
    kept.mark();
    let marked = fs::read(&entry).expect("an entry");
    let body = marked.iter().position(|&byte| byte == b'\n').expect("a first line") + 1;
    let flipped = |at: usize| {
        let mut bytes = marked.clone();
        bytes[at] ^= 1;
        bytes
    };
    let damaged = [
        Vec::new(),
        b"\n".to_vec(),
        marked[..body].to_vec(),
        marked[..marked.len() - 1].to_vec(),
        marked[body..].to_vec(),
        flipped(0),
        flipped(body - 2),
        flipped(body + 9),
        flipped(marked.len() - 1),
        [&marked[..], b" "].concat(),
    ];
    for (number, damaged) in damaged.iter().enumerate() {
        fs::write(&entry, damaged).expect("it can be written");
        assert_eq!(json(&kept.proof()), json(&first), "{number}");
        assert!(fs::read(&entry).expect("an entry") == whole, "{number} is written anew");
    }
    // An entry of another question under this name.
    kept.proof_with("^called$", false, &kept.settings());
    let other = kept.files().into_iter().find(|file| *file != entry).expect("another entry");
    fs::copy(&other, &entry).expect("it can be copied");
    assert_eq!(json(&kept.proof()), json(&first));
    // No file at all has this name, and none can.
    fs::remove_file(&entry).expect("it can be removed");
    fs::create_dir(&entry).expect("a folder in its place");
    assert_eq!(json(&kept.proof()), json(&first));
    assert_eq!(kept.files().len(), 2, "what could not be kept leaves nothing behind");
}

#[test]
fn two_runs_at_once_do_no_harm() {
    let kept = Kept::new("twice");
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
        command.args(["qadapt", "prove", "--format", "json", "--function", "^region$", "--binary"]);
        command.arg(&kept.program).current_dir(&kept.target).stdout(std::process::Stdio::piped());
        command.spawn().expect("the program starts")
    };
    let printed = |child: std::process::Child| {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    };
    let both = [run(), run()].map(printed);
    assert_eq!(both[0], both[1]);
    kept.mark();
    let marked = printed(run());
    assert!(marked.contains(&format!("\"analysed\": {NEVER}")), "it is in the file's own target folder");
}
