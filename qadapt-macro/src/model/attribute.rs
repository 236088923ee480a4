//! The attributes.

/// An attribute by the name under which the user wrote it: messages repeat that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    AllocatePanic,
    NoAlloc,
    Nonblocking,
    PermitAlloc,
    CountAlloc,
    Test,
}

/// What an attribute does with the body of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Opens a region that disallows.
    Protect,
    /// Sets the open regions aside.
    Permit,
    /// Counts, and disallows nothing.
    Count,
    /// Protects the body of a test, which fails where nothing is watched.
    Test,
}

impl Attribute {
    /// How the user wrote it, for messages.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Self::AllocatePanic => "#[allocate_panic]",
            Self::NoAlloc => "#[no_alloc]",
            Self::Nonblocking => "#[nonblocking]",
            Self::PermitAlloc => "#[permit_alloc]",
            Self::CountAlloc => "#[count_alloc]",
            Self::Test => "#[qadapt::test]",
        }
    }

    /// The names of all attributes, as their paths end.
    pub(crate) const NAMES: [&'static str; 5] =
        ["allocate_panic", "no_alloc", "nonblocking", "permit_alloc", "count_alloc"];

    /// The name under which the guard exports it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AllocatePanic => "allocate_panic",
            Self::NoAlloc => "no_alloc",
            Self::Nonblocking => "nonblocking",
            Self::PermitAlloc => "permit_alloc",
            Self::CountAlloc => "count_alloc",
            Self::Test => "test",
        }
    }

    pub(crate) fn effect(self) -> Effect {
        match self {
            Self::AllocatePanic | Self::NoAlloc | Self::Nonblocking => Effect::Protect,
            Self::PermitAlloc => Effect::Permit,
            Self::CountAlloc => Effect::Count,
            Self::Test => Effect::Test,
        }
    }

    /// Whether it makes a region or a count, which can have a name.
    pub(crate) fn is_region(self) -> bool {
        self.effect() != Effect::Permit
    }

    /// Whether its region can have a policy.
    pub(crate) fn has_policy(self) -> bool {
        matches!(self.effect(), Effect::Protect | Effect::Test)
    }

    /// The function that runs a closure as this attribute runs a body.
    pub(crate) fn closure_form(self) -> &'static str {
        match self.effect() {
            _ if self == Self::Nonblocking => "qadapt::no_blocking(|| ..)",
            Effect::Protect | Effect::Test => "qadapt::assert_no_alloc(|| ..)",
            Effect::Count => "qadapt::count_alloc(|| ..)",
            Effect::Permit => "qadapt::permit_alloc(|| ..)",
        }
    }
}
