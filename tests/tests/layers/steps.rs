//! Tests that `cargo test` leaves out: a step of `.ci/run` picks each, and what it picks tests by is the name of one.

use std::path::Path;

use crate::source::{members, read, repository, rust_files};

/// A test that is left out unless it is asked for.
struct Ignored {
    /// The test program's name; `lib` for the tests inside a library.
    program: String,
    /// The test's, by modules.
    path: String,
}

/// Words that some command of a step picks tests by.
struct Command {
    programs: Vec<String>,
    /// Whether it runs such tests alone.
    is_theirs: bool,
    wanted: Vec<String>,
    /// Whatever is installed.
    left_out: Vec<String>,
    /// Where something could not be installed.
    perhaps_left_out: Vec<String>,
}

impl Command {
    /// Whether this word picks a test among those of its programs.
    fn picks_by(&self, word: &str, test: &Ignored) -> bool {
        self.programs.contains(&test.program) && test.path.contains(word)
    }

    /// Whether it runs a test, where all is installed.
    fn runs(&self, test: &Ignored) -> bool {
        // Where no word is given, it runs all.
        let picks = |words: &[String]| words.iter().any(|word| self.picks_by(word, test));
        (picks(&self.wanted) || self.wanted.is_empty() && self.picks_by("", test)) && !picks(&self.left_out)
    }
}

/// Reasons of tests that another test runs.
const BY_A_TEST: [&str; 3] = ["called by the test", "run by the test", "a child of the test"];

fn ignored() -> Vec<Ignored> {
    let mut found = Vec::new();
    // What is in `tests/ui` the compiler refuses.
    let members = members().into_iter().filter(|member| member != "tests/ui");
    let folders =
        members.flat_map(|member| ["src", "tests"].map(|folder| repository().join(&member).join(folder)));
    let files = folders.filter(|folder| folder.is_dir()).flat_map(|folder| rust_files(&folder));
    // Tests build what is there, and run it as they want.
    for file in files.filter(|file| !file.iter().any(|word| word == "packages")) {
        let text = read(&file);
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            assert!(line != "#[ignore]", "a test in {} does not say why it is left out", file.display());
            let Some(reason) = line.strip_prefix("#[ignore = \"") else { continue };
            if BY_A_TEST.iter().any(|by| reason.starts_with(by)) {
                continue;
            }
            let name = lines.find_map(|line| line.split_once("fn ")).expect("a function").1;
            let name = name.split('(').next().unwrap_or(name);
            let (program, module) = program(file.strip_prefix(repository()).unwrap_or(&file));
            found.push(Ignored { program, path: format!("{module}{name}") });
        }
    }
    found
}

/// The test program that a file is part of, and the path of its module.
fn program(file: &Path) -> (String, String) {
    let words: Vec<_> = file.iter().map(|word| word.to_string_lossy().replace(".rs", "")).collect();
    let tests = words.iter().rposition(|word| word == "tests").filter(|&at| at + 1 < words.len());
    let (program, modules) = match tests {
        Some(at) => (words[at + 1].clone(), &words[at + 2..]),
        None => ("lib".to_owned(), &words[words.len() - 1..]),
    };
    let mut path = String::new();
    for module in modules.iter().filter(|word| !["main", "mod"].contains(&word.as_str())) {
        path += module;
        path += "::";
    }
    (program, path)
}

fn commands() -> Vec<Command> {
    let text = read(&repository().join(".ci/run")).replace("\\\n", " ");
    let mut commands = Vec::new();
    for function in text.split("\n}\n") {
        let lines: Vec<&str> = function.lines().map(str::trim).collect();
        for line in &lines {
            let Some((_, asked)) = line.split_once("cargo test ") else { continue };
            let Some((which, how)) = asked.split_once(" -- ") else { continue };
            let mut always = Vec::new();
            let mut perhaps = Vec::new();
            for word in how.trim_end_matches("; fi").split_whitespace() {
                let array =
                    word.trim_matches('"').strip_prefix("${").and_then(|word| word.strip_suffix("[@]}"));
                let Some(array) = array else {
                    always.push(word.to_owned());
                    continue;
                };
                let again =
                    |start: &str| lines.iter().flat_map(|line| assigned(line, start)).collect::<Vec<_>>();
                let anew = again(&format!("{array}=("));
                let first = again(&format!("local {array}=("));
                // What is assigned anew was for where something could not be installed.
                if anew.is_empty() { &mut always } else { &mut perhaps }.extend(first);
                perhaps.extend(anew);
                let more = format!(" {array}+=(");
                perhaps.extend(lines.iter().flat_map(|line| line.split(&more).skip(1)).flat_map(words));
            }
            if !always.iter().chain(&perhaps).any(|word| word.ends_with("ignored")) {
                continue;
            }
            let is_theirs = always.iter().any(|word| word == "--ignored");
            let (wanted, left_out) = sorted(&always);
            let (further, perhaps_left_out) = sorted(&perhaps);
            let mut programs = after(which, "--test");
            programs.extend(which.contains("--lib").then(|| "lib".to_owned()));
            commands.push(Command {
                programs,
                is_theirs,
                wanted: [wanted, further].concat(),
                left_out,
                perhaps_left_out,
            });
        }
    }
    commands
}

/// The words of an array that a line assigns, if it starts so.
fn assigned(line: &str, start: &str) -> Vec<String> {
    line.strip_prefix(start).map_or_else(Vec::new, words)
}

/// Words up to a bracket.
fn words(text: &str) -> Vec<String> {
    text.split(')').next().unwrap_or(text).split_whitespace().map(str::to_owned).collect()
}

/// Words that name tests: what is wanted, and what is not.
fn sorted(words: &[String]) -> (Vec<String>, Vec<String>) {
    let mut wanted = Vec::new();
    let mut left_out = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--skip" {
            left_out.extend(words.next().cloned());
        } else if !word.starts_with('-') {
            wanted.push(word.clone());
        }
    }
    (wanted, left_out)
}

/// What follows an option, wherever it is given.
fn after(text: &str, option: &str) -> Vec<String> {
    let words: Vec<_> = text.split_whitespace().collect();
    words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1].to_owned()).collect()
}

#[test]
fn each_test_that_is_left_out_is_picked_by_a_step() {
    let commands = commands();
    let ignored = ignored();
    assert!(ignored.len() > 60, "{}", ignored.len());
    let missed: Vec<_> = ignored
        .iter()
        .filter(|test| !commands.iter().any(|command| command.runs(test)))
        .map(|test| format!("{} {}", test.program, test.path))
        .collect();
    assert!(missed.is_empty(), "no step of .ci/run runs {missed:#?}");
}

#[test]
fn what_a_step_picks_tests_by_is_the_name_of_one() {
    let ignored = ignored();
    // Others run tests that are never left out, too.
    for command in commands().iter().filter(|command| command.is_theirs) {
        for word in command.wanted.iter().chain(&command.left_out).chain(&command.perhaps_left_out) {
            assert!(
                ignored.iter().any(|test| command.picks_by(word, test)),
                "`{word}` in .ci/run names no test of {:?}",
                command.programs
            );
        }
    }
}
