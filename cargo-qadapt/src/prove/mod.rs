//! `cargo qadapt prove`: what holds on all paths, read from the linked binary by [`qadapt_prove`].
//!
//! `args` are the command's, `run` builds, has proofs made and says what they come to, `report` is that for people. `compare` sets
//! profiles side by side, and `witness` holds runs against proofs.

pub mod args;
pub mod compare;
pub mod report;
pub mod run;
pub mod witness;
