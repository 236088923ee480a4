//! Why a run has left no trace, and what to do about that.

use std::fs::File;
use std::path::Path;

use qadapt_code::map::map;
use regex::bytes::Regex;

use crate::cargo::host;
use crate::cargo_config::{CargoConfig, platform_variable};
use crate::selection::{Profile, Selection};

/// What a manifest says to depend on the guard, as the README has it: no registry has it, and another crate has its name.
pub const DEPENDENCY: &str = "`qadapt = { path = \"../qadapt/qadapt\" }` (the path of the folder `qadapt` in your clone: on \
                              crates.io the name is another crate's)";

/// What is known of a run that has left no trace.
#[derive(Clone, Copy, Debug)]
pub struct Nothing {
    /// Whether cargo has built a program.
    pub is_built: bool,
    /// Whether the guard is in one.
    pub has_guard: bool,
    /// Whether it is cargo that failed.
    pub is_cargos: bool,
}

/// What to do where a run left no trace: it also depends on what starts programs.
#[must_use]
pub fn traceless(selection: &Selection, profile: &Profile, config: &CargoConfig, nothing: Nothing) -> String {
    let here = host();
    let foreign = config.target().filter(|target| here.as_ref() != Some(target));
    let why = if nothing.is_cargos && !nothing.is_built {
        "cargo built no program of it, and says above why".to_owned()
    } else if nothing.has_guard {
        let platform = foreign.as_ref().or(here.as_ref());
        let runner = platform.and_then(|platform| config.for_platform(platform, "runner"));
        let variable = platform.map(|platform| platform_variable(platform, "runner")).unwrap_or_default();
        started(foreign.as_deref(), here.as_deref(), runner.as_deref(), &variable, nothing.is_cargos)
    } else {
        format!(
            "it does not link qadapt. Add {DEPENDENCY} to its dependencies, and to its main file (for a test: to the test's \
             file)\n\n    #[global_allocator]\n    static ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n"
        )
    };
    format!("{selection} left no trace in profile {}: {why}", profile.name())
}

/// Why a program that has the guard did not run.
fn started(
    foreign: Option<&str>,
    here: Option<&str>,
    runner: Option<&str>,
    variable: &str,
    is_cargos: bool,
) -> String {
    match (foreign, runner) {
        (_, Some(runner)) => format!(
            "cargo starts its programs with `{runner}`, which did not run them: set {variable} to a command that \
             runs the program that it is given, and hands the environment on to it"
        ),
        (Some(platform), None) => format!(
            "it is built for {platform}, and nothing is set that runs such programs on {}. Set {variable} to a \
             command that does, such as an emulator",
            here.unwrap_or("this machine")
        ),
        (None, None) if is_cargos => {
            "cargo says above why it did not start, or it said why it could not write. A file that changed after the first \
             build is built again"
                .to_owned()
        }
        (None, None) => "it links qadapt, but never started, or said above why it could not write".to_owned(),
    }
}

/// True if a program has the guard in it: the name of the variable that tells the guard where traces go.
#[must_use]
pub fn has_guard(program: &Path) -> bool {
    let Ok(bytes) = File::open(program).and_then(|file| map(&file)) else { return false };
    Regex::new("QADAPT_TRACE").is_ok_and(|name| name.is_match(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_is_added_as_the_readme_says() {
        let line = DEPENDENCY.split('`').nth(1).expect("a line of a manifest");
        assert!(include_str!("../../../README.md").contains(line), "{line}");
    }

    #[test]
    fn what_starts_programs_is_named() {
        let said = started(Some("a-b"), Some("c-d"), None, "CARGO_TARGET_A_B_RUNNER", true);
        assert!(said.contains("Set CARGO_TARGET_A_B_RUNNER") && said.contains("on c-d"), "{said}");
        let said = started(None, Some("c-d"), Some("true -x"), "CARGO_TARGET_C_D_RUNNER", true);
        assert!(said.contains("`true -x`") && said.contains("CARGO_TARGET_C_D_RUNNER"), "{said}");
        let said = started(None, Some("c-d"), None, "CARGO_TARGET_C_D_RUNNER", true);
        assert!(said.contains("cargo says above") && !said.contains("RUNNER"), "{said}");
        let said = started(None, Some("c-d"), None, "CARGO_TARGET_C_D_RUNNER", false);
        assert!(said.contains("never started") && !said.contains("RUNNER"), "{said}");
    }
}
