//! The audit: what allocates where, profile by profile.
//!
//! `args` are the command's, and `verb` has them measured and reported. `measure` builds and runs profile by profile, with the `settings` that lines need: `run` calls
//! cargo, `launch` starts the programs and tells their guards where to write, and `preload` lets C be seen; `input` is what they read, `screen`
//! where they write, `wait` is how they end, and `kept`, `doctest` and `bundle` keep what names need once they
//! are gone. `collect` takes in the traces of a run and `gather` those of others: `read` reads one, `fold` makes a report of
//! many, `resolve` names their addresses and `remapped` finds their sources. `traceless` says why there is no trace, `gaps` what
//! a report lacks, and `problems` what that does to the exit code.

pub mod args;
pub mod bundle;
pub mod collect;
pub mod doctest;
pub mod fold;
pub mod gaps;
pub mod gather;
pub mod input;
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
pub mod settings;
pub mod traceless;
pub mod verb;
pub mod wait;
