//! What starts the program, in cargo's place: under a name that does not depend on where it was built.
//!
//! Cargo starts a program by its absolute path, which the program sees as its first argument, and a test by a name with a
//! hash. Both differ from checkout to checkout, and with them the bytes that `std::env::args` allocates. So cargo is told to
//! start this command instead (`target.TRIPLE.runner`), which becomes the program. It also gives the program the variables that are for
//! it alone.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::bundle::is_doctest;
use super::doctest;
use crate::progress::line;
use crate::system;

/// The first argument that says that a program is to be started.
pub const VERB: &str = "__launch";

/// Names the variables that the program gets, if not all, separated by commas.
pub const KEEP: &str = "QADAPT_LAUNCH_KEEPS";

/// How variables begin that tell of the ones which the program gets in addition, or instead of those that are set: what cargo itself
/// starts, as a build script or the compiler with a procedural macro in it, is no part of what is measured, and gets none.
const GIVES: &str = "QADAPT_LAUNCH_GIVES_";

/// Tells the guard of a program where to write its trace.
pub const TRACE: &str = "QADAPT_TRACE";

/// Tells it what to do where something is not allowed.
pub const MODE: &str = "QADAPT_MODE";

/// Tells it that the whole program is a region.
pub const WHOLE_PROGRAM: &str = "QADAPT_WHOLE_PROGRAM";

/// Tells it to tell threads apart.
pub const THREADS: &str = "QADAPT_TRACE_THREADS";

/// Tells it to follow blocks.
pub const LIVE: &str = "QADAPT_TRACE_LIVE";

/// A program gets these from this command or not at all.
const TO_THE_GUARD: [&str; 5] = [TRACE, MODE, WHOLE_PROGRAM, THREADS, LIVE];

/// What shells, cargo and rustup set for themselves, which differs from machine to machine.
const THEIRS: [&str; 8] = [
    "_",
    "OLDPWD",
    "SHLVL",
    "CARGO",
    "RUST_RECURSION_COUNT",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "RUSTUP_TOOLCHAIN_SOURCE",
];

/// What a program always gets.
const ALWAYS: [&str; 5] =
    ["NEXTEST_TEST_NAME", "LD_LIBRARY_PATH", "LD_PRELOAD", "CARGO_MANIFEST_DIR", "PATH"];

/// The setting of cargo's that makes this command start programs on a platform; none where this command cannot be named.
#[must_use]
pub fn setting(platform: &str) -> Option<String> {
    let own = std::env::current_exe().ok()?;
    let words = toml::Value::Array(vec![own.to_str()?.into(), VERB.into()]);
    // A platform's name may have a dot.
    Some(format!("target.{}.runner = {words}", toml::Value::from(platform)))
}

/// The variable by which the program gets one of this name.
#[must_use]
pub fn gives(name: &str) -> String {
    format!("{GIVES}{name}")
}

/// Becomes the program; returns only if that fails.
#[must_use]
pub fn launch(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(program) = arguments.next() else {
        line("error: no program to start");
        return ExitCode::from(2);
    };
    let kept = match std::env::var_os(doctest::VARIABLE) {
        Some(folder) if is_doctest(Path::new(&program)) => {
            doctest::keep(Path::new(&program), Path::new(&folder))
        }
        _ => Ok(PathBuf::from(&program)),
    };
    // Then its functions have no names, which the report says.
    let kept = kept.unwrap_or_else(|_| PathBuf::from(&program));
    let mut command = Command::new(&kept);
    let arguments: Vec<OsString> = arguments.collect();
    // Nextest asks each program for its tests before it runs one: that is no run of the user's.
    let is_asked_for_tests =
        std::env::var_os("NEXTEST").is_some() && arguments.iter().any(|argument| argument == "--list");
    command.args(arguments);
    let wanted = std::env::var(KEEP).ok();
    for (variable, _) in std::env::vars_os() {
        if !is_kept(&variable, wanted.as_deref()) {
            command.env_remove(variable);
        }
    }
    for name in TO_THE_GUARD {
        command.env_remove(name);
    }
    for (variable, value) in std::env::vars_os() {
        let given = variable.to_str().and_then(|variable| variable.strip_prefix(GIVES));
        if let Some(name) = given.filter(|&name| !(is_asked_for_tests && name == TRACE)) {
            command.env(name, value);
        }
    }
    let error = system::replace(&mut command, name(Path::new(&program)));
    line(&format!("error: could not start `{}`: {error}", program.display()));
    ExitCode::from(127)
}

/// A program's name without its folder, and without the hash that cargo gives to those of tests.
#[must_use]
pub fn name(program: &Path) -> &OsStr {
    let name = program.file_name().unwrap_or(program.as_os_str());
    without_hash(name).unwrap_or(name)
}

/// True for what cargo builds of a test or a benchmark: it lies in the folder of dependencies, with a hash in its name.
#[must_use]
pub fn is_test_program(program: &Path) -> bool {
    let folder = program.parent().and_then(Path::file_name);
    folder.is_some_and(|folder| folder == "deps")
        && program.file_stem().is_some_and(|name| without_hash(name).is_some())
}

/// What stands before the hash that cargo or rustc gave to a file's name; none if there is no hash.
#[must_use]
pub fn without_hash(name: &OsStr) -> Option<&OsStr> {
    let (stem, hash) = name.to_str()?.rsplit_once('-')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some(OsStr::new(stem))
}

fn is_kept(variable: &OsStr, kept: Option<&str>) -> bool {
    let Some(name) = variable.to_str() else { return kept.is_none() };
    match kept {
        _ if name == KEEP || name == doctest::VARIABLE || name.starts_with(GIVES) => false,
        Some(kept) => {
            ALWAYS.contains(&name)
                || system::VARIABLES.iter().any(|variable| variable.eq_ignore_ascii_case(name))
                || name.starts_with("CARGO_PKG_")
                || kept.split(',').any(|kept| match kept.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => name == kept,
                })
        }
        None => !THEIRS.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platforms_name_is_one_key() {
        let setting = setting("thumbv8m.main-none-eabi").expect("this program has a name");
        let table: toml::Table = setting.parse().expect("it is a setting");
        assert!(table["target"]["thumbv8m.main-none-eabi"]["runner"].is_array(), "{setting}");
    }

    #[test]
    fn a_programs_name_does_not_depend_on_where_it_was_built() {
        for (program, expected) in [
            ("/a/target/debug/radio", "radio"),
            ("/b/c/deps/one-0123456789abcdef", "one"),
            ("/b/c/deps/one-two", "one-two"),
            ("/b/with-0123456789abcdeg", "with-0123456789abcdeg"),
        ] {
            assert_eq!(name(Path::new(program)), expected);
        }
    }

    #[test]
    fn tests_are_known_by_their_place() {
        let is_test = |program| is_test_program(Path::new(program));
        assert!(is_test("/t/debug/deps/one-0123456789abcdef") && is_test("/t/deps/one-0123456789abcdef.exe"));
        assert!(!is_test("/t/debug/one-0123456789abcdef") && !is_test("/t/debug/deps/one"));
    }

    #[test]
    fn variables_of_the_machine_are_left_out() {
        let kept = |name: &str, list| is_kept(OsStr::new(name), list);
        assert!(kept("HOME", None) && kept("CARGO_PKG_NAME", None));
        assert!(!kept("OLDPWD", None) && !kept("CARGO", None) && !kept(KEEP, None));
        assert!(!kept(&gives("QADAPT_TRACE"), None));
        let list = Some("HOME,RADIO_*");
        assert!(kept("HOME", list) && kept("RADIO_BAND", list) && kept("LD_PRELOAD", list));
        assert!(!kept("LANG", list) && !kept("HOMES", list) && !kept(KEEP, list));
    }
}
