//! `cargo qadapt prove`: what holds on all paths, read from the linked binary by [`qadapt_prove`].
//!
//! `args` are the command's, and `verb` says what proofs come to: `proofs` builds and has them made, `compare` sets profiles side
//! by side, `witness` holds runs against proofs, and `report` is all that for people.

pub mod args;
pub mod compare;
pub mod proofs;
pub mod report;
pub mod verb;
pub mod witness;
