//! What runs did: the figures that every report prints, and what can be told from them.

pub mod advice;
pub mod called;
pub mod changes;
pub mod choice;
pub mod diff;
pub mod doubts;
pub mod figures;
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
