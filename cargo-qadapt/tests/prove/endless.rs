//! Code that leads back to itself, and sizes that are none: an answer, and soon.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use qadapt_prove::{Answer, Rules, Settings, Which, prove};
use regex::Regex;

/// In debug, beside other work; what has no end takes hours.
const SOON: Duration = Duration::from_secs(120);

/// A procedure linkage table's entry for retpolines that jumps to itself, behind `f`.
const ENTRY: &str = "call .Lentry\nret\n.size f, .-f\n.Lentry: mov 0(%rip), %r11\njmp .Lentry";
/// A jump to a jump through a register, which leads to that same jump.
const CIRCLE: &str = "lea g(%rip), %rax\njmp g\n.size f, .-f\n.type g, @function\ng: jmp *%rax\n.size g, .-g";
/// A table whose symbol has a size that no file has.
const TABLE: &str = "lea t(%rip), %rcx\njmp *(%rcx,%rdi,8)\n1: ret\n2: ret\n.size f, .-f\n\
    .section .data.rel.ro, \"aw\"\n.type t, @object\n.size t, 1 << 60\nt: .quad 1b, 2b";
/// Each call may change what the next one calls.
const CALLS: &str = "sub $8, %rsp\n.rept 4000\ncall *%rbx\n.endr\nadd $8, %rsp\nret\n.size f, .-f";

#[test]
#[cfg(target_arch = "x86_64")]
fn what_leads_back_to_itself_has_an_end() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("endless");
    std::fs::create_dir_all(&folder).expect("a folder");
    // The first never comes back, and does nothing.
    let cases = [
        ("entry", ENTRY, Answer::Proven),
        ("circle", CIRCLE, Answer::Unknown),
        ("table", TABLE, Answer::Unknown),
        ("calls", CALLS, Answer::Unknown),
    ];
    let f = Regex::new("^f$").expect("a valid pattern");
    for (name, code, expected) in cases {
        let (source, library) = (folder.join(format!("{name}.s")), folder.join(format!("{name}.so")));
        let text = format!(".text\n.globl f\n.type f, @function\nf: {code}\n");
        std::fs::write(&source, text).expect("the source is written");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-nostdlib", "-o"]).args([&library, &source]);
        assert!(compiler.status().expect("cc starts").success(), "{name} is linked");
        let data = std::fs::read(&library).expect("the library is there");
        let rules = Rules { allow_frees: false, gaps: 2 };
        let start = Instant::now();
        let (verdicts, _) =
            prove(&data, Which::Functions(&f), rules, &Settings::default()).expect("verdicts");
        let answers: Vec<Answer> = verdicts.iter().map(|verdict| verdict.answer).collect();
        assert_eq!(answers, [expected], "{name}");
        assert!(start.elapsed() < SOON, "{name} took {:?}", start.elapsed());
    }
}
