//! What the README promises: its command, its report, and both ways to call it.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::audit::command::{here, repository};
use crate::golden;
use crate::turn;

const MAIN_COMMAND: &str = "cargo run -p cargo-qadapt -- ";

/// The README's main command prints what the README says it prints.
#[test]
fn its_main_command_prints_its_report() {
    let path = repository().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README can be read");
    let (_, after) = readme.split_once(&format!("```sh\n{MAIN_COMMAND}")).expect("the main command");
    let (arguments, after) = after.split_once("\n```\n\n```text\n").expect("its report follows");
    let (report, _) = after.split_once("```\n").expect("the block ends");

    let turn = turn::with_examples();
    let run = here(&arguments.split(' ').collect::<Vec<_>>());
    drop(turn);
    run.assert(1, "");
    let start = report.as_ptr().addr() - readme.as_ptr().addr();
    let printed = [&readme[..start], &run.stdout, &readme[start + report.len()..]].concat();
    golden::assert_file(&path, &printed);
}

/// `cargo qadapt VERB` through cargo, and `cargo-qadapt VERB` directly.
#[test]
fn it_is_a_subcommand_of_cargo_and_a_command() {
    let program = Path::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    let folder = program.parent().expect("a folder");
    let search = env::var_os("PATH").unwrap_or_default();
    let search = env::join_paths([folder.to_owned()].into_iter().chain(env::split_paths(&search)));
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut through_cargo = Command::new(cargo);
    through_cargo.arg("qadapt").env("PATH", search.expect("no colon in a folder's name"));
    for mut command in [through_cargo, Command::new(program)] {
        let output = command.args(["audit", "--help"]).output().expect("it starts");
        let help = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(help.contains("Usage: cargo qadapt audit"), "{help}");
    }
}
