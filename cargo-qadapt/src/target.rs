//! Which of the user's targets to build, and building them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde::Deserialize;

use crate::build;
use crate::error::{Error, Result};

/// The selection of targets, in cargo's own words.
#[derive(Clone, Debug, Default, Args)]
pub struct Selection {
    /// The package to build.
    #[arg(short, long, value_name = "SPEC")]
    pub package: Vec<String>,
    /// The binary to build.
    #[arg(long, value_name = "NAME")]
    pub bin: Vec<String>,
    /// The example to build.
    #[arg(long, value_name = "NAME")]
    pub example: Vec<String>,
    /// The test to build.
    #[arg(long, value_name = "NAME")]
    pub test: Vec<String>,
    /// The benchmark to build.
    #[arg(long, value_name = "NAME")]
    pub bench: Vec<String>,
    /// Features to turn on.
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Turns all features on.
    #[arg(long)]
    pub all_features: bool,
    /// Turns the default features off.
    #[arg(long)]
    pub no_default_features: bool,
    /// The manifest of the package.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
}

/// One program that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The target's name.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
}

impl Selection {
    /// Builds the selected targets in a profile, with variables set for the guard's build script, into a target
    /// directory of its own so that the user's own builds stay as they are.
    ///
    /// # Errors
    /// If cargo cannot be started or fails, or nothing that can be run was built.
    pub fn build(&self, profile: &str, env: &[(&str, &str)]) -> Result<Vec<Built>> {
        let root = self.workspace_root()?;
        let mut cargo = self.cargo("build");
        cargo.args(["--message-format", "json-render-diagnostics", "--profile", profile]);
        cargo.arg("--target-dir").arg(root.join("target").join("qadapt"));
        for (flag, values) in [
            ("--package", &self.package),
            ("--bin", &self.bin),
            ("--example", &self.example),
            ("--test", &self.test),
            ("--bench", &self.bench),
            ("--features", &self.features),
        ] {
            for value in values {
                cargo.arg(flag).arg(value);
            }
        }
        if self.all_features {
            cargo.arg("--all-features");
        }
        if self.no_default_features {
            cargo.arg("--no-default-features");
        }
        cargo.envs(env.iter().copied());
        // Lines and names, whatever the profile says: the code stays the same, and the report needs them. With
        // line tables alone the names of regions are missing.
        let key: String = profile.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_PROFILE_{key}_DEBUG"), "limited");
        cargo.env(format!("CARGO_PROFILE_{key}_STRIP"), "none");
        let output = run(&mut cargo, "build")?;
        let built = executables(&output);
        if built.is_empty() {
            return Err(Error::Usage(
                "nothing was built that can be run; a proof needs a linked program: choose one with --bin, \
                 --example, --test or --bench"
                    .into(),
            ));
        }
        Ok(built)
    }

    fn workspace_root(&self) -> Result<PathBuf> {
        let mut cargo = self.cargo("locate-project");
        cargo.args(["--workspace", "--message-format", "plain"]);
        let output = run(&mut cargo, "locate-project")?;
        Path::new(output.trim()).parent().map(Path::to_owned).ok_or_else(|| {
            Error::Cargo(format!(
                "`cargo locate-project` printed no path but `{}`; run this inside a package",
                output.trim()
            ))
        })
    }

    fn cargo(&self, verb: &str) -> Command {
        let mut cargo = build::cargo();
        cargo.arg(verb);
        if let Some(path) = &self.manifest_path {
            cargo.arg("--manifest-path").arg(path);
        }
        cargo
    }
}

fn run(cargo: &mut Command, verb: &str) -> Result<String> {
    let output =
        cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|e| {
            Error::Cargo(format!("could not start `cargo {verb}`: {e}; is cargo on the PATH?"))
        })?;
    if !output.status.success() {
        return Err(Error::Cargo(format!(
            "`cargo {verb}` failed ({}); its messages are above",
            output.status
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The executables that cargo's messages name.
fn executables(messages: &str) -> Vec<Built> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        executable: Option<PathBuf>,
        target: Option<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|m| m.reason == "compiler-artifact")
        .filter_map(|m| Some(Built { name: m.target?.name, path: m.executable? }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_executables_among_the_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"lib"},"executable":null}
not json
{"reason":"compiler-artifact","target":{"name":"app"},"executable":"/t/app"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executables(messages), [Built { name: "app".into(), path: "/t/app".into() }]);
    }
}
