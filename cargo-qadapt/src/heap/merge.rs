//! Joining profiles.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::input;
use super::join::Joined;
use super::named;
use crate::error::{Error, Result};
use crate::format::name::Format;
use crate::format::output::Output;
use crate::format::pprof::compressed;
use crate::given::{Given, readable, spared};

/// The inputs as paths, if they are profiles; none if they are anything else.
///
/// # Errors
/// If an input cannot be read, or some are profiles and some are not.
pub(crate) fn profiles(inputs: &[String]) -> Result<Option<Vec<PathBuf>>> {
    let mut profiles = Vec::new();
    for input in inputs {
        let path = PathBuf::from(input);
        readable(&path)?;
        // What has no such name may have its profile's before it: that is a trace.
        if path.exists() && input::is_profile(&path)? {
            profiles.push(path);
        }
    }
    match profiles.len() {
        0 => Ok(None),
        all if all == inputs.len() => Ok(Some(profiles)),
        _ => Err(Error::Usage(
            "some inputs are profiles of pprof's and some are not: merge each kind by itself".to_owned(),
        )),
    }
}

/// Joins profiles, names their addresses as far as the files are here, and writes the one that they become.
///
/// # Errors
/// If a profile cannot be used, or another format is asked for.
pub(crate) fn merge(paths: &[PathBuf], root: &Path, output: &Output) -> Result<ExitCode> {
    if output.format != Format::Pprof {
        return Err(Error::Usage(
            "profiles of pprof's become one of them: write --format pprof --output PATH".to_owned(),
        ));
    }
    let mut joined = Joined::default();
    let mut given = Given::default();
    for path in paths {
        for path in given.once(&path.display().to_string(), vec![path.clone()]) {
            spared(&path, output.output.as_deref())?;
            let profile = input::read(&path)?;
            joined.add(&profile).map_err(|problem| Error::input("profile", &path, problem))?;
        }
    }
    let problems = named::name(&mut joined, root);
    output.say("warning", &problems);
    output.write_rendered(compressed(&joined.finish())?)?;
    Ok(ExitCode::SUCCESS)
}
