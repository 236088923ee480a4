//! What to do instead, where a stack shows a known habit.

use std::collections::{BTreeMap, HashMap};

use qadapt_advice::{Event, Frame as Named, Rule, advise_by};
use qadapt_code::advice::Advice;
use qadapt_code::origin::Origin;

use super::figures::{Frame, Op, RegionKind, Report, Site};
use super::guards::Guards;

/// The pieces that a line shows at most.
const SHOWN: usize = 2;

/// The habits that a report's stacks show.
#[derive(Debug)]
pub struct Habits {
    /// For each site.
    sites: Vec<Option<Advice>>,
}

/// What makes a first use: the region, the profile, and the stack from the use outwards.
type Use<'a> = (usize, usize, &'a [u32]);

impl Habits {
    /// Looks at each stack between the allocator and the region's edge.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let guards = Guards::of(report);
        let found: Vec<Option<Found>> =
            report.sites.iter().map(|site| advise(report, &guards, site, |_| true)).collect();
        // The fewest events that one stack through a use has: so often was the value made, or more.
        let mut fewest: HashMap<Use<'_>, u64> = HashMap::new();
        for (site, found) in report.sites.iter().zip(&found) {
            for usage in found.iter().flat_map(|found| found.uses(site)) {
                let counts = site.counts.get(usage.1).copied().flatten().map_or(0, |counts| counts.estimate);
                fewest.entry(usage).and_modify(|known| *known = counts.min(*known)).or_insert(counts);
            }
        }
        let is_once = |(region, profile, outer): Use<'_>| {
            let once = report.profiles.get(profile).map_or(1, |profile| profile.processes.max(1));
            let whole = report
                .regions
                .get(region)
                .is_some_and(|region| region.place.kind == RegionKind::WholeProgram);
            // Outside the whole program there is nothing.
            !whole && fewest.get(&(region, profile, outer)).is_none_or(|&fewest| fewest <= once)
        };
        let sites = report.sites.iter().zip(&found).map(|(site, found)| {
            let found = found.as_ref()?;
            if found.rule.is_about_first_use() && !found.uses(site).all(is_once) {
                let other = advise(report, &guards, site, |rule| !rule.is_about_first_use())?;
                // What std does below the first use is nobody's habit; what the user's initialiser does is.
                let between = site.stack.get(other.frame..found.frame).unwrap_or_default();
                let is_by_own = || frames(report, between).any(is_own);
                return (between.is_empty() || is_by_own()).then(|| Advice::of(other.rule));
            }
            Some(Advice::of(found.rule))
        });
        Self { sites: sites.collect() }
    }

    /// The advice for some sites together: each piece once, that for the most events first, and no more than two.
    #[must_use]
    pub fn about(&self, report: &Report, sites: &[usize]) -> Vec<Advice> {
        let mut habits: BTreeMap<Advice, u64> = BTreeMap::new();
        for &index in sites {
            let (Some(site), Some(Some(advice))) = (report.sites.get(index), self.sites.get(index)) else {
                continue;
            };
            let sum = habits.entry(*advice).or_default();
            *sum = site.counts.iter().flatten().fold(*sum, |sum, counts| sum.saturating_add(counts.estimate));
        }
        let mut habits: Vec<(Advice, u64)> = habits.into_iter().collect();
        habits.sort_by_key(|&(_, events)| std::cmp::Reverse(events));
        habits.into_iter().take(SHOWN).map(|(advice, _)| advice).collect()
    }
}

/// A rule, and the frame of the stack that shows its habit.
struct Found {
    rule: &'static Rule,
    frame: usize,
}

impl Found {
    fn uses<'a>(&self, site: &'a Site) -> impl Iterator<Item = Use<'a>> {
        let outer = site.stack.get(self.frame..).unwrap_or_default();
        let profiles = site.counts.iter().enumerate().filter(|(_, counts)| counts.is_some());
        profiles.map(move |(profile, _)| (site.region, profile, outer))
    }
}

/// The habit that a site's stack shows between the allocator and the region's edge, if one that the user can change.
fn advise(report: &Report, guards: &Guards, of: &Site, may: impl Fn(&Rule) -> bool) -> Option<Found> {
    let skipped = guards.innermost(&of.stack);
    let users = of.stack[skipped..].iter().take_while(|&&frame| !guards.has(frame));
    let frames = users.filter_map(|&frame| report.frames.get(frame as usize));
    let frames: Vec<&Frame> = frames.take_while(|frame| !frame.is_gap()).collect();
    // Without own code there is nobody to take it: what std does at a thread's start is std's.
    if !frames.iter().any(|frame| is_own(frame)) {
        return None;
    }
    let named: Vec<Named<'_>> = frames.into_iter().map(named).collect();
    let op = match of.op {
        Op::Alloc => qadapt_advice::Op::Alloc,
        Op::AllocZeroed => qadapt_advice::Op::AllocZeroed,
        Op::Realloc => qadapt_advice::Op::Realloc,
        Op::Dealloc => qadapt_advice::Op::Dealloc,
        Op::SystemCall(_) => qadapt_advice::Op::SystemCall,
    };
    // A trace has no sizes from before, and the text names none. With 0 every reallocation counts as growth; rules about
    // shrinking go by the function.
    let largest = of.counts.iter().flatten().map(|counts| counts.largest).max().unwrap_or(0);
    let size = usize::try_from(largest).unwrap_or(usize::MAX);
    let advice = advise_by(&Event { op, size, old_size: 0, frames: &named }, may)?;
    Some(Found { rule: advice.rule(), frame: skipped + advice.frame() })
}

fn frames<'a>(report: &'a Report, stack: &'a [u32]) -> impl Iterator<Item = &'a Frame> {
    stack.iter().filter_map(|&frame| report.frames.get(frame as usize))
}

const fn is_own(frame: &Frame) -> bool {
    matches!(frame.origin, Origin::Own | Origin::Wrapper)
}

fn named(frame: &Frame) -> Named<'_> {
    let file = frame.file.as_deref().unwrap_or_default();
    if is_own(frame) { Named::own(&frame.function, file) } else { Named::foreign(&frame.function, file) }
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Region, RegionPlace, SiteCounts};
    use super::*;

    fn frame(function: &str, origin: Origin) -> Frame {
        Frame { function: function.into(), file: None, line: 0, column: 0, origin }
    }

    /// A report of one process, with a region of this kind and a site for each of the stacks.
    fn report(kind: RegionKind, op: Op, frames: &[(&str, Origin)], stacks: &[(&[u32], u64)]) -> Report {
        let mut report = Report::default();
        report.profile("debug");
        report.profiles[0].processes = 1;
        let place = RegionPlace { file: "a.rs".into(), line: 1, column: 1, name: None, kind, by: None };
        report.regions = vec![Region { place, counts: vec![None] }];
        report.frames = frames.iter().map(|&(function, origin)| frame(function, origin)).collect();
        let site = |&(stack, estimate): &(&[u32], u64)| {
            let counts = SiteCounts { count: estimate, estimate, largest: 64, ..SiteCounts::default() };
            Site { region: 0, op, stack: stack.to_vec(), counts: vec![Some(counts)] }
        };
        report.sites = stacks.iter().map(site).collect();
        report
    }

    fn advised(op: Op, stack: &[(&str, Origin)]) -> Option<&'static str> {
        let places: Vec<u32> = (0..u32::try_from(stack.len()).expect("few")).collect();
        let report = report(RegionKind::Plain, op, stack, &[(&places, 1)]);
        Habits::of(&report).sites[0].map(|advice| advice.id)
    }

    #[test]
    fn what_is_made_for_each_item_is_no_first_use() {
        let own = Origin::Own;
        let frames = [
            ("alloc::boxed::Box<T>::new", Origin::Internal),
            ("mine::make", own),
            ("core::cell::once::OnceCell<T>::get_or_init", Origin::Internal),
            ("mine::item", own),
            ("alloc::vec::Vec<T,A>::push", Origin::Internal),
        ];
        let ids = |kind, stacks: &[(&[u32], u64)]| -> Vec<Option<&str>> {
            let report = report(kind, Op::Alloc, &frames, stacks);
            Habits::of(&report).sites.iter().map(|advice| advice.map(|advice| advice.id)).collect()
        };
        let (once, boxes) = ((&[4, 1, 2, 3][..], 1), (&[0, 1, 2, 3][..], 100));
        assert_eq!(
            ids(RegionKind::Plain, &[once, boxes]),
            [Some("lazy-init"); 2],
            "a value made once, in many pieces"
        );
        assert_eq!(ids(RegionKind::Plain, &[boxes]), [Some("box-new")], "a value for each item");
        assert_eq!(ids(RegionKind::WholeProgram, &[once]), [Some("vec-first-push")], "there is no outside");
    }

    #[test]
    fn what_std_does_below_a_first_use_is_no_habit() {
        let std = Origin::Internal;
        let frames = [
            ("std::io::buffered::linewriter::LineWriter<W>::with_capacity", std),
            ("std::io::stdio::print_to", std),
            ("mine::run", Origin::Own),
        ];
        let id = |kind| {
            let report = report(kind, Op::Alloc, &frames, &[(&[0, 1, 2], 1)]);
            Habits::of(&report).sites[0].map(|advice| advice.id)
        };
        assert_eq!((id(RegionKind::Plain), id(RegionKind::WholeProgram)), (Some("print"), None));
    }

    #[test]
    fn what_the_user_cannot_change_gets_no_advice() {
        let (std, theirs, own) = (Origin::Internal, Origin::Dependency, Origin::Own);
        let push = ("alloc::vec::Vec<T,A>::push", std);
        assert_eq!(
            advised(Op::Alloc, &[push, ("std::rt::init", std), ("main", std)]),
            None,
            "std's own start"
        );
        assert_eq!(advised(Op::Alloc, &[push, ("regex::pool::get", theirs), ("mine::run", own)]), None);
        assert_eq!(
            advised(Op::Alloc, &[push, ("mine::run", own), ("rayon::join", theirs)]),
            Some("vec-first-push")
        );
        assert_eq!(advised(Op::Alloc, &[push, ("mine::add", Origin::Wrapper)]), Some("vec-first-push"));
        assert_eq!(advised(Op::Alloc, &[push, ("(9 frames left out)", std), ("mine::run", own)]), None);
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
