//! The one piece of advice that fits an event best.

use core::fmt;

use crate::event::Event;
use crate::name::Name;
use crate::packed::Rule;
use crate::rule::Fit;
use crate::table::RULES;

/// What to do instead. It prints as one line.
#[derive(Clone, Copy, Debug)]
pub struct Advice {
    rule: &'static Rule,
    frame: usize,
    size: usize,
    old_size: usize,
}

impl Advice {
    /// The rule's name: lower-case words with hyphens, the same in all versions.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.rule.id()
    }

    /// The rule that recognised the habit.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// The frame that shows the habit, by its place in the event's.
    #[must_use]
    pub const fn frame(&self) -> usize {
        self.frame
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.rule.advice();
        while let Some((before, after)) = rest.split_once('{') {
            f.write_str(before)?;
            let (field, after) = after.split_once('}').unwrap_or((after, ""));
            // The catalogue has no other field, which a test checks.
            let number = if field == "old" { self.old_size } else { self.size };
            write!(f, "{number}")?;
            rest = match after.strip_prefix(" bytes") {
                Some(after) if number == 1 => {
                    f.write_str(" byte")?;
                    after
                }
                _ => after,
            };
        }
        f.write_str(rest)
    }
}

/// The advice for an event, if its call stack shows a known habit.
///
/// The outermost frame that a rule knows decides, where rules look as far as the user's own code, or in a few cases
/// further. Of several rules for one frame the most specific wins, then the first in the catalogue's order.
///
/// What a dependency does on its own account is no habit of the user's: a rule's call counts only where the user's own code
/// makes it, through the standard library at most. Nor is what std does while the process ends.
///
/// # Examples
/// ```
/// use qadapt_advice::{Event, Frame, Op, advise};
///
/// let frames = [
///     Frame::foreign("alloc::vec::Vec<T>::with_capacity", ""),
///     Frame::foreign("alloc::slice::<impl [T]>::sort", ""),
///     Frame::own("mine::rank", "src/rank.rs"),
/// ];
/// let event = Event { op: Op::Alloc, size: 16_000, old_size: 0, frames: &frames };
/// assert_eq!(advise(&event).map(|advice| advice.id()), Some("stable-sort"));
/// ```
#[must_use]
pub fn advise(event: &Event<'_>) -> Option<Advice> {
    advise_by(event, |_| true)
}

/// The same, with only the rules that `may` be used.
///
/// # Examples
/// ```
/// use qadapt_advice::{Event, Frame, Op, advise_by};
///
/// let frames = [
///     Frame::foreign("alloc::boxed::Box<T>::new", ""),
///     Frame::own("mine::table::{{closure}}", "src/table.rs"),
///     Frame::foreign("core::cell::once::OnceCell<T>::get_or_init", ""),
///     Frame::own("mine::table", "src/table.rs"),
/// ];
/// let event = Event { op: Op::Alloc, size: 64, old_size: 0, frames: &frames };
/// let id = |may: fn(&qadapt_advice::Rule) -> bool| advise_by(&event, may).map(|advice| advice.id());
/// assert_eq!(id(|_| true), Some("lazy-init"));
/// assert_eq!(id(|rule| !rule.is_about_first_use()), Some("box-new"));
/// ```
#[must_use]
pub fn advise_by(event: &Event<'_>, may: impl Fn(&Rule) -> bool) -> Option<Advice> {
    let own = event.frames.iter().position(|frame| frame.own).unwrap_or(event.frames.len());
    let foreign = event.frames.iter().enumerate().rev().filter(|(_, frame)| !frame.own);
    for (index, frame) in foreign {
        let name = Name::of(frame);
        let mut best: Option<(Fit, &'static Rule)> = None;
        for rule in RULES {
            let Some(fit) = rule.fit(event, index, &name, own).filter(|_| may(rule)) else { continue };
            if best.is_none_or(|(known, _)| fit > known) {
                best = Some((fit, rule));
            }
        }
        if let Some((_, rule)) = best {
            return Some(Advice { rule, frame: index, size: event.size, old_size: event.old_size });
        }
        if index < own && (!name.is_in_std() || ends_process(&name)) {
            return None;
        }
    }
    None
}

/// True for what std does when the process is told to end, and what it does after `main` has returned.
fn ends_process(name: &Name<'_>) -> bool {
    matches!(name.function, "exit" | "abort") && name.is_in("std::process")
        || name.function == "cleanup" && name.is_in("std::rt")
}
