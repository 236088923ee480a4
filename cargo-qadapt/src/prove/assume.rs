//! What the user vouches for: `[[prove.assume]]` entries of `qadapt.toml`, each with its reason.

use std::path::Path;

use regex::Regex;
use serde::Deserialize;

use super::body::Callee;
use super::graph::Assumptions;
use super::load::Image;
use super::policy::demangle;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::glob::glob;

/// The section as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Section {
    #[serde(default)]
    assume: Vec<Entry>,
    #[serde(default)]
    require: Vec<String>,
    allocator_out_of_line: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    function: Option<String>,
    foreign: Option<String>,
    calls_in: Option<String>,
    reason: String,
}

/// What an assumption is about.
#[derive(Clone, Debug)]
enum About {
    /// Calls of a function of the image do not allocate.
    Function(Regex),
    /// Calls of an imported function do not allocate.
    Foreign(Regex),
    /// Calls through pointers made in a function do not allocate.
    CallsIn(Regex),
}

/// The `prove` section of a `qadapt.toml`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    about: Vec<About>,
    /// The assumptions in words, for verdicts.
    pub words: Vec<String>,
    /// Globs of regions that must be proven.
    pub require: Vec<String>,
    /// Why no copy of the allocator's methods can have been inlined.
    pub allocator_out_of_line: Option<String>,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is not valid, or has an assumption without a reason.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io("read the configuration", path, e))?;
        Self::parse(&text).map_err(|problem| Error::Config { path: path.to_owned(), problem })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// The problem, in words.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let section = Config::parse(text)?.prove;
        let mut settings = Self {
            require: section.require,
            allocator_out_of_line: section.allocator_out_of_line,
            ..Self::default()
        };
        if settings.allocator_out_of_line.as_ref().is_some_and(|r| r.trim().is_empty()) {
            return Err("`allocator-out-of-line` is empty; say why it holds".into());
        }
        for entry in section.assume {
            if entry.reason.trim().is_empty() {
                return Err("an assumption has an empty `reason`; say why it holds".into());
            }
            let (about, words) = match (entry.function, entry.foreign, entry.calls_in) {
                (Some(f), None, None) => (About::Function(glob(&f)), format!("`{f}` does not allocate")),
                (None, Some(f), None) => {
                    (About::Foreign(glob(&f)), format!("foreign `{f}` does not allocate"))
                }
                (None, None, Some(f)) => {
                    (About::CallsIn(glob(&f)), format!("calls through pointers in `{f}` do not allocate"))
                }
                _ => return Err("each assumption needs one of `function`, `foreign` or `calls-in`".into()),
            };
            settings.about.push(about);
            settings.words.push(format!("{words}: {}", entry.reason.trim()));
        }
        Ok(settings)
    }
}

/// The settings applied to one file.
#[derive(Debug)]
pub struct Applied<'s, 'a> {
    /// The settings.
    pub settings: &'s Settings,
    /// The file.
    pub image: &'a Image<'a>,
}

impl Assumptions for Applied<'_, '_> {
    fn covers(&self, site: u64, callee: Callee) -> Option<u32> {
        if self.settings.about.is_empty() {
            return None;
        }
        let named = |addr: u64, pattern: &Regex| {
            self.image.function_covering(addr).is_some_and(|f| {
                f.names.iter().any(|n| pattern.is_match(n) || pattern.is_match(&demangle(n)))
            })
        };
        let i = self.settings.about.iter().position(|about| match (about, callee) {
            (About::Function(p), Callee::Local(addr)) => named(addr, p),
            (About::Foreign(p), Callee::Import(i)) => p.is_match(self.image.import(i)),
            (About::CallsIn(p), Callee::Unknown(why)) => why.is_indirect() && named(site, p),
            _ => false,
        })?;
        u32::try_from(i).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumption_needs_a_reason_and_one_subject() {
        let ok = "[[prove.assume]]\nforeign = \"qsort*\"\nreason = \"our comparison does not allocate\"";
        assert_eq!(Settings::parse(ok).unwrap().words.len(), 1);
        for bad in [
            "[[prove.assume]]\nforeign = \"qsort\"",
            "[[prove.assume]]\nforeign = \"qsort\"\nreason = \" \"",
            "[[prove.assume]]\nreason = \"x\"",
            "[[prove.assume]]\nforeign = \"a\"\nfunction = \"b\"\nreason = \"x\"",
            "[prove]\nassumes = []",
        ] {
            assert!(Settings::parse(bad).is_err(), "{bad}");
        }
    }
}
