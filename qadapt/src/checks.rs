//! Whether this build watches the allocator: the one place that decides.

/// True where the checks are compiled in.
///
/// Any of these turns them on: debug assertions of this crate (a debug build), the feature `enforce`,
/// `--cfg qadapt_enforce`, or `QADAPT_ENFORCE=1` in the environment of the build (`build.rs` turns the last into
/// the cfg). A build with `QADAPT_MARKS=1` has none whatever the others say: it is the shipped code that is proven.
/// Everywhere else it is a constant that the compiler folds away.
pub(crate) const ON: bool =
    cfg!(all(not(qadapt_unchecked), any(debug_assertions, feature = "enforce", qadapt_enforce)));

/// True where threads note what is open: profiles leave QADAPT's own work out, also without the checks.
pub(crate) const NOTES_WHAT_IS_OPEN: bool = ON || cfg!(feature = "profile");

/// True where the build asked for the checks by name, rather than having them because it is a debug build.
pub(crate) const ENFORCED: bool = cfg!(all(not(qadapt_marks), any(feature = "enforce", qadapt_enforce)));
