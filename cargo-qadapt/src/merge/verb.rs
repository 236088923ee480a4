//! The verb: read, join, report.

use std::process::ExitCode;

use super::args::Merge;
use crate::audit::gaps::{nothing_audited, unmeasured};
use crate::audit::gather::{Gathered, gather};
use crate::audit::problems::Problems;
use crate::audit::verb::show;
use crate::error::{Error, Result};
use crate::heap;

impl Merge {
    /// Runs the verb.
    ///
    /// # Errors
    /// If an input cannot be used.
    pub fn run(&self) -> Result<ExitCode> {
        self.output.ready()?;
        let root = std::env::current_dir().unwrap_or_default();
        if let Some(profiles) = heap::merge::profiles(&self.inputs)? {
            return heap::merge::merge(&profiles, &root, &self.output);
        }
        let output = self.output.output.as_deref();
        let Gathered { report, nameless, problems: unread } =
            gather(&self.inputs, &root, self.choice.by, output)?;
        let mut problems = Problems::default();
        problems.extend(unread.iter().map(Error::whole));
        if let Some(problem) = nothing_audited(&report, false) {
            problems.add_gap(problem);
            return Ok(problems.end(&self.output, false));
        }
        problems.extend(nameless);
        problems.extend(unmeasured(&report));
        show(report, &self.choice, Vec::new(), &root, &self.output, &problems)
    }
}
