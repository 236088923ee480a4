//! The decoder of aarch64 against another one: each instruction of a program, as `objdump` of binutils tells it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::aarch64::Steps;
use super::aarch64_word::reg;
use super::step::{Flow, Step, Via};

/// The output of a command that must succeed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?} starts: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The target in the text of a direct branch: its last number.
fn target(operands: &str) -> u64 {
    let text = operands.split('<').next().unwrap_or("").trim().rsplit(", ").next().unwrap_or("");
    u64::from_str_radix(text, 16).unwrap_or_else(|_| panic!("a target in `{operands}`"))
}

/// The register that is named first, if it is one for numbers.
fn first(operands: &str) -> Option<u8> {
    let name = operands.split(',').next()?.trim();
    if name == "sp" {
        return Some(super::step::SP);
    }
    reg(name.strip_prefix(['x', 'w'])?.parse().ok()?)
}

/// Whether where it goes is what the text says.
fn is_flow(flow: Flow, mnemonic: &str, operands: &str) -> bool {
    let via = || first(operands).map(Via::Reg);
    match mnemonic {
        "b" => flow == Flow::Jump(target(operands)),
        "bl" => flow == Flow::Call(target(operands)),
        "br" => matches!(flow, Flow::JumpVia(found) if Some(found) == via()),
        "blr" => matches!(flow, Flow::CallVia(found) if Some(found) == via()),
        "ret" => flow == Flow::Return,
        "svc" => flow == Flow::System,
        "brk" => matches!(flow, Flow::Trap | Flow::Breakpoint),
        "udf" => flow == Flow::Trap,
        "cbz" | "cbnz" | "tbz" | "tbnz" => matches!(flow, Flow::Branch(to, _) if to == target(operands)),
        _ if mnemonic.starts_with("b.") => matches!(flow, Flow::Branch(to, _) if to == target(operands)),
        _ => flow == Flow::Next,
    }
}

/// Whether the register that is named first is written.
fn writes_first(mnemonic: &str) -> bool {
    let others =
        ["st", "cmp", "cmn", "tst", "b", "cb", "tb", "ccm", "prfm", "msr", "ret", "svc", "udf", "dc", "ic"];
    !others.iter().any(|other| mnemonic.starts_with(other))
        // They begin as branches do.
        || ["bic", "bf"].iter().any(|other| mnemonic.starts_with(other))
}

#[test]
#[ignore = "needs binutils and the std of aarch64: run by .ci/run"]
fn each_instruction_is_what_objdump_says() {
    let folder = std::env::temp_dir().join(format!("qadapt-aarch64-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (source, program) = (folder.join("main.rs"), folder.join("main"));
    std::fs::write(&source, "fn main() { println!(\"{:?}\", std::env::args()); }").expect("a source");
    build(&source, &program);
    let text = run(Command::new("aarch64-linux-gnu-objdump").args(["-d", "-z"]).arg(&program));
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    let (mut seen, mut wrong, mut unknown) = (0, Vec::new(), BTreeMap::new());
    for line in text.lines() {
        let mut columns = line.split('\t');
        let (Some(at), Some(word), Some(mnemonic)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let (Ok(at), Ok(word)) =
            (u64::from_str_radix(at.trim().trim_end_matches(':'), 16), u32::from_str_radix(word.trim(), 16))
        else {
            continue;
        };
        if mnemonic.starts_with('.') {
            continue;
        }
        seen += 1;
        let operands = columns.next().unwrap_or("").split("//").next().unwrap_or("");
        let bytes = word.to_le_bytes();
        let steps = Steps::new(&bytes, at);
        let mut all: Vec<Step> = vec![steps.at(at)];
        while let Some(last) = all.last().filter(|last| last.next < at + 4) {
            all.push(steps.at(last.next));
        }
        let flow = all.last().map_or(Flow::Undecodable, |last| last.flow);
        if flow == Flow::Undecodable {
            *unknown.entry(mnemonic.to_owned()).or_insert(0) += 1;
        } else if !is_flow(flow, mnemonic, operands)
            || writes_first(mnemonic)
                && first(operands).is_some_and(|reg| !all.iter().any(|step| step.effect.changes(reg)))
        {
            wrong.push(format!("{line}: {all:?}"));
        }
    }
    println!("{seen} instructions; not understood: {unknown:?}");
    assert!(seen > 50_000, "only {seen} instructions");
    assert!(
        wrong.is_empty(),
        "{} are wrong, such as\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    let lost: u64 = unknown.values().sum();
    assert!(lost * 10_000 < seen, "{lost} of {seen} are not understood");
}

fn build(source: &Path, program: &Path) {
    run(Command::new("rustc")
        .args(["--target", "aarch64-unknown-linux-gnu", "-Clinker=aarch64-linux-gnu-gcc", "-O", "-o"])
        .arg(program)
        .arg(source));
}
