//! Rules: what they recognise, and when.

use core::fmt;

use crate::event::{Event, Frame, Op};
use crate::name::Name;
use crate::table::{PATTERNS, TEXT};

/// A known habit that touches the allocator or may wait, and what to do instead.
///
/// # Examples
/// ```
/// let sort = qadapt_advice::rules().find(|rule| rule.id() == "stable-sort").expect("it is in the catalogue");
/// assert!(sort.advice().starts_with("sort with `sort_unstable`"));
/// ```
#[derive(Debug)]
pub struct Rule {
    pub(crate) id: Text,
    pub(crate) habit: Text,
    pub(crate) advice: Text,
    pub(crate) calls: Calls,
    pub(crate) through: Calls,
    pub(crate) on: On,
    pub(crate) reach: Reached,
    pub(crate) once: bool,
}

impl Rule {
    /// What stands in a table before it is filled.
    pub(crate) const NONE: Self = Self {
        id: Text::NONE,
        habit: Text::NONE,
        advice: Text::NONE,
        calls: Calls::NONE,
        through: Calls::NONE,
        on: On::ANY,
        reach: Reached::Own,
        once: false,
    };

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

/// How far a rule looks: an entry's `Reach`, packed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reached {
    Own,
    Region(Calls),
}

/// Functions of one module: an entry's `Call`, packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern {
    pub(crate) module: Text,
    pub(crate) functions: Text,
    pub(crate) types: Text,
    pub(crate) mention: Text,
}

impl Pattern {
    /// What stands in a table before it is filled.
    pub(crate) const NONE: Self =
        Self { module: Text::NONE, functions: Text::NONE, types: Text::NONE, mention: Text::NONE };

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

/// Where a text lies among those of all rules.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub(crate) start: u16,
    pub(crate) end: u16,
}

impl Text {
    const NONE: Self = Self { start: 0, end: 0 };

    pub(crate) fn get(self) -> &'static str {
        &TEXT[usize::from(self.start)..usize::from(self.end)]
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Where a rule's calls lie among those of all rules.
#[derive(Clone, Copy)]
pub(crate) struct Calls {
    pub(crate) start: u16,
    pub(crate) end: u16,
}

impl Calls {
    const NONE: Self = Self { start: 0, end: 0 };

    fn get(self) -> &'static [Pattern] {
        &PATTERNS[usize::from(self.start)..usize::from(self.end)]
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.get()).finish()
    }
}

/// Kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct On(u8);

impl On {
    pub(crate) const NEW: Self = Self(1);
    pub(crate) const GROWTH: Self = Self(2);
    pub(crate) const SHRINKING: Self = Self(4);
    pub(crate) const FREE: Self = Self(8);
    /// All requests to the allocator.
    pub(crate) const ANY: Self = Self(15);
    /// Calls that may wait.
    pub(crate) const WAIT: Self = Self(16);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn of(event: &Event<'_>) -> Self {
        match event.op {
            Op::Alloc | Op::AllocZeroed => Self::NEW,
            Op::Realloc if event.size < event.old_size => Self::SHRINKING,
            Op::Realloc => Self::GROWTH,
            Op::Dealloc => Self::FREE,
            Op::Wait => Self::WAIT,
        }
    }
}
