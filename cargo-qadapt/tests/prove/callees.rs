//! Calls through pointers of which the user says where they lead: those functions are looked at, and nothing is taken for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object as _, ObjectSymbol as _};
use qadapt_prove::{Answer, Rules, Subject, Verdict, prove_functions};

use crate::programs::{self, has, run, settled};

const PROGRAM: &str = r#"
use std::hint::black_box;
use std::sync::Mutex;
pub trait Stage { fn step(&mut self, n: usize) -> usize; }
pub struct Gain(usize);
pub struct Echo(usize);
pub struct Tape(Vec<usize>);
pub struct Gate(Mutex<usize>);
impl Stage for Gain { fn step(&mut self, n: usize) -> usize { self.0 * n } }
impl Stage for Echo { fn step(&mut self, n: usize) -> usize { std::mem::replace(&mut self.0, n) } }
impl Stage for Tape { fn step(&mut self, n: usize) -> usize { self.0.push(n); n } }
impl Stage for Gate { fn step(&mut self, n: usize) -> usize { let Ok(mut m) = self.0.lock() else { loop {} }; *m += n; *m } }
type F = fn(usize) -> usize;
#[inline(never)] pub fn r_region(hook: &dyn Fn(), f: &dyn Fn(usize) -> usize, n: usize) -> usize { qadapt::mark::region(hook, || f(n) + 1) }
#[inline(never)] fn doubles(n: usize) -> usize { black_box(n) * 2 }
#[inline(never)] fn squares(n: usize) -> usize { black_box(n) * n }
#[inline(never)] fn boxes(n: usize) -> usize { *black_box(Box::new(n)) }
#[inline(never)] pub fn r_chain(chain: &mut [Box<dyn Stage>], n: usize) -> usize { chain.iter_mut().fold(n, |n, s| s.step(n)) }
#[inline(never)] pub fn r_tail(stage: &mut dyn Stage, n: usize) -> usize { stage.step(n + 1) }
#[inline(never)] pub fn r_table(table: &[F; 4], n: usize) -> usize { table[n % 4](n) + 1 }
fn closure(factor: usize) -> Box<dyn Fn(usize) -> usize> { Box::new(move |n| black_box(n) * factor) }
#[inline(never)] pub fn r_closure(f: &dyn Fn(usize) -> usize, n: usize) -> usize { f(n) + 1 }
unsafe extern "C" { fn r_given(f: *const extern "C" fn(usize) -> usize, n: usize) -> usize; fn r_jumps(n: usize, offsets: *const i32) -> usize; }
#[unsafe(no_mangle)] extern "C" fn quiet(n: usize) -> usize { black_box(n) + 1 }
fn main() {
    let n = std::env::args().count();
    let mut chain: Vec<Box<dyn Stage>> = vec![Box::new(Gain(2)), Box::new(Echo(3)), Box::new(Tape(vec![])), Box::new(Gate(Mutex::new(1)))];
    println!("{} {}", r_chain(black_box(&mut chain), n), r_tail(black_box(&mut *chain[n % 2]), n));
    println!("{}", r_region(black_box(&|| ()), &*black_box(closure(n)), n));
    println!("{} {}", r_table(black_box(&[doubles, squares, boxes, doubles]), n), r_closure(&*black_box(closure(n)), n));
    // SAFETY: the first jumps to the function that it is given, and nothing calls the second: it is there to be read.
    if n > 3 { println!("{}", unsafe { r_given(&(quiet as _), n) + r_jumps(n, std::ptr::null()) }); }
}
"#;

/// A guard that calls something of its own where a region is opened.
const GUARD: &str = "pub mod mark { #[inline(always)]
    pub fn region<R, F: FnOnce() -> R>(hook: &dyn Fn(), body: F) -> R { hook(); body() } }";

/// One that jumps to a function that it is given, and one that jumps by a table of offsets that it is given.
const JUMPS: &str = r#"
    .file 1 "jumps.s"
    .text
    .globl r_given
    .type r_given, @function
r_given:
    .loc 1 5 1
    movq (%rdi), %rax
    movq %rsi, %rdi
    jmp *%rax
    .size r_given, .-r_given
    .globl r_jumps
    .type r_jumps, @function
r_jumps:
    .loc 1 9 1
    movslq (%rsi,%rdi,4), %rax
    addq %rsi, %rax
    jmp *%rax
    .size r_jumps, .-r_jumps
    .section .note.GNU-stack,"",@progbits
"#;

fn program(name: &str, flags: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("callees").join(name);
    std::fs::create_dir_all(&folder).expect("the folder is made");
    let [guard, library, source, jumps, object, binary] =
        ["guard.rs", "libqadapt.rlib", "app.rs", "jumps.s", "jumps.o", "app"].map(|file| folder.join(file));
    std::fs::write(&guard, GUARD).expect("the source is written");
    std::fs::write(&source, PROGRAM).expect("the source is written");
    std::fs::write(&jumps, JUMPS).expect("the source is written");
    run(Command::new("cc").arg("-c").args([&jumps, Path::new("-o"), &object]));
    let rustc = || {
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "-O", "-g", "-Ccodegen-units=1"]).args(flags);
        rustc
    };
    run(rustc().args(["--crate-type=rlib", "--crate-name=qadapt", "-o"]).args([&library, &guard]));
    run(rustc()
        .arg(format!("--extern=qadapt={}", library.display()))
        .arg(format!("-Clink-arg={}", object.display()))
        .args([Path::new("-o"), &binary, &source]));
    binary
}

/// The places of a region's unknown calls, as its report has them.
fn places(binary: &Path, region: &str) -> Vec<String> {
    let verdict = verdict(binary, Subject::Allocation, region, "");
    assert_eq!(verdict.answer, Answer::Unknown, "{verdict:?}");
    let place = |settle: &str| Some(settle.split_once("at = ")?.1.split_once(", reason = ")?.0.to_owned());
    verdict.gaps.iter().filter_map(|gap| place(&gap.settle)).collect()
}

/// The one place.
fn place(binary: &Path, region: &str) -> String {
    let mut places = places(binary, region);
    assert_eq!(places.len(), 1, "{places:?}");
    places.remove(0)
}

/// The symbol of a function of the program, or of the closure in it.
fn symbol(binary: &Path, function: &str) -> String {
    let data = std::fs::read(binary).expect("the program can be read");
    let file = object::File::parse(&*data).expect("an ELF file");
    let part = format!("3app{}{function}", function.len());
    let is_it =
        |name: &&str| name.contains(&part) && ["_ZN3app", "_RNv", "_RNC"].iter().any(|p| name.starts_with(p));
    let names = file.symbols().filter_map(|symbol| symbol.name().ok()).filter(is_it);
    let names: Vec<&str> = names
        .filter(|name| function != "closure" || name.contains("closure$") || name.starts_with("_RNC"))
        .collect();
    assert_eq!(names.len(), 1, "{function}: {names:?}");
    names[0].to_owned()
}

fn assume(at: &str, callees: &[&str]) -> String {
    format!("[[prove.assume]]\nat = {at}\ncallees = {callees:?}\nreason = \"main makes no others\"\n")
}

fn verdict(binary: &Path, subject: Subject, region: &str, settings: &str) -> Verdict {
    let data = std::fs::read(binary).expect("the program can be read");
    let settings = settled(settings).about(subject);
    let pattern = regex::Regex::new(&format!("^(app::)?{region}$")).expect("a pattern");
    let rules = Rules { allow_frees: false, gaps: 9 };
    let mut found = prove_functions(&data, &pattern, rules, &settings).expect("verdicts");
    assert_eq!(found.len(), 1, "{region}");
    found.remove(0)
}

const GAIN: &str = "<app::Gain as app::Stage>::step";
const ECHO: &str = "<app::Echo as app::Stage>::step";
const TAPE: &str = "<app::Tape as app::Stage>::step";
const GATE: &str = "<app::Gate as app::Stage>::step";

#[test]
fn where_a_call_leads_is_looked_at_and_all_that_is_named_counts() {
    for flags in [&[][..], &["-Csymbol-mangling-version=v0"], &["-Copt-level=1"], &["-Copt-level=z"]] {
        let binary = program(&format!("names{}", flags.join("")), flags);
        let of = |region: &str, settings: &str| verdict(&binary, Subject::Allocation, region, settings);
        for region in ["r_chain", "r_tail"] {
            let at = place(&binary, region);
            let proven = of(region, &assume(&at, &[GAIN, ECHO]));
            assert_eq!(proven.answer, Answer::Proven, "{flags:?} {proven:?}");
            let said = format!("leads to `{GAIN}`, `{ECHO}` and nowhere else: main makes no others");
            assert!(proven.assumes.len() == 1 && proven.assumes[0].ends_with(&said), "{flags:?} {proven:?}");
            let allocates = of(region, &assume(&at, &[GAIN, TAPE]));
            assert_eq!(allocates.answer, Answer::Allocates, "{flags:?} {allocates:?}");
            assert!(allocates.paths[0].hops.iter().any(|hop| hop.calls == TAPE), "{allocates:?}");
            assert!(!allocates.paths[0].always, "the other one does not: {allocates:?}");
            // Where two entries speak of one call, it may lead to what either names.
            let both = assume(&at, &[GAIN]) + &assume(&at, &[TAPE]);
            assert_eq!(of(region, &both).answer, Answer::Allocates, "{flags:?}");
        }
        let at = place(&binary, "r_table");
        let [doubles, squares, boxes] = ["doubles", "squares", "boxes"].map(|name| symbol(&binary, name));
        let quiet = assume(&at, &[&doubles, &squares]);
        assert_eq!(of("r_table", &quiet).answer, Answer::Proven, "{flags:?}");
        let boxes = assume(&at, &[&doubles, &squares, &boxes]);
        assert_eq!(of("r_table", &boxes).answer, Answer::Allocates, "{flags:?}");
        let closure = assume(&place(&binary, "r_closure"), &[&symbol(&binary, "closure")]);
        assert_eq!(of("r_closure", &closure).answer, Answer::Proven, "{flags:?}");
    }
}

#[test]
fn they_hold_whichever_question_is_asked() {
    let binary = program("waits", &[]);
    let at = place(&binary, "r_tail");
    let of = |callees: &[&str]| verdict(&binary, Subject::Blocking, "r_tail", &assume(&at, callees)).answer;
    assert_eq!(of(&[GAIN, ECHO]), Answer::Proven);
    assert_eq!(of(&[GAIN, GATE]), Answer::Blocks);
}

#[test]
fn a_jump_into_a_table_is_no_call_and_stays_unknown() {
    let binary = program("jumps", &[]);
    let of = |region: &str, line: u32| {
        verdict(&binary, Subject::Allocation, region, &assume(&format!("\"jumps.s:{line}:1\""), &["quiet"]))
            .answer
    };
    assert_eq!(of("r_given", 5), Answer::Proven);
    assert_eq!(of("r_jumps", 9), Answer::Unknown);
}

#[test]
fn what_the_guard_calls_at_a_place_is_not_meant() {
    let binary = program("guard", &[]);
    // The place of the region is one of the guard's own call and of the closure's.
    let is_region = |(_, line): &(usize, &str)| line.contains("pub fn r_region");
    let (number, line) = PROGRAM.lines().enumerate().find(is_region).expect("it is in the program");
    let column = line.find("qadapt::mark::region").expect("it is opened there");
    let region = format!("\"app.rs:{}:{}\"", number + 1, column + 1);
    let settings = assume(&region, &[&symbol(&binary, "closure")]);
    let left = verdict(&binary, Subject::Allocation, "r_region", &settings);
    assert_eq!((left.answer, left.gaps.len()), (Answer::Unknown, 1), "{left:?}");
}

#[test]
fn a_linker_that_takes_names_away_leaves_nothing_to_name() {
    if !has("mold", &[]) {
        return;
    }
    let binary = program("mold", &["-Clink-arg=-fuse-ld=mold", "-Clink-self-contained=-linker"]);
    let settings = assume(&place(&binary, "r_tail"), &[GAIN, ECHO]);
    assert_eq!(verdict(&binary, Subject::Allocation, "r_tail", &settings).answer, Answer::Unknown);
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let binary = program("unmatched", &[]);
    let folder = binary.parent().expect("a folder");
    let config = folder.join("settings.toml");
    let [tail, elsewhere] = ["r_tail", "r_chain"].map(|region| place(&binary, region));
    let in_line = format!("{}\"", tail.trim_end_matches('"').rsplit_once(':').expect("a column").0);
    let [file, settled] = [&binary, &config].map(|path| path.to_str().expect("a path"));
    let region = ["--function", "^app::r_tail$", "--require", "app::r_tail"];
    let arguments = [&region[..], &["--binary", file, "--config", settled]].concat();
    let prove = |settings: &str| {
        std::fs::write(&config, settings).expect("the settings are written");
        programs::prove(folder, &arguments)
    };
    let (code, text) = prove(&assume(&tail, &[GAIN, ECHO]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("and nowhere else: main makes no others"), "{text}");
    let doubles = symbol(&binary, "doubles");
    let misspelt = "<app::Echoo as app::Stage>::step";
    for (settings, said) in [
        (assume(&tail, &[GAIN, misspelt]), &["UNKNOWN", ECHO, "a call at that place"][..]),
        (assume(&elsewhere, &[GAIN, ECHO]), &["UNKNOWN", "matches nothing", "a call at that place"]),
        (assume(&in_line, &[GAIN, ECHO]), &["name the column too"]),
        // Instances and closures have one name.
        (assume(&tail, &["app::doubles"]), &["UNKNOWN", "of each function the symbol", &doubles]),
        (assume(&tail, &["<app::* as app::Stage>::step"]), &["name each function in full"]),
        (assume(&tail, &[]), &["`callees` names no function"]),
        (assume(&tail, &[GAIN]) + "blocking = true\n", &["leave `blocking` out"]),
        (format!("[[prove.assume]]\ncallees = [{GAIN:?}]\nreason = \"x\"\n"), &["`callees` go with `at`"]),
    ] {
        let (code, text) = prove(&settings);
        assert_eq!(code, Some(2), "{settings}:\n{text}");
        for said in said {
            assert!(text.contains(said), "no `{said}` in:\n{text}");
        }
    }
    let (_, text) = prove("");
    assert!(text.contains("with `callees = [\"..\"]`, the functions that it can lead to"), "{text}");
}
