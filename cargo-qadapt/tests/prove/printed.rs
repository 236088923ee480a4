//! Where verdicts go, and in which colours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::labelled::{program, quiet};

/// Proves the program, which lies in its own folder, as a user does whose environment says nothing of colours.
fn proven(program: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    command.args(["qadapt", "prove", "--binary"]).args(program.file_name()).args(arguments);
    command.current_dir(program.parent().expect("it lies in a folder"));
    for variable in ["CARGO_TERM_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.output().expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn quiet_program(name: &str) -> PathBuf {
    program(name, "", &[quiet()], &["-Copt-level=2"])
}

#[test]
fn verdicts_go_to_the_file_that_is_named() {
    let program = quiet_program("written");
    let report = program.with_file_name("report.txt");
    for (format, phrase) in [("text", "PROVEN  written::quiet"), ("json", "\"region\": \"written::quiet\"")] {
        fs::write(&report, "an older report").expect("it can be written");
        let arguments = ["--format", format, "--color", "always"];
        let output = proven(&program, &[&arguments[..], &["--output", "report.txt"]].concat());
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""), "{said}");
        let written = fs::read_to_string(&report).expect("the report is there");
        assert!(written.contains(phrase), "{written}");
        assert!(!written.contains("an older report") && !written.contains('\x1b'), "{written}");
        // It is what would have been printed.
        let printed = proven(&program, &["--format", format, "--color", "never"]);
        assert_eq!(written, text(&printed.stdout));
    }
}

#[test]
fn no_report_is_written_over_what_is_read() {
    let program = quiet_program("spared");
    let before = fs::read(&program).expect("it can be read");
    let link = program.with_file_name("link");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink("spared", &link).expect("a link can be made");
    for output in ["spared", "./spared", "link"] {
        let run = proven(&program, &["--output", output]);
        let said = text(&run.stderr);
        assert_eq!((run.status.code(), text(&run.stdout).as_str()), (Some(2), ""), "{said}");
        let refused =
            format!("`--output {output}` would overwrite `spared`, which is read: name another file");
        assert!(said.contains(&refused), "{said}");
        assert!(fs::read(&program).is_ok_and(|now| now == before), "{output}");
    }
    let settings = proven(&program, &["--output", "qadapt.toml"]);
    let said = text(&settings.stderr);
    assert!(
        settings.status.code() == Some(2) && said.contains("`--output qadapt.toml` would overwrite"),
        "{said}"
    );
}

#[test]
fn verdicts_have_colours_where_they_are_asked_for() {
    let program = quiet_program("coloured");
    let printed = |color: &[&str]| text(&proven(&program, color).stdout);
    let [plain, coloured] = ["--color=never", "--color=always"].map(|color| printed(&[color]));
    assert!(plain.contains("PROVEN  coloured::quiet") && !plain.contains('\x1b'), "{plain}");
    assert!(coloured.contains('\x1b') && coloured.contains("coloured::quiet"), "{coloured}");
    // Standard output is a pipe.
    for auto in [&["--color=auto"][..], &[]] {
        assert_eq!(printed(auto), plain, "{auto:?}");
    }
}
