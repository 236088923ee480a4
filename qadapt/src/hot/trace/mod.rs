//! The trace: what happened in which region, kept in a file that outlives the process.
//!
//! It is written where `QADAPT_TRACE` names a directory. Then every thread's word asks for attention, so that each
//! region says at its edges that it is open ([`regions`], [`chain`]), and every event is counted in the open regions and recorded
//! at its site ([`event`]), some of them with their stacks ([`rate`], [`stack`], [`recent`]); blocks are followed, all if asked for ([`live`], [`draw`]). Nothing of it is on the path of a program that is not traced, but tests of
//! [`is_on`] where a region's edge or an event is slow already.

pub(crate) mod chain;
mod current;
mod disk;
mod draw;
mod event;
mod file;
pub(super) mod live;
mod modules;
mod path;
mod rate;
mod recent;
pub(crate) mod regions;
mod stack;
mod thread;

pub(crate) use current::is_on;
pub(super) use current::{Trace, active, is_whole_program};
pub(super) use event::{count, disallow};
pub(crate) use file::{finish, start};
