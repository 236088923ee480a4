//! Which frames of a report are the guard's.

use qadapt_code::origin::is_guards;

use super::figures::{Frame, Report};

/// Knows of each frame whether it is the guard's own. Each is looked at once, since many stacks share it.
#[derive(Debug)]
pub struct Guards(Vec<bool>);

impl Guards {
    /// Those of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let is_guard = |frame: &Frame| is_guards(frame.file.as_deref().unwrap_or_default(), &frame.function);
        Self(report.frames.iter().map(is_guard).collect())
    }

    /// Whether the frame at this place in the report is one.
    #[must_use]
    pub fn has(&self, frame: u32) -> bool {
        self.0.get(frame as usize).is_some_and(|&is_guard| is_guard)
    }

    /// How many of a stack's innermost frames are.
    #[must_use]
    pub fn innermost(&self, stack: &[u32]) -> usize {
        stack.iter().take_while(|&&frame| self.has(frame)).count()
    }
}

#[cfg(test)]
impl From<Vec<bool>> for Guards {
    fn from(guards: Vec<bool>) -> Self {
        Self(guards)
    }
}
