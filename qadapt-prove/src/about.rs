//! What an assumption is about: an entry `[[prove.assume]]` of `qadapt.toml`, read and in words.

use qadapt_code::glob::glob;
use regex::Regex;
use serde::Deserialize;

use super::anchor::Anchor;
use super::invalid::Invalid;
use super::subject::Subject;

/// An entry as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Entry {
    function: Option<String>,
    foreign: Option<String>,
    calls_in: Option<String>,
    initialised: Option<String>,
    at: Option<Anchor>,
    callees: Option<Vec<String>>,
    /// That it does not wait, in place of that it does not allocate.
    #[serde(default)]
    blocking: bool,
    reason: String,
}

/// What an assumption is about.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// Calls of a function of the image do not allocate.
    Function(Regex),
    /// Calls of an imported function do not allocate.
    Foreign(Regex),
    /// Calls through pointers made in a function do not allocate.
    CallsIn(Regex),
    /// What a static makes once has been made before, so that its `Once::call` is not called.
    Initialised(Regex),
    /// What is unknown in the calls at a place does not allocate; only imported functions of this name, if there is one.
    At(Anchor, Option<Regex>),
    /// Calls through pointers at a place lead to functions of these names and to no others.
    Callees(Anchor, Vec<String>),
}

/// An entry that has been read.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) about: About,
    /// The question that it speaks of; both if there is none.
    pub(super) subject: Option<Subject>,
    /// As it is written.
    pub(super) written: String,
    /// In words, with its reason.
    pub(super) words: String,
}

impl Entry {
    /// Reads it; what is wrong with it, otherwise.
    pub(super) fn read(self) -> Result<Said, Invalid> {
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(Invalid::NoReason);
        }
        let subject = if self.blocking { Subject::Blocking } else { Subject::Allocation };
        let (does, do_) = match subject {
            Subject::Allocation => ("does not allocate", "do not allocate"),
            Subject::Blocking => ("does not wait", "do not wait"),
        };
        let mut speaks_of = Some(subject);
        let kinds = (self.function, self.foreign, self.calls_in, self.initialised, self.at, self.callees);
        let (about, written, words) = match kinds {
            (Some(f), None, None, None, None, None) => {
                (About::Function(glob(&f)), format!("function = \"{f}\""), format!("`{f}` {does}"))
            }
            (None, Some(f), None, None, None, None) => {
                (About::Foreign(glob(&f)), format!("foreign = \"{f}\""), format!("foreign `{f}` {does}"))
            }
            (None, None, Some(f), None, None, None) => {
                let words = format!("calls through pointers in `{f}` {do_}");
                (About::CallsIn(glob(&f)), format!("calls-in = \"{f}\""), words)
            }
            (None, None, None, Some(f), None, None) => {
                let words = format!("what `{f}` makes once is made before");
                (About::Initialised(glob(&f)), format!("initialised = \"{f}\""), words)
            }
            (None, None, None, None, Some(at), None) => {
                let words = format!("what could not be told of the call at {at} {does}");
                let written = format!("at = {at}");
                (About::At(at, None), written, words)
            }
            (None, Some(f), None, None, Some(at), None) => {
                let words = format!("foreign `{f}`, as called at {at}, {does}");
                let written = format!("foreign = \"{f}\", at = {at}");
                (About::At(at, Some(glob(&f))), written, words)
            }
            (None, None, None, None, Some(at), Some(names)) => {
                if self.blocking {
                    return Err(Invalid::CalleesBlocking);
                }
                if !at.is_exact() {
                    return Err(Invalid::CalleesColumn(at.to_string()));
                }
                speaks_of = None;
                let names = whole(names)?;
                let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let words = format!(
                    "the call through a pointer at {at} leads to {} and nowhere else",
                    quoted.join(", ")
                );
                let written = format!("at = {at}, callees = {names:?}");
                (About::Callees(at, names), written, words)
            }
            _ => return Err(Invalid::NotOne),
        };
        Ok(Said { about, subject: speaks_of, written, words: format!("{words}: {reason}") })
    }
}

/// Whether a name that people write stands for one function: a method of a type without parameters. Others do for several, which have
/// it in common: instances of a generic function, the closures of one. Of these the optimiser may have merged any with a function of
/// another name that is equal.
pub(super) fn stands_for_one(name: &str) -> bool {
    let is_path = |path: &str| path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'));
    name.strip_prefix('<')
        .and_then(|rest| rest.split_once(" as "))
        .and_then(|(of, rest)| Some((of, rest.split_once(">::")?)))
        .is_some_and(|(of, (what, method))| [of, what, method].into_iter().all(is_path))
}

/// Names of functions, each in full.
fn whole(names: Vec<String>) -> Result<Vec<String>, Invalid> {
    if names.is_empty() {
        return Err(Invalid::NoCallee);
    }
    match names.iter().find(|name| name.trim().is_empty() || name.contains('*')) {
        // The optimiser leaves one name to functions that are equal, so that a pattern could miss one without a word: see `stands_for_one`.
        Some(name) => Err(Invalid::Callee(name.clone())),
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_functions_are_known() {
        assert!(stands_for_one("<app::Gain as app::Stage>::step"));
        for name in [
            "app::step",
            "app::Stage::step",
            "app::Gain::step",
            "<app::Gain<T> as app::Stage>::step",
            "<app::Gain<usize> as app::Stage>::step",
            "<app::Gain as app::Stage<f32>>::step",
            "<app::Gain as app::Stage>::step::{{closure}}",
            "<&app::Gain as app::Stage>::step",
            "app::make::{closure#0}",
        ] {
            assert!(!stands_for_one(name), "{name}");
        }
    }
}
