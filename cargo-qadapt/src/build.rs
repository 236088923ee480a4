//! Calling cargo: where the workspace is, and building a selection.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use qadapt_code::origin::{Code, Sites, same_name};
use serde::{Deserialize, Serialize};

use crate::built::{Executable, executables, listen};
use crate::cargo::{cargo, host, metadata};
use crate::cargo_config::{CargoConfig, platform_variable};
use crate::config;
use crate::error::{Error, Result};
use crate::interrupt::Building;
use crate::selection::{Profile, Selection};
use crate::system::working_folder;

/// Where cargo builds, and what there is to build.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// As cargo's messages have it.
    #[serde(rename = "workspace_root")]
    root: PathBuf,
    /// As the compiler has it, which is started there: without the links by which cargo was led there, and which it keeps. None
    /// before that is asked.
    #[serde(skip)]
    real_root: Option<PathBuf>,
    target_directory: PathBuf,
    packages: Vec<Package>,
    /// What cargo builds here where no package is asked for, by their ids.
    #[serde(default, rename = "workspace_default_members")]
    default_members: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    default_run: Option<String>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
}

/// A target, as cargo's messages tell of it.
#[derive(Debug, Deserialize, Serialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// A program that cargo can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program<'a> {
    /// Its name.
    pub name: &'a str,
    /// The package that it is of.
    pub package: &'a str,
}

/// Whose code a file is, as cargo's messages tell it.
#[derive(Debug, Serialize)]
pub struct Owner<'a> {
    package_id: &'a str,
    manifest_path: &'a Path,
    target: &'a Target,
}

/// Cargo's command that builds a selection; [`Verb::Test`] and [`Verb::Bench`] build without running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `cargo build`.
    Build,
    /// `cargo test --no-run`.
    Test,
    /// `cargo bench --no-run`.
    Bench,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// If there is no workspace here.
    pub fn find(selection: &Selection) -> Result<Self> {
        let mut workspace: Self = metadata(
            |command| {
                command
                    .arg("--no-deps")
                    .args(selection.config_arguments())
                    .args(selection.manifest_arguments());
            },
            "cargo finds no package here; run this in a package's folder or give --manifest-path",
        )?;
        workspace.real_root = Some(working_folder(&workspace.root));
        Ok(workspace)
    }

    /// The workspace around this folder, for what is read and not built; none where no folder from here up has settings to be read:
    /// cargo, which need not be there, is not asked then.
    #[must_use]
    pub fn around(selection: &Selection) -> Option<Self> {
        let here = std::env::current_dir().unwrap_or_default();
        if here.ancestors().any(config::is_in) { Self::find(selection).ok() } else { None }
    }

    /// The workspace's folder, to which the paths in debug information and reports are relative.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.real_root.as_deref().unwrap_or(&self.root)
    }

    /// A path of cargo's, as the compiler has it.
    fn real(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).map_or_else(|_| path.to_owned(), |inside| self.root().join(inside))
    }

    /// True if one of its packages is the guard or depends on it.
    #[must_use]
    pub fn has_guard(&self) -> bool {
        let is_guard = |name: &str| name == "qadapt";
        self.packages.iter().any(|package| {
            is_guard(&package.name)
                || package.dependencies.iter().any(|dependency| is_guard(&dependency.name))
        })
    }

    /// The code of its packages, and whose else is the user's own.
    #[must_use]
    pub fn code(&self, sites: &Sites) -> Code {
        let members = self
            .packages
            .iter()
            .filter_map(|package| Some((self.real(package.manifest_path.parent()?), package.name.clone())));
        Code::of(self.root(), members.collect(), sites)
    }

    /// What tells a program of tests from others whose target has the same name: its package, where another one has such a target;
    /// its package and its kind, `radio/bin`, where its own package has such a target of another kind. A library, which comes first
    /// in a package, needs no kind.
    #[must_use]
    pub fn told_apart(&self, program: &Executable) -> Option<String> {
        let is_namesake = |target: &&Target| {
            target.has_tests() && target.name().is_some_and(|name| same_name(name, &program.target))
        };
        let (own, others): (Vec<_>, Vec<_>) =
            self.packages.iter().partition(|package| package.id == program.package);
        let package = own.first()?;
        let is_other = |target: &Target| !target.kind.contains(&program.kind);
        if program.is_kind_of_program() && package.targets.iter().filter(is_namesake).any(is_other) {
            return Some(format!("{}/{}", package.name, program.kind));
        }
        let mut others = others.iter().flat_map(|package| &package.targets);
        others.any(|target| is_namesake(&target)).then(|| package.name.clone())
    }

    /// The package and target that a file, relative to the workspace, belongs to; those that are nearest to it if that is not
    /// known.
    #[must_use]
    pub fn owner(&self, file: &str) -> Option<Owner<'_>> {
        let file = self.root.join(file);
        // How many parts of the paths are the same.
        let near = |path: &Path| path.components().zip(file.components()).take_while(|(a, b)| a == b).count();
        // Of equally near ones the one that is not further in.
        let folder = |package: &Package| {
            let folder = package.manifest_path.parent().unwrap_or(&self.root);
            (near(folder), std::cmp::Reverse(folder.components().count()))
        };
        let package = self
            .packages
            .iter()
            .filter(|package| !package.targets.is_empty())
            .max_by_key(|package| folder(package))?;
        // Of equally near ones the first, which is the library or the main program.
        let target = package.targets.iter().rev().max_by_key(|target| near(&target.src_path))?;
        Some(Owner { package_id: &package.id, manifest_path: &package.manifest_path, target })
    }

    /// The folder for this command's own builds and files, apart from the user's.
    #[must_use]
    pub fn own_target_directory(&self) -> PathBuf {
        self.real(&self.target_directory).join("qadapt")
    }

    /// The command that builds a selection: its binary or its tests, if it names no target.
    #[must_use]
    pub fn verb(&self, selection: &Selection) -> Verb {
        if selection.bin.is_some() || selection.example.is_some() {
            Verb::Build
        } else if selection.bench.is_some() {
            Verb::Bench
        } else if selection.test.is_none() && !selection.workspace && self.has_binary(selection) {
            Verb::Build
        } else {
            Verb::Test
        }
    }

    /// The programs that `cargo run` cannot choose from, with the packages that they are of; none if it can.
    #[must_use]
    pub fn undecided(&self, selection: &Selection) -> Vec<Program<'_>> {
        if !selection.is_open() || self.default_run(selection).is_some() {
            return Vec::new();
        }
        let packages = self.built(selection);
        let targets =
            packages.iter().flat_map(|package| package.targets.iter().map(|target| (*package, target)));
        let programs: Vec<Program<'_>> = targets
            .filter(|(_, target)| target.kind == ["bin"])
            .filter_map(|(package, target)| Some(Program { name: target.name()?, package: &package.name }))
            .collect();
        if programs.len() > 1 { programs } else { Vec::new() }
    }

    /// The program that `cargo run` chooses of several, as `default-run` says in exactly one package.
    #[must_use]
    pub fn default_run(&self, selection: &Selection) -> Option<&str> {
        let packages = self.built(selection);
        let mut named = packages.iter().filter_map(|package| package.default_run.as_deref());
        named.next().filter(|_| named.next().is_none() && selection.is_open())
    }

    /// The packages that cargo builds: the one that is asked for, or those that it takes in this folder where none is. None where the
    /// one that is asked for is not of the workspace: cargo knows it, or says that there is none.
    fn built(&self, selection: &Selection) -> Vec<&Package> {
        if selection.package.is_some() {
            return self.selected(selection).into_iter().collect();
        }
        self.packages.iter().filter(|package| self.default_members.contains(&package.id)).collect()
    }

    /// The name of the selected package: the one that is asked for, or the one in this folder.
    #[must_use]
    pub fn package(&self, selection: &Selection) -> Option<&str> {
        self.selected(selection).map(|package| package.name.as_str())
    }

    fn selected(&self, selection: &Selection) -> Option<&Package> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut packages = self.packages.iter();
        match (&selection.package, &selection.manifest_path) {
            (Some(wanted), _) => {
                packages.find(|package| package.id == *wanted || package.name == name_in(wanted))
            }
            (None, Some(manifest)) => {
                let manifest = real(manifest);
                packages.find(|package| real(&package.manifest_path) == manifest)
            }
            // Cargo looks for the nearest manifest upwards.
            (None, None) => {
                let here = real(&std::env::current_dir().unwrap_or_default());
                let above = packages.filter_map(|package| {
                    let folder = real(package.manifest_path.parent()?);
                    here.starts_with(&folder).then(|| (folder.components().count(), package))
                });
                above.max_by_key(|&(depth, _)| depth).map(|(_, package)| package)
            }
        }
    }

    /// True if one of the packages that cargo builds has a binary.
    fn has_binary(&self, selection: &Selection) -> bool {
        self.built(selection).iter().flat_map(|package| &package.targets).any(|target| target.kind == ["bin"])
    }
}

impl Target {
    fn name(&self) -> Option<&str> {
        self.more.get("name")?.as_str()
    }

    /// True for what `cargo test` runs by itself, and for what is a test.
    fn has_tests(&self) -> bool {
        self.kind == ["test"] || self.more.get("test").and_then(serde_json::Value::as_bool) == Some(true)
    }
}

/// The name in what `--package` takes, and a profile's settings for a package: `NAME`, `NAME@VERSION`, or an address, which may end
/// in `#NAME@VERSION`, `#NAME` or `#VERSION`. Where an address has no name behind it, its last part is the name.
#[must_use]
pub fn name_in(package: &str) -> &str {
    let (address, last) = match package.rsplit_once('#') {
        Some((address, last)) => (Some(address), last),
        None if package.contains("://") => (Some(package), ""),
        None => (None, package),
    };
    match address {
        // No name begins with a digit.
        Some(address) if !last.starts_with(|first: char| first.is_alphabetic() || first == '_') => {
            let path = address.split('?').next().unwrap_or(address).trim_end_matches('/');
            path.rsplit('/').next().unwrap_or(path)
        }
        _ => last.split(['@', ':']).next().unwrap_or(last),
    }
}

/// One build: the same arguments and environment build a selection and run it.
#[derive(Debug)]
pub struct Build<'a> {
    /// What to build.
    pub selection: &'a Selection,
    /// How.
    pub profile: &'a Profile,
    /// Where.
    pub target_directory: &'a Path,
    /// Variables added to the environment.
    pub environment: Vec<(String, OsString)>,
    /// Settings of cargo's, as `--config` takes them.
    pub config: Vec<String>,
}

impl Build<'_> {
    /// Builds, and returns the executables. `progress` hears each crate that cargo compiles.
    ///
    /// # Errors
    /// If cargo fails; the error holds what it printed.
    pub fn run(&self, verb: Verb, mut progress: impl FnMut(&str) + Send) -> Result<Vec<Executable>> {
        let words: &[&str] = match verb {
            Verb::Build => &["build"],
            Verb::Test => &["test", "--no-run"],
            Verb::Bench => &["bench", "--no-run"],
        };
        let platforms = self.cargo_config().targets();
        if platforms.len() > 1 {
            return Err(Error::Usage(format!(
                "cargo is set to build for several platforms at once (`build.target`: {}): choose one of them with --target",
                platforms.join(", ")
            )));
        }
        let mut command = cargo();
        command.args(words).args(["--message-format", "json-render-diagnostics"]);
        self.add_to(&mut command);
        let failed = |source| Error::Start { program: format!("cargo {}", words.join(" ")), source };
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let building = Building::of(&child).map_err(failed)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (said, executables) = std::thread::scope(|scope| {
            let said =
                scope.spawn(move || stderr.map_or_else(String::new, |pipe| listen(pipe, &mut progress)));
            let executables = stdout.map_or_else(Vec::new, executables);
            (said.join().unwrap_or_default(), executables)
        });
        drop(building);
        let status = child.wait().map_err(failed)?;
        if !status.success() {
            return Err(Error::Cargo(
                format!(
                    "could not build {} in profile {}; cargo says:\n{}",
                    self.selection,
                    self.profile.name(),
                    said.trim_end()
                ) + &self.unlinked(&said),
            ));
        }
        Ok(executables)
    }

    /// What cargo's configuration says of anything but profiles, which are the manifest's business too.
    #[must_use]
    pub fn cargo_config(&self) -> CargoConfig {
        CargoConfig::of(Path::new(""), self.selection)
    }

    /// What to set where nothing links for the platform that is built for.
    fn unlinked(&self, said: &str) -> String {
        let is_linker = ["error: linking with `", "error: linker `"].iter().any(|start| said.contains(start));
        let config = self.cargo_config();
        match config.target().filter(|target| is_linker && host().as_ref() != Some(target)) {
            Some(target) => {
                let variable = platform_variable(&target, "linker");
                let what = match config.for_platform(&target, "linker") {
                    Some(linker) => format!("`{linker}` does not link"),
                    None => "nothing is set that links".to_owned(),
                };
                format!(
                    "\n\n{what} this program for {target}: set {variable} to a linker for that platform, for instance \
                     its C compiler"
                )
            }
            None => String::new(),
        }
    }

    /// The setting that keeps what cargo makes on the way together with the rest, where the user has another folder for it. Older cargos
    /// know no such folder.
    fn own_build_dir(&self) -> Option<String> {
        let own = toml::Value::from(self.target_directory.to_str()?);
        self.cargo_config().has_build_dir().then(|| format!("build.build-dir = {own}"))
    }

    /// Adds what this build and its run have in common to a call of cargo.
    pub fn add_to(&self, command: &mut Command) {
        command
            .arg("--profile")
            .arg(self.profile.for_cargo())
            .args(self.selection.target_arguments())
            .args(self.selection.package_arguments())
            .arg("--target-dir")
            .arg(self.target_directory)
            .args(self.config.iter().flat_map(|setting| ["--config", setting]))
            .args(self.own_build_dir().iter().flat_map(|setting| ["--config", setting]))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
    }
}

/// The words of a command line, as a message shows them.
#[must_use]
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_its_name_however_cargo_is_told_of_it() {
        for package in [
            "meter",
            "meter@0.1.0",
            "meter:0.1.0",
            "path+file:///w/meter#meter@0.1.0",
            "https://x.example/y#meter@0.1.0",
            "https://x.example/y#meter",
            "path+file:///w/meter#0.1.0",
            "path+file:///w/meter",
            "git+https://x.example/meter/?branch=a/b#0.1.0",
        ] {
            assert_eq!(name_in(package), "meter", "{package}");
        }
    }

    #[test]
    fn programs_of_tests_of_one_name_are_told_apart() {
        let program = |kind: &str| Executable {
            path: "/t/debug/deps/same-1".into(),
            package: "a".into(),
            target: "same".into(),
            kind: kind.into(),
        };
        let target = |kind: &str, has_tests: bool| serde_json::json!({ "kind": [kind], "src_path": "", "name": "same", "test": has_tests });
        let package = |name: &str, targets: &[serde_json::Value]| serde_json::json!({ "id": &name[..1], "name": name, "manifest_path": "", "targets": targets });
        let apart = |packages: &[serde_json::Value], kind: &str| {
            let all =
                serde_json::json!({ "workspace_root": "", "target_directory": "", "packages": packages });
            let workspace: Workspace = serde_json::from_value(all).expect("it is what cargo prints");
            workspace.told_apart(&program(kind))
        };
        let alone = package("ant", &[target("test", true)]);
        assert_eq!(apart(std::slice::from_ref(&alone), "test"), None);
        for (kind, has_tests, expected) in
            [("test", false, Some("ant")), ("lib", true, Some("ant")), ("example", false, None)]
        {
            let two = [alone.clone(), package("bee", &[target(kind, has_tests)])];
            assert_eq!(apart(&two, "test").as_deref(), expected, "{kind}");
        }
        // The library and the program of a package as they are called when nobody chooses.
        let both = [package("ant", &[target("lib", true), target("bin", true)])];
        assert_eq!(apart(&both, "lib"), None);
        assert_eq!(apart(&both, "bin").as_deref(), Some("ant/bin"));
        let untested = [package("ant", &[target("lib", false), target("bin", true)])];
        assert_eq!(apart(&untested, "bin"), None);
    }
}
