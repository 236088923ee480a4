//! Which line of the user's own code a stack stands for.

use qadapt_code::origin::{Origin, is_guards, shortened};
use qadapt_trace::asks_allocator;

use super::called::{DROP_OF, called};
use super::diff::Doubt;
use super::figures::{Frame, Report, Site};

/// In a stack of the standard library alone: the first frame past the allocator's glue.
fn bare_library(frames: &[&Frame]) -> Option<usize> {
    let past = frames.iter().position(|frame| {
        let file = frame.file.as_deref().unwrap_or_default();
        !is_guards(file, &frame.function) && !file.ends_with("alloc/src/alloc.rs")
    });
    past.or((!frames.is_empty()).then_some(0))
}

/// How many of the innermost frames are an allocator's around the guard: those up to the program's call of its allocator.
fn allocators(frames: &[&Frame]) -> usize {
    let asks = |frame: &&Frame| asks_allocator(&frame.function, frame.file.as_deref().unwrap_or_default());
    frames.iter().position(asks).unwrap_or(0)
}

/// A site's line, as far as its stack tells.
#[derive(Debug)]
pub struct Sited {
    pub(super) origin: Origin,
    pub(super) at: Option<(String, u32)>,
    pub(super) function: String,
    pub(super) called: Option<String>,
    pub(super) inside: Option<String>,
    doubt: Option<Doubt>,
}

impl Sited {
    /// Why the line may be another one.
    #[must_use]
    pub const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// The first frame of the user's own code that stands for itself; failing that, the outermost wrapper; failing that,
    /// the first frame of a dependency; failing that, the innermost one.
    pub(super) fn in_stack(report: &Report, site: &Site) -> Self {
        let frames: Vec<&Frame> =
            site.stack.iter().filter_map(|&frame| report.frames.get(frame as usize)).collect();
        let frames = frames.get(allocators(&frames)..).unwrap_or_default();
        let is = |origin| move |frame: &&Frame| frame.origin == origin && frame.line > 0;
        let own = frames.iter().position(is(Origin::Own));
        let found = own
            .or_else(|| frames.iter().rposition(is(Origin::Wrapper)))
            .or_else(|| frames.iter().position(is(Origin::Dependency)))
            .or_else(|| bare_library(frames));
        let Some(index) = found else {
            return Self {
                origin: Origin::Own,
                at: None,
                function: "(its stack was lost)".to_owned(),
                called: None,
                inside: None,
                doubt: Some(Doubt::Cut),
            };
        };
        let frame = frames[index];
        // What lies outside a line that stands for itself does not matter.
        let looked_at = own.map_or(frames, |own| &frames[..own]);
        // What the compiler makes itself has a file and no line.
        let is_blind = |frame: &&Frame| frame.file.is_none() && frame.origin != Origin::Internal;
        let doubt = if looked_at.iter().any(is_blind) {
            Some(Doubt::NoLines)
        } else {
            looked_at.iter().any(|frame| frame.is_gap()).then_some(Doubt::Cut)
        };
        let inner = frames[..index]
            .iter()
            .find(|frame| matches!(frame.origin, Origin::Dependency | Origin::Wrapper) && frame.line > 0);
        // Where the program has no lines, the library's that is found is called by the user's code all the same.
        let is_runtimes = frames.iter().all(|frame| frame.origin == Origin::Internal);
        let is_librarys = frame.origin == Origin::Internal && !is_runtimes;
        Self {
            origin: if is_librarys { Origin::Own } else { frame.origin },
            at: frame.file.clone().filter(|_| frame.line > 0).map(|file| (file, frame.line)),
            function: frame.function.clone(),
            called: index.checked_sub(1).and_then(|callee| outermost(&frames[..=callee])),
            inside: inner
                .and_then(|frame| Some(format!("{}:{}", shortened(frame.file.as_deref()?), frame.line))),
            doubt,
        }
    }
}

/// What the user's code called: the outermost of the inner frames, unless that is glue. A value that is dropped is named,
/// not the functions that its drop consists of.
fn outermost(inner: &[&Frame]) -> Option<String> {
    let is_glue = |name: &str| {
        name.starts_with("core::ops::function") || name.contains("qadapt::") || name.starts_with("__r")
    };
    let mut callees = inner.iter().rev().filter(|frame| !is_glue(&frame.function) && !frame.is_gap());
    let callee = called(callees.next()?);
    // `drop` does nothing but drop its argument.
    let dropped = callees.next().map(|frame| called(frame)).filter(|_| callee == "mem::drop");
    Some(dropped.filter(|name| name.starts_with(DROP_OF)).unwrap_or(callee))
}
