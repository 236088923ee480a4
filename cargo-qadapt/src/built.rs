//! What cargo builds: the programs that it tells of in its messages, and what it says meanwhile.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use serde::Deserialize;

/// A program that cargo has built.
#[derive(Debug, PartialEq, Eq)]
pub struct Executable {
    /// Where it is.
    pub path: PathBuf,
    /// The id of the package that it is of.
    pub(crate) package: String,
    /// The name of its target.
    pub(crate) target: String,
    /// What the target is: `test`, `bin`; one that is a library can have several words, of which this is the first.
    pub(crate) kind: String,
}

impl Executable {
    /// True unless its target is a library, of which there is one in a package.
    pub(crate) fn is_kind_of_program(&self) -> bool {
        ["bin", "test", "example", "bench"].contains(&&*self.kind)
    }
}

/// Keeps all that cargo says, and hands on what it is about to compile.
pub(crate) fn listen(pipe: impl Read, progress: &mut impl FnMut(&str)) -> String {
    let mut said = String::new();
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line);
        if let Some(name) = text.trim_start().strip_prefix("Compiling ") {
            progress(name.split(" (").next().unwrap_or(name).trim_end());
        }
        said.push_str(&text);
        line.clear();
    }
    said
}

/// The executables among cargo's messages.
pub(crate) fn executables(pipe: impl Read) -> Vec<Executable> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        executable: Option<PathBuf>,
        package_id: String,
        target: Target,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
    }
    BufReader::new(pipe)
        .split(b'\n')
        .map_while(std::result::Result::ok)
        .filter_map(|line| serde_json::from_slice::<Message>(&line).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .filter_map(|Message { executable, package_id, target, .. }| {
            let kind = target.kind.into_iter().next().unwrap_or_default();
            Some(Executable { path: executable?, package: package_id, target: target.name, kind })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &[u8] = br#"{"reason":"compiler-artifact","executable":null,"package_id":"a","target":{"kind":["lib"],"src_path":"","name":"radio"}}
not json
{"reason":"compiler-artifact","executable":"/t/debug/deps/same-1","package_id":"a","target":{"kind":["test"],"src_path":"","name":"same"}}
{"reason":"build-finished","success":true}
"#;

    #[test]
    fn executables_are_found_among_messages() {
        let expected = Executable {
            path: "/t/debug/deps/same-1".into(),
            package: "a".into(),
            target: "same".into(),
            kind: "test".into(),
        };
        assert_eq!(executables(MESSAGES), [expected]);
    }

    #[test]
    fn what_cargo_compiles_is_handed_on() {
        let mut heard = Vec::new();
        let said = listen(
            &b"   Compiling radio v0.1.0 (/home/u/radio)\nwarning: unused\n"[..],
            &mut |name: &str| heard.push(name.to_owned()),
        );
        assert_eq!(heard, ["radio v0.1.0"]);
        assert!(said.ends_with("warning: unused\n"));
    }
}
