//! What went wrong without being the end of an audit, and the exit code that follows.

use std::process::ExitCode;

use crate::format::output::Output;

/// Problems, in words that say what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    failures: Vec<String>,
    gaps: Vec<String>,
}

impl Problems {
    /// A run that ended unsuccessfully, in a clause: its figures are true, and there could have been more.
    pub fn add_failure(&mut self, failure: impl Into<String>) {
        self.failures.push(failure.into());
    }

    /// Something that should be in the figures and is not.
    pub fn add_gap(&mut self, gap: impl Into<String>) {
        self.gaps.push(gap.into());
    }

    /// Adds gaps.
    pub fn extend(&mut self, gaps: impl IntoIterator<Item = String>) {
        self.gaps.extend(gaps);
    }

    /// Takes the runs that ended unsuccessfully out.
    pub fn take_failures(&mut self) -> Vec<String> {
        std::mem::take(&mut self.failures)
    }

    /// What should be in the figures and is not.
    #[must_use]
    pub fn gaps(&self) -> &[String] {
        &self.gaps
    }

    /// True if the figures are not whole.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// What should be in the figures and is not; where nothing was found also the runs that failed before they had done all.
    #[must_use]
    pub fn missing(&self, has_findings: bool) -> Vec<String> {
        let failures = self.failures.iter().filter(|_| !has_findings);
        let mut missing: Vec<String> = Vec::new();
        for problem in self.gaps.iter().chain(failures) {
            if !missing.contains(problem) {
                missing.push(problem.clone());
            }
        }
        missing
    }

    /// Prints them to standard error, each once, and says how the command ends.
    ///
    /// With gaps it is 2: part of the audit could not be made. Otherwise findings are findings, however the run ended:
    /// 1. A run that failed without any is not clean, since it did not do all that it should have done: 2.
    #[must_use]
    pub fn end(&self, output: &Output, has_findings: bool) -> ExitCode {
        let is_failed = !self.failures.is_empty() && !has_findings;
        let (called, consequence) = if is_failed {
            (
                "error",
                "nothing disallowed happened until then, which does not make it clean: let it succeed first",
            )
        } else {
            (
                "warning",
                "the report shows what it did until then. A test that expects a region to panic always fails in an \
                 audit, where violations stop nothing",
            )
        };
        let failures: Vec<String> =
            self.failures.iter().map(|failure| format!("{failure}: {consequence}")).collect();
        output.say(called, &failures);
        output.say("error", &self.gaps);
        ExitCode::from(if is_failed || !self.gaps.is_empty() { 2 } else { u8::from(has_findings) })
    }
}
