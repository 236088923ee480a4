//! What a probe's header says of its runs, and whether a run was so.
//!
//! A probe is a program whose source has lines of this form; each line is one expectation:
//!
//! ```text
//! // expect: run NAME ARG..     starts a run with these arguments; without it the probe is run once, without any
//! // expect: env KEY=VALUE      the run's environment
//! // expect: exit CODE          how it ends; 0 if nothing is said
//! // expect: signal NAME        ABRT or TRAP
//! // expect: stderr TEXT        standard error has the text
//! // expect: stdout TEXT
//! // expect: never TEXT         standard error does not have it
//! // expect: times N TEXT       standard error has it so often
//! // expect: after TEXT         standard error has it, after the text of the line above
//! // expect: off exit CODE      how the run ends in a build without checks; 0 if nothing is said
//! // expect: off stderr TEXT
//! // expect: off skip REASON    the run is passed over there
//! ```
//!
//! In a build without checks a run must also write nothing that begins with `qadapt:`. `{name}` in a text stands for
//! the number of the source line that ends in `// here: name`, or that a line `// below: name` stands above. Probes run
//! in the workspace's folder.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::child::{self, Outcome, Signal};

/// One run of a probe.
#[derive(Clone, Debug, Default)]
pub struct Run {
    name: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    on: Expected,
    off: Expected,
    skip_off: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Expected {
    end: End,
    texts: Vec<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Exit(i32),
    Signal(Signal),
}

impl Default for End {
    fn default() -> Self {
        Self::Exit(0)
    }
}

#[derive(Clone, Debug)]
enum Text {
    Stderr(String),
    Stdout(String),
    Never(String),
    Times(usize, String),
    /// The second after the first.
    Order(String, String),
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Held,
    /// Not run, for this reason.
    Passed(String),
    /// Not as expected; says what, and what the run wrote.
    Failed(String),
}

impl Run {
    /// The runs that a source file asks for.
    ///
    /// # Errors
    /// The first line that cannot be understood, or that there is none.
    pub fn of(source: &str) -> Result<Vec<Self>, String> {
        let mut runs: Vec<Self> = Vec::new();
        let mut lines = 0;
        for line in source.lines() {
            let Some(line) = line.strip_prefix("// expect: ") else { continue };
            lines += 1;
            let line = with_line_numbers(line, source)?;
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            if word == "run" {
                let mut words = rest.split_whitespace().map(str::to_owned);
                let name = words.next().ok_or("`run` without a name")?;
                runs.push(Self { name, arguments: words.collect(), ..Self::default() });
                continue;
            }
            if runs.is_empty() {
                runs.push(Self { name: "once".to_owned(), ..Self::default() });
            }
            let run = runs.last_mut().ok_or("no run")?;
            run.add(word, rest).map_err(|reason| format!("`// expect: {line}`: {reason}"))?;
        }
        if lines == 0 {
            return Err("no `// expect:` line".to_owned());
        }
        Ok(runs)
    }

    /// The run's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn add(&mut self, word: &str, rest: &str) -> Result<(), String> {
        match (word, rest.split_once(' ')) {
            ("env", _) => {
                let (key, value) = rest.split_once('=').ok_or("no `=`")?;
                self.environment.push((key.to_owned(), value.to_owned()));
            }
            ("off", Some(("skip", reason))) => self.skip_off = Some(reason.to_owned()),
            ("off", Some((word, rest))) => self.off.add(word, rest)?,
            _ => self.on.add(word, rest)?,
        }
        Ok(())
    }

    /// Runs the program and compares. `checks` says whether it was built with checks.
    #[must_use]
    pub fn check(&self, program: &Path, checks: bool) -> Verdict {
        let mut command = child::command(program);
        command.args(&self.arguments).envs(self.environment.iter().map(|(key, value)| (key, value)));
        self.check_command(&mut command, checks)
    }

    fn check_command(&self, command: &mut Command, checks: bool) -> Verdict {
        if let (false, Some(reason)) = (checks, &self.skip_off) {
            return Verdict::Passed(reason.clone());
        }
        let outcome = child::run(command);
        let mut wrong = if checks { self.on.compare(&outcome) } else { self.off.compare(&outcome) };
        if !checks && outcome.stderr.contains("qadapt: ") {
            wrong.push("a build without checks reports".to_owned());
        }
        if wrong.is_empty() {
            return Verdict::Held;
        }
        let mut message = String::new();
        for line in wrong {
            let _ = writeln!(message, "  {line}");
        }
        let Outcome { status, stdout, stderr } = outcome;
        let (stdout, stderr) = (beginning(&stdout), beginning(&stderr));
        let _ = writeln!(message, "{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---");
        Verdict::Failed(message)
    }
}

impl Expected {
    fn add(&mut self, word: &str, rest: &str) -> Result<(), String> {
        if rest.is_empty() {
            return Err("nothing to expect".to_owned());
        }
        let text = rest.to_owned();
        match word {
            "exit" => self.end = End::Exit(rest.parse().map_err(|_| "no exit code")?),
            "signal" => {
                self.end = End::Signal(match rest {
                    "ABRT" => Signal::Abort,
                    "TRAP" => Signal::Trap,
                    _ => return Err("no known signal".to_owned()),
                });
            }
            "stderr" => self.texts.push(Text::Stderr(text)),
            "stdout" => self.texts.push(Text::Stdout(text)),
            "never" => self.texts.push(Text::Never(text)),
            "times" => {
                let (number, text) = rest.split_once(' ').ok_or("no text")?;
                let number = number.parse().map_err(|_| "no number")?;
                self.texts.push(Text::Times(number, text.to_owned()));
            }
            "after" => {
                let before = match self.texts.last() {
                    Some(Text::Stderr(before) | Text::Order(_, before) | Text::Times(_, before)) => {
                        before.clone()
                    }
                    _ => return Err("no text in standard error before it".to_owned()),
                };
                self.texts.push(Text::Order(before, text));
            }
            _ => return Err("unknown word".to_owned()),
        }
        Ok(())
    }

    /// What was not as expected.
    fn compare(&self, outcome: &Outcome) -> Vec<String> {
        let Outcome { status, stdout, stderr } = outcome;
        let mut wrong = Vec::new();
        let ended = Signal::of(*status).map(End::Signal).or(status.code().map(End::Exit));
        if ended != Some(self.end) {
            wrong.push(format!("ended by {status}, expected {:?}", self.end));
        }
        for text in &self.texts {
            let held = match text {
                Text::Stderr(text) => stderr.contains(text),
                Text::Stdout(text) => stdout.contains(text),
                Text::Never(text) => !stderr.contains(text),
                Text::Times(number, text) => stderr.matches(text.as_str()).count() == *number,
                Text::Order(before, text) => stderr
                    .find(before.as_str())
                    .is_some_and(|start| stderr[start + before.len()..].contains(text)),
            };
            if !held {
                wrong.push(format!("expected {text:?}"));
            }
        }
        wrong
    }
}

/// The first lines of a text.
fn beginning(text: &str) -> String {
    let mut lines = text.lines();
    let mut beginning: Vec<_> = lines.by_ref().take(100).collect();
    beginning.extend(lines.next().map(|_| ".."));
    beginning.join("\n")
}

/// Puts line numbers for `{name}`.
fn with_line_numbers(text: &str, source: &str) -> Result<String, String> {
    let mut replaced = text.to_owned();
    while let Some((before, rest)) = replaced.split_once('{') {
        let (name, after) = rest.split_once('}').ok_or_else(|| format!("`{text}`: no closing brace"))?;
        let (here, below) = (format!("// here: {name}"), format!("// below: {name}"));
        let index = source
            .lines()
            .position(|line| !line.starts_with("//") && (line.ends_with(&here) || line.trim_start() == below))
            .ok_or_else(|| format!("`{text}`: no line is marked `{here}` or `{below}`"))?;
        let marked = source.lines().nth(index).unwrap_or_default();
        let line = index + if marked.ends_with(&below) { 2 } else { 1 };
        replaced = format!("{before}{line}{after}");
    }
    Ok(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a shell command as if it were a probe.
    #[cfg(unix)]
    fn check(header: &str, script: &str, checks: bool) -> Verdict {
        let runs = Run::of(header).expect("a header");
        runs[0].check_command(child::command("/bin/sh").args(["-c", script]), checks)
    }

    #[test]
    #[cfg(unix)]
    fn what_is_expected_holds() {
        for (header, script) in [
            ("// expect: exit 3", "exit 3"),
            ("// expect: signal ABRT", "kill -ABRT $$"),
            ("// expect: stderr two\n// expect: after three", "echo one two three >&2"),
            ("// expect: stdout one\n// expect: never one", "echo one"),
            ("// expect: times 2 one", "echo one one >&2"),
            ("// expect: stderr line {mark}\nx // here: mark\n", "echo line 2 >&2"),
            ("// expect: stderr line {mark}\n  // below: mark\nx\n", "echo line 3 >&2"),
        ] {
            assert_eq!(check(header, script, true), Verdict::Held, "{header}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn what_is_not_as_expected_fails() {
        for (header, script) in [
            ("// expect: exit 3", "exit 4"),
            ("// expect: exit 0", "kill -ABRT $$"),
            ("// expect: signal ABRT", "exit 0"),
            ("// expect: stderr two", "echo two"),
            ("// expect: stderr two\n// expect: after one", "echo one two >&2"),
            ("// expect: never one", "echo one >&2"),
            ("// expect: times 2 one", "echo one >&2"),
            ("// expect: stderr line {mark}\nx // here: mark\n", "echo line 3 >&2"),
        ] {
            assert!(matches!(check(header, script, true), Verdict::Failed(_)), "{header}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn without_checks_other_things_are_expected() {
        let header = "// expect: exit 3\n// expect: off exit 4";
        assert_eq!(check(header, "exit 4", false), Verdict::Held);
        assert!(matches!(check(header, "exit 3", false), Verdict::Failed(_)));
        assert!(matches!(check("// expect: stderr x", "echo qadapt: x >&2", false), Verdict::Failed(_)));
        let skipped = check("// expect: off skip the reason", "exit 9", false);
        assert_eq!(skipped, Verdict::Passed("the reason".to_owned()));
    }

    #[test]
    fn a_wrong_header_is_an_error() {
        for header in [
            "",
            "// expect: nothing x",
            "// expect: exit",
            "// expect: exit x",
            "// expect: signal HUP",
            "// expect: after x",
            "// expect: times x y",
            "// expect: stderr {nowhere}",
            "// expect: env X",
        ] {
            assert!(Run::of(header).is_err(), "{header}");
        }
    }
}
