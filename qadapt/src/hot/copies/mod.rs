//! Several copies of the guard in one process: in the program, in libraries that it loads, in two versions.
//!
//! Each copy has its own allocator, its own thread-locals and its own tables. The one that was loaded first is the *host*, the others
//! are *guests*. What is open on a thread is what the host's table says: a guest opens a record there for each of its own, ends it with
//! it, and asks there about each event. So a permit, a forbid, a mode, a budget and an order of ends mean in one copy what they mean
//! in another. A violation belongs to a record; at a guest's edge it is handed over, and the guest reports it as its own.
//!
//! ```text
//!   guest                      host                                    guest's edge
//!   open a record    --open--> a record on top, with a serial
//!   an event         --before-> judged by the host's word; pending
//!                    --after--> counted
//!   end the record   --end---> ends that one         --take--> what is pending there becomes the guest's
//! ```
//!
//! The host calls nothing of a guest's and keeps no pointer into one, so that a guest can be unloaded. A guest keeps the host's file
//! loaded. On a guest every thread's word asks for attention, so that all of its edges and events take their slow path, which a copy
//! that is alone has anyway.

mod abi;
mod guest;

pub(crate) use abi::{
    C, Event, FRAMES, Handle, Host, INTERRUPTED, MAJOR, PANICKING, QUIET, Region, SUCCEEDED, Taken, Verdict,
    kinds, read, write,
};
pub(super) use guest::{after, before, calls_left, end, open};
pub(crate) use guest::{find, hears, is_guest, join, level, mode, violations, watch_calls};
