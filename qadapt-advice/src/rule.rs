//! Rules: what they recognise, and when.

use crate::event::{Event, Frame};
use crate::name::Name;
use crate::on::On;
use crate::packed::{Pattern, Reached, Rule};
use crate::table::RULES;

/// Every rule, in the order of their names.
///
/// # Examples
/// ```
/// // What a report in a machine's format lists as its rules.
/// for rule in qadapt_advice::rules() {
///     println!("{}: {}", rule.id(), rule.habit());
/// }
/// # assert!(qadapt_advice::rules().count() >= 25);
/// ```
#[must_use]
pub fn rules() -> impl ExactSizeIterator<Item = &'static Rule> {
    RULES.iter()
}

impl Rule {
    /// Its name, which stays the same: lower-case words with hyphens.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id.get()
    }

    /// What it recognises, in a few words.
    #[must_use]
    pub fn habit(&self) -> &'static str {
        self.habit.get()
    }

    /// What to do instead, where `{size}` and `{old}` stand for the event's bytes.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.advice.get()
    }

    /// What to do instead, without the clause that names the event's bytes: for reports on many events together.
    ///
    /// # Examples
    /// ```
    /// let growth = qadapt_advice::rules().find(|rule| rule.id() == "vec-growth").expect("it is in the catalogue");
    /// assert_eq!(growth.remedy(), "reserve the capacity outside the region");
    /// ```
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.advice().split_once('{') {
            Some((before, _)) => before.rsplit_once(": ").map_or(before, |(remedy, _)| remedy),
            None => self.advice(),
        }
    }

    /// True if it says to let something happen earlier that happens once in a process or a thread: what happens more often
    /// is another habit.
    ///
    /// # Examples
    /// ```
    /// let rule = |id| qadapt_advice::rules().find(|rule| rule.id() == id).expect("it is in the catalogue");
    /// assert!(rule("lazy-init").is_about_first_use() && !rule("box-new").is_about_first_use());
    /// ```
    #[must_use]
    pub const fn is_about_first_use(&self) -> bool {
        self.once
    }

    /// How exactly the rule describes the frame at `index`, or `None` if it does not apply. `own` is the index of the
    /// first frame of the user's own code, or past the end.
    pub(crate) fn fit(&self, event: &Event<'_>, index: usize, name: &Name<'_>, own: usize) -> Option<Fit> {
        let calls = self.calls.get().iter();
        let text = calls.filter(|call| call.matches(name)).map(Pattern::specific).max()?;
        let inside = event.frames.get(..=index.min(own))?;
        let through = self.through.get();
        let reached = index < own
            || match self.reach {
                Reached::Own => false,
                Reached::Region(by) => by.get().is_empty() || called(inside, by.get()),
            };
        (reached && self.on.contains(On::of(event)) && (through.is_empty() || called(inside, through)))
            .then_some(Fit { through: !through.is_empty(), text, narrow: self.on != On::ANY })
    }
}

fn called(frames: &[Frame<'_>], calls: &[Pattern]) -> bool {
    frames.iter().any(|frame| {
        let name = Name::of(frame);
        !frame.own && calls.iter().any(|call| call.matches(&name))
    })
}

/// How exactly a rule describes what happened; the greater is the more specific.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit {
    through: bool,
    /// Length of the text that types had to have.
    text: usize,
    narrow: bool,
}

impl Pattern {
    /// Length of the text that types have to have.
    fn specific(&self) -> usize {
        self.types.get().len() + self.mention.get().len()
    }

    fn matches(&self, name: &Name<'_>) -> bool {
        let functions = self.functions.get();
        (functions.is_empty() || functions.split(' ').any(|function| function == name.function))
            && name.types.starts_with(self.types.get())
            && name.full.contains(self.mention.get())
            && name.is_in(self.module.get())
    }
}
