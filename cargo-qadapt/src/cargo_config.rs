//! What cargo's configuration says of a profile, as far as a build must ask for more.
//!
//! Cargo does not tell (`cargo config get` is unstable), so its files are read: `--config`, the environment, `config.toml`
//! (`tables`) and the workspace's manifest, in this order.

use std::collections::BTreeSet;
use std::env;
use std::path::Path;
use std::process::Command;

use cargo_platform::{Cfg, Platform};
use toml::{Table, Value};

use crate::cargo::host;
use crate::selection::{Profile, Selection};
use crate::tables::{ARGUMENT, read, tables};

/// The tables of cargo's configuration, the strongest first.
#[derive(Debug)]
pub struct CargoConfig {
    /// The platform that `--target` chooses, whatever is set.
    chosen: Option<String>,
    tables: Vec<Table>,
    /// The workspace's manifest, the weakest.
    manifest: Table,
    variable: fn(&str) -> Option<String>,
    /// What holds on a platform; none if that is not known.
    conditions: fn(&str) -> Option<Vec<Cfg>>,
}

impl CargoConfig {
    /// Reads what holds for a workspace. Files that cannot be read or make no sense are cargo's to complain about.
    #[must_use]
    pub fn of(root: &Path, selection: &Selection) -> Self {
        let tables = tables(&selection.config);
        let manifest = read(&root.join("Cargo.toml")).unwrap_or_default();
        let chosen = selection.platform.clone();
        Self { chosen, tables, manifest, variable: |name| env::var(name).ok(), conditions }
    }

    /// The settings with which a build has lines and names for the report; none if it has them anyway.
    #[must_use]
    pub fn for_lines(&self, profile: &Profile) -> Vec<String> {
        let name = profile.for_cargo();
        let mut wanted = Vec::new();
        if !self.is_known(profile) {
            // Cargo says so better where nothing seems to define the profile.
            return wanted;
        }
        let is_built_in = matches!(name, "dev" | "test");
        let has_names = self.setting(name, "debug").map_or(is_built_in, |value| has_names(&value));
        if !has_names {
            wanted.push(debug(profile));
        }
        if self.setting(name, "strip").is_some_and(|value| is_on(&value)) {
            wanted.push(unstripped(profile));
        }
        wanted
    }

    /// Those with which a build has lines, names and symbols, whatever it has anyway.
    #[must_use]
    pub fn for_proofs(&self, profile: &Profile) -> Vec<String> {
        if self.is_known(profile) { vec![debug(profile), unstripped(profile)] } else { Vec::new() }
    }

    /// True for a built-in profile and one that inherits.
    fn is_known(&self, profile: &Profile) -> bool {
        let name = profile.for_cargo();
        matches!(name, "dev" | "test" | "release" | "bench") || self.own(name, "inherits").is_some()
    }

    /// True if the profile does not optimise.
    #[must_use]
    pub fn is_unoptimised(&self, profile: &Profile) -> bool {
        let name = profile.for_cargo();
        match self.setting(name, "opt-level") {
            Some(level) => level == Value::Integer(0) || level.as_str() == Some("0"),
            None => matches!(name, "dev" | "test"),
        }
    }

    /// The platform that is built for, the first one of several; none if it is the one that cargo runs on.
    #[must_use]
    pub fn target(&self) -> Option<String> {
        self.targets().into_iter().next()
    }

    /// The platforms that are built for.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        if let Some(chosen) = &self.chosen {
            return platform_in(chosen).into_iter().collect();
        }
        let set = || self.tables.iter().filter_map(|table| table.get("build")?.get("target"));
        let listed: Vec<&str> =
            set().filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
        let names: Vec<String> = if listed.is_empty() {
            let of = |table: &Table| Some(table.get("build")?.get("target")?.as_str()?.to_owned());
            self.strongest("CARGO_BUILD_TARGET", of, Some).into_iter().collect()
        } else {
            // To cargo a list is no weaker than another one, nor than the variable: it builds for all that they name.
            listed.into_iter().map(str::to_owned).chain((self.variable)("CARGO_BUILD_TARGET")).collect()
        };
        let mut platforms = Vec::new();
        for platform in names.iter().filter_map(|name| platform_in(name)) {
            if !platforms.contains(&platform) {
                platforms.push(platform);
            }
        }
        platforms
    }

    /// What starts (`runner`) or links (`linker`) programs of a platform, in the user's own words; none if cargo decides.
    #[must_use]
    pub fn for_platform(&self, platform: &str, key: &str) -> Option<String> {
        let named = self.for_named(platform, key);
        // To cargo the platform's name is stronger than any condition.
        named.or_else(|| {
            let targets = self.tables.iter().filter_map(|table| table.get("target")?.as_table());
            let conditional = targets.flatten().filter(|(name, _)| name.starts_with("cfg("));
            let mut set = conditional.filter_map(|(name, target)| Some((name, words(target.get(key)?)?)));
            let first = set.next()?;
            let known = (self.conditions)(platform);
            std::iter::once(first)
                .chain(set)
                .find(|(name, _)| holds(name, known.as_deref()))
                .map(|(_, words)| words)
        })
    }

    /// The same, as it is set for the platform by its name.
    fn for_named(&self, platform: &str, key: &str) -> Option<String> {
        let named = |table: &Table| words(table.get("target")?.get(platform)?.get(key)?);
        self.strongest(&platform_variable(platform, key), named, Some)
    }

    /// The platform that is built for, if rustdoc's flags are set for it: to cargo they stand in the place of those for all platforms. It
    /// knows none below a condition.
    #[must_use]
    pub fn platform_with_flags_for_rustdoc(&self) -> Option<String> {
        let platform = self.target().or_else(host)?;
        let flags = self.for_named(&platform, RUSTDOC_FLAGS)?;
        (!flags.trim().is_empty()).then_some(platform)
    }

    /// True if what is made on the way has a folder of its own.
    #[must_use]
    pub fn has_build_dir(&self) -> bool {
        let of = |table: &Table| Some(table.get("build")?.get("build-dir")?.as_str()?.to_owned());
        self.strongest("CARGO_BUILD_BUILD_DIR", of, Some).is_some()
    }

    /// A setting from arguments, else from a variable, else from files.
    fn strongest<T>(
        &self,
        variable: &str,
        of: impl Fn(&Table) -> Option<T>,
        parse: impl FnOnce(String) -> Option<T>,
    ) -> Option<T> {
        let arguments = self.tables.iter().take_while(|table| table.contains_key(ARGUMENT)).find_map(&of);
        arguments
            .or_else(|| parse((self.variable)(variable)?))
            .or_else(|| self.tables.iter().chain([&self.manifest]).find_map(&of))
    }

    /// The packages that a profile, or one that it inherits from, has settings for, as they are written there.
    #[must_use]
    pub fn packages(&self, profile: &Profile) -> BTreeSet<String> {
        self.package_settings(profile).into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// Those of which such a setting leaves away lines or names.
    #[must_use]
    pub fn nameless_packages(&self, profile: &Profile) -> BTreeSet<String> {
        let is_nameless = |setting: &Value| setting.get("debug").is_some_and(|value| !has_names(value));
        let packages = self.package_settings(profile).into_iter();
        packages.filter(|(_, setting)| is_nameless(setting)).map(|(name, _)| name.clone()).collect()
    }

    fn package_settings(&self, profile: &Profile) -> Vec<(&String, &Value)> {
        let profiles: Vec<String> = self.lineage(profile.for_cargo()).collect();
        let tables = self.tables.iter().chain([&self.manifest]);
        tables
            .flat_map(|table| profiles.iter().filter_map(|name| table.get("profile")?.get(name)))
            .filter_map(|profile| profile.get("package")?.as_table())
            .flatten()
            .collect()
    }

    /// A profile's setting, its own or the one that it inherits; none if it is the default of a built-in profile.
    fn setting(&self, profile: &str, key: &str) -> Option<Value> {
        self.lineage(profile).find_map(|name| self.own(&name, key).or_else(|| default_of(&name, key)))
    }

    /// A profile, the one that it inherits from, and so on.
    fn lineage(&self, profile: &str) -> impl Iterator<Item = String> {
        let parent = |profile: &String| match profile.as_str() {
            "test" => Some("dev".to_owned()),
            "bench" => Some("release".to_owned()),
            "dev" | "release" => None,
            custom => Some(self.own(custom, "inherits")?.as_str()?.to_owned()),
        };
        // A circle is cargo's to complain about.
        std::iter::successors(Some(profile.to_owned()), parent).take(16)
    }

    fn own(&self, profile: &str, key: &str) -> Option<Value> {
        let of = |table: &Table| table.get("profile")?.get(profile)?.get(key).cloned();
        let variable = format!("CARGO_PROFILE_{}_{}", shouted(profile), shouted(key));
        self.strongest(&variable, of, |text| Some(Value::String(text)))
    }
}

/// The variable with which cargo is told what starts or links programs of a platform.
#[must_use]
pub fn platform_variable(platform: &str, key: &str) -> String {
    format!("CARGO_TARGET_{}_{}", shouted(&platform.replace('.', "_")), shouted(key))
}

/// The name of a platform, which can be a file that describes it.
fn platform_in(name: &str) -> Option<String> {
    if name == HOST {
        return host();
    }
    let path = Path::new(name);
    let is_file = path.extension().is_some_and(|extension| extension == "json");
    let stem = path.file_stem().filter(|_| is_file);
    Some(stem.map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned()))
}

/// A string, or the words of a list.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(words) => Some(words.clone()),
        Value::Array(words) => Some(words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => None,
    }
}

/// The key of the flags that rustdoc gets.
pub const RUSTDOC_FLAGS: &str = "rustdocflags";

/// What stands for the platform that cargo runs on.
const HOST: &str = "host-tuple";

/// True if a condition `cfg(..)` holds where these do; also if it cannot be read, or if they are not known.
fn holds(condition: &str, known: Option<&[Cfg]>) -> bool {
    match (condition.parse::<Platform>(), known) {
        (Ok(condition), Some(known)) => condition.matches("", known),
        _ => true,
    }
}

/// What holds on a platform, as cargo asks: the compiler says it, and its flags may add to it.
fn conditions(platform: &str) -> Option<Vec<Cfg>> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(["--print", "cfg", "--target", platform]);
    match (env::var("CARGO_ENCODED_RUSTFLAGS"), env::var("RUSTFLAGS")) {
        (Ok(flags), _) => command.args(flags.split('\x1f').filter(|flag| !flag.is_empty())),
        (_, Ok(flags)) => command.args(flags.split_whitespace()),
        _ => &mut command,
    };
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().filter_map(|line| line.parse().ok()).collect())
}

/// The setting of a profile's that makes lines and full names. As an argument it is stronger than what `--cargo-config` says, which
/// cargo's variable for it is not.
fn debug(profile: &Profile) -> String {
    format!("profile.{}.debug = \"limited\"", profile.key())
}

/// The one that keeps symbols.
fn unstripped(profile: &Profile) -> String {
    format!("profile.{}.strip = \"none\"", profile.key())
}

/// The defaults that matter here.
fn default_of(profile: &str, key: &str) -> Option<Value> {
    match (profile, key) {
        ("dev", "debug") => Some(Value::Boolean(true)),
        ("dev", "opt-level") => Some(Value::Integer(0)),
        ("release", "debug") => Some(Value::Boolean(false)),
        ("release", "opt-level") => Some(Value::Integer(3)),
        _ => None,
    }
}

/// True for a level of debug information, or a kind of stripping, that is any.
fn is_on(value: &Value) -> bool {
    match value {
        Value::Boolean(is_on) => *is_on,
        Value::Integer(level) => *level > 0,
        Value::String(word) => !matches!(word.as_str(), "0" | "none" | "false" | ""),
        _ => false,
    }
}

/// Whether debug information of this level has full names of inlined functions. In line tables all methods `process` are one.
fn has_names(value: &Value) -> bool {
    is_on(value) && !value.as_str().is_some_and(|word| word.starts_with("line-"))
}

fn shouted(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(manifest: &str, config: &[&str], variable: fn(&str) -> Option<String>) -> CargoConfig {
        let table = |text: &&str| text.parse::<Table>().expect("it is TOML");
        let tables = config.iter().map(table).collect();
        CargoConfig { chosen: None, tables, manifest: table(&manifest), variable, conditions: |_| None }
    }

    const NOTHING: fn(&str) -> Option<String> = |_| None;

    fn names(settings: &CargoConfig, profile: &str) -> Vec<String> {
        let wanted = settings.for_lines(&Profile::new(profile)).into_iter();
        wanted.filter_map(|setting| Some(setting.split_once(" = ")?.0.to_owned())).collect()
    }

    #[test]
    fn lines_are_asked_for_where_a_profile_has_none() {
        let plain = settings("", &[], NOTHING);
        assert!(names(&plain, "debug").is_empty());
        assert_eq!(names(&plain, "release"), ["profile.release.debug"]);
        assert_eq!(names(&plain, "bench"), ["profile.bench.debug"]);
        let manifest = "
            profile.release.debug = \"line-tables-only\"
            profile.thin-lto.inherits = \"release\"
            profile.bare.inherits = \"thin-lto\"
            profile.bare.debug = 0
            profile.small.inherits = \"dev\"
            profile.small.strip = true
        ";
        let own = settings(manifest, &[], NOTHING);
        assert_eq!(names(&own, "release"), ["profile.release.debug"], "line tables lack names");
        assert_eq!(names(&own, "thin-lto"), ["profile.thin-lto.debug"]);
        assert!(names(&settings("profile.release.debug = 1", &[], NOTHING), "release").is_empty());
        assert_eq!(names(&own, "bare"), ["profile.bare.debug"]);
        assert_eq!(names(&own, "small"), ["profile.small.strip"]);
        let proven = |profile| own.for_proofs(&Profile::new(profile));
        assert_eq!(proven("debug"), ["profile.dev.debug = \"limited\"", "profile.dev.strip = \"none\""]);
        assert!(proven("nobody-knows").is_empty());
        assert!(own.is_unoptimised(&Profile::new("small")) && !own.is_unoptimised(&Profile::new("bare")));
    }

    #[test]
    fn the_stronger_setting_holds() {
        let manifest = "profile.release.debug = false";
        let near = "profile.release.debug = 1";
        let far = "profile.release.debug = 0";
        assert!(names(&settings(manifest, &[near, far], NOTHING), "release").is_empty());
        assert_eq!(names(&settings(manifest, &[far, near], NOTHING), "release").len(), 1);
        let variable: fn(&str) -> Option<String> =
            |name| (name == "CARGO_PROFILE_RELEASE_DEBUG").then(|| "limited".to_owned());
        assert!(names(&settings(manifest, &[far], variable), "release").is_empty());
        let argument = format!("{ARGUMENT} = true\nprofile.release.debug = \"none\"");
        assert_eq!(names(&settings(manifest, &[&argument], variable), "release").len(), 1);
    }

    #[test]
    fn packages_with_settings_are_found_wherever_they_are_said() {
        let manifest = "
            profile.dev.package.\"guard@0.1.0\".opt-level = 1
            profile.dev.package.\"*\" = { opt-level = 2, debug = \"line-tables-only\" }
            profile.release.package.late.opt-level = 1
            profile.small.inherits = \"test\"
        ";
        let own = settings(manifest, &["profile.test.package.\"file:///w/spin#0.1.0\".debug = 0"], NOTHING);
        let packages = |profile| own.packages(&Profile::new(profile)).into_iter().collect::<Vec<_>>();
        assert_eq!(packages("debug"), ["*", "guard@0.1.0"]);
        assert_eq!(packages("small"), ["*", "file:///w/spin#0.1.0", "guard@0.1.0"]);
        let nameless = |profile| own.nameless_packages(&Profile::new(profile));
        assert_eq!(Vec::from_iter(nameless("debug")), ["*"]);
        assert_eq!(Vec::from_iter(nameless("small")), ["*", "file:///w/spin#0.1.0"]);
        assert!(nameless("release").is_empty());
    }

    #[test]
    fn a_platform_and_what_runs_and_links_its_programs() {
        let plain = settings("", &[], NOTHING);
        assert_eq!((plain.target(), plain.for_platform("a-b", "runner")), (None, None));
        let file = "build.target = [\"a-b\"]\ntarget.a-b.runner = [\"qemu\", \"-L\", \"/usr\"]\n\
                    target.'cfg(unix)'.linker = \"lld\"";
        let own = settings("", &[file], NOTHING);
        assert_eq!(own.target().as_deref(), Some("a-b"));
        assert_eq!(own.for_platform("a-b", "runner").as_deref(), Some("qemu -L /usr"));
        assert_eq!(own.for_platform("a-b", "linker").as_deref(), Some("lld"));
        let variables: fn(&str) -> Option<String> = |name| match name {
            "CARGO_BUILD_TARGET" => Some("boards/thumb_v8.1m.json".to_owned()),
            "CARGO_TARGET_THUMB_V8_1M_LINKER" => Some("rust-lld".to_owned()),
            _ => None,
        };
        let own = settings("", &["build.target = \"a-b\""], variables);
        assert_eq!(own.target().as_deref(), Some("thumb_v8.1m"));
        assert_eq!(own.for_platform("thumb_v8.1m", "linker").as_deref(), Some("rust-lld"));
    }

    #[test]
    fn lists_of_platforms_are_joined_and_an_argument_chooses_one() {
        let listed = ["build.target = [\"a-b\"]", "build.target = [\"c-d.json\", \"a-b\"]"];
        let variable: fn(&str) -> Option<String> =
            |name| (name == "CARGO_BUILD_TARGET").then(|| "e-f".to_owned());
        let own = settings("", &listed, NOTHING);
        assert_eq!(own.targets(), ["a-b", "c-d"]);
        assert_eq!(settings("", &listed, variable).targets(), ["a-b", "c-d", "e-f"]);
        let chosen = CargoConfig { chosen: Some("c-d".to_owned()), ..own };
        assert_eq!(chosen.targets(), ["c-d"]);
    }

    #[test]
    fn the_word_for_this_platform_is_no_platforms_name() {
        let variable: fn(&str) -> Option<String> =
            |name| (name == "CARGO_BUILD_TARGET").then(|| "host-tuple".to_owned());
        let here = host().expect("cargo says where it runs");
        assert_eq!(settings("", &[], variable).target().as_ref(), Some(&here));
        let file = settings("", &["build.target = [\"host-tuple\"]"], NOTHING);
        assert_eq!(file.target(), Some(here));
    }

    #[test]
    fn flags_for_rustdoc_are_a_platforms_where_its_name_has_some() {
        let flags = |file: &str| {
            let chosen = Some("a-b".to_owned());
            CargoConfig { chosen, ..settings("", &[file], NOTHING) }.platform_with_flags_for_rustdoc()
        };
        assert_eq!(flags("target.a-b.rustdocflags = [\"--cfg\", \"x\"]").as_deref(), Some("a-b"));
        assert_eq!(flags("target.'cfg(all())'.rustdocflags = \"-x\"\nbuild.rustdocflags = \"-x\""), None);
        assert_eq!(flags("target.a-b.rustdocflags = []"), None);
        assert_eq!(flags("target.c-d.rustdocflags = \"-x\""), None);
    }

    #[test]
    fn conditions_hold_on_the_platforms_that_they_mean() {
        let known: fn(&str) -> Option<Vec<Cfg>> = |platform| {
            let lines: &[&str] = match platform {
                "a-b" => &["unix", "target_os=\"linux\"", "target_arch=\"x86_64\""],
                "c-d" => &["windows", "target_os=\"windows\"", "target_arch=\"x86_64\""],
                _ => return None,
            };
            Some(lines.iter().map(|line| line.parse().expect("it is a condition")).collect())
        };
        let runner = |file: &[&str], platform| {
            let settings = CargoConfig { conditions: known, ..settings("", file, NOTHING) };
            settings.for_platform(platform, "runner")
        };
        for (condition, on_a, on_c) in [
            ("cfg(windows)", false, true),
            ("cfg(not(windows))", true, false),
            ("cfg(target_os = \"linux\")", true, false),
            ("cfg(all(unix, target_arch = \"x86_64\"))", true, false),
            ("cfg(any(windows, target_os = \"linux\"))", true, true),
            ("cfg(nobody_knows)", false, false),
            // It cannot be read.
            ("cfg(all(unix)", true, true),
        ] {
            let file = format!("target.'{condition}'.runner = [\"wine\", \"-x\"]");
            for (platform, holds) in [("a-b", on_a), ("c-d", on_c), ("nobody-knows", true)] {
                let expected = holds.then_some("wine -x");
                assert_eq!(runner(&[&file], platform).as_deref(), expected, "{condition} on {platform}");
            }
        }
        // Each key is looked for where it is.
        let other = "target.'cfg(unix)'.linker = \"lld\"\ntarget.'cfg(windows)'.runner = \"wine\"";
        assert_eq!(runner(&[other], "a-b"), None);
        // The nearest file that has one, and a platform's name before all of them.
        let near = "target.'cfg(unix)'.runner = \"near\"";
        let far = "target.'cfg(unix)'.runner = \"far\"\ntarget.c-d.runner = \"named\"";
        assert_eq!(runner(&[near, far], "a-b").as_deref(), Some("near"));
        let named = "target.'cfg(windows)'.runner = \"wine\"";
        assert_eq!(runner(&[named, far], "c-d").as_deref(), Some("named"));
    }

    #[test]
    fn the_compiler_says_what_holds_here() {
        let here = host().expect("cargo says where it runs");
        let known = conditions(&here).expect("the compiler says what holds");
        assert_eq!(holds("cfg(windows)", Some(&known)), cfg!(windows));
        assert_eq!(holds("cfg(all(unix, not(windows)))", Some(&known)), cfg!(unix));
        let word = format!("cfg(target_os = \"{}\")", env::consts::OS);
        assert!(holds(&word, Some(&known)), "{word}");
        assert_eq!(conditions("nobody-knows"), None);
    }
}
