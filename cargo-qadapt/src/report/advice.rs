//! What to do instead, where a stack shows a known habit.

use qadapt_advice::{Event, Frame as Named, Rule, advise};
use serde::Serialize;

use super::figures::{Frame, Op, Origin, Report, Site};
use super::origin::is_guards;

/// A piece of the catalogue of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Advice {
    /// The rule's name, the same in all versions.
    pub id: &'static str,
    /// What to do instead, in one line. It names no bytes: it is for many events.
    pub text: &'static str,
}

impl Advice {
    /// What a rule of the catalogue says.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        Self { id: rule.id(), text: rule.remedy() }
    }
}

/// The advice for a site, if its stack shows a known habit between the allocator and the region's edge.
#[must_use]
pub fn advice(report: &Report, of: &Site) -> Option<Advice> {
    let frames = of.stack.iter().filter_map(|&frame| report.frames.get(frame as usize));
    let frames: Vec<Named<'_>> =
        frames.skip_while(|frame| is_guard(frame)).take_while(|frame| !is_guard(frame)).map(named).collect();
    let op = match of.op {
        Op::Alloc => qadapt_advice::Op::Alloc,
        Op::AllocZeroed => qadapt_advice::Op::AllocZeroed,
        Op::Realloc => qadapt_advice::Op::Realloc,
        Op::Dealloc => qadapt_advice::Op::Dealloc,
    };
    // A trace has no sizes from before, and the text names none. With 0 every reallocation counts as growth; rules about
    // shrinking go by the function.
    let largest = of.counts.iter().flatten().map(|counts| counts.largest).max().unwrap_or(0);
    let size = usize::try_from(largest).unwrap_or(usize::MAX);
    let event = Event { op, size, old_size: 0, frames: &frames };
    advise(&event).map(|advice| Advice::of(advice.rule()))
}

fn is_guard(frame: &Frame) -> bool {
    is_guards(frame.file.as_deref().unwrap_or_default(), &frame.function)
}

fn named(frame: &Frame) -> Named<'_> {
    let file = frame.file.as_deref().unwrap_or_default();
    if frame.origin == Origin::Own {
        Named::own(&frame.function, file)
    } else {
        Named::foreign(&frame.function, file)
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::SiteCounts;
    use super::*;

    fn advised(op: Op, stack: &[(&str, Origin)]) -> Option<&'static str> {
        let frames = stack.iter().map(|&(function, origin)| Frame {
            function: function.into(),
            file: None,
            line: 0,
            column: 0,
            origin,
        });
        let counts = SiteCounts { count: 2, estimate: 2, bytes: 96, largest: 64, align: 8 };
        let report = Report { frames: frames.collect(), ..Report::default() };
        let places = (0..u32::try_from(stack.len()).expect("few")).collect();
        advice(&report, &Site { region: 0, op, stack: places, counts: vec![Some(counts)] })
            .map(|advice| advice.id)
    }

    #[test]
    fn the_guards_own_frames_are_passed_over_and_end_the_search() {
        let guard = ("qadapt::hot::allocator::alloc", Origin::Internal);
        let entry = ("__rustc::__rust_alloc", Origin::Internal);
        let push = ("alloc::vec::Vec<T,A>::push", Origin::Internal);
        let own = ("mine::run", Origin::Own);
        let edge = ("qadapt::region::plain::assert_no_alloc", Origin::Internal);
        let force = ("std::sync::lazy_lock::LazyLock<T,F>::force", Origin::Internal);
        let sort = ("alloc::slice::<impl [T]>::sort", Origin::Internal);
        assert_eq!(advised(Op::Alloc, &[guard, entry, push, own, edge]), Some("vec-first-push"));
        assert_eq!(advised(Op::Realloc, &[guard, entry, push, own, edge]), Some("vec-growth"));
        assert_eq!(advised(Op::Dealloc, &[guard, entry, push, own, edge]), None);
        assert_eq!(advised(Op::Alloc, &[guard, own, force, own]), Some("lazy-init"));
        assert_eq!(advised(Op::Alloc, &[guard, own, edge, force, own]), None, "outside the region");
        assert_eq!(advised(Op::Alloc, &[guard, own, edge, sort, own]), None, "outside the region");
        assert_eq!(advised(Op::Alloc, &[]), None);
    }

    #[test]
    fn shrinking_is_told_from_growing_without_the_size_before() {
        let own = ("mine::run", Origin::Own);
        for shrinks in ["alloc::vec::Vec<T,A>::shrink_to_fit", "alloc::string::String::into_boxed_str"] {
            assert_eq!(advised(Op::Realloc, &[(shrinks, Origin::Internal), own]), Some("shrink"));
        }
    }
}
