//! An argument that link-time optimisation has dropped: what its register still holds is not taken for one.

use std::path::Path;
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, Which, prove};
use regex::Regex;

/// All calls of `Once::call` give the same flag, which is in front of the closure's vtable. `reads` leaves another vtable where that
/// one's was, whose second method lies where the closure's code would; nothing of it allocates.
const SOURCE: &str = r#"
use std::sync::LazyLock;

trait Size { fn one(&self) -> usize; fn own(&self) -> usize; }
struct Small(u8);
impl Size for Small {
    fn one(&self) -> usize { 1 }
    fn own(&self) -> usize { self.0 as usize }
}
static SMALL: Small = Small(3);
static WORDS: LazyLock<Vec<usize>> = LazyLock::new(|| vec![1, 2]);
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| vec![1]);

#[unsafe(no_mangle)]
pub extern "C" fn reads() -> usize {
    let (_, vtable): (usize, usize) = unsafe { std::mem::transmute(&SMALL as &'static dyn Size) };
    unsafe { std::arch::asm!("", in("rcx") vtable, options(nomem, nostack, preserves_flags)) };
    WORDS.len()
}

#[unsafe(no_mangle)]
pub extern "C" fn others() -> usize { BYTES.len() }
"#;

#[test]
#[cfg(target_arch = "x86_64")]
fn what_lies_where_a_dropped_argument_was_is_not_called() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dropped");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (source, library) = (folder.join("dropped.rs"), folder.join("dropped.so"));
    std::fs::write(&source, SOURCE).expect("the source is written");
    let mut compiler = Command::new("rustc");
    compiler.args(["--edition=2024", "--crate-type=cdylib", "-Copt-level=3", "-Ccodegen-units=1"]);
    compiler.args(["-Clto=fat", "-Cpanic=abort", "-o"]).args([&library, &source]);
    assert!(compiler.status().expect("rustc starts").success(), "the library compiles");
    let data = std::fs::read(&library).expect("the library is there");
    let reads = Regex::new("^reads$").expect("a valid pattern");
    let rules = Rules { allow_frees: false, gaps: 2 };
    let (verdicts, _) =
        prove(&data, Which::Functions(&reads), rules, &Settings::default()).expect("verdicts");
    let answers: Vec<Answer> = verdicts.iter().map(|verdict| verdict.answer).collect();
    assert_eq!(answers, [Answer::Unknown]);
}
