//! Annotations, read as GitHub's runner reads a step's output.
//!
//! Its rules: `ActionCommand.cs` of <https://github.com/actions/runner>. A line is a command if it starts with `::`, blanks
//! aside, or, in the old form, if it has `##[` anywhere.

use std::collections::BTreeMap;

use cargo_qadapt::format::name::Format;

use crate::formats::sample::{Sample, checked, hostile, hostile_checked, large, small};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) data: String,
}

/// The commands in some output.
pub(crate) fn commands(output: &str) -> Vec<Command> {
    output.split(['\n', '\r']).filter_map(|line| current(line).or_else(|| old(line))).collect()
}

fn current(line: &str) -> Option<Command> {
    let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let properties =
        properties.trim().split(',').filter_map(|pair| pair.split_once('=')).map(|(key, value)| {
            let value = unescape(&value.replace("%3A", ":").replace("%2C", ","));
            (key.to_owned(), value)
        });
    Some(Command { name: name.to_owned(), properties: properties.collect(), data: unescape(data) })
}

fn old(line: &str) -> Option<Command> {
    let (info, data) = line.split_once("##[")?.1.split_once(']')?;
    let name = info.split(' ').next().unwrap_or_default();
    Some(Command { name: name.to_owned(), properties: BTreeMap::new(), data: data.to_owned() })
}

fn unescape(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

fn annotations(sample: &Sample) -> Vec<Command> {
    let output = sample.text(Format::Github);
    let commands = commands(&output);
    assert_eq!(commands.len(), output.lines().count(), "each line is a command");
    for name in ["error", "warning", "notice"] {
        assert!(commands.iter().filter(|command| command.name == name).count() <= 10);
    }
    for command in &commands {
        assert!(["error", "warning", "notice"].contains(&command.name.as_str()), "{command:?}");
        assert!(command.properties.keys().all(|key| ["file", "line", "title"].contains(&key.as_str())));
        assert!(!command.data.chars().any(char::is_control), "{command:?}");
    }
    commands
}

#[test]
fn lines_are_annotated() {
    let read = annotations(&small("github-audit"));
    assert_eq!(read.len(), 6);
    let first = &read[0];
    assert_eq!((first.name.as_str(), first.properties["file"].as_str()), ("error", "src/main.rs"));
    assert_eq!(
        (first.properties["line"].as_str(), first.properties["title"].as_str()),
        ("5", "qadapt: allocation")
    );
    assert!(first.data.starts_with("allocation by vec::push in region tune (src/main.rs:3): debug: 2 times"));
    // What happens in a dependency alone is shown where the region is.
    assert!(read.iter().any(|command| command.properties.get("line").is_some_and(|line| line == "10")));
}

#[test]
fn findings_are_annotated_by_severity() {
    let names: Vec<String> =
        annotations(&checked("github-check")).into_iter().map(|command| command.name).collect();
    assert_eq!(names, ["error", "error", "error", "warning", "warning", "notice"]);
}

#[test]
fn hostile_names_make_no_commands() {
    for sample in [hostile("github-hostile"), hostile_checked("github-hostile-check")] {
        annotations(&sample);
        for format in
            [Format::Text, Format::Markdown, Format::Junit, Format::Sarif, Format::Dhat, Format::Folded]
        {
            let shown = anstream::adapter::strip_str(&sample.text(format)).to_string();
            assert_eq!(commands(&shown).first(), None, "{format:?}");
        }
    }
}

#[test]
fn no_more_than_ten_and_the_rest_in_one() {
    let read = annotations(&large(1000));
    assert_eq!(read.len(), 10);
    assert!(read[9].data.starts_with("991 more are not shown"), "{:?}", read[9]);
}
