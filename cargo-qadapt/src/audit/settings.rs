//! How an audit has a project built: whoever builds the same has nothing built anew.

use std::ffi::OsString;

use crate::build::{Workspace, name_in};
use crate::cargo_config::CargoConfig;
use crate::selection::Profile;

/// The guard's packages: what they do in the program is no part of what is measured.
const GUARD: [&str; 3] = ["qadapt", "qadapt-spin", "qadapt-trace"];

/// What build scripts find: the checks are on, whatever the profile says.
#[must_use]
pub fn environment() -> Vec<(String, OsString)> {
    vec![("QADAPT_ENFORCE".to_owned(), "1".into())]
}

/// Settings of the profile, and in it of packages: where the user leaves away lines or names they are asked for, also because
/// programs share instances of std's generic functions with what they depend on.
///
/// In a build that does not optimise the guard is optimised all the same, so that it costs little; as in a release build, since
/// in the 256 parts of a debug build that takes an eighth longer.
#[must_use]
pub fn settings(workspace: &Workspace, cargo_config: &CargoConfig, profile: &Profile) -> Vec<String> {
    let setting = |word: &str, setting: &str| {
        format!("profile.{}.package.{}.{setting}", profile.key(), toml::Value::from(word))
    };
    let nameless = cargo_config.nameless_packages(profile);
    let mut settings = cargo_config.for_lines(profile);
    settings.extend(nameless.iter().map(|word| setting(word, "debug = \"limited\"")));
    if !workspace.has_guard() || !cargo_config.is_unoptimised(profile) {
        return settings;
    }
    let packages = cargo_config.packages(profile);
    for name in GUARD {
        // Cargo takes settings for a package under one word alone: the user's, if there is one.
        let mut words: Vec<&str> =
            packages.iter().map(String::as_str).filter(|word| name_in(word) == name).collect();
        if words.is_empty() {
            words.push(name);
        }
        let optimised =
            |word| ["opt-level = 3", "codegen-units = 16"].map(|optimised| setting(word, optimised));
        settings.extend(words.into_iter().flat_map(optimised));
    }
    settings
}
