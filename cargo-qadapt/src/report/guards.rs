//! Which frames of a report are the guard's.

use qadapt_code::origin::is_guards;

use super::figures::{Frame, Report};

/// Says of each frame whether it is the guard's own. Each is looked at once, since many stacks share it.
#[must_use]
pub fn guards(report: &Report) -> Vec<bool> {
    let is_guard = |frame: &Frame| is_guards(frame.file.as_deref().unwrap_or_default(), &frame.function);
    report.frames.iter().map(is_guard).collect()
}

/// How many of a stack's innermost frames are the guard's.
#[must_use]
pub fn innermost(guards: &[bool], stack: &[u32]) -> usize {
    stack.iter().take_while(|&&frame| guards.get(frame as usize).is_some_and(|&is_guard| is_guard)).count()
}
