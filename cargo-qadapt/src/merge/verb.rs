//! The verb: read, join, report.

use std::process::ExitCode;

use qadapt_code::origin::Code;

use super::args::Merge;
use crate::audit::gaps::{nothing_audited, undecided, unmeasured, unwatched};
use crate::audit::gather::{Gathered, gather};
use crate::audit::problems::Problems;
use crate::audit::verb::show;
use crate::build::Workspace;
use crate::config::{self, Config};
use crate::error::{Error, Result};
use crate::given::spared;
use crate::heap;
use crate::report::suppress::suppress;
use crate::selection::Selection;

impl Merge {
    /// Runs the verb.
    ///
    /// # Errors
    /// If an input cannot be used.
    pub fn run(&self) -> Result<ExitCode> {
        self.output.ready()?;
        let here = std::env::current_dir().unwrap_or_default();
        if let Some(profiles) = heap::merge::profiles(&self.inputs)? {
            return heap::merge::merge(&profiles, &here, &self.output);
        }
        let workspace = Workspace::around(&Selection::default());
        let root = workspace.as_ref().map_or(here, |workspace| workspace.root().to_owned());
        let output = self.output.output.as_deref();
        spared(&root.join(config::NAME), output)?;
        let config = Config::beside(&root)?;
        let code = match &workspace {
            Some(workspace) => workspace.code(&config.sites),
            None => Code::of(&root, Vec::new(), &config.sites),
        };
        let Gathered { mut report, nameless, problems: unread } =
            gather(&self.inputs, &code, self.choice.by, output)?;
        let mut problems = Problems::default();
        problems.extend(unread.iter().map(Error::whole));
        problems.extend(std::mem::take(&mut report.missing));
        if let Some(problem) = nothing_audited(&report, false) {
            // Where nothing could be read, that has been said.
            if !(report.profiles.is_empty() && problems.has_gaps()) {
                problems.add_gap(problem);
            }
            return Ok(problems.end(&self.output, false));
        }
        problems.extend(nameless);
        problems.extend(unwatched(&report));
        problems.extend(unmeasured(&report));
        let removed = suppress(&mut report, &config.suppressions);
        problems.extend(undecided(&report, &removed));
        show(report, &self.choice, removed.suppressions, &root, &self.output, &problems)
    }
}
