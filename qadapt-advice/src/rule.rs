//! Rules: what they recognise, and when.

use crate::event::{Event, Frame, Op};
use crate::name::Name;

/// A known habit that touches the allocator or may wait, and what to do instead.
///
/// # Examples
/// ```
/// let sort = qadapt_advice::rules().find(|rule| rule.id() == "stable-sort").expect("it is in the catalogue");
/// assert!(sort.advice().starts_with("sort with `sort_unstable`"));
/// ```
#[derive(Debug)]
pub struct Rule {
    pub(crate) id: &'static str,
    pub(crate) habit: &'static str,
    pub(crate) advice: &'static str,
    /// What is recognised: a call of one of these.
    pub(crate) calls: &'static [Call],
    /// If not empty, one of these must have been called inside, or be the call itself.
    pub(crate) through: &'static [Call],
    pub(crate) on: On,
    pub(crate) reach: Reach,
    /// True if what is recognised happens once in a process or a thread, so that the remedy is to let it happen earlier.
    pub(crate) once: bool,
}

impl Rule {
    /// What most rules have in common.
    pub(crate) const COMMON: Self = Self {
        id: "",
        habit: "",
        advice: "",
        calls: &[],
        through: &[],
        on: On::ANY,
        reach: Reach::Own,
        once: false,
    };

    /// Its name, which stays the same: lower-case words with hyphens.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// What it recognises, in a few words.
    #[must_use]
    pub const fn habit(&self) -> &'static str {
        self.habit
    }

    /// What to do instead, where `{size}` and `{old}` stand for the event's bytes.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        self.advice
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
        match self.advice.split_once('{') {
            Some((before, _)) => before.rsplit_once(": ").map_or(before, |(remedy, _)| remedy),
            None => self.advice,
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
        let text = self.calls.iter().filter(|call| call.matches(name)).map(Call::text).max()?;
        let inside = event.frames.get(..=index.min(own))?;
        let reached = index < own
            || match self.reach {
                Reach::Own => false,
                Reach::Region(by) => by.is_empty() || called(inside, by),
            };
        let through = !self.through.is_empty();
        (reached && self.on.contains(On::of(event)) && (!through || called(inside, self.through)))
            .then_some(Fit { through, text, narrow: self.on != On::ANY })
    }
}

fn called(frames: &[Frame<'_>], calls: &[Call]) -> bool {
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

/// How far a rule looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    /// As far as the first frame of the user's own code.
    Own,
    /// To the end of the frames, if one of these was called within the first own frame, or if there are none.
    Region(&'static [Call]),
}

/// Functions of one module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    module: &'static str,
    /// Names with spaces between them; none stand for all. One text, since the loader has to write an address for each.
    functions: &'static str,
    /// What the type arguments start with.
    types: &'static str,
    /// What the name has somewhere.
    mention: &'static str,
}

impl Call {
    /// One of these functions, whose names have spaces between them, in this module or one below it.
    pub(crate) const fn of(module: &'static str, functions: &'static str) -> Self {
        Self { module, functions, types: "", mention: "" }
    }

    /// Any function of this module, or of one below it.
    pub(crate) const fn any_of(module: &'static str) -> Self {
        Self::of(module, "")
    }

    /// The drop of a value whose type starts like this.
    pub(crate) const fn drop_of(types: &'static str) -> Self {
        Self { types, ..Self::of("core::ptr", "drop_in_place") }
    }

    /// The same, if the function's full name has this text.
    pub(crate) const fn mentioning(self, mention: &'static str) -> Self {
        Self { mention, ..self }
    }

    const fn text(&self) -> usize {
        self.types.len() + self.mention.len()
    }

    fn matches(&self, name: &Name<'_>) -> bool {
        (self.functions.is_empty() || self.functions.split(' ').any(|function| function == name.function))
            && name.types.starts_with(self.types)
            && name.full.contains(self.mention)
            && name.is_in(self.module)
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
