//! What of the project can be run as it is: its tests, benches, examples and binaries.

use serde::{Deserialize, Serialize};

use crate::selection::Selection;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The package that has it.
    pub package: String,
}

/// What a target is, as cargo calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file of tests.
    Test,
    /// A bench.
    Bench,
    /// An example.
    Example,
    /// A binary.
    Bin,
}

impl Kind {
    /// The kind of a target by what `cargo metadata` says of it; none if it is not run by its name.
    #[must_use]
    pub fn of(words: &[String]) -> Option<Self> {
        match words {
            [word] => match word.as_str() {
                "test" => Some(Self::Test),
                "bench" => Some(Self::Bench),
                "example" => Some(Self::Example),
                "bin" => Some(Self::Bin),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Target {
    /// What cargo is asked to build, with these settings and features.
    #[must_use]
    pub fn selection(&self, settings: &[String], features: &[String]) -> Selection {
        let mut selection = Selection {
            package: Some(self.package.clone()),
            features: features.to_vec(),
            config: settings.to_vec(),
            ..Selection::default()
        };
        let name = Some(self.name.clone());
        match self.kind {
            Kind::Test => selection.test = name,
            Kind::Bench => selection.bench = name,
            Kind::Example => selection.example = name,
            Kind::Bin => selection.bin = name,
        }
        selection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_becomes_what_cargo_is_asked_for() {
        let text = r#"{"kind":"bench","name":"fast","package":"some"}"#;
        let target: Target = serde_json::from_str(text).expect("it is one");
        let selection = target.selection(&["a=1".to_owned()], &["b".to_owned()]);
        assert_eq!(selection.target_arguments(), ["--bench", "fast"]);
        assert_eq!(
            selection.package_arguments(),
            ["--package", "some", "--features", "b", "--config", "a=1"]
        );
        assert_eq!(Kind::of(&["lib".into(), "cdylib".into()]), None);
        assert_eq!(Kind::of(&["test".into()]), Some(Kind::Test));
    }
}
