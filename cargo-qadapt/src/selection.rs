//! What cargo is asked to build: targets, package, features, profile.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

/// Which targets of which package, and how they are built.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of cargo's")]
pub struct Selection {
    /// This binary.
    #[arg(long, value_name = "NAME", group = "target")]
    pub bin: Option<String>,
    /// This example.
    #[arg(long, value_name = "NAME", group = "target")]
    pub example: Option<String>,
    /// This test target.
    #[arg(long, value_name = "NAME", group = "target")]
    pub test: Option<String>,
    /// This bench target.
    #[arg(long, value_name = "NAME", group = "target")]
    pub bench: Option<String>,
    /// The tests of all packages of the workspace.
    #[arg(long, group = "target")]
    pub workspace: bool,
    /// The package to look in.
    #[arg(short, long, value_name = "PACKAGE")]
    pub package: Option<String>,
    /// Features to turn on, separated by commas.
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Turns on all features.
    #[arg(long)]
    pub all_features: bool,
    /// Turns off the `default` feature.
    #[arg(long)]
    pub no_default_features: bool,
    /// The platform to build for, as in cargo's `--target`.
    #[arg(long = "target", id = "platform", value_name = "TRIPLE")]
    pub platform: Option<String>,
    /// Overrides a setting of cargo's: KEY=VALUE, or a file.
    #[arg(long = "cargo-config", id = "cargo-config", value_name = "KEY=VALUE|PATH")]
    pub config: Vec<String>,
    /// The `Cargo.toml` to use.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Fails where `Cargo.lock` is missing or would change.
    #[arg(long)]
    pub locked: bool,
    /// Uses no network.
    #[arg(long)]
    pub offline: bool,
    /// Both: --locked and --offline.
    #[arg(long)]
    pub frozen: bool,
}

impl Selection {
    /// The arguments that select package, features and platform, for any of cargo's commands that builds.
    #[must_use]
    pub fn package_arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if let Some(package) = &self.package {
            arguments.extend(["--package".into(), package.into()]);
        }
        for features in &self.features {
            arguments.extend(["--features".into(), features.into()]);
        }
        if self.all_features {
            arguments.push("--all-features".into());
        }
        if self.no_default_features {
            arguments.push("--no-default-features".into());
        }
        // As a setting it would be one more beside those of a list.
        if let Some(platform) = &self.platform {
            arguments.extend(["--target".into(), platform.into()]);
        }
        arguments.extend(self.config_arguments());
        arguments.extend(self.manifest_arguments());
        arguments
    }

    /// The arguments that override settings; of two of the same the last one holds.
    #[must_use]
    pub fn config_arguments(&self) -> Vec<OsString> {
        self.config.iter().flat_map(|setting| ["--config".into(), setting.into()]).collect()
    }

    /// The arguments that select the manifest, and say what cargo may do about its dependencies.
    #[must_use]
    pub fn manifest_arguments(&self) -> Vec<OsString> {
        let path = self.manifest_path.iter().flat_map(|path| ["--manifest-path".into(), path.into()]);
        let flags = [("--locked", self.locked), ("--offline", self.offline), ("--frozen", self.frozen)];
        path.chain(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag.into())).collect()
    }

    /// The arguments that select one target.
    #[must_use]
    pub fn target_arguments(&self) -> Vec<OsString> {
        let named = [
            ("--bin", &self.bin),
            ("--example", &self.example),
            ("--test", &self.test),
            ("--bench", &self.bench),
        ];
        let mut arguments: Vec<OsString> = Vec::new();
        for (flag, name) in named {
            if let Some(name) = name {
                arguments.extend([flag.into(), name.into()]);
            }
        }
        if self.workspace {
            arguments.push("--workspace".into());
        }
        arguments
    }

    /// A name for a folder of this selection's own.
    #[must_use]
    pub fn slug(&self) -> String {
        let words = self.package.iter().map(Into::into).chain(self.target_arguments());
        let words: Vec<String> = words
            .map(|word: OsString| word.to_string_lossy().trim_start_matches('-').replace(['/', '\\'], "-"))
            .collect();
        if words.is_empty() { "package".to_owned() } else { words.join("-") }
    }

    /// True if no target is named.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.target_arguments().is_empty()
    }
}

/// What is selected, as messages call it.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            ("the binary", &self.bin),
            ("the example", &self.example),
            ("the test", &self.test),
            ("the bench", &self.bench),
        ];
        for (noun, name) in named {
            if let Some(name) = name {
                return write!(f, "{noun} `{name}`");
            }
        }
        match (&self.package, self.workspace) {
            (_, true) => f.write_str("the workspace's tests"),
            (Some(package), _) => write!(f, "the package `{package}`"),
            (None, _) => f.write_str("the package"),
        }
    }
}

/// Which profiles are built.
#[derive(Args, Clone, Debug)]
pub struct Profiles {
    /// Cargo profiles to build and compare.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "debug,release")]
    pub profile: Vec<Profile>,
    /// The profile release alone, as `--profile release`.
    #[arg(short, long, conflicts_with = "profile")]
    pub release: bool,
}

impl Profiles {
    /// One alone.
    #[must_use]
    pub fn only(name: &str) -> Self {
        Self { profile: vec![Profile::new(name)], release: false }
    }

    /// Each once, in the order in which they were given.
    #[must_use]
    pub fn all(&self) -> Vec<Profile> {
        if self.release {
            return vec![Profile::new("release")];
        }
        let mut all: Vec<Profile> = Vec::new();
        for profile in &self.profile {
            if !all.contains(profile) {
                all.push(profile.clone());
            }
        }
        all
    }
}

/// A cargo profile, by the name that people use: `debug` is what cargo calls `dev`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Profile {
    name: String,
}

impl Profile {
    /// The profile with this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: if name == "dev" { "debug".into() } else { name.into() } }
    }

    /// Its name in reports and the name of its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same as a key of cargo's settings.
    #[must_use]
    pub fn key(&self) -> String {
        key_of(self.for_cargo())
    }

    /// The name for `--profile`.
    #[must_use]
    pub fn for_cargo(&self) -> &str {
        if self.name == "debug" { "dev" } else { &self.name }
    }
}

/// A key in TOML; quoted where it must be.
#[must_use]
pub fn key_of(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        toml::Value::from(key).to_string()
    }
}

impl std::str::FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let valid = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        if valid { Ok(Self::new(name)) } else { Err(format!("`{name}` is no name of a cargo profile")) }
    }
}

impl TryFrom<String> for Profile {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_becomes_arguments() {
        let selection = Selection {
            example: Some("radio".into()),
            package: Some("sets".into()),
            features: vec!["am,fm".into()],
            ..Selection::default()
        };
        assert_eq!(selection.target_arguments(), ["--example", "radio"]);
        assert_eq!(selection.package_arguments(), ["--package", "sets", "--features", "am,fm"]);
        let platform = Some("a-b".to_owned());
        let elsewhere = Selection { platform, config: vec!["x = 1".into()], ..Selection::default() };
        assert_eq!(elsewhere.config_arguments(), ["--config", "x = 1"]);
        assert_eq!(elsewhere.package_arguments(), ["--target", "a-b", "--config", "x = 1"]);
        assert_eq!(selection.to_string(), "the example `radio`");
        assert_eq!(selection.slug(), "sets-example-radio");
        assert_eq!(Selection::default().slug(), "package");
        assert!(!selection.is_open() && Selection::default().is_open());
    }

    #[test]
    fn a_profile_that_is_named_twice_is_one() {
        let all = |profile: &[&str], release| {
            let profile = profile.iter().map(|name| Profile::new(name)).collect();
            let all = Profiles { profile, release }.all();
            all.iter().map(|profile| profile.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(all(&["dev", "release", "debug", "release"], false), ["debug", "release"]);
        assert_eq!(all(&["debug", "release"], true), ["release"]);
    }

    #[test]
    fn debug_is_dev_for_cargo() {
        let names =
            |name: &str| name.parse::<Profile>().map(|p| (p.name().to_owned(), p.for_cargo().to_owned()));
        assert_eq!(names("debug"), Ok(("debug".into(), "dev".into())));
        assert_eq!(names("dev"), Ok(("debug".into(), "dev".into())));
        assert_eq!(names("release"), Ok(("release".into(), "release".into())));
        assert!(names("../x").is_err() && names("").is_err());
        assert_eq!(
            ["dev", "thin-lto", "große"].map(|name| Profile::new(name).key()),
            ["dev", "thin-lto", "\"große\""]
        );
    }
}
