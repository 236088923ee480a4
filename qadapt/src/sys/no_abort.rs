//! Aborts where no signal comes with them.

use core::ffi::c_int;

pub(crate) type Handler = extern "C" fn(c_int);

pub(crate) struct AtAbort(());

/// `None`: nothing runs at an abort.
pub(crate) fn at_abort(_: Handler) -> Option<AtAbort> {
    None
}

impl AtAbort {
    pub(crate) fn put_back(&self, _: Handler) {
        let Self(()) = self;
    }
}

pub(crate) fn abort_as(_: Option<AtAbort>) {}
