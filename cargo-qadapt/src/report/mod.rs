//! What runs did: the figures that every report prints, and what can be told from them.
//!
//! `figures` is all that JSON keeps: `live` what became of blocks, with `sample` where only some were followed, `spread` how
//! events fall on entries, and `op` what they are called. `merge` makes one report of several and `suppress` leaves out what
//! nobody wants to see. `lines` makes the report's lines (`line`) of its stacks: `sited` says which line a stack stands for,
//! `called` what that called, `guards` which frames are none of the user's, `advice` what to write instead, `diff` what profiles lack, and `doubts` where that is not known.
//! `choice` is which of them are shown, and `left_out` how many are not. `outcome` is what a check found, and `changes` what a branch changed.

pub mod advice;
pub mod called;
pub mod changes;
pub mod choice;
pub mod diff;
pub mod doubts;
pub mod figures;
pub mod guards;
pub mod left_out;
pub mod line;
pub mod lines;
pub mod live;
pub mod merge;
pub mod op;
pub mod outcome;
pub mod sample;
pub mod sited;
pub mod spread;
pub mod suppress;
