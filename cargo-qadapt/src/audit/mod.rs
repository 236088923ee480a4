//! The audit: what allocates where, profile by profile.

pub mod args;
pub mod bundle;
pub mod collect;
pub mod doctest;
pub mod fold;
pub mod gaps;
pub mod gather;
pub mod input;
pub mod interrupt;
pub mod kept;
pub mod launch;
pub mod measure;
mod preload;
pub mod problems;
pub mod read;
pub mod remapped;
pub mod resolve;
pub mod run;
pub mod screen;
pub mod traceless;
pub mod verb;
pub mod wait;
