//! `qadapt.toml`: what a project settles once, for every verb.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

use qadapt_code::glob::Glob;
use qadapt_code::origin::Sites;
use qadapt_prove::{Invalid, Section, Settings};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};
use crate::selection::Profile;

/// The name of the file, which lies beside the workspace's manifest.
pub const NAME: &str = "qadapt.toml";

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What proofs may assume.
    #[serde(default)]
    pub prove: Section,
    /// Which line of a stack stands for it.
    #[serde(default)]
    pub sites: Sites,
    /// How programs are run.
    #[serde(default)]
    pub check: Check,
    /// What regions may do at most.
    #[serde(default, rename = "budget", deserialize_with = "entries")]
    pub budgets: Vec<Budget>,
    /// Regions whose figures may vary.
    #[serde(default, rename = "tolerance", deserialize_with = "entries")]
    pub tolerances: Vec<Tolerance>,
    /// Regions that may do what they do.
    #[serde(default, rename = "permit", deserialize_with = "entries")]
    pub permits: Vec<Permit>,
    /// Stacks that are no violations.
    #[serde(default, rename = "suppress", deserialize_with = "entries")]
    pub suppressions: Vec<Suppression>,
}

/// How programs are run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The variables that they get, besides those that are about the package; all but what shells and cargo set for
    /// themselves if it is not said. An `*` at the end stands for anything.
    #[serde(default, deserialize_with = "variables")]
    pub environment: Option<Vec<String>>,
}

/// The most that a region may do in one run, whatever the baseline says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The regions.
    pub region: Glob,
    /// The profile; all if there is none.
    pub profile: Option<Profile>,
    /// Allocations.
    pub allocs: Option<u64>,
    /// Reallocations.
    pub reallocs: Option<u64>,
    /// Deallocations.
    pub deallocs: Option<u64>,
    /// Bytes asked for.
    pub bytes: Option<u64>,
    /// Bytes live at once during one entry.
    pub peak_bytes: Option<u64>,
    /// System calls in which a thread may wait.
    pub blocking_calls: Option<u64>,
}

/// Regions whose figures may be somewhat more or less than the baseline's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The regions.
    pub region: Glob,
    /// The profile; all if there is none.
    pub profile: Option<Profile>,
    /// Percent of each figure.
    pub percent: u64,
    /// Why.
    pub reason: String,
}

/// Regions whose growth is no failure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permit {
    /// The regions.
    pub region: Glob,
    /// Why.
    pub reason: String,
}

/// Stacks that are no violations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// A function on the stack.
    pub function: Option<Glob>,
    /// The source file of a function on the stack.
    pub file: Option<Glob>,
    /// Why.
    pub reason: String,
}

impl Config {
    /// Reads the file in this folder; without one everything is empty.
    ///
    /// # Errors
    /// If the file cannot be read or is not valid.
    pub fn beside(root: &Path) -> Result<Self> {
        if is_in(root) { Self::read(&root.join(NAME)) } else { Ok(Self::default()) }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is not valid.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| match std::fs::read_link(path) {
            Ok(target) => {
                let what = format!("it is a link to `{}`, which cannot be read", target.display());
                Error::config(path, Error::failed(what)(e))
            }
            Err(_) => Error::io("read the configuration", path, e),
        })?;
        let text = utf8(&bytes).map_err(|e| Error::config(path, e))?;
        Self::parse(text).map_err(|e| Error::config(path, e))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> std::result::Result<Self, Misread> {
        toml::from_str(text).map_err(Misread)
    }

    /// What is settled for proofs.
    ///
    /// # Errors
    /// What is wrong with an assumption.
    pub fn proofs(self) -> std::result::Result<Settings, Invalid> {
        Settings::of(self.prove, self.sites)
    }

    /// The same, of a file.
    ///
    /// # Errors
    /// If it cannot be read or is not valid.
    pub fn read_proofs(path: &Path) -> Result<Settings> {
        Self::read(path)?.proofs().map_err(|invalid| Error::config(path, invalid))
    }
}

/// Why a text is not the TOML that it should be: the reader's error, told without its words for types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread(pub toml::de::Error);

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.0.to_string();
        let said = said.trim_end().replace(
            "invalid type: map, expected a sequence",
            "a table stands where several can: write its name in two brackets, `[[..]]`",
        );
        let said = said.replace(", expected a sequence", ", expected a list: `[.., ..]`");
        f.write_str(&said.replace("expected u64", "expected a whole number from 0 on"))
    }
}

impl StdError for Misread {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // The text is that of the reader's error already.
        self.0.source()
    }
}

/// The text of a file.
///
/// # Errors
/// The line that is none, and what to do.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let before = &bytes[..e.valid_up_to()];
        let line = before.split(|&byte| byte == b'\n').count();
        Error::failed(format!("line {line} is not UTF-8 (save the file in that encoding)"))(e)
    })
}

/// Whether there is such a file in a folder. A link to what is not there is there: whoever made it means a file.
#[must_use]
pub fn is_in(folder: &Path) -> bool {
    let path = folder.join(NAME);
    path.is_symlink() || path.exists()
}

impl Budget {
    /// What it limits, by the words of the file.
    #[must_use]
    pub const fn limits(&self) -> [(&'static str, Option<u64>); 6] {
        [
            ("allocs", self.allocs),
            ("reallocs", self.reallocs),
            ("deallocs", self.deallocs),
            ("bytes", self.bytes),
            ("peak_bytes", self.peak_bytes),
            ("blocking_calls", self.blocking_calls),
        ]
    }
}

impl Entry for Budget {
    fn check(&self) -> std::result::Result<(), String> {
        if self.limits().iter().any(|(_, limit)| limit.is_some()) {
            return Ok(());
        }
        let words: Vec<String> = self.limits().iter().map(|(word, _)| format!("`{word}`")).collect();
        Err(format!(
            "the budget for `{}` limits nothing: give at least one of {}",
            self.region.as_str(),
            words.join(", ")
        ))
    }
}

impl Entry for Tolerance {
    fn check(&self) -> std::result::Result<(), String> {
        reasoned(&self.reason, || format!("tolerance for `{}`", self.region.as_str()))?;
        if (1..=100).contains(&self.percent) {
            return Ok(());
        }
        Err(format!(
            "the tolerance for `{}` has {} percent: give 1 to 100, or a `[[permit]]` for any",
            self.region.as_str(),
            self.percent
        ))
    }
}

impl Entry for Permit {
    fn check(&self) -> std::result::Result<(), String> {
        reasoned(&self.reason, || format!("permit for `{}`", self.region.as_str()))
    }
}

impl Entry for Suppression {
    fn check(&self) -> std::result::Result<(), String> {
        if self.function.is_none() && self.file.is_none() {
            return Err("a suppression needs a `function` or a `file`".into());
        }
        reasoned(&self.reason, || format!("suppression of {}", self.words()))
    }
}

impl Suppression {
    /// What it is for, as the file says it.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [("function", &self.function), ("file", &self.file)];
        let parts =
            parts.iter().filter_map(|(key, glob)| Some(format!("{key} `{}`", glob.as_ref()?.as_str())));
        parts.collect::<Vec<_>>().join(" in ")
    }
}

/// What is in a list of the file.
trait Entry: DeserializeOwned {
    /// What is wrong with it besides its types, in words.
    fn check(&self) -> std::result::Result<(), String>;
}

/// An entry that was checked while it was read, so that the error says where it is. TOML's reader knows that of a newtype.
#[derive(Deserialize)]
#[serde(bound = "T: Entry")]
struct Checked<T>(#[serde(deserialize_with = "checked")] T);

fn checked<'a, T: Entry, D: Deserializer<'a>>(reader: D) -> std::result::Result<T, D::Error> {
    let entry = T::deserialize(reader)?;
    entry.check().map_err(D::Error::custom)?;
    Ok(entry)
}

fn entries<'a, T: Entry, D: Deserializer<'a>>(reader: D) -> std::result::Result<Vec<T>, D::Error> {
    let entries = Vec::<Checked<T>>::deserialize(reader)?;
    Ok(entries.into_iter().map(|Checked(entry)| entry).collect())
}

fn variables<'a, D: Deserializer<'a>>(reader: D) -> std::result::Result<Option<Vec<String>>, D::Error> {
    let names = Vec::<String>::deserialize(reader)?;
    match names.iter().find(|name| name.strip_suffix('*').unwrap_or(name).contains('*')) {
        Some(name) => Err(D::Error::custom(format!(
            "`{name}` means no variable: in `environment` an `*` works only at the end"
        ))),
        None => Ok(Some(names)),
    }
}

fn reasoned(reason: &str, what: impl FnOnce() -> String) -> std::result::Result<(), String> {
    if reason.trim().is_empty() {
        Err(format!("the {} has an empty `reason`: say why", what()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::str::Utf8Error;

    use super::*;

    #[test]
    fn all_sections_are_read_together() {
        let text = r#"
            [prove]
            require = ["a::*"]
            [[budget]]
            region = "mix*"
            profile = "release"
            allocs = 0
            [[permit]]
            region = "start"
            reason = "runs once"
            [[suppress]]
            function = "log::*"
            file = "*/log.rs"
            reason = "a debug aid"
        "#;
        let config = Config::parse(text).expect("it is valid");
        assert_eq!((config.budgets.len(), config.permits.len()), (1, 1));
        assert_eq!(config.suppressions[0].words(), "function `log::*` in file `*/log.rs`");
        assert!(config.proofs().is_ok(), "the prover reads the same file");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("[[budgets]]\nregion = \"a\"", "unknown field `budgets`"),
            ("[[budget]]\nregion = \"a\"\nallocations = 1", "unknown field `allocations`"),
            ("[[budget]]\nregion = \"a\"", "limits nothing"),
            ("[[budget]]\nregion = \"\"\nallocs = 1", "empty pattern"),
            ("[[budget]]\nregion = \"a\"\nallocs = -1", "invalid value"),
            ("[[permit]]\nregion = \"a\"", "missing field `reason`"),
            ("[[permit]]\nregion = \"a\"\nreason = \" \"", "permit for `a`"),
            ("[[suppress]]\nreason = \"a\"", "needs a `function` or a `file`"),
            ("[[suppress]]\nfile = \"a\"\nreason = \"\"", "suppression of file `a`"),
            ("[prove]\nassumes = 1", "unknown field `assumes`"),
            ("[check]\nenvironment = [\"A_*\", \"H*ME\"]", "`H*ME` means no variable"),
            ("[[budget", "TOML parse error"),
        ] {
            let problem = Config::parse(text).expect_err(text).to_string();
            assert!(problem.contains(named), "no `{named}` in: {problem}");
        }
    }

    #[test]
    fn what_an_entry_lacks_is_said_with_its_line() {
        let good =
            "[check]\nenvironment = [\"A_*\", \"*\", \"B\"]\n[[permit]]\nregion = \"a\"\nreason = \"b\"\n";
        assert!(Config::parse(good).is_ok());
        for bad in [
            "[[permit]]\nregion = \"a\"\nreason = \" \"\n",
            "[[budget]]\nregion = \"a\"\n",
            "[[tolerance]]\nregion = \"a\"\npercent = 0\nreason = \"b\"\n",
            "[[suppress]]\nreason = \"b\"\n",
            "[[suppress]]\nfile = \"a\"\nreason = \"\"\n",
        ] {
            let problem = Config::parse(&format!("{good}{bad}")).expect_err(bad).to_string();
            assert!(problem.contains("at line 6, column 1"), "{problem}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_names_of_types() {
        for (text, phrase) in [
            ("[budget]\nregion = \"a\"", "line 1, column 1"),
            ("[budget]\nregion = \"a\"", "write its name in two brackets, `[[..]]`"),
            ("[prove]\nrequire = \"radio::*\"", "expected a list: `[.., ..]`"),
            ("[[budget]]\nregion = \"a\"\nallocs = -1", "expected a whole number from 0 on"),
        ] {
            let said = Config::parse(text).expect_err("it is wrong").to_string();
            assert!(said.contains(phrase) && !said.contains("u64") && !said.contains("sequence"), "{said}");
        }
    }

    #[test]
    fn what_the_readers_found_is_kept() {
        let misread = Config::parse("[check]\nenvironments = 1").expect_err("there is no such key");
        assert_eq!(misread.0.span(), Some(8..20));
        let error = Error::config(Path::new("a"), misread.clone());
        assert_eq!(error.source().and_then(|source| source.downcast_ref()), Some(&misread));
        assert_eq!(error.whole(), format!("`a`: {misread}"));

        let error = utf8(b"a\nb\xfc").expect_err("it is Latin-1");
        let source: Option<&Utf8Error> = error.source().and_then(|source| source.downcast_ref());
        assert_eq!(source.map(Utf8Error::valid_up_to), Some(3));
        assert!(error.whole().starts_with("line 2 is not UTF-8 (save the file"), "{}", error.whole());
    }

    #[test]
    fn an_assumption_needs_a_reason_and_one_subject() {
        let proofs = |text| {
            let config = Config::parse(text).map_err(|misread| misread.to_string())?;
            config.proofs().map_err(|invalid| invalid.to_string())
        };
        let ok = "[[prove.assume]]\nforeign = \"qsort*\"\nreason = \"our comparison does not allocate\"";
        assert_eq!(proofs(ok).unwrap().unmatched().len(), 1);
        for bad in [
            "[[prove.assume]]\nforeign = \"qsort\"",
            "[[prove.assume]]\nforeign = \"qsort\"\nreason = \" \"",
            "[[prove.assume]]\nreason = \"x\"",
            "[[prove.assume]]\nforeign = \"a\"\nfunction = \"b\"\nreason = \"x\"",
            "[[prove.assume]]\nat = \"main.rs\"\nreason = \"x\"",
            "[[prove.assume]]\nat = []\nreason = \"x\"",
            "[[prove.assume]]\nat = \"main.rs:1\"\ncalls-in = \"b\"\nreason = \"x\"",
            "[[prove.assume]]\nat = \"main.rs:1:1\"\ncallees = []\nreason = \"x\"",
            "[[prove.assume]]\nat = \"main.rs:1:1\"\ncallees = [\"a::*\"]\nreason = \"x\"",
            "[[prove.assume]]\ncallees = [\"a\"]\nreason = \"x\"",
            "[[prove.assume]]\ninitialised = \"a\"\ncalls-in = \"b\"\nreason = \"x\"",
            "[prove]\nnot-overridden = \" \"",
            "[prove]\nassumes = []",
        ] {
            assert!(proofs(bad).is_err(), "{bad}");
        }
    }
}
