//! How a rule is written down in the catalogue.

use crate::on::On;

/// A rule, as its file has it.
pub(crate) struct Entry {
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

impl Entry {
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
}

/// How far a rule looks.
pub(crate) enum Reach {
    /// As far as the first frame of the user's own code.
    Own,
    /// To the end of the frames, if one of these was called within the first own frame, or if there are none.
    Region(&'static [Call]),
}

/// Functions of one module.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) module: &'static str,
    /// Names with spaces between them; none stand for all.
    pub(crate) functions: &'static str,
    /// What the type arguments start with.
    pub(crate) types: &'static str,
    /// What the name has somewhere.
    pub(crate) mention: &'static str,
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
}
