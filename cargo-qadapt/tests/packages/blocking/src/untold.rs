//! Functions of which no proof tells.

use crate::Function;
use crate::state::State;

pub const ALL: &[(&str, Function)] =
    &[("calls_back", calls_back), ("calls_object", calls_object), ("raises", raises)];

#[inline(never)]
fn calls_back(state: &State) -> u64 {
    (state.callback)(3)
}

#[inline(never)]
fn calls_object(state: &State) -> u64 {
    (state.object)(4)
}

/// Whoever handles the signal may do anything.
#[inline(never)]
fn raises(_: &State) -> u64 {
    // SAFETY: nothing is done about this signal unless somebody asks for it.
    u64::from(unsafe { libc::raise(libc::SIGCHLD) }.unsigned_abs())
}
