//! The options that make a policy of a region.

use proc_macro2::Ident;
use syn::LitInt;

/// What the user asked for; without any of it a region is a plain one.
#[derive(Default)]
pub(crate) struct PolicyOptions {
    pub(crate) forbid: bool,
    /// Whether what is freed in the region waits.
    pub(crate) defer: bool,
    /// Whether the region must be proven free of allocation.
    pub(crate) prove: bool,
    /// A variant of `qadapt::Mode`.
    pub(crate) mode: Option<Ident>,
    /// Which calls of the kernel and of the allocator the region is about.
    pub(crate) subject: Subject,
    /// Constants of `qadapt::Ops`, and of `qadapt::Calls`.
    pub(crate) allow: Option<Vec<Allowed>>,
    /// Builder methods of `qadapt::Budget` and their arguments.
    pub(crate) budget: Option<Vec<(Ident, LitInt)>>,
    pub(crate) sample: Option<LitInt>,
}

impl PolicyOptions {
    /// True if there is a budget of system calls.
    pub(crate) fn limits_calls(&self) -> bool {
        self.budget.iter().flatten().any(|(limit, _)| limit == "calls")
    }
}

/// What a region disallows where nothing is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Allocation.
    #[default]
    Memory,
    /// System calls in which a thread may wait.
    Calls,
    /// Both.
    Both,
}

/// A word in the option `allow`, as the constant that it stands for.
pub(crate) enum Allowed {
    /// Of `qadapt::Ops`.
    Op(Ident),
    /// Of `qadapt::Calls`.
    Calls(Ident),
}
